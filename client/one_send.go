package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
)

// oneSend is the transport of one attempt. It tells whether the request can have been written: only after the next
// transport had a connection for it. And it keeps net/http from what that would do by itself: write a request again, and
// follow a redirect.
type oneSend struct {
	next        http.RoundTripper // nil: http.DefaultTransport
	wanted, got atomic.Bool       // a connection
	begun       atomic.Bool       // the headers are on their way, of a request that net/http might write again
	status      int               // of the answer
	trace       httptrace.ClientTrace
}

func (s *oneSend) watch(ctx context.Context) context.Context {
	s.trace.GetConn = func(string) { s.wanted.Store(true) }
	s.trace.GotConn = func(httptrace.GotConnInfo) { s.got.Store(true) }
	s.trace.WroteHeaderField = func(name string, _ []string) {
		overHTTP2 := strings.HasPrefix(name, ":")
		if overHTTP2 || name == "Idempotency-Key" || name == "X-Idempotency-Key" {
			s.begun.Store(true)
		}
	}
	return httptrace.WithClientTrace(ctx, &s.trace)
}

// mayWriteAgain is an error where the transport is about to write a request that it has written. Over HTTP/2 it believes a
// server that says it has not begun with it, as often as the server says so. Over HTTP/1 it writes a request again only
// where it has written nothing, or where a transport of the caller's own has added the header of an idempotent request,
// which no run is.
func (s *oneSend) mayWriteAgain() error {
	if s.begun.Load() {
		return errors.New("net/http would have written the run again")
	}
	return nil
}

// do sends the request with hc, and gives the answer back the status that RoundTrip hides.
func (s *oneSend) do(hc http.Client, req *http.Request) (*http.Response, error) {
	s.next, hc.Transport = hc.Transport, s
	res, err := hc.Do(req)
	if err == nil {
		res.StatusCode = s.status
	}
	return res, err
}

// RoundTrip hides the status from http.Client, which would act on a redirect, and lose one that it cannot read.
func (s *oneSend) RoundTrip(req *http.Request) (*http.Response, error) {
	next := s.next
	if next == nil {
		next = http.DefaultTransport
	}
	res, err := next.RoundTrip(req)
	switch {
	case err != nil:
		return res, err
	case res == nil:
		return nil, fmt.Errorf("%T gave a nil answer and a nil error", next)
	case res.Body == nil && res.ContentLength > 0:
		return nil, fmt.Errorf("%T gave an answer of %d bytes with a nil Body", next, res.ContentLength)
	}
	s.status = res.StatusCode
	hidden := *res // the transport may keep its own
	hidden.StatusCode = 0
	return &hidden, nil
}

// unsent reports whether the request that failed with err was certainly not written. A transport that does not know
// httptrace is believed when it says that it could not dial.
func (s *oneSend) unsent(err error) bool {
	if s.got.Load() {
		return false
	}
	var op *net.OpError
	var dns *net.DNSError
	return s.wanted.Load() || errors.As(err, &op) && op.Op == "dial" || errors.As(err, &dns)
}
