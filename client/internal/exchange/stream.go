package exchange

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// Stream is the body of a response that its caller reads as it arrives.
type Stream struct {
	body   io.ReadCloser
	left   int64 // bytes, up to the limit
	limit  int64
	reason func(error) error
	end    func()
}

// NewStream returns body, up to limit bytes. It is closed as soon as ctx ends; end is called when it is
// closed. Its errors are what reason returns of them.
func NewStream(ctx context.Context, body io.ReadCloser, limit int64, reason func(error) error, end func()) *Stream {
	stop := context.AfterFunc(ctx, func() { _ = body.Close() })
	return &Stream{body, limit, limit, reason, func() { stop(); end() }}
}

func (s *Stream) Read(p []byte) (int, error) {
	if int64(len(p)) > s.left {
		p = p[:s.left+1] // one more, to meet the end, or to see that there is more
	}
	n, err := s.body.Read(p)
	if s.left -= int64(n); s.left < 0 {
		s.left = 0
		return n - 1, s.reason(fmt.Errorf("the response is %w", &TooLongError{s.limit}))
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = s.reason(err)
	}
	return n, err
}

// Close ends the response.
func (s *Stream) Close() error {
	defer s.end()
	return s.body.Close()
}
