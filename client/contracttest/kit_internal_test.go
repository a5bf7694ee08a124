package contracttest

import (
	"context"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/api"
)

// noPause goes on at once, in place of a wait.
func noPause(ctx context.Context, _ time.Duration) error { return ctx.Err() }

func TestARequestOverTheRateLimitIsSentAgain(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, retryAfter string
		wait             time.Duration
	}{
		{"after a second where the answer says nothing", "", time.Second},
		{"after the time that the answer says", "3", 3 * time.Second},
		{"after a second where the answer says less", "0", time.Second},
		{"after ten seconds where the answer says more", "86400", 10 * time.Second},
		{"after a second where the answer says a date", "Wed, 21 Oct 2026 07:28:00 GMT", time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			seen := map[string]bool{}
			next := sound(t, api.Document())
			k, err := open(t.Context(), api.Document(), Target{APIKey: testKey, WorkflowID: testWorkflow,
				Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					id := r.Method + r.URL.EscapedPath() + r.Header.Get("Authorization") + r.Header.Get("Content-Type") + string(bodyOf(r))
					mu.Lock()
					again := seen[id]
					seen[id] = true
					mu.Unlock()
					if !again {
						if test.retryAfter != "" {
							w.Header().Set("Retry-After", test.retryAfter)
						}
						refuse(w, http.StatusTooManyRequests, "too many")
						return
					}
					next.ServeHTTP(w, r)
				})})
			require.NoError(t, err)
			defer k.close()
			var waits []time.Duration
			k.pause = func(_ context.Context, d time.Duration) error {
				mu.Lock()
				defer mu.Unlock()
				waits = append(waits, d)
				return nil
			}
			report, err := k.run(t.Context())
			require.NoError(t, err)
			assert.Empty(t, report.Failures())
			require.NotEmpty(t, waits)
			for _, wait := range waits {
				assert.Equal(t, test.wait, wait)
			}
		})
	}
}

func TestAServerThatDoesNotAnswerFailsTheChecks(t *testing.T) {
	t.Parallel()
	next := sound(t, api.Document())
	k, err := open(t.Context(), api.Document(), Target{APIKey: testKey, WorkflowID: testWorkflow,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				<-r.Context().Done()
				return
			}
			next.ServeHTTP(w, r)
		})})
	require.NoError(t, err)
	defer k.close()
	k.timeout = func(c check) time.Duration {
		if c.name == "method/get" {
			return time.Millisecond
		}
		return timeout
	}
	report, err := k.run(t.Context())
	require.NoError(t, err)
	failures := report.Failures()
	require.Len(t, failures, 1)
	assert.Equal(t, "method/get", failures[0].Check)
	assert.ErrorContains(t, failures[0].Err, "got no answer: not finished after 1ms")
}

func TestAFailureSaysEveryFaultAndHidesTheKey(t *testing.T) {
	t.Parallel()
	k, err := newKit(api.Document(), Target{BaseURL: "https://example.com", APIKey: testKey, WorkflowID: testWorkflow})
	require.NoError(t, err)
	require.NoError(t, k.serve(t.Context(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		respond(w, http.StatusBadGateway, "text/html", strings.Repeat("-", 190)+testKey)
	})))
	defer k.close()
	result := k.do(t.Context(), k.checks[0])
	require.Error(t, result.Err)
	assert.NotContains(t, result.Err.Error(), testKey[:8], "no part of it either, where the answer is clipped")
	lines := strings.Split(result.Err.Error(), "\n")
	require.Len(t, lines, 4)
	assert.Contains(t, lines[0], "a valid request must be answered with 200: got 502 Bad Gateway")
	assert.Contains(t, lines[1], "no answer may be 5xx")
	assert.Contains(t, lines[2], "no answer may have the key in it: got it in the body of 502")
	assert.Contains(t, lines[3], `every answer must keep the contract: got 502 Bad Gateway, content-type: unexpected value "text/html"`)
}

// The commands of all checks are run by a shell, and the server gets what the kit sent.
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
	document := otherInputs(t)
	k, err := newKit(document, Target{BaseURL: "https://example.com", APIKey: testKey, WorkflowID: "it's 50% $HOME"})
	require.NoError(t, err)
	require.NoError(t, k.serve(t.Context(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := bodyOf(r)
		got <- strings.Join([]string{r.Method, r.URL.EscapedPath(), r.Header.Get("Authorization"), r.Header.Get("Content-Type"), strconv.Itoa(len(body)), string(body)}, "|")
	})))
	defer k.close()
	for _, c := range k.checks {
		_, err := k.send(t.Context(), c.request, timeout)
		require.NoError(t, err, c.name)
		sent := <-got
		command := exec.CommandContext(t.Context(), "sh", "-c", k.curl(c.request))
		command.Env = append(command.Environ(), "AITUTOR_API_KEY="+testKey)
		out, err := command.CombinedOutput()
		require.NoError(t, err, "%s: %s", c.name, out)
		if again := <-got; again != sent {
			assert.Fail(t, "the command sends another request", "%s\n%.300s\n%.300s", c.name, sent, again)
		}
	}
}
