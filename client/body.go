package client

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// maxPreallocated is the largest buffer allocated on Content-Length alone.
const maxPreallocated = 10 << 20

// memory is a body that is in memory.
type memory struct {
	bytes.Reader
	data []byte
}

func newMemory(data []byte) *memory {
	m := &memory{data: data}
	m.Reset(data)
	return m
}

func (m *memory) Close() error { return nil }

// readRequestBody returns the body of a request, whatever its length, and leaves it in memory.
func readRequestBody(req *http.Request) ([]byte, error) {
	if req.Body == nil || req.Body == http.NoBody {
		return nil, nil
	}
	if body, ok := req.Body.(*memory); ok {
		return body.data, nil
	}
	defer func(body io.Closer) { _ = body.Close() }(req.Body)
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, fmt.Errorf("%w: read the body: %w", ErrInvalidRequest, err)
	}
	req.Body = newMemory(body)
	return body, nil
}

// bytesOf returns the body of a response of the doer.
func bytesOf(res *http.Response) []byte {
	if body, ok := res.Body.(*memory); ok {
		return body.data
	}
	return nil
}

// readBody reads and closes the body of a response, up to limit bytes. Beside an error it returns what came before it.
func readBody(res *http.Response, limit int64) ([]byte, error) {
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode == http.StatusSwitchingProtocols { // the body is the bare connection, which no context bounds
		return nil, errors.New("the server switched to another protocol")
	}
	size := int64(512)
	if res.ContentLength >= 0 {
		size = min(res.ContentLength, maxPreallocated)
	}
	body := make([]byte, 0, min(size, limit)+1) // one more, to meet the end, or to see that there is more
	for {
		n, err := res.Body.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case int64(len(body)) > limit:
			return body[:limit], fmt.Errorf("the response is longer than %d bytes (WithMaxResponseBytes)", limit)
		case errors.Is(err, io.EOF):
			return body, nil
		case err != nil:
			return body, fmt.Errorf("the response was cut off after %d bytes: %w", len(body), err)
		case len(body) == cap(body):
			body = grow(body, limit)
		}
	}
}

// grow doubles the capacity of body, or makes it the whole limit as soon as that is near: then all the buffers of one
// response together stay within twice the limit.
func grow(body []byte, limit int64) []byte {
	size := int64(cap(body)) * 2
	if size > limit/4 {
		size = limit + 1
	}
	return append(make([]byte, 0, size), body...)
}
