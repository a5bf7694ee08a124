package client_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client"
)

const goodAnswer = `{"success":true,"run_id":"run_1","status":"completed","output":{"generated_story":"Once upon a time"}}`

// runCounter counts the requests that reached a server, whole or in part: each may have been billed.
type runCounter struct{ n atomic.Int64 }

func (c *runCounter) add()       { c.n.Add(1) }
func (c *runCounter) count() int { return int(c.n.Load()) }

// serve starts the row's server and gives its base URL.
func (row hostileRow) serve(t *testing.T, seen *runCounter) string {
	t.Helper()
	switch {
	case row.url != nil:
		return row.url(t, seen)
	case row.raw != nil:
		return serveRaw(t, seen, row.raw)
	}
	return serveHTTP(t, seen, row.handler)
}

// serveHTTP serves handler, which finds the request's body read.
func serveHTTP(t *testing.T, seen *runCounter, handler http.HandlerFunc) string {
	t.Helper()
	return serveUnread(t, counted(seen, handler))
}

// serveUnread serves handler.
func serveUnread(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of handlers that panic
	server.Start()
	t.Cleanup(server.Close)
	return server.URL
}

// counted counts a request and checks what every request of the client has to be.
func counted(seen *runCounter, handler http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		seen.add()
		_, _ = io.Copy(io.Discard, r.Body)
		handler(w, r)
	}
}

// rawScript is what a server does with the n-th request (from 1) that it has read. The connection is closed after it.
type rawScript func(conn *net.TCPConn, request *http.Request, n int)

// serveRaw serves bare connections. A request counts from its first byte on.
func serveRaw(t *testing.T, seen *runCounter, script rawScript) string {
	t.Helper()
	return serveAccepted(t, func(conn net.Conn) {
		tcp, _ := conn.(*net.TCPConn)
		serveRequests(tcp, seen, script)
	})
}

// serveAccepted serves each connection on loopback with serve, and closes it then, or at the end of the test.
func serveAccepted(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var open sync.Map
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			open.Store(conn, nil)
			serving.Go(func() {
				defer func() { _ = conn.Close() }()
				serve(conn)
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		open.Range(func(conn, _ any) bool {
			if c, ok := conn.(net.Conn); ok {
				_ = c.Close()
			}
			return true
		})
		serving.Wait()
	})
	return "http://" + listener.Addr().String()
}

func serveRequests(conn *net.TCPConn, seen *runCounter, script rawScript) {
	reader := bufio.NewReader(conn)
	if _, err := reader.Peek(1); err != nil {
		return
	}
	seen.add()
	request, err := http.ReadRequest(reader)
	if err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, request.Body)
	script(conn, request, seen.count())
}

// newHostileClient is a client of the server at base, with connections of its own.
func newHostileClient(t *testing.T, base string, opts ...client.Option) *client.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	c, err := client.New(hostileKey, append([]client.Option{
		client.WithBaseURL(base), client.WithHTTPClient(&http.Client{Transport: transport}),
	}, opts...)...)
	require.NoError(t, err)
	return c
}

// trusting is an HTTP client that trusts the certificate of server and closes its connections with the test.
func trusting(t *testing.T, server *httptest.Server) *http.Client {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: server.EnableHTTP2}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// answer answers with a status, a content type and a body.
func answer(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = []string{contentType}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func answerJSON(status int, body string) http.HandlerFunc {
	return answer(status, "application/json", body)
}

// withHeader answers as handler does, with a header more.
func withHeader(handler http.HandlerFunc, name, value string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(name, value)
		handler(w, r)
	}
}

// rawAnswer writes text as it is.
func rawAnswer(text string) rawScript {
	return func(conn *net.TCPConn, _ *http.Request, _ int) { _, _ = io.WriteString(conn, text) }
}

// head is the head of a raw answer of a JSON body with length bytes.
func head(length int) string {
	return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + strconv.Itoa(length) + "\r\n\r\n"
}

// reset makes the close of conn a reset.
func reset(conn *net.TCPConn) {
	_ = conn.SetLinger(0)
	_ = conn.Close()
}

// dialFailing fails the dials of a transport and counts them.
type dialFailing struct {
	dials atomic.Int64
	err   error
}

func (d *dialFailing) dial(context.Context, string, string) (net.Conn, error) {
	d.dials.Add(1)
	return nil, d.err
}

func TestAConnectionThatTheServerClosedBetweenCallsCostsNoSecondRun(t *testing.T) {
	t.Parallel()
	for name, closing := range map[string]func(*net.TCPConn){
		"closed": func(conn *net.TCPConn) { _ = conn.Close() },
		"reset":  reset,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seen := new(runCounter)
			closed := make(chan struct{}, 100)
			c := newHostileClient(t, serveRaw(t, seen, func(conn *net.TCPConn, _ *http.Request, _ int) {
				_, _ = fmt.Fprintf(conn, "%s%s", head(len(goodAnswer)), goodAnswer)
				closing(conn)
				closed <- struct{}{}
			}))
			answered := 0
			for i := range 100 {
				run, err := c.RunStory(t.Context(), hostileWorkflow, hostileStory)
				if err == nil {
					assert.Equal(t, "Once upon a time", run.Text)
					answered++
				}
				require.LessOrEqual(t, seen.count(), i+1, "one run a call at most")
				if seen.count() == i+1 && err != nil {
					assert.False(t, client.SafeToRetry(err), "the run was started: %v", err)
				}
			}
			t.Logf("%d of 100 calls answered, %d runs", answered, seen.count())
			assert.Positive(t, answered)
		})
	}
}

// chainOf lists an error and all that it wraps.
func chainOf(err error) []error {
	if err == nil {
		return nil
	}
	chain := append([]error{err}, chainOf(errors.Unwrap(err))...)
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, inner := range many.Unwrap() {
			chain = append(chain, chainOf(inner)...)
		}
	}
	return chain
}
