package exchange

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
)

// ErrTakenBack says that a server claims, over HTTP/2, that it has not begun with a request that was written.
var ErrTakenBack = errors.New("the request is not written again")

// Attempt is one sending of a request. It keeps net/http from writing the request a second time, and knows whether it
// can have been written at all.
type Attempt struct {
	connWanted, connGot  atomic.Bool
	connUsed             atomic.Bool           // as connGot, until net/http wants another: it wrote nothing on the first
	overHTTP1, overHTTP2 atomic.Bool           // what headers were written over
	negotiatedHTTP2      atomic.Bool           // by a TLS handshake
	begun                atomic.Bool           // net/http is writing headers of a request that it might write again
	bodyRead             atomic.Bool           // by anybody: net/http, or a transport that keeps a copy
	hooks                httptrace.ClientTrace // a field, so that it is allocated with the rest
	watched              bool                  // it has a body that can be read, or starts nothing
}

// NewAttempt returns a copy of req with body to send once, and the Attempt that watches it. The copy shares nothing
// with req that a transport might change.
func NewAttempt(ctx context.Context, req *http.Request, body []byte) (*http.Request, *Attempt) {
	a := &Attempt{watched: len(body) > 0 || req.Method == http.MethodGet || req.Method == http.MethodHead}
	a.hooks.GetConn = func(string) {
		a.connWanted.Store(true)
		if !a.begun.Load() {
			a.connUsed.Store(false)
		}
	}
	a.hooks.GotConn = func(httptrace.GotConnInfo) {
		a.connGot.Store(true)
		a.connUsed.Store(true)
	}
	a.hooks.TLSHandshakeDone = func(state tls.ConnectionState, _ error) {
		if state.NegotiatedProtocol == "h2" {
			a.negotiatedHTTP2.Store(true)
		}
	}
	a.hooks.WroteHeaderField = func(name string, _ []string) {
		overHTTP2 := strings.HasPrefix(name, ":")
		switch {
		case overHTTP2:
			a.overHTTP2.Store(true)
		case !a.overHTTP2.Load(): // where such names come first
			a.overHTTP1.Store(true)
		}
		if overHTTP2 || name == "Idempotency-Key" || name == "X-Idempotency-Key" {
			a.begun.Store(true)
		}
	}
	sent := req.Clone(httptrace.WithClientTrace(ctx, &a.hooks))
	sent.Body, sent.GetBody, sent.ContentLength = http.NoBody, nil, int64(len(body))
	if len(body) > 0 {
		sent.Body = a.newBody(body)
		sent.GetBody = func() (io.ReadCloser, error) { return a.newBody(body), a.mayWriteAgain() }
	}
	return sent, a
}

// mayWriteAgain returns an error if net/http is about to write a request that it has written. It asks for a second body
// to replace a kept-alive connection that was dead before the first byte, which is harmless. Over HTTP/2 it also does
// so whenever a server claims that it has not begun with the request; over HTTP/1 if a transport of the caller's has
// added the header of an idempotent request, which no run is.
func (a *Attempt) mayWriteAgain() error {
	switch {
	case !a.begun.Load():
		return nil
	case a.overHTTP2.Load():
		return ErrTakenBack
	}
	return errors.New("net/http would have written the request again")
}

// NotSent reports whether the request, which transport failed to send with err, was certainly not written.
//
// net/http tells by itself whether it had a connection. Another transport may do more than it tells: it is believed
// that it could not dial, or an error that has a method NotSent that returns true, only if nothing read the body.
func (a *Attempt) NotSent(transport http.RoundTripper, err error) bool {
	if _, ok := transport.(*http.Transport); ok {
		return !a.connUsed.Load() && !a.bodyRead.Load()
	}
	if a.connGot.Load() || a.bodyRead.Load() || !a.watched {
		return false
	}
	if says, ok := errors.AsType[notSent](err); ok && says.NotSent() {
		return true
	}
	var op *net.OpError
	var dns *net.DNSError
	return a.connWanted.Load() || errors.As(err, &op) && op.Op == "dial" || errors.As(err, &dns)
}

type notSent interface {
	error
	NotSent() bool
}

// watchedBody is the body of an Attempt.
type watchedBody struct {
	*bytes.Reader
	attempt *Attempt
}

func (a *Attempt) newBody(body []byte) *watchedBody { return &watchedBody{bytes.NewReader(body), a} }

func (b *watchedBody) Read(p []byte) (int, error) {
	b.attempt.bodyRead.Store(true)
	return b.Reader.Read(p)
}

func (b *watchedBody) WriteTo(w io.Writer) (int64, error) {
	b.attempt.bodyRead.Store(true)
	return b.Reader.WriteTo(w)
}

func (*watchedBody) Close() error { return nil }
