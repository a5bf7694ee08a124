package client

import (
	"context"
	"errors"
	"net"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"sync/atomic"
)

// maxInterim is how many answers of 1xx are taken before the answer. The transport limits them only where nobody looks at them.
const maxInterim = 100

// connState tells whether a request can have been written: only after the transport had a connection for it.
type connState struct {
	wanted, got atomic.Bool // a connection
	begun       atomic.Bool // the request's headers are on their way over HTTP/2
	answered    atomic.Bool
	interim     atomic.Int32 // answers, of 1xx, before the answer
	trace       httptrace.ClientTrace
}

func (s *connState) watch(ctx context.Context) context.Context {
	s.trace.GetConn = func(string) { s.wanted.Store(true) }
	s.trace.GotConn = func(httptrace.GotConnInfo) { s.got.Store(true) }
	s.trace.WroteHeaderField = func(name string, _ []string) {
		if strings.HasPrefix(name, ":") { // which HTTP/1 has not
			s.begun.Store(true)
		}
	}
	s.trace.GotFirstResponseByte = func() { s.answered.Store(true) }
	s.trace.Got1xxResponse = func(int, textproto.MIMEHeader) error {
		s.answered.Store(false) // that was not the answer
		if s.interim.Add(1) > maxInterim {
			return errors.New("too many 1xx answers")
		}
		return nil
	}
	return httptrace.WithClientTrace(ctx, &s.trace)
}

// mayWriteAgain is an error where the transport is about to write a request that it has written over HTTP/2: it believes
// a server that says it has not begun with it, as often as the server says so. Over HTTP/1 it writes a request again
// only where it has written nothing.
func (s *connState) mayWriteAgain() error {
	if s.begun.Load() && !s.answered.Load() {
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
