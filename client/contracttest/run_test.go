package contracttest

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/api"
	"github.com/aitutor-api/aitutor-go/client/contracttest/internal/values"
)

// mortal is a server that one request ends, with all connections, and that can be started again on the same address.
type mortal struct {
	t       *testing.T
	handler http.Handler
	kills   when
	mu      sync.Mutex
	address string
	server  *http.Server  // nil: stopped
	stopped chan struct{} // closed when the listener is
}

// start starts the server unless it runs.
func (m *mortal) start() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.server != nil {
		return
	}
	if m.stopped != nil {
		<-m.stopped
	}
	listener, err := new(net.ListenConfig).Listen(m.t.Context(), "tcp", m.address)
	if !assert.NoError(m.t, err) {
		return
	}
	m.address = listener.Addr().String()
	server, stopped := &http.Server{Handler: m, ReadHeaderTimeout: time.Minute}, make(chan struct{})
	m.server, m.stopped = server, stopped
	go func() {
		defer close(stopped)
		_ = server.Serve(listener)
	}()
}

func (m *mortal) stop() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.server != nil {
		_ = m.server.Close()
	}
	m.server = nil
}

func (m *mortal) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if m.kills(r, string(bodyOf(r))) {
		m.stop()
		panic(http.ErrAbortHandler)
	}
	m.handler.ServeHTTP(w, r)
}

func TestTheCheckThatKillsTheServerIsNamed(t *testing.T) {
	t.Parallel()
	for name, returns := range map[string]bool{"of a server that comes back": true, "of a server that does not": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &mortal{t: t, handler: sound(t, api.Document()), address: "127.0.0.1:0", kills: bodyHas("[[[[")}
			server.start()
			t.Cleanup(func() { server.stop() })
			target := testTarget()
			target.BaseURL = "http://" + server.address
			r, err := open(t.Context(), target)
			require.NoError(t, err)
			defer r.close()
			r.only(runOperation + "/")
			r.restart = 0
			if returns {
				r.restart = time.Minute
				r.sender.Pause = func(ctx context.Context, _ time.Duration) error { // while the kit waits for it
					server.start()
					return ctx.Err()
				}
			}
			for i := range r.checks {
				r.checks[i].request.Body = bytes.Replace(r.checks[i].request.Body, []byte(values.Long()), []byte("a"), 1)
			}
			report, err := r.report(t.Context())
			require.NotNil(t, report, "%v", err)
			failures := failed(report, LevelContract)
			assert.Contains(t, failures, "runWorkflow/request/nested-deep")
			assert.Len(t, report.Results, len(r.checks))
			if returns {
				require.NoError(t, err)
				assert.Equal(t, []string{"runWorkflow/request/nested-deep"}, failures)
				assert.ErrorContains(t, report.Failures()[0].Err, "stops the server")
				assert.Empty(t, report.Unsure(), "the kit goes on")
				return
			}
			for _, unsure := range report.Unsure() {
				assert.ErrorContains(t, unsure.Unsure, "runWorkflow/request/nested-deep")
			}
		})
	}
}

// A server that is stopped from outside, while many checks are under way, and started again.
func TestAServerThatRestartsIsCheckedFurther(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	server := &mortal{t: t, handler: sound(t, api.Document()), address: "127.0.0.1:0", kills: func(*http.Request,
		string) bool {
		return requests.Add(1) == 60
	}}
	server.start()
	t.Cleanup(func() { server.stop() })
	target := testTarget()
	target.BaseURL = "http://" + server.address
	r, err := open(t.Context(), target)
	require.NoError(t, err)
	defer r.close()
	r.restart = time.Minute
	r.sender.Pause = func(ctx context.Context, _ time.Duration) error {
		server.start()
		return ctx.Err()
	}
	report, err := r.report(t.Context())
	require.NoError(t, err)
	assert.Empty(t, report.Failures())
	assert.Empty(t, report.Unsure())
}

func TestAnAccountOrAWorkflowThatCannotRunIsOneError(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		server func(http.Handler) http.Handler
		noRuns bool
		want   string
	}{
		{"no credits", responding(credentialIs("Bearer "+testKey), http.StatusPaymentRequired, "application/json",
			`{"success":false,"error":"No credits"}`), true, "may not run anything: it responded with 402"},
		{"no workflow", responding(credentialIs("Bearer "+testKey), http.StatusNotFound, "application/json",
			`{"success":false,"error":"Workflow not found"}`), false, `no workflow "wf_test"`},
		{"another base URL", func(http.Handler) http.Handler { return http.NotFoundHandler() }, true,
			"is the base URL right?"},
		{"a page for everything", func(http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				respond(w, http.StatusOK, "text/html",
					"<html></html>")
			})
		}, false, "is the base URL right?"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			target := testTarget()
			target.NoRuns, target.Handler = test.noRuns, test.server(sound(t, api.Document()))
			report, err := Check(t.Context(), target)
			require.ErrorContains(t, err, test.want)
			assert.Nil(t, report)
		})
	}
}

// The commands of all checks are run by a shell, and the server gets what the kit sent.
func TestAKeyThatIsShutOutDuringTheChecksIsOneError(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusUnauthorized, http.StatusPaymentRequired, http.StatusForbidden} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			t.Parallel()
			var keyed atomic.Int64
			report, err := checkHandler(t, api.Document(), instead(func(r *http.Request, _ string) bool {
				return asksKeyed(r) && keyed.Add(1) > 30
			}, func(w http.ResponseWriter, _ *http.Request) {
				refuse(w, status, "no longer")
			})(sound(t, api.Document())))
			require.ErrorContains(t, err, "the target's key was let in before, and no longer is: it responded with "+
				strconv.Itoa(status))
			assert.Nil(t, report)
		})
	}
}

func TestACurlCommandSendsTheSameRequest(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts a shell for each check")
	}
	for _, program := range []string{"sh", "curl"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip("no " + program)
		}
	}
	got := make(chan string, 1)
	target := testTarget()
	document := otherInputs(t)
	target.Spec = values.Encode(document)
	target.BaseURL, target.WorkflowID = "https://example.com", "it's 50% $HOME"
	k, err := newRunner(target)
	require.NoError(t, err)
	require.NoError(t, k.serve(t.Context(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := bodyOf(r)
		got <- strings.Join([]string{r.Method, r.RequestURI, r.Header.Get("Authorization"), r.Header.Get("X-Api-Key"),
			r.Header.Get("Cookie"), r.Header.Get("Content-Type"), strconv.Itoa(len(body)), string(body)}, "|")
	})))
	defer k.close()
	for _, c := range k.checks {
		c.request.Cookies = false // which cookies the server sets is not known to the command
		_, _, err := k.sender.Exchange(t.Context(), c.request, true)
		require.NoError(t, err, c.name)
		sent := <-got
		command := exec.CommandContext(t.Context(), "sh", "-c", k.result(c, nil).Curl)
		command.Env = append(command.Environ(), "AITUTOR_API_KEY="+testKey, "AITUTOR_OTHER_API_KEY="+otherKey)
		for scheme := range document.Components.SecuritySchemes {
			command.Env = append(command.Env, Variable(scheme)+"="+testKey)
		}
		out, err := command.CombinedOutput()
		require.NoError(t, err, "%s: %s", c.name, out)
		if again := <-got; again != sent {
			assert.Fail(t, "the command sends another request", "%s\n%.300s\n%.300s", c.name, sent, again)
		}
	}
}
