package client_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client"
)

// What carries a run: transports, mocks, proxies, gateways and HTTP/2.

func TestCarrier_ThatFailsOverIsNotBelievedAboutItsDial(t *testing.T) {
	for name, ctx := range map[string]func(*http.Request) context.Context{
		"with the request's context":    (*http.Request).Context,
		"without the request's context": func(*http.Request) context.Context { return context.Background() },
	} {
		t.Run(name, func(t *testing.T) {
			started := new(counter)
			base := serveHTTP(t, started, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
			refused := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
			failover := roundTrip(func(req *http.Request) (*http.Response, error) {
				second := &http.Transport{DisableKeepAlives: true}
				_, err := second.RoundTrip(req.Clone(ctx(req)))
				return nil, fmt.Errorf("no gateway is left: %w; %w", refused, err)
			})
			_, err := runExample(t, newTestClient(t, base, client.WithHTTPClient(&http.Client{Transport: failover})))
			require.Error(t, err)
			assert.False(t, client.SafeToRetry(err), err)
			assert.ErrorContains(t, err, "may have been billed")
			assert.Equal(t, 1, started.count(), "runs that were started by one call")
		})
	}
}

func TestCarrier_ThatSaysThatItHasNotSentIsBelievedIfItReadNothing(t *testing.T) {
	for _, test := range []struct {
		name     string
		err      error
		reads    bool
		attempts int
	}{
		{"a limiter", notSentError(true), false, 3},
		{"a limiter, wrapped", fmt.Errorf("over the limit: %w", notSentError(true)), false, 3},
		{"a limiter that read the body", notSentError(true), true, 1},
		{"a limiter that may have sent", notSentError(false), false, 1},
		{"an OAuth endpoint that does not say it", errors.New("oauth2: cannot fetch token: 503"), false, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				attempts := 0
				_, err := runExample(t, newClient(t, roundTrip(func(req *http.Request) (*http.Response, error) {
					attempts++
					if test.reads {
						_, _ = io.Copy(io.Discard, req.Body)
					}
					return nil, test.err
				})))
				require.ErrorIs(t, err, test.err)
				assert.Equal(t, test.attempts, attempts)
				assert.Equal(t, test.attempts > 1, client.SafeToRetry(err))
				assert.Equal(t, test.attempts == 1, strings.Contains(err.Error(), "may have been billed"), err)
			})
		})
	}
}

func TestCarrier_WhoseProxyFuncFailsHasSentNothing(t *testing.T) {
	transport := &http.Transport{Proxy: func(*http.Request) (*url.URL, error) { return nil, errors.New("no PAC file") }}
	_, err := runExample(t, newClient(t, transport, client.WithMaxRetries(0)))
	require.ErrorContains(t, err, "no PAC file")
	assert.True(t, client.SafeToRetry(err))
	assert.NotContains(t, err.Error(), "billed")
}

func TestCarrier_MayChangeItsRequestInPlace(t *testing.T) {
	started := new(counter)
	var paths []string
	gateway := serveUnread(t, func(w http.ResponseWriter, r *http.Request) {
		started.add()
		paths = append(paths, r.URL.Path)
		if started.count() == 1 {
			respondJSON(429, limitedBody)(w, r)
			return
		}
		respondJSON(200, runBody)(w, r)
	})
	to, err := url.Parse(gateway)
	require.NoError(t, err)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	rewriting := roundTrip(func(req *http.Request) (*http.Response, error) {
		req.URL.Scheme, req.URL.Host, req.URL.Path = to.Scheme, to.Host, "/gateway"+req.URL.Path
		req.Host = "other.example"
		req.Header.Set("Authorization", "Bearer of the gateway")
		return transport.RoundTrip(req)
	})
	run, err := runExample(t, newClient(t, rewriting, client.WithMaxRetries(1)))
	require.NoError(t, err)
	assert.Equal(t, runText, run.Text)
	assert.Equal(t, []string{"/gateway/api/v1/run/wf_1", "/gateway/api/v1/run/wf_1"}, paths)
}

// It runs in a separate process: it replaces http.DefaultTransport.
func TestCarrier_ThatReplacesTheDefaultTransportIsUsed(t *testing.T) {
	if !inProcessOfItsOwn(t) {
		return
	}
	started := new(counter)
	server := httptest.NewServer(counted(started, respondJSON(200, runBody)))
	defer server.Close()
	c, err := client.New(testKey, client.WithBaseURL(server.URL))
	require.NoError(t, err)
	defer c.CloseIdleConnections()
	run := func() {
		t.Helper()
		_, err := runExample(t, c)
		require.NoError(t, err)
	}
	run()
	require.Equal(t, 1, started.count())

	original, mocked := http.DefaultTransport, 0
	http.DefaultTransport = roundTrip(func(req *http.Request) (*http.Response, error) {
		mocked++
		return stepResponse(200, runBody)(req)
	})
	run()
	assert.Equal(t, 1, mocked, "the mock has the run, although a Client was made before")
	assert.Equal(t, 1, started.count(), "and the server has not")
	http.DefaultTransport = original
	run()
	assert.Equal(t, 1, mocked)
	assert.Equal(t, 2, started.count(), "the mock is gone")
}

// inProcessOfItsOwn runs the test again in another process, and reports whether this is that one.
func inProcessOfItsOwn(t *testing.T, env ...string) bool {
	t.Helper()
	const name = "AITUTOR_TEST_PROCESS"
	if os.Getenv(name) == t.Name() {
		return true
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.short="+strconv.FormatBool(testing.Short()))
	cmd.Env = append(append(os.Environ(), name+"="+t.Name()), env...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return false
}

// gatewayOverHTTP2 offers HTTP/2 and closes a connection after a hundred requests. It counts those of each path.
func gatewayOverHTTP2(t *testing.T, started *sync.Map) *httptest.Server {
	t.Helper()
	type ofConn struct{}
	server := newServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := started.LoadOrStore(r.URL.Path, new(atomic.Int64))
		n.(*atomic.Int64).Add(1) //nolint:errcheck // as stored
		if seen, ok := r.Context().Value(ofConn{}).(*atomic.Int64); ok && seen.Add(1) >= 100 {
			w.Header().Set("Connection", "close") // over HTTP/2, net/http sends GOAWAY
		}
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("X-Protocol", r.Proto)
		respondJSON(200, runBody)(w, r)
	}))
	server.EnableHTTP2 = true
	server.Config.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		return context.WithValue(ctx, ofConn{}, new(atomic.Int64))
	}
	server.StartTLS()
	return server
}

func TestCarrier_ByDefaultSpeaksHTTP1(t *testing.T) {
	if !inProcessOfItsOwn(t) {
		return
	}
	var started sync.Map
	server := gatewayOverHTTP2(t, &started)
	c := newDefaultClient(t, server, server.URL)
	runs := 4000
	if testing.Short() {
		runs = 400
	}
	inputs := exampleInputs(t)
	var all sync.WaitGroup
	var failed atomic.Int64
	slots := make(chan struct{}, 64)
	for i := range runs {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			run, err := c.Run(t.Context(), "wf_"+strconv.Itoa(i), inputs)
			if !assert.NoError(t, err) {
				failed.Add(1)
				return
			}
			assert.Equal(t, "HTTP/1.1", run.Header.Get("X-Protocol"))
		})
	}
	all.Wait()
	total, twice := 0, 0
	started.Range(func(_, n any) bool {
		total++
		if n.(*atomic.Int64).Load() > 1 { //nolint:errcheck // as stored
			twice++
		}
		return true
	})
	t.Logf("%d runs: %d failed, %d reached the gateway, %d twice", runs, failed.Load(), total, twice)
	assert.Zero(t, failed.Load())
	assert.Zero(t, twice)
	assert.Equal(t, runs, total)
}

// newDefaultClient returns a client with the default transport, which trusts server from now on in this process.
func newDefaultClient(t *testing.T, server *httptest.Server, base string) *client.Client {
	t.Helper()
	standard, ok := http.DefaultTransport.(*http.Transport)
	require.True(t, ok)
	trusting, ok := server.Client().Transport.(*http.Transport)
	require.True(t, ok)
	standard.TLSClientConfig = &tls.Config{RootCAs: trusting.TLSClientConfig.RootCAs}
	c, err := client.New(testKey, client.WithBaseURL(base), client.WithMaxRetries(0))
	require.NoError(t, err)
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// A load balancer forgets connections, and closes none: what is sent on them reaches nobody. Over HTTP/2 every later
// run would go there.
func TestCarrier_ByDefaultLosesOneRunToAConnectionThatIsForgotten(t *testing.T) {
	if !inProcessOfItsOwn(t) {
		return
	}
	var started sync.Map
	server := gatewayOverHTTP2(t, &started)
	balancer := &forgetfulBalancer{to: server.Listener.Addr().String()}
	c := newDefaultClient(t, server, "https"+strings.TrimPrefix(serveAccepted(t, balancer.serve), "http"))
	inputs := exampleInputs(t)
	_, err := c.Run(t.Context(), "wf_before", inputs)
	require.NoError(t, err)
	balancer.forget()
	lost := 0
	for i := range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		balancer.onLoss(cancel) // in place of the time that a caller waits
		run, err := c.Run(ctx, fmt.Sprintf("wf_after_%d", i), inputs)
		cancel()
		_, reached := started.Load(fmt.Sprintf("/api/v1/run/wf_after_%d", i))
		assert.Equal(t, err == nil, reached, "%v", err)
		if err != nil {
			lost++
			assert.ErrorContains(t, err, "may have been billed")
			continue
		}
		assert.Equal(t, "HTTP/1.1", run.Header.Get("X-Protocol"))
	}
	assert.Equal(t, 1, lost, "runs that are lost")
}

// forgetfulBalancer passes on what it receives, until it forgets the connections that it has.
type forgetfulBalancer struct {
	to    string
	mu    sync.Mutex
	epoch int
	lost  func() // called if a request comes on a connection that is forgotten
}

func (b *forgetfulBalancer) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.epoch++
}

func (b *forgetfulBalancer) onLoss(lost func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lost = lost
}

// remembers reports whether a connection of an epoch is not forgotten; if it is, it calls lost.
func (b *forgetfulBalancer) remembers(epoch int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if epoch != b.epoch {
		b.lost()
	}
	return epoch == b.epoch
}

func (b *forgetfulBalancer) serve(conn net.Conn) {
	b.mu.Lock()
	epoch := b.epoch
	b.mu.Unlock()
	next, err := net.Dial("tcp", b.to) //nolint:noctx // on loopback, and closed below
	if err != nil {
		return
	}
	var back sync.WaitGroup
	back.Go(func() { _, _ = io.Copy(conn, next) })
	buffer := make([]byte, 64<<10)
	for {
		n, err := conn.Read(buffer)
		if err != nil {
			break
		}
		if !b.remembers(epoch) {
			_, _ = io.Copy(io.Discard, conn) // until the client closes it
			break
		}
		_, _ = next.Write(buffer[:n])
	}
	_ = next.Close()
	back.Wait()
}

func TestCarrier_OverHTTP2SaysThatTheServerTookTheRequestBack(t *testing.T) {
	trusted := trustedOverHTTP2(t)
	for name, script := range map[string]func(conn net.Conn, stream uint32){
		"a stream that is refused": func(conn net.Conn, stream uint32) {
			writeFrame(conn, frameRSTStream, 0, stream, []byte{0, 0, 0, codeRefused})
		},
		"GOAWAY before the stream": func(conn net.Conn, _ uint32) {
			writeFrame(conn, frameGoAway, 0, 0, []byte{0, 0, 0, 0, 0, 0, 0, 0})
			_ = conn.Close()
		},
		"a stream that is reset": func(conn net.Conn, stream uint32) {
			writeFrame(conn, frameRSTStream, 0, stream, []byte{0, 0, 0, codeInternal})
		},
	} {
		t.Run(name, func(t *testing.T) {
			started := new(counter)
			base := serveHTTP2(t, started, trusted.TLS.Certificates, script)
			_, err := runExample(t, newTestClient(t, base, client.WithHTTPClient(trusting(t, trusted))))
			require.ErrorContains(t, err, "the server took the request back over HTTP/2 (GOAWAY or a reset); use HTTP/1.1 for runs")
			assert.ErrorContains(t, err, "may have been billed")
			assert.False(t, client.SafeToRetry(err))
			assert.Equal(t, 1, started.count())
		})
	}
}

func TestCarrier_OverHTTP2TellsTheCauseOfACancelledCall(t *testing.T) {
	errCause := errors.New("the user went home")
	for name, overHTTP2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
		for when, begin := range map[string]bool{"before the headers": false, "in the body": true} {
			t.Run(name+", "+when, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				server := newServer(t, counted(new(counter), func(w http.ResponseWriter, r *http.Request) {
					if begin {
						w.Header().Set("Content-Length", "90")
						respondJSON(200, runBody[:20])(w, r)
						_ = http.NewResponseController(w).Flush()
					}
					cancel(errCause)
					<-r.Context().Done()
				}))
				server.EnableHTTP2 = overHTTP2
				server.StartTLS()
				_, err := newTestClient(t, server.URL, client.WithHTTPClient(trusting(t, server))).Run(ctx, testWorkflow, exampleInputs(t))
				require.ErrorIs(t, err, context.Canceled)
				require.ErrorIs(t, err, errCause)
				assert.False(t, client.SafeToRetry(err))
			})
		}
	}
}

func TestCarrier_OfAContextThatIsOverSaysSo(t *testing.T) {
	cancelled, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("the user went home"))
	transport := scripted(stepResponse(200, runBody))
	_, err := newClient(t, transport).Run(cancelled, testWorkflow, exampleInputs(t))
	require.EqualError(t, err, "run workflow wf_1: the context was over before the request was sent: context canceled: the user went home")
	assert.Empty(t, transport.asked)
}

func TestCarrier_WhoseProxyRefusesSaysItsStatus(t *testing.T) {
	for _, status := range []string{"502 Bad Gateway", "407 Proxy Authentication Required", "403 Forbidden"} {
		proxy := serveRaw(t, new(counter), rawResponse("HTTP/1.1 "+status+"\r\nContent-Length: 0\r\n\r\n"))
		to, err := url.Parse(proxy)
		require.NoError(t, err)
		transport := &http.Transport{Proxy: http.ProxyURL(to)}
		t.Cleanup(transport.CloseIdleConnections)
		_, err = runExample(t, newClient(t, transport, client.WithMaxRetries(0)))
		require.ErrorContains(t, err, "run workflow wf_1: the proxy refused the connection: "+status)
		assert.True(t, client.SafeToRetry(err))
		assert.NotContains(t, err.Error(), "billed")
	}
}

func TestCarrier_ByDefaultSaysTheStatusOfAProxy(t *testing.T) {
	proxy := serveRaw(t, new(counter), rawResponse("HTTP/1.1 502 The proxy is tired\r\nContent-Length: 0\r\n\r\n"))
	if !inProcessOfItsOwn(t, "HTTPS_PROXY="+proxy) {
		return
	}
	c, err := client.New(testKey, client.WithMaxRetries(0))
	require.NoError(t, err)
	_, err = runExample(t, c)
	require.ErrorContains(t, err, "the proxy refused the connection: 502 The proxy is tired")
	assert.True(t, client.SafeToRetry(err))
}

func TestCarrier_WhoseBodyIgnoresTheContextIsClosedInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reader, writer := io.Pipe()
		c := newClient(t, roundTrip(func(req *http.Request) (*http.Response, error) {
			go func() { _, _ = io.WriteString(writer, runBody[:20]) }()
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: reader, ContentLength: -1, Request: req}, nil
		}), client.WithTimeout(time.Minute))
		start := time.Now()
		run, err := c.RunInputs(t.Context(), testWorkflow, map[string]string{"topic": "x"})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "no whole response within 1m0s (WithTimeout)")
		assert.Equal(t, time.Minute, time.Since(start))
		require.NotNil(t, run)
		assert.Equal(t, runBody[:20], string(run.Body))
	})
}

// A breaker returns both, for one.
func TestCarrier_ThatReturnsAResponseAndAnErrorWithholdsNothing(t *testing.T) {
	errLate := errors.New("too many failures")
	for name, row := range map[string]struct {
		response step
		attempts int
		safe     bool
		says     string
	}{
		"a run":          {stepResponse(200, runBody), 1, false, "200 OK: too many failures: the run may have been billed"},
		"a broken run":   {stepResponse(200, `{"result":5}`), 1, false, "200 OK: too many failures: the run may have been billed"},
		"a server error": {stepResponse(500, `{"success":false,"error":"Sorry"}`), 1, false, "500 Internal Server Error: Sorry: too many failures"},
		"a 429":          {stepResponse(429, limitedBody), 2, true, "429 Too Many Requests: Too many requests: too many failures"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				attempts, open := 0, 0
				c := newClient(t, roundTrip(func(req *http.Request) (*http.Response, error) {
					attempts++
					open++
					res, _ := row.response(req)
					res.Body = &closing{ReadCloser: res.Body, closed: func() { open-- }}
					return res, errLate
				}), client.WithMaxRetries(1))
				run, err := runExample(t, c)
				require.ErrorIs(t, err, errLate)
				require.ErrorContains(t, err, row.says)
				assert.Equal(t, row.attempts, attempts)
				assert.Equal(t, row.safe, client.SafeToRetry(err))
				assert.Zero(t, open, "bodies that are not closed")
				var failure *client.APIError
				if errors.As(err, &failure) {
					assert.NotEmpty(t, failure.Body)
				} else {
					require.NotNil(t, run)
					assert.Contains(t, string(run.Body), "result")
				}
			})
		})
	}
}

// closing is a body that tells when it is first closed.
type closing struct {
	io.ReadCloser
	closed func()
}

func (b *closing) Close() error {
	if b.closed != nil {
		b.closed()
		b.closed = nil
	}
	return b.ReadCloser.Close()
}

// A worker has one context for all its runs: what a call leaves on it stays as long as the program runs.
func TestCarrier_LeavesNothingOnTheContext(t *testing.T) {
	t.Parallel()
	ctx := &countingContext{Context: t.Context(), done: make(chan struct{})}
	for name, opts := range map[string][]client.Option{"by default": nil, "without a timeout": {client.WithTimeout(0)}} {
		for what, next := range map[string]step{
			"a run": stepResponse(200, runBody), "an error": stepResponse(500, "{}"), "no response": stepError(io.EOF),
		} {
			_, _ = newClient(t, roundTrip(next), opts...).Run(ctx, testWorkflow, exampleInputs(t))
			assert.Zero(t, ctx.left.Load(), "%s, %s", name, what)
		}
	}
}

// countingContext counts what waits for its end.
type countingContext struct {
	context.Context
	done chan struct{}
	left atomic.Int64
}

func (c *countingContext) Done() <-chan struct{} { return c.done }
func (c *countingContext) AfterFunc(func()) func() bool {
	c.left.Add(1)
	return func() bool { c.left.Add(-1); return true }
}

func TestCarrier_WithTheTextOfACauseAloneKeepsTheCause(t *testing.T) {
	errCause := errors.New("the user went home")
	ctx, cancel := context.WithCancelCause(t.Context())
	_, err := newClient(t, roundTrip(func(*http.Request) (*http.Response, error) {
		cancel(errCause)
		return nil, errors.New("gateway: " + errCause.Error())
	})).Run(ctx, testWorkflow, exampleInputs(t))
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, errCause)
	assert.EqualError(t, err, "run workflow wf_1: context canceled: gateway: the user went home: the run may have been billed")
}

func TestCarrier_WithErrorsThatAreJoinedIsOneLine(t *testing.T) {
	_, err := runExample(t, newClient(t, roundTrip(func(*http.Request) (*http.Response, error) {
		return nil, errors.Join(errors.New("the first gateway is down"), errors.New("and so is the second"))
	})))
	require.EqualError(t, err,
		"run workflow wf_1: the first gateway is down; and so is the second: the run may have been billed")
}

func TestCarrier_ThatDecodesNoBodyLeavesThatToTheClient(t *testing.T) {
	var compressed bytes.Buffer
	w := gzip.NewWriter(&compressed)
	_, _ = io.WriteString(w, runBody)
	_ = w.Close()
	base := serveHTTP(t, new(counter), withHeader(respondJSON(200, compressed.String()), "Content-Encoding", "gzip"))
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	asking := roundTrip(func(req *http.Request) (*http.Response, error) {
		req.Header.Set("Accept-Encoding", "gzip, br")
		return transport.RoundTrip(req)
	})
	run, err := runExample(t, newTestClient(t, base, client.WithHTTPClient(&http.Client{Transport: asking})))
	require.NoError(t, err)
	assert.Equal(t, runText, run.Text)
	assert.Contains(t, string(run.Body), runBody)
	assert.Len(t, run.Body, len(runBody))
	assert.Empty(t, run.Header.Get("Content-Encoding"))

	small := newTestClient(t, base, client.WithMaxResponseBytes(10), client.WithHTTPClient(&http.Client{Transport: asking}))
	_, err = runExample(t, small)
	require.ErrorContains(t, err, "WithMaxResponseBytes")
}

// dump is a test whose failures are kept: testify prints values by reflection, with all that they point at.
type dump struct{ bytes.Buffer }

func (d *dump) Errorf(format string, args ...any) { fmt.Fprintf(d, format, args...) }

func TestCarrier_HasNoKeyInADumpOfTheClient(t *testing.T) {
	base := serveHTTP(t, new(counter), respondJSON(200, runBody))
	byDefault, err := client.New(testKey, client.WithBaseURL(base))
	require.NoError(t, err)
	for name, c := range map[string]*client.Client{"with an http.Client": newTestClient(t, base), "by default": byDefault} {
		_, err := runExample(t, c)
		require.NoError(t, err)
		var dumped dump
		assert.Equal(&dumped, &client.Client{}, c)
		assert.Equal(&dumped, new(client.Client).API(), c.API())
		assert.Contains(t, dumped.String(), "maxRetries", "a dump by reflection")
		assert.NotContains(t, dumped.String(), testKey, name)
		assert.NotContains(t, fmt.Sprintf("%#v %+v", c, *c), testKey, name)
	}
}

func TestCarrier_OfAShortKeyValidatesWhatCame(t *testing.T) {
	body := documentedRun(t, map[string]any{"run_id": "run_test_a1"})
	transport := scripted(stepResponse(200, body, "X-Request-Id", "req_test_1"))
	c, err := client.New("test", client.WithHTTPClient(&http.Client{Transport: transport}))
	require.NoError(t, err)
	run, err := runExample(t, c)
	require.NoError(t, err)
	assert.Equal(t, "run_test_a1", run.ID)
	assert.Equal(t, "req_test_1", run.RequestID)
}

// A key may be what the contract wants of a header: the header is validated as it came.
func TestCarrier_OfAKeyInAHeaderValidatesWhatCame(t *testing.T) {
	transport := scripted(stepResponse(200, runBody, "X-Ratelimit-Limit", "12345678", "X-Ratelimit-Remaining", "1"))
	c, err := client.New("12345678", client.WithHTTPClient(&http.Client{Transport: transport}))
	require.NoError(t, err)
	_, err = runExample(t, c)
	require.NoError(t, err)
}
