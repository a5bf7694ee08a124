package client

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http/httptrace"
	"sync/atomic"
)

// connState tells whether a request can have been written: only after the transport had a connection for it.
type connState struct {
	wanted, got atomic.Bool // a connection
	begun       atomic.Bool // the request's headers are written, and no answer has come
	over        atomic.Pointer[tls.Conn]
	trace       httptrace.ClientTrace
}

func (s *connState) watch(ctx context.Context) context.Context {
	s.trace.GetConn = func(string) { s.wanted.Store(true) }
	s.trace.GotConn = func(info httptrace.GotConnInfo) {
		s.got.Store(true)
		conn, _ := info.Conn.(*tls.Conn)
		s.over.Store(conn)
	}
	s.trace.WroteHeaders = func() { s.begun.Store(true) }
	s.trace.GotFirstResponseByte = func() { s.begun.Store(false) }
	return httptrace.WithClientTrace(ctx, &s.trace)
}

// mayWriteAgain is an error where the transport is about to write a request that it has written over HTTP/2: it believes
// a server that says it has not begun with it, as often as the server says so. Over HTTP/1 it writes a request again
// only where it has written nothing.
func (s *connState) mayWriteAgain() error {
	conn := s.over.Load()
	if conn != nil && s.begun.Load() && conn.ConnectionState().NegotiatedProtocol == "h2" {
		return errors.New("the server turned the request away after it was written")
	}
	return nil
}

// unsent reports whether the request that failed with err was certainly not written. A transport that does not know
// httptrace is believed when it says that it could not dial.
func (s *connState) unsent(err error) bool {
	if s.got.Load() {
		return false
	}
	var op *net.OpError
	var dns *net.DNSError
	return s.wanted.Load() || errors.As(err, &op) && op.Op == "dial" || errors.As(err, &dns)
}
