// Package clienttest serves the contract of the AI Tutor API on loopback, for tests of code that calls the service.
//
// [NewServer] starts a server with one workflow, whose responses are the spec's own examples: runs and errors alike. Every
// other operation of the spec is answered with its example. Options add workflows, switch to the deployed variant of the
// responses, and slow runs down; [Server.Answer] queues a response of the test's own, for faults that the service has on
// bad days: [Error], [RateLimited], [GatewayTimeout], [CutOff], [Hang], [BrokenContract], or any handler.
//
// The checks on a request come in this order: the path (404), the method (405), the key (401), the workflow (404), the
// content type (415), the size (413), the JSON (400), the inputs (400). Each refusal has the spec's error schema; only what
// net/http itself refuses, such as a malformed request line or a head over 16 MiB, is plain text. Unlike the service, the
// server has no rate limit and no billing.
package clienttest

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"
)

// A Server is a running server of the contract. Its methods may be called at the same time.
type Server struct {
	URL        string // base URL, of the form http://host:port with no trailing slash
	APIKey     string // the one key that the server accepts
	WorkflowID string // the workflow that every server has: the spec's example

	server  *httptest.Server
	service *service
	router  *router
	close   sync.Once
	closed  chan struct{} // closed by Close

	mu      sync.Mutex
	answers []http.HandlerFunc // queued by Answer
}

// NewServer starts a server on a free port of the loopback interface. The caller calls Close when done. It panics if
// an option has a bad value or no port is free.
func NewServer(opts ...Option) *Server {
	service := newService(opts)
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", service.address)
	if err != nil {
		panic("clienttest: " + err.Error())
	}
	s := &Server{
		APIKey: service.key, WorkflowID: service.contract.workflowID, service: service, router: service.router(), closed: make(chan struct{}),
	}
	s.server = &httptest.Server{Listener: listener, Config: &http.Server{
		Handler: http.HandlerFunc(s.serve), MaxHeaderBytes: maxRequestBytes, DisableGeneralOptionsHandler: true, ReadHeaderTimeout: time.Minute,
	}}
	s.server.Start()
	s.URL = s.server.URL
	return s
}

// Close ends the context of every request under way, waits for the responses, and shuts the server down.
func (s *Server) Close() {
	s.close.Do(func() { close(s.closed) })
	s.server.Close()
}

// Runs returns how many runs were started, and would have been billed: requests that passed every check, also those
// whose run then failed or whose response was no longer waited for. A request that a queued handler answered starts none:
// if it is sent a second time, that one is counted.
func (s *Server) Runs() int {
	return int(s.service.runs.Load())
}

// Answer queues h to respond to the next request in place of the server, before any check and whatever the request. Each
// queued handler responds to one request, in the order of the calls.
//
// The request's context ends when the client goes away or the server is closed, so h may wait for it; h may also panic
// with [http.ErrAbortHandler] to break the connection.
func (s *Server) Answer(h http.HandlerFunc) {
	if h == nil {
		panic("clienttest: Answer: the handler is nil")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers = append(s.answers, h)
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithCancel(context.WithValue(r.Context(), serviceKey{}, s.service))
	defer cancel()
	r = r.WithContext(ctx)
	go func() {
		select {
		case <-s.closed:
			cancel()
		case <-ctx.Done():
		}
	}()

	// The body is read whole before any response: net/http notices a client that goes away only then, and a refusal
	// sent while a client still writes may never be read.
	buffer(r)
	if h := s.queued(); h != nil {
		h(w, r)
		return
	}
	s.router.ServeHTTP(w, r)
}

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
