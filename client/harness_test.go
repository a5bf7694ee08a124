package client_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/api"
	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/client/contract"
	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
	"github.com/aitutor-api/aitutor-go/gen"
)

const (
	testKey      = "Key-Under-Test_0123456789"
	testWorkflow = "wf_1"

	// runBody is a run of the deployed variant, which is the same for every workflow, and runText its text.
	runText = "The text of the run."
	runBody = `{"success":true,"result":"` + runText + `"}`
)

// serverCase is one server, a call to it, and what is expected of the call.
type serverCase struct {
	name string // a sentence about the server

	// One of these says what the server does with a request.
	handler http.HandlerFunc // over net/http
	raw     rawScript        // over a bare connection, if HTTP is to be broken
	// url starts a server of the case's own and returns its base URL. The server is closed with the test.
	url func(t *testing.T, requests *counter) string

	opts []client.Option

	requests int // that reach the server, whole or in part; by default there are two retries

	// One of these says what the call returns. If none is set but says or is, it is an error without a response; if none
	// of all is set, it is a run that keeps the contract.
	status    int  // of an *APIError
	violation bool // a *contract.Error and a *Run; with status: that the *APIError has a Violation
	cut       bool // another error, and a *Run with Header, and Body as far as it came

	text       string // Text of the *Run
	anyText    bool   // whatever Text is
	documented bool   // the *Run is that of the contract's example, and text is its Text if the output has none
	body       string // Body of the *Run, or of the error
	bodySize   int    // or its length
	is, isNot  []error
	says       []string // what the error's text contains
	safe       bool     // SafeToRetry
	check      func(t *testing.T, run *client.Run, err error)
}

// anySize is the bodySize of a Body with whatever came before the client gave up.
const anySize = -1

// skipEndless leaves out, with -short, the servers that send as much as the client takes.
func skipEndless(t *testing.T) {
	t.Helper()
	if testing.Short() && (strings.Contains(t.Name(), "endless") || strings.Contains(t.Name(), "bomb")) {
		t.Skip("takes seconds")
	}
}

func runServerCases(t *testing.T, cases []serverCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			skipEndless(t)
			t.Parallel()
			c.run(t)
		})
	}
}

func (c serverCase) run(t *testing.T) {
	t.Helper()
	requests := new(counter)
	tested := newTestClient(t, c.serve(t, requests), c.opts...)

	run, err := tested.Run(t.Context(), testWorkflow, exampleInputs(t))

	assert.Equal(t, c.requests, requests.count(), "requests that reached the server")
	apiError, isAPIError := errors.AsType[*client.APIError](err)
	violation, isViolation := errors.AsType[*contract.Error](err)
	assert.Equal(t, c.status != 0, isAPIError, "the error is an *APIError: %v", err)
	assert.Equal(t, c.violation && c.status == 0, isViolation, "the error is a *contract.Error: %v", err)
	switch {
	case c.status != 0 && isAPIError:
		assert.Nil(t, run)
		assert.Equal(t, c.status, apiError.StatusCode)
		assert.Equal(t, c.violation, apiError.Violation != nil, "Violation: %v", apiError.Violation)
		c.checkBody(t, apiError.Body)
	case c.violation && isViolation:
		require.NotNil(t, run)
		c.checkBody(t, violation.Body)
		c.checkRun(t, run)
		assert.ErrorContains(t, err, "the run was billed")
	case c.cut:
		require.Error(t, err)
		require.NotNil(t, run)
		assert.NotEmpty(t, run.Header)
		assert.Equal(t, client.Run{
			RateLimit: run.RateLimit, RequestID: run.RequestID, Header: run.Header, Body: run.Body,
		}, *run)
		c.checkBody(t, run.Body)
		assert.ErrorContains(t, err, "may have been billed")
	case len(c.says) > 0 || len(c.is) > 0:
		require.Error(t, err)
		assert.Nil(t, run)
	default:
		require.NoError(t, err)
		c.checkRun(t, run)
	}
	if err != nil {
		c.checkError(t, err)
	}
	if c.check != nil {
		c.check(t, run, err)
	}
	assertNoKey(t, testKey, run, err, tested)
}

func (c serverCase) checkRun(t *testing.T, run *client.Run) {
	t.Helper()
	text := c.text
	if c.documented {
		example := readExample(t)
		assert.Equal(t, example.ID, run.ID)
		assert.Equal(t, example.Status, run.Status)
		assert.Equal(t, example.Output, run.Output)
		if example.Text != "" {
			text = example.Text
		}
	}
	if !c.anyText {
		assert.Equal(t, text, run.Text)
	}
	if c.body != "" || c.bodySize != 0 || c.violation {
		c.checkBody(t, run.Body)
	}
}

func (c serverCase) checkBody(t *testing.T, body []byte) {
	t.Helper()
	switch c.bodySize {
	case anySize:
		assert.NotEmpty(t, body, "what was received")
	case 0:
		assert.Equal(t, c.body, string(body), "what was received")
	default:
		assert.Len(t, body, c.bodySize, "what was received")
	}
}

func (c serverCase) checkError(t *testing.T, err error) {
	t.Helper()
	for _, target := range c.is {
		assert.ErrorIs(t, err, target)
	}
	for _, target := range c.isNot {
		assert.NotErrorIs(t, err, target)
	}
	for _, part := range c.says {
		assert.ErrorContains(t, err, part)
	}
	assert.Equal(t, c.safe, client.SafeToRetry(err), "SafeToRetry: %v", err)
	assert.True(t, strings.HasPrefix(err.Error(), "run workflow "+testWorkflow+": "), "what was being done: %v", err)
	assert.Less(t, len(err.Error()), 3000, "the error is of a length that a person reads")
	if c.status != 0 || !c.violation {
		assert.NotContains(t, err.Error(), "\n", "the error is one line")
	}
	assertNoInputs(t, err.Error())
}

// assertNoInputs looks in a text for those of the inputs of the contract's example that are not there by chance.
func assertNoInputs(t *testing.T, text string) {
	t.Helper()
	var inputs map[string]any
	require.NoError(t, json.Unmarshal(requestExample(), &inputs))
	for name, value := range inputs {
		if value, ok := value.(string); ok && len(value) > 10 {
			assert.NotContains(t, text, value, "the input %s", name)
		}
	}
}

// newTestClient returns a client of the server at base, with its own connections.
func newTestClient(t *testing.T, base string, opts ...client.Option) *client.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	c, err := client.New(testKey, append([]client.Option{
		client.WithBaseURL(base), client.WithHTTPClient(&http.Client{Transport: transport}),
	}, opts...)...)
	require.NoError(t, err)
	return c
}

// The contract's examples.

var runWorkflow = sync.OnceValue(func() openapi.Operation {
	for _, operation := range openapi.Operations(api.Document()) {
		if operation.OperationID == "runWorkflow" {
			return operation
		}
	}
	panic("the contract has no operation runWorkflow")
})

// requestExample returns the contract's example of a workflow's inputs.
var requestExample = sync.OnceValue(func() []byte {
	_, media := runWorkflow().Body()
	value, _ := openapi.ForRequests(api.Document()).Example(media)
	return toJSON(value)
})

// exampleInputs returns the contract's example of a workflow's inputs.
func exampleInputs(tb testing.TB) gen.RunRequest {
	tb.Helper()
	var inputs gen.RunRequest
	require.NoError(tb, json.Unmarshal(requestExample(), &inputs))
	return inputs
}

// documentedBody returns the contract's example of a run in the documented variant, or one made of its schema.
var documentedBody = sync.OnceValue(func() string {
	_, media := openapi.JSON(runWorkflow().Responses.Status(http.StatusOK).Value.Content)
	for _, example := range openapi.Examples(media) {
		if run, ok := example.(map[string]any); ok && run["output"] != nil {
			return string(toJSON(run))
		}
	}
	made, err := openapi.ForResponses(api.Document()).Sample(api.Document().Components.Schemas["CompletedRun"].Value)
	if err != nil {
		panic("the contract's schema CompletedRun: " + err.Error())
	}
	return string(toJSON(made))
})

// documentedWith returns documentedBody after an edit. What raw is, JSON or not, takes the place of the string "@".
func documentedWith(edit func(run, output map[string]any), raw string) string {
	var run map[string]any
	if err := json.Unmarshal([]byte(documentedBody()), &run); err != nil {
		panic(err)
	}
	output, _ := run["output"].(map[string]any)
	edit(run, output)
	return strings.Replace(string(toJSON(run)), `"@"`, raw, 1)
}

func toJSON(value any) []byte {
	encoded, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return encoded
}

// Servers.

// counter counts the requests that reach a server, whole or in part: each may have been billed.
type counter struct{ n atomic.Int64 }

func (c *counter) add()       { c.n.Add(1) }
func (c *counter) count() int { return int(c.n.Load()) }

// serve starts the server of the case and returns its base URL.
func (c serverCase) serve(t *testing.T, requests *counter) string {
	t.Helper()
	switch {
	case c.url != nil:
		return c.url(t, requests)
	case c.raw != nil:
		return serveRaw(t, requests, c.raw)
	}
	return serveHTTP(t, requests, c.handler)
}

// serveHTTP serves handler, which finds the request's body read.
func serveHTTP(t *testing.T, requests *counter, handler http.HandlerFunc) string {
	t.Helper()
	return serveUnread(t, counted(requests, handler))
}

// serveUnread serves handler.
func serveUnread(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := newServer(t, handler)
	server.Start()
	return server.URL
}

// newServer returns a server that is not started, does not log, and is closed with the test.
func newServer(t *testing.T, handler http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of handlers that panic, and handshakes that fail
	t.Cleanup(server.Close)
	return server
}

// counted counts a request and reads its body before it calls handler.
func counted(requests *counter, handler http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		requests.add()
		_, _ = io.Copy(io.Discard, r.Body)
		handler(w, r)
	}
}

// respond returns a handler that responds with a status, a content type and a body.
func respond(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = []string{contentType}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func respondJSON(status int, body string) http.HandlerFunc {
	return respond(status, "application/json", body)
}

// withHeader returns handler with one more header in its response.
func withHeader(handler http.HandlerFunc, name, value string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(name, value)
		handler(w, r)
	}
}

// trusting returns an HTTP client that trusts the certificate of server and closes its connections with the test.
func trusting(t *testing.T, server *httptest.Server) *http.Client {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: server.EnableHTTP2}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// roundTrip is a RoundTripper.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// Servers on bare connections.

// rawScript is what a server does with the n-th request (from 1) that it has read. The connection is closed after it.
type rawScript func(conn *net.TCPConn, request *http.Request, n int)

// rawResponse returns a script that writes text as it is.
func rawResponse(text string) rawScript {
	return func(conn *net.TCPConn, _ *http.Request, _ int) { _, _ = io.WriteString(conn, text) }
}

// head returns the head of a raw response with a JSON body of length bytes.
func head(length int) string {
	return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + strconv.Itoa(length) + "\r\n\r\n"
}

const chunkedHead = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"

// reset closes conn with a reset.
func reset(conn *net.TCPConn) {
	_ = conn.SetLinger(0)
	_ = conn.Close()
}

// serveRaw serves bare connections. A request counts from its first byte on.
func serveRaw(t *testing.T, requests *counter, script rawScript) string {
	t.Helper()
	return serveAccepted(t, func(conn net.Conn) {
		tcp, _ := conn.(*net.TCPConn)
		serveRequest(tcp, requests, script)
	})
}

func serveRequest(conn *net.TCPConn, requests *counter, script rawScript) {
	reader := bufio.NewReader(conn)
	if _, err := reader.Peek(1); err != nil {
		return
	}
	requests.add()
	request, err := http.ReadRequest(reader)
	if err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, request.Body)
	script(conn, request, requests.count())
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

const limitedBody = `{"success":false,"error":"Too many requests."}`

// example returns a named example of the contract, as JSON.
func example(tb testing.TB, name string) string {
	tb.Helper()
	ref := api.Document().Components.Examples[name]
	require.NotNil(tb, ref, "the contract has no example %s", name)
	data, err := json.Marshal(ref.Value.Value)
	require.NoError(tb, err)
	return string(data)
}

// documentedRun returns the contract's example of a run of the documented variant, with the fields of change replaced.
func documentedRun(tb testing.TB, change map[string]any) string {
	tb.Helper()
	var run map[string]any
	require.NoError(tb, json.Unmarshal([]byte(documentedBody()), &run))
	maps.Copy(run, change)
	body, err := json.Marshal(run)
	require.NoError(tb, err)
	return string(body)
}

// runExample runs a workflow with the contract's example inputs.
func runExample(tb testing.TB, c *client.Client) (*client.Run, error) {
	tb.Helper()
	return c.Run(tb.Context(), testWorkflow, exampleInputs(tb))
}

// waysToRun returns the helpers that run a workflow, whatever it is, by name.
func waysToRun(tb testing.TB) map[string]func(context.Context, *client.Client) (*client.Run, error) {
	inputs := exampleInputs(tb)
	return map[string]func(context.Context, *client.Client) (*client.Run, error){
		"Run": func(ctx context.Context, c *client.Client) (*client.Run, error) {
			return c.Run(ctx, testWorkflow, inputs)
		},
		"RunInputs": func(ctx context.Context, c *client.Client) (*client.Run, error) {
			return c.RunInputs(ctx, testWorkflow, map[string]any{"x": 1})
		},
	}
}

// reply is the response of a server.
type reply struct {
	status int
	header http.Header
	body   string
}

// clientOf returns a client of a server that sends one response to everything.
func clientOf(t *testing.T, r reply, opts ...client.Option) *client.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		_, _ = io.Copy(io.Discard, req.Body)
		w.Header().Set("Content-Type", "application/json")
		maps.Copy(w.Header(), r.header)
		w.WriteHeader(r.status)
		_, _ = io.WriteString(w, r.body)
	}))
	t.Cleanup(server.Close)
	first := []client.Option{client.WithBaseURL(server.URL), client.WithMaxRetries(0)}
	c, err := client.New(testKey, append(first, opts...)...)
	require.NoError(t, err)
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// newClient returns a client with the default base URL, on a transport.
func newClient(tb testing.TB, transport http.RoundTripper, opts ...client.Option) *client.Client {
	tb.Helper()
	base := []client.Option{client.WithBaseURL("https://example.com"),
		client.WithHTTPClient(&http.Client{Transport: transport})}
	c, err := client.New(testKey, append(base, opts...)...)
	require.NoError(tb, err)
	return c
}

// step is what a scriptedTransport does with one attempt.
type step = func(*http.Request) (*http.Response, error)

// scriptedTransport takes the next step for each attempt, the last one again and again. It keeps when it was asked, and
// for what.
type scriptedTransport struct {
	steps  []step
	asked  []time.Time
	inputs []string
}

func scripted(steps ...step) *scriptedTransport { return &scriptedTransport{steps: steps} }

func (s *scriptedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	next := s.steps[min(len(s.asked), len(s.steps)-1)]
	s.asked = append(s.asked, time.Now())
	res, err := next(req)
	if err == nil { // whoever could not dial has read nothing
		body, _ := io.ReadAll(req.Body)
		s.inputs = append(s.inputs, string(body))
	}
	return res, err
}

// waits returns the times between the attempts.
func (s *scriptedTransport) waits() []time.Duration {
	var waits []time.Duration
	for i := 1; i < len(s.asked); i++ {
		waits = append(waits, s.asked[i].Sub(s.asked[i-1]))
	}
	return waits
}

// stepResponse returns a response with pairs of header names and values.
func stepResponse(status int, body string, header ...string) step {
	return func(req *http.Request) (*http.Response, error) {
		res := &http.Response{
			StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Request: req,
			Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
		}
		for i := 0; i < len(header); i += 2 {
			res.Header.Set(header[i], header[i+1])
		}
		return res, nil
	}
}

func stepError(err error) step {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

var errNoConnection = &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}

// failingInputs do not encode, and say the key.
type failingInputs struct{}

func (failingInputs) MarshalJSON() ([]byte, error) { return nil, errors.New("no " + testKey) }

// assertOneLine asserts that an error is one line of a length that a person reads.
func assertOneLine(tb testing.TB, err error) {
	tb.Helper()
	assert.NotContains(tb, err.Error(), "\n")
	assert.Less(tb, len(err.Error()), 1000)
}
