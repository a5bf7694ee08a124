package client_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
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
	"github.com/aitutor-api/aitutor-go/client/contract"
)

func TestTransport_ThatSaysThatItHasNotSentIsBelievedIfItReadNothing(t *testing.T) {
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

func TestTransport_WhoseProxyFuncFailsHasSentNothing(t *testing.T) {
	transport := &http.Transport{Proxy: func(*http.Request) (*url.URL, error) { return nil, errors.New("no PAC file") }}
	_, err := runExample(t, newClient(t, transport, client.WithMaxRetries(0)))
	require.ErrorContains(t, err, "no PAC file")
	assert.True(t, client.SafeToRetry(err))
	assert.NotContains(t, err.Error(), "billed")
}

func TestTransport_MayChangeItsRequestInPlace(t *testing.T) {
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
func TestTransport_ThatReplacesTheDefaultTransportIsUsed(t *testing.T) {
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
	cmd := exec.CommandContext(t.Context(), os.Args[0],
		"-test.run=^"+t.Name()+"$", "-test.v", "-test.short="+strconv.FormatBool(testing.Short()))
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

func TestTransport_ByDefaultSpeaksHTTP1(t *testing.T) {
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

// A Clone of a transport has the protocols of TLS that net/http has put there, even if it speaks HTTP/1.1 alone.
func TestTransport_ThatNegotiatesMoreThanItSpeaksSaysHowToMendIt(t *testing.T) {
	t.Parallel()
	server := gatewayOverHTTP2(t, new(sync.Map))
	first := trusting(t, server).Transport.(*http.Transport) //nolint:errcheck // of trusting
	first.TLSClientConfig.NextProtos = []string{"h2", "http/1.1"}
	transport := first.Clone()
	transport.Protocols = new(http.Protocols)
	transport.Protocols.SetHTTP1(true)
	t.Cleanup(transport.CloseIdleConnections)
	_, err := runExample(t, newTestClient(t, server.URL, client.WithHTTPClient(&http.Client{Transport: transport})))
	require.ErrorContains(t, err, "run workflow wf_1: the transport negotiated HTTP/2 and speaks HTTP/1.1: "+
		"set the NextProtos of its TLSClientConfig to nil")

	transport = transport.Clone()
	transport.TLSClientConfig.NextProtos = nil
	t.Cleanup(transport.CloseIdleConnections)
	run, err := runExample(t, newTestClient(t, server.URL, client.WithHTTPClient(&http.Client{Transport: transport})))
	require.NoError(t, err)
	assert.Equal(t, "HTTP/1.1", run.Header.Get("X-Protocol"))
}

func TestTransport_WithTheTextOfAStatusIsNoProxy(t *testing.T) {
	t.Parallel()
	_, err := runExample(t, newClient(t, roundTrip(stepError(errors.New(http.StatusText(http.StatusBadGateway))))))
	require.EqualError(t, err, "run workflow wf_1: Bad Gateway: the run may have been billed")
}

// A load balancer forgets connections, and closes none: what is sent on them reaches nobody. Over HTTP/2 every later
// run would go there.
func TestTransport_ByDefaultLosesOneRunToAConnectionThatIsForgotten(t *testing.T) {
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

func TestTransport_WhoseProxyRefusesSaysItsStatus(t *testing.T) {
	t.Parallel()
	for status, says := range map[string]string{
		"502 Bad Gateway":                   "the proxy refused the connection: 502 Bad Gateway",
		"407 Proxy Authentication Required": "the proxy refused the connection: 407 Proxy Authentication Required",
		"403 Forbidden":                     "the proxy refused the connection: 403 Forbidden",
		"403 " + testKey:                    "[redacted]",
	} {
		t.Run(says, func(t *testing.T) {
			t.Parallel()
			proxied := new(counter)
			to, err := url.Parse(serveRaw(t, proxied, rawResponse("HTTP/1.1 "+status+"\r\nContent-Length: 0\r\n\r\n")))
			require.NoError(t, err)
			transport := &http.Transport{Proxy: http.ProxyURL(to)}
			t.Cleanup(transport.CloseIdleConnections)
			_, err = runExample(t, newClient(t, transport, client.WithMaxRetries(1)))
			require.ErrorContains(t, err, "run workflow wf_1: "+says)
			assert.True(t, client.SafeToRetry(err), "the key and the inputs went nowhere: %v", err)
			assert.NotContains(t, err.Error(), "billed")
			assert.Equal(t, 2, proxied.count())
			assertNoKey(t, testKey, nil, err)
		})
	}
}

func TestTransport_ByDefaultSaysTheStatusOfAProxy(t *testing.T) {
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

// A breaker returns both, for one.
func TestTransport_ThatReturnsAResponseAndAnErrorWithholdsNothing(t *testing.T) {
	errLate := errors.New("too many failures")
	for name, row := range map[string]struct {
		response step
		attempts int
		safe     bool
		says     string
	}{
		"a run": {stepResponse(200, runBody), 1, false, "200 OK: too many failures: the run may have been billed"},
		"a broken run": {stepResponse(200, `{"result":5}`), 1, false,
			"200 OK: too many failures: the run may have been billed"},
		"a server error": {stepResponse(500, `{"success":false,"error":"Sorry"}`), 1, false,
			"500 Internal Server Error: Sorry: too many failures"},
		"a run that it has closed": {func(req *http.Request) (*http.Response, error) {
			res, err := stepResponse(200, "")(req)
			res.Body = io.NopCloser(failingRead{})
			return res, err
		}, 1, false, "200 OK: too many failures: the run may have been billed"},
		"a 429": {stepResponse(429, limitedBody), 2, true, "429 Too Many Requests: Too many requests: too many failures"},
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
				if failure, ok := errors.AsType[*client.APIError](err); ok {
					assert.NotEmpty(t, failure.Body)
				} else {
					require.NotNil(t, run)
					assert.NotEmpty(t, run.Header)
					assert.Equal(t, !strings.Contains(name, "closed"), strings.Contains(string(run.Body), "result"))
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

func TestTransport_ReadsAResponseHoweverItIsSent(t *testing.T) {
	t.Parallel()
	row := func(name, response string) serverCase {
		return serverCase{name: name, raw: rawResponse(response), requests: 1, text: runText, body: runBody}
	}
	good := head(len(runBody)) + runBody
	runServerCases(t, []serverCase{
		row("speaks HTTP/1.0 and ends the body with the connection",
			"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n"+runBody),
		row("sends 100 Continue first", "HTTP/1.1 100 Continue\r\n\r\n"+good),
		row("sends 103 Early Hints first", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"+good),
		row("ends lines with a newline alone", strings.ReplaceAll(head(len(runBody)), "\r", "")+runBody),
		row("says that it speaks HTTP 2.0", strings.Replace(good, "HTTP/1.1", "HTTP/2.0", 1)),
		row("sends a second response that nobody asked for", good+"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
	})
}

func TestTransport_DoesNotSendAgainWithoutAResponse(t *testing.T) {
	t.Parallel()
	lost := func(name string, script rawScript, says ...string) serverCase {
		return serverCase{name: name, raw: script, requests: 1, says: append(says, "may have been billed")}
	}
	resetAfter := func(text string) rawScript {
		return func(conn *net.TCPConn, _ *http.Request, _ int) {
			_, _ = io.WriteString(conn, text)
			reset(conn)
		}
	}
	endless := func(start, chunk string) rawScript {
		return func(conn *net.TCPConn, _ *http.Request, _ int) {
			_, err := io.WriteString(conn, start)
			for err == nil {
				_, err = io.WriteString(conn, chunk)
			}
		}
	}
	runServerCases(t, []serverCase{
		lost("reads the request and closes", rawResponse(""), "the connection was closed without a response", "EOF"),
		lost("reads the request and resets", resetAfter(""), "connection reset"),
		lost("closes in the middle of the status line", rawResponse("HTTP/1.1 2")),
		lost("closes in the middle of the headers", rawResponse("HTTP/1.1 200 OK\r\nContent-Ty")),
		lost(
			"closes between two headers", rawResponse("HTTP/1.1 200 OK\r\nX: 1\r\n"),
			"the connection was closed before the response was whole: ",
		),
		lost("resets in the middle of the headers", resetAfter("HTTP/1.1 200 OK\r\nContent-Ty")),
		{
			name: "panics", requests: 1, says: []string{"EOF", "may have been billed"},
			handler: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		},
		lost("responds in no protocol", rawResponse("hello\r\n\r\n"), "malformed HTTP"),
		lost("responds in TLS", rawResponse("\x15\x03\x01\x00\x02\x02\x28")),
		lost("responds with a status that is no number", rawResponse("HTTP/1.1 two hundred\r\n\r\n"), "malformed HTTP"),
		lost("responds with a status of four digits", rawResponse("HTTP/1.1 2000 OK\r\n\r\n"), "malformed HTTP"),
		lost("responds with two lengths", rawResponse("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}")),
		lost("responds with a length below zero", rawResponse("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}")),
		lost("responds with an encoding that nobody knows",
			rawResponse("HTTP/1.1 200 OK\r\nTransfer-Encoding: rot13\r\n\r\n{}")),
		lost("responds with a header without a colon", rawResponse("HTTP/1.1 200 OK\r\nnonsense\r\n\r\n{}")),
		lost("sends 100 Continue a thousand times and goes",
			rawResponse(strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 1000))),
		lost("sends 100 Continue endlessly", endless("", strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 100))),
		lost("sends endless headers", endless("HTTP/1.1 200 OK\r\n", strings.Repeat("X-Endless: 1\r\n", 1000)), "header"),
		lost("sends an endless header", endless("HTTP/1.1 200 OK\r\nX-Endless: ", strings.Repeat("x", 64<<10)), "header"),
		lost("sends an endless status line", endless("HTTP/1.1 200 ", strings.Repeat("x", 64<<10)), "header"),
	})
}

func TestTransport_SendsAgainIfItCouldNotConnect(t *testing.T) {
	t.Parallel()
	const retries = 1 // as each wait takes half a second
	once := client.WithMaxRetries(retries)
	failing := func(name string, err error, says ...string) serverCase {
		d := &failingDialer{err: err}
		return serverCase{
			name: name, safe: true, says: says, is: []error{err},
			url:  func(*testing.T, *counter) string { return "https://127.0.0.1:1" },
			opts: []client.Option{once, client.WithHTTPClient(&http.Client{Transport: &http.Transport{DialContext: d.dial}})},
			check: func(t *testing.T, _ *client.Run, err error) {
				t.Helper()
				assert.EqualValues(t, 1+retries, d.dials.Load(), "dials")
				assert.NotContains(t, err.Error(), "billed")
			},
		}
	}
	overTLS := func(serve func(net.Conn)) func(*testing.T, *counter) string {
		return func(t *testing.T, _ *counter) string {
			t.Helper()
			return "https" + strings.TrimPrefix(serveAccepted(t, serve), "http")
		}
	}
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	trips := new(counter)
	runServerCases(t, []serverCase{
		failing("has no address", &net.DNSError{Err: "no such host", Name: "nowhere.example", IsNotFound: true},
			"no such host"),
		failing("has an address with the key in it", &net.DNSError{Err: "no such host", Name: testKey + ".example"},
			"[redacted]"),
		failing("refuses the connection", refused, "connection refused"),
		failing("is cut off by a firewall", errors.New("no route"), "no route"),
		{
			name: "is behind a round tripper that cannot dial, with the default of two retries", safe: true,
			says: []string{"connection refused"},
			url:  func(*testing.T, *counter) string { return "https://127.0.0.1:1" },
			opts: []client.Option{client.WithHTTPClient(&http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
				trips.add()
				return nil, refused
			})})},
			check: func(t *testing.T, _ *client.Run, _ error) {
				t.Helper()
				assert.Equal(t, 3, trips.count())
			},
		},
		{
			name: "listens no more", safe: true, says: []string{"refused"}, opts: []client.Option{once},
			url: func(t *testing.T, _ *counter) string {
				t.Helper()
				server := httptest.NewServer(nil)
				server.Close()
				return server.URL
			},
		},
		{
			name: "speaks no TLS", safe: true, says: []string{"HTTP response to HTTPS client"}, opts: []client.Option{once},
			url: overTLS(func(conn net.Conn) {
				_, _ = conn.Read(make([]byte, 64<<10))
				_, _ = io.WriteString(conn, "HTTP/1.0 400 Bad Request\r\n\r\n")
			}),
		},
		{
			name: "closes in the TLS handshake", safe: true, says: []string{"EOF"}, opts: []client.Option{once},
			url: overTLS(func(conn net.Conn) { _, _ = conn.Read(make([]byte, 64<<10)) }),
		},
		{
			name: "has a certificate that nobody trusts", safe: true, says: []string{"certificate"}, opts: []client.Option{once},
			url: func(t *testing.T, requests *counter) string {
				t.Helper()
				return startTLS(t, requests, respondJSON(200, runBody)).URL
			},
		},
	})
}

// failingDialer fails the dials of a transport and counts them.
type failingDialer struct {
	dials atomic.Int64
	err   error
}

func (d *failingDialer) dial(context.Context, string, string) (net.Conn, error) {
	d.dials.Add(1)
	return nil, d.err
}

func TestTransport_ThatSendsAgainIsNotBelievedAboutItsDial(t *testing.T) {
	t.Parallel()
	noRoute := errors.New("no route to host")
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	sendingWith := func(ctx func(*http.Request) context.Context) func(*http.Request) error {
		return func(req *http.Request) error {
			_, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req.Clone(ctx(req)))
			return err
		}
	}
	itsContext := sendingWith((*http.Request).Context)
	another := sendingWith(func(*http.Request) context.Context { return context.Background() })
	failingOver := func(send func(*http.Request) error) roundTrip {
		return func(req *http.Request) (*http.Response, error) {
			return nil, fmt.Errorf("no gateway is left: %w; %w", refused, send(req))
		}
	}
	for name, row := range map[string]struct {
		trip roundTrip
		says string
	}{
		"and then cannot dial": {func(req *http.Request) (*http.Response, error) {
			_ = itsContext(req)
			return (&http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
				return nil, noRoute
			}}).RoundTrip(req)
		}, "no route to host"},
		"after it could not dial, with the request's context":    {failingOver(itsContext), "connection refused"},
		"after it could not dial, without the request's context": {failingOver(another), "connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requests := new(counter)
			base := serveHTTP(t, requests, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
			run, err := runExample(t, newTestClient(t, base, client.WithHTTPClient(&http.Client{Transport: row.trip})))
			require.ErrorContains(t, err, row.says)
			assert.ErrorContains(t, err, "may have been billed")
			assert.Nil(t, run)
			assert.False(t, client.SafeToRetry(err), err)
			assert.Equal(t, 1, requests.count(), "runs that were started by one call")
		})
	}
}

// Kept-alive connections.

func TestTransport_ReplacesADeadConnectionBeforeTheFirstByte(t *testing.T) {
	t.Parallel()
	requests := new(counter)
	base := serveHTTP(t, requests, respondJSON(200, runBody))
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
	c := newTestClient(t, base, client.WithHTTPClient(&http.Client{Transport: transport}))
	_, err := c.Run(t.Context(), testWorkflow, exampleInputs(t))
	require.NoError(t, err)
	first.dead.Store(true)
	run, err := c.Run(t.Context(), testWorkflow, exampleInputs(t))
	require.NoError(t, err)
	assert.Equal(t, runText, run.Text)
	assert.Equal(t, 2, requests.count(), "requests that reached the server")
}

// deafConn fails to write once it is dead.
type deafConn struct {
	net.Conn
	dead atomic.Bool
}

func (c *deafConn) Write(p []byte) (int, error) {
	if c.dead.Load() {
		return 0, &net.OpError{Op: "write", Net: "tcp", Err: errors.New("broken pipe")}
	}
	return c.Conn.Write(p)
}

func TestTransport_SendsOneRequestACallToAServerThatClosesConnections(t *testing.T) {
	t.Parallel()
	for name, closing := range map[string]func(*net.TCPConn){
		"closed": func(conn *net.TCPConn) { _ = conn.Close() },
		"reset":  reset,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requests := new(counter)
			c := newTestClient(t, serveRaw(t, requests, func(conn *net.TCPConn, _ *http.Request, _ int) {
				_, _ = fmt.Fprintf(conn, "%s%s", head(len(runBody)), runBody)
				closing(conn)
			}))
			successes := 0
			for i := range 100 {
				run, err := c.Run(t.Context(), testWorkflow, exampleInputs(t))
				if err == nil {
					assert.Equal(t, runText, run.Text)
					successes++
				}
				require.LessOrEqual(t, requests.count(), i+1, "one request a call at most")
				if requests.count() == i+1 && err != nil {
					assert.False(t, client.SafeToRetry(err), "the run was started: %v", err)
				}
			}
			t.Logf("%d of 100 calls succeeded, %d requests", successes, requests.count())
			assert.Positive(t, successes)
		})
	}
}

// Redirects.

func TestTransport_FollowsNoRedirect(t *testing.T) {
	t.Parallel()
	row := func(name string, status int, location string) serverCase {
		return serverCase{
			name: name, requests: 1, status: status, body: "gone",
			violation: true,
			handler:   withHeader(respond(status, "text/plain", "gone"), "Location", location),
			says:      []string{"redirects are not followed", "gone"},
		}
	}
	itself := row("redirects to itself", 307, "")
	itself.handler = func(w http.ResponseWriter, r *http.Request) {
		withHeader(respond(307, "text/plain", "gone"), "Location", r.URL.Path)(w, r)
	}
	cases := []serverCase{
		itself,
		row("redirects to nowhere", 302, ""),
		row("redirects to another scheme", 307, "file:///etc/passwd"),
		row("redirects to what is no URL", 302, "http://[::1"),
	}
	for status, name := range map[int]string{
		300: "offers a choice", 301: "has moved for good", 302: "was found elsewhere", 303: "says see other",
		307: "has moved for now", 308: "has moved for good, method and all",
	} {
		c := row(name, status, "")
		c.url = func(t *testing.T, requests *counter) string {
			t.Helper()
			other := new(counter)
			elsewhere := serveHTTP(t, other, respondJSON(200, runBody))
			t.Cleanup(func() { assert.Zero(t, other.count(), "requests at the other host") })
			to := elsewhere + "/api/v1/run/" + testWorkflow
			return serveHTTP(t, requests, withHeader(respond(status, "text/plain", "gone"), "Location", to))
		}
		cases = append(cases, c)
	}
	runServerCases(t, cases)
}

func TestTransport_SendsNothingAfterARedirectFromHTTPSToHTTP(t *testing.T) {
	t.Parallel()
	requests, other := new(counter), new(counter)
	plain := serveHTTP(t, other, respondJSON(200, runBody))
	server := startTLS(t, requests, withHeader(respond(307, "text/plain", ""), "Location", plain))
	c := newTestClient(t, server.URL, client.WithHTTPClient(trusting(t, server)))
	run, err := c.Run(t.Context(), testWorkflow, exampleInputs(t))
	assert.Nil(t, run)
	apiError, ok := errors.AsType[*client.APIError](err)
	require.True(t, ok, "%v", err)
	assert.Equal(t, 307, apiError.StatusCode)
	assert.Equal(t, 1, requests.count())
	assert.Zero(t, other.count(), "requests at the other host")
}

func TestTransport_FollowsNoRedirectWithTheCallersHTTPClient(t *testing.T) {
	t.Parallel()
	requests, other := new(counter), new(counter)
	elsewhere := serveHTTP(t, other, respondJSON(200, runBody))
	base := serveHTTP(t, requests, withHeader(respond(307, "text/plain", ""), "Location", elsewhere))
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	own := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return nil }}
	_, err := newTestClient(t, base, client.WithHTTPClient(own)).Run(t.Context(), testWorkflow, exampleInputs(t))
	require.Error(t, err)
	assert.Equal(t, 1, requests.count())
	assert.Zero(t, other.count(), "requests at the other host")
	assert.NoError(t, own.CheckRedirect(nil, nil), "the caller's client is as it was")
}

// HTTP/2.

type connKey struct{}

func TestTransport_SendsOnceOverHTTP2(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		handler    http.HandlerFunc
		isAPIError bool
		isCut      bool
	}{
		"resets the stream before the headers": {handler: func(http.ResponseWriter,
			*http.Request) {
			panic(http.ErrAbortHandler)
		}},
		"resets the stream in the middle of the body": {isCut: true, handler: func(w http.ResponseWriter, r *http.Request) {
			respondJSON(200, runBody[:40])(w, r)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}},
		"closes the connection": {handler: func(_ http.ResponseWriter, r *http.Request) {
			if conn, ok := r.Context().Value(connKey{}).(net.Conn); ok {
				_ = conn.Close()
			}
		}},
		"responds with 500": {isAPIError: true, handler: respondJSON(500, `{"success":false,"error":"x"}`)},
		"redirects to itself": {
			isAPIError: true,
			handler:    withHeader(respondJSON(307, `{"success":false,"error":"x"}`), "Location", "/elsewhere"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requests := new(counter)
			server := newServer(t, counted(requests, row.handler))
			server.EnableHTTP2 = true
			server.Config.ConnContext = func(ctx context.Context, conn net.Conn) context.Context {
				if over, ok := conn.(*tls.Conn); ok {
					conn = over.NetConn()
				}
				return context.WithValue(ctx, connKey{}, conn)
			}
			server.StartTLS()
			c := newTestClient(t, server.URL, client.WithHTTPClient(trusting(t, server)))
			run, err := c.Run(t.Context(), testWorkflow, exampleInputs(t))
			require.Error(t, err)
			assert.False(t, client.SafeToRetry(err), "%v", err)
			assert.Equal(t, 1, requests.count(), "requests that reached the server")
			_, isAPIError := errors.AsType[*client.APIError](err)
			assert.Equal(t, row.isAPIError, isAPIError, "%v", err)
			if !row.isCut {
				assert.Nil(t, run)
				return
			}
			require.NotNil(t, run)
			assert.NotEmpty(t, run.Header)
			assert.Equal(t, runBody[:40], string(run.Body))
		})
	}
}

func TestTransport_SendsOnceToAnHTTP2ServerThatBreaksOff(t *testing.T) {
	t.Parallel()
	goAway := func(conn net.Conn, last uint32, code uint32) {
		payload := binary.BigEndian.AppendUint32(nil, last)
		payload = binary.BigEndian.AppendUint32(payload, code)
		writeFrame(conn, frameGoAway, 0, 0, append(payload, "Bearer "+testKey...))
		_ = conn.Close()
	}
	reset := func(conn net.Conn, stream uint32, code byte) {
		writeFrame(conn, frameRSTStream, 0, stream, []byte{0, 0, 0, code})
	}
	trusted := trustedOverHTTP2(t)
	const tookBack = "the server took the request back over HTTP/2 (GOAWAY or a reset); use HTTP/1.1 for runs"
	for name, row := range map[string]struct {
		script func(conn net.Conn, stream uint32)
		says   string
	}{
		"resets the stream": {func(conn net.Conn, stream uint32) { reset(conn, stream, codeInternal) }, tookBack},
		"says that it did not take the stream": {
			func(conn net.Conn, stream uint32) { reset(conn, stream, codeRefused) }, tookBack,
		},
		"says that the stream is wrong": {func(conn net.Conn, stream uint32) { reset(conn, stream, codeProtocol) }, tookBack},
		"goes away and echoes the key":  {func(conn net.Conn, stream uint32) { goAway(conn, stream, codeInternal) }, ""},
		"goes away before the stream":   {func(conn net.Conn, _ uint32) { goAway(conn, 0, 0) }, tookBack},
		"sends early hints endlessly": {func(conn net.Conn, stream uint32) {
			var hints bytes.Buffer
			for range 10_000 {
				writeEarlyHints(&hints, stream)
			}
			var err error
			for err == nil {
				_, err = conn.Write(hints.Bytes())
			}
		}, ""},
		"responds in HTTP/1": {func(conn net.Conn, _ uint32) { _, _ = io.WriteString(conn, head(len(runBody))+runBody) }, ""},
	} {
		for _, hints := range []bool{false, true} {
			script, broken := row.script, row.script
			if hints {
				name += ", after early hints"
				broken = func(conn net.Conn, stream uint32) {
					writeEarlyHints(conn, stream)
					script(conn, stream)
				}
			}
			send := func(t *testing.T, certificates []tls.Certificate, hc *http.Client) {
				t.Helper()
				t.Parallel()
				requests := new(counter)
				base := serveHTTP2(t, requests, certificates, broken)
				c := newTestClient(t, base, client.WithHTTPClient(hc), client.WithTimeout(5*time.Second))
				run, err := c.Run(t.Context(), testWorkflow, exampleInputs(t))
				require.Error(t, err)
				assert.Nil(t, run)
				assert.LessOrEqual(t, requests.count(), 1, "requests that reached the server: %v", err)
				assert.False(t, client.SafeToRetry(err), "%v", err)
				if row.says != "" {
					assert.ErrorContains(t, err, row.says)
					assert.ErrorContains(t, err, "may have been billed")
					assert.Equal(t, 1, requests.count(), "requests that reached the server: %v", err)
				}
				assertNoKey(t, testKey, nil, err)
			}
			t.Run(name, func(t *testing.T) {
				skipEndless(t)
				send(t, trusted.TLS.Certificates, trusting(t, trusted))
			})
			t.Run(name+", without TLS", func(t *testing.T) {
				skipEndless(t)
				transport := &http.Transport{Protocols: new(http.Protocols)}
				transport.Protocols.SetUnencryptedHTTP2(true)
				t.Cleanup(transport.CloseIdleConnections)
				send(t, nil, &http.Client{Transport: transport})
			})
		}
	}
}

func TestTransport_ReturnsARedirectOverHTTP2AsAnAPIError(t *testing.T) {
	t.Parallel()
	trusted := trustedOverHTTP2(t)
	for name, hints := range map[string]bool{"at once": false, "after early hints": true} {
		t.Run(name, func(t *testing.T) {
			requests := new(counter)
			c := newTestClient(t, serveHTTP2(t, requests, trusted.TLS.Certificates, func(conn net.Conn, stream uint32) {
				if hints {
					writeEarlyHints(conn, stream)
				}
				header := append([]byte{0x08, 3}, "307"...)             // :status
				header = append(append(header, 0x0f, 0x1f, 2), "/x"...) // location
				writeFrame(conn, frameHeaders, flagEndHeaders, stream, header)
				writeFrame(conn, frameData, flagEndStream, stream, []byte("gone"))
			}), client.WithHTTPClient(trusting(t, trusted)))
			run, err := c.Run(t.Context(), testWorkflow, exampleInputs(t))
			assert.Nil(t, run)
			apiError, ok := errors.AsType[*client.APIError](err)
			require.True(t, ok, "%v", err)
			assert.Equal(t, 307, apiError.StatusCode)
			assert.Equal(t, "/x", apiError.Header.Get("Location"))
			assert.Equal(t, "gone", string(apiError.Body))
			assert.Equal(t, 1, requests.count())
		})
	}
}

// TestTransport_ThatIsOddGivesARunOrAnError has transports that break the rules of http.RoundTripper, or nearly.
func TestTransport_ThatIsOddGivesARunOrAnError(t *testing.T) {
	t.Parallel()
	with := func(change func(*http.Response)) roundTrip {
		return func(req *http.Request) (*http.Response, error) {
			res, err := stepResponse(200, runBody)(req)
			change(res)
			return res, err
		}
	}
	for name, test := range map[string]struct {
		trip roundTrip
		says string // of the error; empty: a run
	}{
		"neither a response nor an error": {func(*http.Request) (*http.Response, error) { return nil, nil },
			"nil"}, //nolint:nilnil // odd on purpose
		"an error and an empty response": {func(*http.Request) (*http.Response, error) {
			return &http.Response{}, io.ErrUnexpectedEOF
		}, "unexpected EOF"},
		"no body": {with(func(res *http.Response) { res.Body, res.ContentLength = nil, 0 }),
			"is not JSON"},
		"no body of a length":       {with(func(res *http.Response) { res.Body = nil }), "Body"},
		"no header":                 {with(func(res *http.Response) { res.Header = nil }), "content-type"},
		"no request":                {with(func(res *http.Response) { res.Request = nil }), ""},
		"an unknown length":         {with(func(res *http.Response) { res.ContentLength = -1 }), ""},
		"a wrong length, too short": {with(func(res *http.Response) { res.ContentLength = 3 }), ""},
		"a wrong length, too long":  {with(func(res *http.Response) { res.ContentLength = 1 << 60 }), ""},
		"a length below -1":         {with(func(res *http.Response) { res.ContentLength = -1 << 63 }), ""},
		"a status of zero":          {with(func(res *http.Response) { res.StatusCode = 0 }), "run workflow wf_1: 0"},
		"a status below zero":       {with(func(res *http.Response) { res.StatusCode = -200 }), "-200"},
		"a status of a million":     {with(func(res *http.Response) { res.StatusCode = 1_000_000 }), "1000000"},
		"a header in lower case":    {with(func(res *http.Response) { res.Header = http.Header{"content-type": {"application/json"}} }), "content-type"},
		"a header without a value": {with(func(res *http.Response) { res.Header["X-Ratelimit-Limit"] = nil }),
			"x-ratelimit-limit"},
		"two content types":            {with(func(res *http.Response) { res.Header["Content-Type"] = []string{"application/json", "text/html"} }), ""},
		"a body that cannot be closed": {with(func(res *http.Response) { res.Body = failingClose{res.Body} }), ""},
		"a body that fails": {with(func(res *http.Response) { res.Body = io.NopCloser(failingRead{}) }),
			"disk on fire"},
		"a body that pauses": {with(func(res *http.Response) { res.Body = io.NopCloser(&pausingRead{Reader: res.Body}) }),
			""},
		"an error that is nil in a way": {func(*http.Request) (*http.Response, error) { return nil, (*nilError)(nil) },
			"nothing"},
		"a change of the request": {func(req *http.Request) (*http.Response, error) {
			req.Header.Set("Authorization", "nothing")
			req.URL.Host = "evil.example"
			return stepResponse(200, runBody)(req)
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, validated := range []bool{false, true} {
				var transport http.RoundTripper = test.trip
				if validated {
					transport = contract.Default().RoundTripper(transport)
				}
				c := newClient(t, transport)
				for range 2 {
					run, err := runExample(t, c)
					assertNoKey(t, testKey, run, err)
					if test.says != "" {
						require.Error(t, err)
						if !validated { // the validator says it in its own way
							assert.ErrorContains(t, err, test.says)
						}
						assert.False(t, client.SafeToRetry(err))
					} else if assert.NoError(t, err) {
						assert.Equal(t, runText, run.Text)
					}
				}
			}
		})
	}
}

type (
	failingClose struct{ io.Reader }
	failingRead  struct{}
	nilError     struct{}
	pausingRead  struct {
		io.Reader
		paused bool
	}
)

func (failingClose) Close() error            { return errors.New("cannot close") }
func (failingRead) Read([]byte) (int, error) { return 0, errors.New("disk on fire") }
func (*nilError) Error() string              { return "nothing" }

// Read gives nothing every second time.
func (r *pausingRead) Read(p []byte) (int, error) {
	if r.paused = !r.paused; r.paused {
		return 0, nil
	}
	return r.Reader.Read(p[:1])
}

// A transport may return one response again and again, and for several calls at a time.
func TestTransport_KeepsItsResponse(t *testing.T) {
	canned := &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
		ContentLength: -1, Body: endOf(runBody),
	}
	c := newClient(t, roundTrip(func(*http.Request) (*http.Response, error) { return canned, nil }))
	var running sync.WaitGroup
	for range 20 {
		running.Go(func() {
			run, err := runExample(t, c)
			if assert.NoError(t, err) {
				assert.Equal(t, runText, run.Text)
			}
		})
	}
	running.Wait()
	assert.Equal(t, 200, canned.StatusCode)
	assert.IsType(t, endOf(""), canned.Body)
}

// endOf is a body that is whole at each first read.
type endOf string

func (b endOf) Read(p []byte) (int, error) { return copy(p, b), io.EOF }
func (endOf) Close() error                 { return nil }

func TestTransport_IsTheDefaultOneOfTheMoment(t *testing.T) {
	c := newClient(t, nil)
	standard := http.DefaultTransport
	defer func() { http.DefaultTransport = standard }()
	http.DefaultTransport = roundTrip(stepResponse(200, runBody))
	_, err := runExample(t, c)
	require.NoError(t, err)
}

func TestTransport_LeavesTheCookiesOfAServerToTheCallersJar(t *testing.T) {
	t.Parallel()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	var cookies []string
	base := serveHTTP(t, new(counter), func(w http.ResponseWriter, r *http.Request) {
		cookies = append(cookies, r.Header.Get("Cookie"))
		withHeader(respondJSON(200, runBody), "Set-Cookie", "a=b")(w, r)
	})
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	c := newTestClient(t, base, client.WithHTTPClient(&http.Client{Transport: transport, Jar: jar}))
	for range 2 {
		_, err := runExample(t, c)
		require.NoError(t, err)
	}
	assert.Equal(t, []string{"", "a=b"}, cookies)
}

// Servers of HTTP/2 frames (RFC 9113).

const (
	frameData      = 0
	frameHeaders   = 1
	frameRSTStream = 3
	frameSettings  = 4
	frameGoAway    = 7
	flagEndStream  = 1
	flagEndHeaders = 4

	codeProtocol = 1
	codeInternal = 2
	codeRefused  = 7
)

func writeFrame(w io.Writer, kind, flags byte, stream uint32, payload []byte) {
	frame := make([]byte, 0, 9+len(payload))
	frame = append(frame, byte(len(payload)>>16), byte(len(payload)>>8), byte(len(payload)), kind, flags)
	frame = binary.BigEndian.AppendUint32(frame, stream)
	_, _ = w.Write(append(frame, payload...))
}

// writeEarlyHints writes an interim response of 103 (RFC 8297), in the encoding of RFC 7541.
func writeEarlyHints(w io.Writer, stream uint32) {
	writeFrame(w, frameHeaders, flagEndHeaders, stream, []byte{0x08, 3, '1', '0', '3'})
}

// serveHTTP2 reads whole requests over HTTP/2, without TLS if there are no certificates, and calls script with each
// stream.
func serveHTTP2(
	t *testing.T, requests *counter, certificates []tls.Certificate, script func(conn net.Conn, stream uint32),
) string {
	t.Helper()
	scheme := "http"
	if certificates != nil {
		scheme = "https"
	}
	return scheme + strings.TrimPrefix(serveAccepted(t, func(conn net.Conn) {
		if certificates != nil {
			conn = tls.Server(conn, &tls.Config{
				Certificates: certificates, NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS12,
			})
		}
		reader := bufio.NewReader(conn)
		if _, err := io.CopyN(io.Discard, reader, 24); err != nil { // the preface
			return
		}
		writeFrame(conn, frameSettings, 0, 0, nil)
		for {
			var header [9]byte
			if _, err := io.ReadFull(reader, header[:]); err != nil {
				return
			}
			size := int64(header[0])<<16 | int64(header[1])<<8 | int64(header[2])
			if _, err := io.CopyN(io.Discard, reader, size); err != nil {
				return
			}
			kind, flags, stream := header[3], header[4], binary.BigEndian.Uint32(header[5:])
			if kind == frameHeaders {
				requests.add()
			}
			if (kind == frameHeaders || kind == frameData) && flags&flagEndStream != 0 {
				script(conn, stream)
			}
		}
	}), "http")
}

// trustedOverHTTP2 returns a server for its certificates, and for the client that trusts them.
func trustedOverHTTP2(t *testing.T) *httptest.Server {
	t.Helper()
	server := newServer(t, nil)
	server.EnableHTTP2 = true
	server.StartTLS()
	return server
}

// startTLS starts a server over TLS.
func startTLS(t *testing.T, requests *counter, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := newServer(t, counted(requests, handler))
	server.StartTLS()
	return server
}
