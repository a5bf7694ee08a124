package exchange

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

type limited struct{ notSent bool }

func (limited) Error() string   { return "over the limit" }
func (e limited) NotSent() bool { return e.notSent }

func TestAttempt_IsNotSentOnlyIfThatIsCertain(t *testing.T) {
	var reached atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		reached.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		panic(http.ErrAbortHandler)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of handlers that panic
	server.Start()
	defer server.Close()
	refused := &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	noRoute := func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no route") }
	failing := func(err error) http.RoundTripper {
		return roundTrip(func(*http.Request) (*http.Response, error) { return nil, err })
	}
	reading := func(err error) http.RoundTripper {
		return roundTrip(func(req *http.Request) (*http.Response, error) {
			_, _ = io.Copy(io.Discard, req.Body)
			return nil, err
		})
	}
	elsewhere := func(ctx func(*http.Request) context.Context, getBody bool) http.RoundTripper { // sends, then cannot dial
		return roundTrip(func(req *http.Request) (*http.Response, error) {
			body := req.Body
			if getBody && req.GetBody != nil {
				body, _ = req.GetBody()
			}
			again, _ := http.NewRequestWithContext(ctx(req), req.Method, server.URL, body)
			again.ContentLength = req.ContentLength
			_, _ = (&http.Transport{DisableKeepAlives: true}).RoundTrip(again)
			return (&http.Transport{DialContext: noRoute}).RoundTrip(req)
		})
	}
	its := func(req *http.Request) context.Context { return req.Context() }
	background := func(*http.Request) context.Context { return context.Background() }
	for _, test := range []struct {
		name      string
		transport http.RoundTripper
		bodyless  bool
		want      bool
		reaches   int64
	}{
		{name: "net/http could not dial", transport: &http.Transport{DialContext: noRoute}, want: true},
		{name: "net/http could not dial, without a body", transport: &http.Transport{DialContext: noRoute}, bodyless: true,
			want: true},
		{name: "net/http has a Proxy that fails", want: true, transport: &http.Transport{
			Proxy: func(*http.Request) (*url.URL, error) { return nil, errors.New("no proxy") },
		}},
		{name: "net/http wrote it, and the server broke off", transport: &http.Transport{DisableKeepAlives: true},
			reaches: 1},
		{name: "a transport says that it could not dial", transport: failing(refused), want: true},
		{name: "a transport says so of a wrapped error", transport: failing(fmt.Errorf("gateway: %w", refused)), want: true},
		{name: "a transport says so, without a body that would tell", transport: failing(refused), bodyless: true},
		{name: "a transport says so, but read the body", transport: reading(refused)},
		{name: "a transport found no address", transport: failing(&net.DNSError{Err: "no such host"}), want: true},
		{name: "a transport says that it is not sent", transport: failing(fmt.Errorf("limiter: %w", limited{true})),
			want: true},
		{name: "a transport says that it may be sent", transport: failing(limited{false})},
		{name: "a transport says that it is not sent, but read the body", transport: reading(limited{true})},
		{name: "a transport could not write", transport: failing(&net.OpError{Op: "write", Err: io.ErrClosedPipe})},
		{name: "a transport failed for a reason that nobody knows", transport: failing(errors.New("teapot"))},
		{name: "a transport sent it, then could not dial", transport: elsewhere(its, false), reaches: 1},
		{name: "a transport sent it without the context, then could not dial", transport: elsewhere(background, false),
			reaches: 1},
		{name: "a transport sent a second body without the context, then could not dial",
			transport: elsewhere(background, true), reaches: 1},
		{name: "a transport sent it without a body and a context, then could not dial",
			transport: elsewhere(background, false), bodyless: true, reaches: 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := reached.Load()
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, nil)
			require.NoError(t, err)
			body := []byte(`{"topic":"x"}`)
			if test.bodyless {
				body = nil
			}
			sent, attempt := NewAttempt(t.Context(), req, body)
			_, err = test.transport.RoundTrip(sent)
			require.Error(t, err)
			assert.Equal(t, test.want, attempt.NotSent(test.transport, err), err)
			assert.Equal(t, test.reaches, reached.Load()-before, "requests that reached the server")
		})
	}
}

// A gateway that restarts leaves connections on which nothing can be written, and takes no new ones.
func TestAttempt_IsNotSentOnAConnectionThatWasDeadIfNoOtherIsThere(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	var restarted atomic.Bool
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		if restarted.Load() {
			return nil, errors.New("no route")
		}
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		return deadConn{conn, &restarted}, err
	}}
	defer transport.CloseIdleConnections()
	send := func() (*http.Response, error, bool) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, nil)
		require.NoError(t, err)
		sent, attempt := NewAttempt(t.Context(), req, []byte("{}"))
		res, err := transport.RoundTrip(sent)
		return res, err, err != nil && attempt.NotSent(transport, err)
	}
	res, err, _ := send()
	require.NoError(t, err)
	_ = res.Body.Close()
	restarted.Store(true)
	_, err, notSent := send()
	require.ErrorContains(t, err, "no route")
	assert.True(t, notSent)
}

// deadConn fails to write once dead is true.
type deadConn struct {
	net.Conn
	dead *atomic.Bool
}

func (c deadConn) Write(p []byte) (int, error) {
	if c.dead.Load() {
		return 0, errors.New("broken pipe")
	}
	return c.Conn.Write(p)
}

func TestAttempt_SharesNothingWithItsRequest(t *testing.T) {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://example.com/a",
		strings.NewReader("other"))
	require.NoError(t, err)
	req.Header.Set("A", "1")
	sent, _ := NewAttempt(t.Context(), req, []byte("body"))
	sent.URL.Host, sent.URL.Path, sent.Host = "gateway", "/gateway"+sent.URL.Path, "gateway"
	sent.Header.Set("A", "2")
	assert.Equal(t, "https://example.com/a", req.URL.String())
	assert.Equal(t, "example.com", req.Host)
	assert.Equal(t, "1", req.Header.Get("A"))
	assert.EqualValues(t, 4, sent.ContentLength)
	got, err := io.ReadAll(sent.Body)
	require.NoError(t, err)
	assert.Equal(t, "body", string(got))
}

// net/http takes a request with such a header for one that may be written twice.
func TestAttempt_IsWrittenOnceWithAnIdempotencyKey(t *testing.T) {
	for _, name := range []string{"Idempotency-Key", "X-Idempotency-Key"} {
		var seen atomic.Int64
		listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		t.Cleanup(func() { _ = listener.Close() })
		go func() { // each connection responds to one request, reads the next, and is closed
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				reader := bufio.NewReader(conn)
				for i := range 2 {
					req, err := http.ReadRequest(reader)
					if err != nil {
						break
					}
					_, _ = io.Copy(io.Discard, req.Body)
					seen.Add(1)
					if i == 0 {
						_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
					}
				}
				_ = conn.Close()
			}
		}()
		transport := &http.Transport{}
		t.Cleanup(transport.CloseIdleConnections)
		for i := range 2 {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+listener.Addr().String(), nil)
			require.NoError(t, err)
			req.Header.Set(name, "1")
			sent, attempt := NewAttempt(t.Context(), req, []byte("{}"))
			res, err := transport.RoundTrip(sent)
			if i == 0 {
				require.NoError(t, err)
				_ = res.Body.Close()
				continue
			}
			require.Error(t, err, name)
			assert.False(t, attempt.NotSent(transport, err), name)
		}
		assert.EqualValues(t, 2, seen.Load(), name)
	}
}
