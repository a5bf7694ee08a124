package exchange

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// maxTrusted is the largest buffer allocated on Content-Length alone.
const maxTrusted = 64 << 10

// ErrSwitchedProtocols says that a response is a 101. Its body is the bare connection, which is not read.
var ErrSwitchedProtocols = errors.New("the server switched to another protocol")

// TooLongError says that a body is longer than its reader takes.
type TooLongError struct{ Limit int64 } // in bytes

func (e *TooLongError) Error() string { return fmt.Sprintf("longer than %d bytes", e.Limit) }

// ReadResponse reads the body of res, up to limit bytes, and closes it: at the end, or as soon as ctx ends, even if the
// body does not watch the context. Its errors are those of [ReadBody], the cause of ctx, and [ErrSwitchedProtocols].
func ReadResponse(ctx context.Context, res *http.Response, limit int64) ([]byte, error) {
	source := res.Body // the caller may put another in its place while this one is being closed
	defer func() { _ = source.Close() }()
	if res.StatusCode == http.StatusSwitchingProtocols {
		return nil, ErrSwitchedProtocols
	}
	stop := context.AfterFunc(ctx, func() { _ = source.Close() })
	body, err := ReadBody(source, res.ContentLength, limit)
	if !stop() && err == nil && int64(len(body)) != res.ContentLength { // a body that is closed may seem to end
		return body, context.Cause(ctx)
	}
	return body, err
}

// ReadBody reads a body of contentLength bytes (-1 if unknown), up to limit. If the body is longer, it returns limit+1
// bytes and a [*TooLongError]; with any other error, the bytes before it. Memory grows with what arrives: contentLength
// is a hint, on which at most 64 KiB are allocated. All buffers together take at most about twice limit.
func ReadBody(body io.Reader, contentLength, limit int64) ([]byte, error) {
	size := int64(512)
	if contentLength >= 0 {
		size = min(contentLength, maxTrusted)
	}
	data := make([]byte, 0, min(size, limit)+1) // one more, to meet the end, or to see that there is more
	for empty := 1; ; empty++ {
		n, err := body.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		if n > 0 {
			empty = 0
		}
		switch {
		case int64(len(data)) > limit:
			return data, &TooLongError{limit}
		case errors.Is(err, io.EOF):
			return data, nil
		case err != nil:
			return data, err
		case empty == 100: // as in bufio
			return data, io.ErrNoProgress
		case len(data) == cap(data):
			data = grow(data, contentLength, limit)
		}
	}
}

// grow returns data with more capacity: up to contentLength if an eighth of that has arrived, up to limit if that is
// near, else twice the capacity.
func grow(data []byte, contentLength, limit int64) []byte {
	size := int64(cap(data)) * 2
	switch has := int64(len(data)); {
	case has <= contentLength && contentLength < limit && contentLength/8 <= has:
		size = contentLength + 1
	case size > limit/4:
		size = limit + 1
	}
	return append(make([]byte, 0, size), data...)
}
