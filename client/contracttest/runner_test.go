package contracttest

import (
	"bytes"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/api"
)

// mortal is a server that one request ends, with all connections, and that is started again on the same address.
type mortal struct {
	t       *testing.T
	handler http.Handler
	address string
	kills   when
	returns bool
	mu      sync.Mutex
	server  *http.Server
}

func (m *mortal) start() {
	listener, err := net.Listen("tcp", m.address)
	for err != nil { // the address may not be free yet
		time.Sleep(10 * time.Millisecond) //nolint:forbidigo // no event says when it is
		listener, err = net.Listen("tcp", m.address)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.address = listener.Addr().String()
	m.server = &http.Server{Handler: m, ReadHeaderTimeout: time.Minute}
	go func(server *http.Server) { _ = server.Serve(listener) }(m.server)
}

func (m *mortal) stop() {
	m.mu.Lock()
	defer m.mu.Unlock()
	_ = m.server.Close()
}

func (m *mortal) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if m.kills(r, string(bodyOf(r))) {
		m.stop()
		if m.returns {
			time.AfterFunc(300*time.Millisecond, m.start)
		}
		panic(http.ErrAbortHandler)
	}
	m.handler.ServeHTTP(w, r)
}

func TestTheCheckThatKillsTheServerIsNamed(t *testing.T) {
	t.Parallel()
	for name, returns := range map[string]bool{"of a server that comes back": true, "of a server that does not": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &mortal{t: t, handler: sound(t, api.Document()), address: "127.0.0.1:0", kills: bodyHas("[[[["), returns: returns}
			server.start()
			t.Cleanup(func() { server.stop() })
			target := testTarget()
			target.BaseURL = "http://" + server.address
			r, err := open(t.Context(), api.Document(), target)
			require.NoError(t, err)
			defer r.close()
			r.restart = 5 * time.Second
			if !returns {
				r.restart = 0
			}
			for i := range r.checks {
				r.checks[i].request.body = bytes.Replace(r.checks[i].request.body, []byte(longText()), []byte("a"), 1)
			}
			report, err := r.report(t.Context())
			require.NoError(t, err)
			failures := failed(report, LevelContract)
			assert.Contains(t, failures, "runWorkflow/request/nested-deep")
			if returns {
				assert.Equal(t, []string{"runWorkflow/request/nested-deep"}, failures)
				assert.ErrorContains(t, report.Failures()[0].Err, "stops the server")
			}
			require.NotEmpty(t, report.Unsure())
			assert.ErrorContains(t, report.Unsure()[0].Unsure, "runWorkflow/request/nested-deep")
			assert.Len(t, report.Results, len(Checks()))
		})
	}
}
