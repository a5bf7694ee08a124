package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/aitutor-api/aitutor-go/client/internal/exchange"
)

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
func readBody(ctx context.Context, res *http.Response, limit int64) ([]byte, error) {
	body, err := exchange.ReadResponse(ctx, res, limit)
	_, tooLong := errors.AsType[*exchange.TooLongError](err)
	switch {
	case tooLong:
		return body[:limit], fmt.Errorf("the response is %w (WithMaxResponseBytes)", err)
	case err != nil && !errors.Is(err, exchange.ErrSwitchedProtocols):
		return body, fmt.Errorf("the response was cut off after %d bytes: %w", len(body), err)
	}
	return body, err
}
