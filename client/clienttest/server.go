// Package clienttest serves the contract of the AI Tutor API on loopback, for tests of code that calls the service.
//
// [NewServer] starts a server with one workflow, whose responses are the spec's own examples: runs and errors alike.
// Every other operation of the spec responds with its example. Options add workflows, switch to the deployed variant of
// the responses, and slow runs down; [Server.Answer] queues a response of the test's own, for faults that the service
// has on bad days: [Error], [RateLimited], [Throttled], [GatewayTimeout], [PayloadTooLarge], [CutOff], [Hang],
// [BrokenContract], or any handler. [Server.Requests] has what was received.
//
// The checks on a request come in this order: the path (404), the method (405), the key (401), the workflow (404), the
// content type (415), the size (413), the JSON (400), the inputs (400). Each refusal has the spec's error schema; only
// what net/http itself refuses, such as a malformed request line or a head over 16 MiB, is plain text. A body has a
// minute to arrive.
//
// The server is stricter than the service, which runs, and bills, whatever a valid key sends to a workflow that exists:
// here a missing, blank or mistyped input, a body that is no JSON object and another content type are refused, so that
// a test shows what the service would bill for nothing. With [Lenient] they are run. The server takes bodies of up to
// 16 MiB, the service's host of 4.5 MB, and it has no rate limit and no billing.
//
// # Waits
//
// A client that is refused for the rate limit waits. In a bubble of [testing/synctest] waits take no time, but a server
// does not work there: a bubble cannot wait for a network. A RoundTripper in its place can call the same handlers:
//
//	// offline responds with handlers, one a request.
//	type offline []http.HandlerFunc
//
//	func (o *offline) RoundTrip(req *http.Request) (*http.Response, error) {
//		recorder := httptest.NewRecorder()
//		(*o)[0](recorder, req)
//		*o = (*o)[1:]
//		return recorder.Result(), nil
//	}
//
//	func TestWaits(t *testing.T) {
//		synctest.Test(t, func(t *testing.T) {
//			transport := &offline{clienttest.RateLimited(30 * time.Second), clienttest.Error(http.StatusPaymentRequired)}
//			c, err := client.New("sk_test", client.WithHTTPClient(&http.Client{Transport: transport}))
//			if err != nil {
//				t.Fatal(err)
//			}
//			start := time.Now()
//			_, err = c.RunInputs(t.Context(), "wf_1", map[string]any{"topic": "dogs"})
//			if !errors.Is(err, client.ErrPaymentRequired) || time.Since(start) != 30*time.Second {
//				t.Errorf("got %v after %v", err, time.Since(start))
//			}
//		})
//	}
package clienttest

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/aitutor-api/aitutor-go/api"
)

// A Server is a running server of the contract. Its methods may be called at the same time.
type Server struct {
	URL        string // base URL, of the form http://host:port with no trailing slash
	APIKey     string // the one key that the server accepts
	WorkflowID string // the workflow that every server has: the spec's example

	server  *httptest.Server
	service *service
	router  *router
	cancel  context.CancelFunc // ends the context of every request

	mu       sync.Mutex
	answers  []http.HandlerFunc // queued by Answer
	requests []Request
	recorded int // bytes of requests, about
}

// NewServer starts a server on a free port of the loopback interface. The caller calls Close when done. It panics if
// an option has a bad value or no port is free.
func NewServer(opts ...Option) *Server {
	service := newService(api.Document())
	for _, opt := range opts {
		opt(service)
	}
	return start(service)
}

func start(service *service) *Server {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", service.address)
	if err != nil {
		panic("clienttest: " + err.Error())
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{
		APIKey: service.key, WorkflowID: service.contract.workflowID,
		service: service, router: service.router(), cancel: cancel,
	}
	s.server = &httptest.Server{Listener: listener, Config: &http.Server{
		Handler:        &handler{s},
		MaxHeaderBytes: maxRequestBytes, DisableGeneralOptionsHandler: true, ReadHeaderTimeout: time.Minute,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}}
	s.server.Start()
	s.URL = s.server.URL
	return s
}

// Close ends the context of every request under way, stops waiting for bodies that have not come whole, waits for the
// responses, and shuts the server down.
func (s *Server) Close() {
	s.cancel()
	s.server.Close()
}

// Runs returns how many runs were started, and would have been billed: requests that passed every check, also those
// whose run then failed or whose response was no longer waited for. A request that went to a queued handler starts
// none: if it is sent a second time, that one is counted.
func (s *Server) Runs() int {
	return int(s.service.runs.Load())
}

// Answer queues handlers: each responds to one request, in their order, in place of the server, before any check and
// whatever the request. After the last one the server responds itself again.
//
// The request's context ends when the client goes away or the server is closed, so a handler may wait for it; it may
// also panic with [http.ErrAbortHandler] to break the connection. Answer panics if a handler is nil.
func (s *Server) Answer(handlers ...http.HandlerFunc) {
	for _, h := range handlers {
		if h == nil {
			panic("clienttest: Answer: the handler is nil")
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers = append(s.answers, handlers...)
}

// A Request is what the server received.
type Request struct {
	Method string
	URL    *url.URL    // path and query, without credentials
	Header http.Header // without credentials
	Body   []byte      // up to 16 MiB; of a body that broke off, what came
}

// Requests returns the requests that the server received, the oldest first: also those that it refused and those that
// went to a queued handler. Beyond 64 MiB the oldest are forgotten.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Client returns an HTTP client for the server, whose idle connections Close closes.
func (s *Server) Client() *http.Client { return s.server.Client() }

// record keeps a request.
func (s *Server) record(r *http.Request, body []byte) {
	const maxRecorded, overhead = 64 << 20, 1 << 10
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := &http.Request{URL: new(*r.URL), Header: r.Header.Clone()}
	s.service.contract.removeCredentials(kept)
	s.requests = append(s.requests, Request{r.Method, kept.URL, kept.Header, body})
	s.recorded += overhead + len(body)
	for s.recorded > maxRecorded {
		s.recorded -= overhead + len(s.requests[0].Body)
		s.requests = s.requests[1:]
	}
}

// handler serves a server's requests. Faults find the server by it: see serviceOf.
type handler struct{ *Server }

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// The body is read whole before any response: net/http notices a client that goes away only then, and a refusal
	// sent while a client still writes may never be read.
	h.record(r, h.readBody(w, r))
	if answer := h.queued(); answer != nil {
		answer(w, r)
		return
	}
	h.router.ServeHTTP(w, r)
}

// readBody reads the request's body as far as the limit, for as long as the server is open and at most for the time
// that a body may take, and leaves it readable: a read that failed is not tried again.
func (h *handler) readBody(w http.ResponseWriter, r *http.Request) []byte {
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(h.service.bodyTime))
	stop := context.AfterFunc(r.Context(), func() { _ = control.SetReadDeadline(time.Unix(1, 0)) })
	head, err := io.ReadAll(io.LimitReader(r.Body, maxRequestBytes))
	var rest io.Reader = r.Body
	if err != nil {
		rest = failingReader{err}
	} else if stop() {
		_ = control.SetReadDeadline(time.Time{})
	}
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(head), rest), r.Body}
	return head
}

type failingReader struct{ err error }

func (f failingReader) Read([]byte) (int, error) { return 0, f.err }

// queued takes the next handler off the queue; nil if there is none.
func (s *Server) queued() http.HandlerFunc {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.answers) == 0 {
		return nil
	}
	h := s.answers[0]
	s.answers = s.answers[1:]
	return h
}
