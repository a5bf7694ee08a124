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

// attemptTransport is the transport of one attempt. It keeps net/http from what that does by itself: writing a request
// again, and following a redirect. And it knows whether the request can have been written: only if the next transport had
// a connection for it.
type attemptTransport struct {
	next        http.RoundTripper     // nil: http.DefaultTransport
	wanted, got atomic.Bool           // a connection
	begun       atomic.Bool           // the headers are being written, of a request that net/http might write again
	status      int                   // of the response
	hooks       httptrace.ClientTrace // here, so that it is allocated with the rest
}

// do sends the request with hc, and gives the response back the status that RoundTrip hid.
func (t *attemptTransport) do(hc http.Client, req *http.Request) (*http.Response, error) {
	t.next, hc.Transport = hc.Transport, t
	res, err := hc.Do(req) //nolint:gosec // to the base URL, which the caller chose
	if err == nil {
		res.StatusCode = t.status
	}
	return res, err
}

// RoundTrip hides the status from http.Client, which would follow a redirect, and lose one that it cannot parse.
func (t *attemptTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	next := t.next
	if next == nil {
		next = http.DefaultTransport
	}
	res, err := next.RoundTrip(req)
	switch {
	case err != nil:
		return res, err
	case res == nil:
		return nil, fmt.Errorf("%T returned a nil response and a nil error", next)
	case res.Body == nil && res.ContentLength > 0:
		return nil, fmt.Errorf("%T returned a response of %d bytes with a nil Body", next, res.ContentLength)
	}
	t.status = res.StatusCode
	hidden := *res // the transport may keep its own
	hidden.StatusCode = 0
	return &hidden, nil
}

// trace returns a context that tells t what net/http does with the request.
func (t *attemptTransport) trace(ctx context.Context) context.Context {
	t.hooks.GetConn = func(string) { t.wanted.Store(true) }
	t.hooks.GotConn = func(httptrace.GotConnInfo) { t.got.Store(true) }
	t.hooks.WroteHeaderField = func(name string, _ []string) {
		overHTTP2 := strings.HasPrefix(name, ":")
		if overHTTP2 || name == "Idempotency-Key" || name == "X-Idempotency-Key" {
			t.begun.Store(true)
		}
	}
	return httptrace.WithClientTrace(ctx, &t.hooks)
}

// mayWriteAgain returns an error if net/http is about to write a request that it has written. Over HTTP/2 it does so
// whenever a server claims that it has not begun with the request. Over HTTP/1 it does so only if it has written nothing,
// or if a transport of the caller's own has added the header of an idempotent request, which no run is.
func (t *attemptTransport) mayWriteAgain() error {
	if t.begun.Load() {
		return errors.New("net/http would have written the request again")
	}
	return nil
}

// unsent reports whether the request that failed with err was certainly not written. A transport that does not know
// httptrace is believed when it says that it could not dial.
func (t *attemptTransport) unsent(err error) bool {
	if t.got.Load() {
		return false
	}
	var op *net.OpError
	var dns *net.DNSError
	return t.wanted.Load() || errors.As(err, &op) && op.Op == "dial" || errors.As(err, &dns)
}
