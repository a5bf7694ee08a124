package client_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client"
)

// newTLSServer serves handler over TLS.
func newTLSServer(t *testing.T, seen *runCounter, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(counted(seen, handler))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that fail
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// dialRows let no request through: it was certainly not written, so the client tries again.
func dialRows() []hostileRow {
	failing := func(name string, err error, says ...string) hostileRow {
		d := &dialFailing{err: err}
		return hostileRow{
			name: name, runs: 0, safe: true, says: says,
			url:  func(*testing.T, *runCounter) string { return "https://127.0.0.1:1" },
			opts: []client.Option{client.WithHTTPClient(&http.Client{Transport: &http.Transport{DialContext: d.dial}})},
			check: func(t *testing.T, _ *client.Run, err error) {
				t.Helper()
				assert.EqualValues(t, 3, d.dials.Load(), "dials")
				assert.NotContains(t, err.Error(), "billed")
			},
		}
	}
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	tripping := hostileRow{name: "is behind a round tripper that cannot dial", safe: true, says: []string{"connection refused"}}
	trips := new(runCounter)
	tripping.url = func(*testing.T, *runCounter) string { return "https://127.0.0.1:1" }
	tripping.opts = []client.Option{client.WithHTTPClient(&http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		trips.add()
		return nil, refused
	})})}
	tripping.check = func(t *testing.T, _ *client.Run, _ error) {
		t.Helper()
		assert.Equal(t, 3, trips.count())
	}
	return []hostileRow{
		failing("has no address", &net.DNSError{Err: "no such host", Name: "nowhere.example", IsNotFound: true}, "no such host"),
		failing("has an address with the key in it", &net.DNSError{Err: "no such host", Name: hostileKey + ".example"}, "[redacted]"),
		failing("refuses the connection", refused, "connection refused"),
		failing("is cut off by a firewall", errors.New("no route"), "no route"),
		tripping,
		{
			name: "listens no more", safe: true, says: []string{"refused"},
			url: func(t *testing.T, _ *runCounter) string {
				t.Helper()
				server := httptest.NewServer(nil)
				server.Close()
				return server.URL
			},
		},
		{
			name: "speaks no TLS", safe: true, says: []string{"HTTP response to HTTPS client"},
			url: func(t *testing.T, _ *runCounter) string {
				t.Helper()
				return "https" + strings.TrimPrefix(serveAccepted(t, answerPlainly), "http")
			},
		},
		{
			name: "closes in the TLS handshake", safe: true, says: []string{"EOF"},
			url: func(t *testing.T, _ *runCounter) string {
				t.Helper()
				return "https" + strings.TrimPrefix(serveAccepted(t, func(conn net.Conn) { _, _ = conn.Read(make([]byte, 64<<10)) }), "http")
			},
		},
		{
			name: "has a certificate that nobody trusts", safe: true, says: []string{"certificate"},
			url: func(t *testing.T, seen *runCounter) string {
				t.Helper()
				return newTLSServer(t, seen, answerJSON(200, goodAnswer)).URL
			},
		},
	}
}

// roundTrip is a RoundTripper.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func TestADeadConnectionThatWasKeptAliveIsReplacedBeforeTheFirstByte(t *testing.T) {
	t.Parallel()
	seen := new(runCounter)
	base := serveHTTP(t, seen, answerJSON(200, goodAnswer))
	var first *deafConn
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		deaf := &deafConn{Conn: conn}
		if first == nil {
			first = deaf
		}
		return deaf, err
	}}
	t.Cleanup(transport.CloseIdleConnections)
	c, err := client.New(hostileKey, client.WithBaseURL(base), client.WithHTTPClient(&http.Client{Transport: transport}))
	require.NoError(t, err)
	_, err = c.RunStory(t.Context(), hostileWorkflow, hostileStory)
	require.NoError(t, err)
	first.dead.add()
	run, err := c.RunStory(t.Context(), hostileWorkflow, hostileStory)
	require.NoError(t, err)
	assert.Equal(t, "Once upon a time", run.Text)
	assert.Equal(t, 2, seen.count(), "runs that the server saw")
}

func TestATransportThatSendsAgainByItselfIsNotSafeToRetry(t *testing.T) {
	t.Parallel()
	seen := new(runCounter)
	base := serveHTTP(t, seen, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	refused := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("no route to host")
	}}
	again := roundTrip(func(req *http.Request) (*http.Response, error) {
		first := &http.Transport{DisableKeepAlives: true}
		if res, err := first.RoundTrip(req.Clone(req.Context())); err == nil {
			return res, nil
		}
		return refused.RoundTrip(req)
	})
	_, err := newHostileClient(t, base, client.WithHTTPClient(&http.Client{Transport: again})).RunStory(t.Context(), hostileWorkflow, hostileStory)
	require.ErrorContains(t, err, "no route to host")
	assert.False(t, client.SafeToRetry(err), err)
	assert.Equal(t, 1, seen.count(), "runs that the server saw")
}

// deafConn writes nothing once it is dead.
type deafConn struct {
	net.Conn
	dead runCounter
}

func (c *deafConn) Write(p []byte) (int, error) {
	if c.dead.count() > 0 {
		return 0, &net.OpError{Op: "write", Net: "tcp", Err: errors.New("broken pipe")}
	}
	return c.Conn.Write(p)
}

func TestAServerThatBreaksHTTP2IsAskedOnce(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]http.HandlerFunc{
		"resets the stream before the headers": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"resets the stream in the middle of the body": func(w http.ResponseWriter, r *http.Request) {
			answerJSON(200, goodAnswer[:40])(w, r)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		},
		"closes the connection": func(w http.ResponseWriter, r *http.Request) {
			if conn, ok := r.Context().Value(connKey{}).(net.Conn); ok {
				_ = conn.Close()
			}
		},
		"answers 500":         answerJSON(500, `{"success":false,"error":"x"}`),
		"redirects to itself": withHeader(answerJSON(307, `{"success":false,"error":"x"}`), "Location", "/elsewhere"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seen := new(runCounter)
			server := httptest.NewUnstartedServer(counted(seen, handler))
			server.EnableHTTP2 = true
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			server.Config.ConnContext = func(ctx context.Context, conn net.Conn) context.Context {
				if over, ok := conn.(*tls.Conn); ok {
					conn = over.NetConn()
				}
				return context.WithValue(ctx, connKey{}, conn)
			}
			server.StartTLS()
			t.Cleanup(server.Close)
			c, err := client.New(hostileKey, client.WithBaseURL(server.URL), client.WithHTTPClient(trusting(t, server)))
			require.NoError(t, err)
			_, err = c.RunStory(t.Context(), hostileWorkflow, hostileStory)
			require.Error(t, err)
			assert.False(t, client.SafeToRetry(err), "%v", err)
			assert.Equal(t, 1, seen.count(), "runs that the server saw")
			assert.Equal(t, name == "answers 500" || name == "redirects to itself" || strings.Contains(name, "body"),
				errors.As(err, new(*client.APIError)), "%v", err)
		})
	}
}

type connKey struct{}

// answerPlainly answers a TLS handshake in HTTP.
func answerPlainly(conn net.Conn) {
	_, _ = conn.Read(make([]byte, 64<<10))
	_, _ = io.WriteString(conn, "HTTP/1.0 400 Bad Request\r\n\r\n")
}
