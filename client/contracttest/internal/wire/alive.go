package wire

import (
	"context"
	"errors"
	"net"
	"net/http"
	"syscall"
	"time"
)

// IsThere reports whether err, of an exchange, shows that there is a server, however it behaves.
func IsThere(err error) bool {
	var op *net.OpError
	var dns *net.DNSError
	dial := errors.As(err, &op) && op.Op == "dial" || errors.As(err, &dns)
	return !dial && !errors.Is(err, ErrNotFinished)
}

// IsRefused reports whether err, of an exchange, shows that the server accepts no connections.
func IsRefused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

// IsGone reports whether the server, which did not respond to a request, no longer accepts connections. While a server
// stops, it may accept one and close it: that says nothing yet.
func (s *Sender) IsGone(ctx context.Context, err error) bool {
	const tries = 50
	for range tries {
		switch {
		case IsRefused(err):
			return true
		case err == nil, errors.Is(err, ErrNotFinished), pause(ctx, 20*time.Millisecond) != nil:
			return false
		}
		err = s.probe(ctx)
	}
	return false
}

// IsBack waits some time until the server accepts connections again.
func (s *Sender) IsBack(ctx context.Context, limit time.Duration) bool {
	for began := time.Now(); time.Since(began) < limit; {
		if !s.IsGone(ctx, s.probe(ctx)) {
			return true
		}
		if s.Pause(ctx, 100*time.Millisecond) != nil {
			return false
		}
	}
	return false
}

// probe sends a request that starts nothing.
func (s *Sender) probe(ctx context.Context) error {
	_, err := s.sendFresh(ctx, timeout, Request{Method: http.MethodGet, Path: "/"})
	return err
}
