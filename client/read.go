package client

import (
	"errors"
	"fmt"
	"io"
	"net/http"
)

// readBody reads an answer's body, to a limit, and closes it. With an error it returns what came before it.
func readBody(res *http.Response, limit int64) ([]byte, error) {
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode == http.StatusSwitchingProtocols { // the body is the bare connection, which no context bounds
		return nil, errors.New("the server switched to another protocol")
	}
	const promised = 10 << 20 // bytes that are believed before they come: a Content-Length may say anything
	size := int64(512)
	if res.ContentLength >= 0 {
		size = min(res.ContentLength, promised)
	}
	body := make([]byte, 0, min(size, limit)+1) // one more, to meet the end, or to see that there is more
	for {
		n, err := res.Body.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case int64(len(body)) > limit:
			return body[:limit], fmt.Errorf("the answer is longer than %d bytes (WithMaxResponseBytes)", limit)
		case errors.Is(err, io.EOF):
			return body, nil
		case err != nil:
			return body, err
		case len(body) == cap(body):
			body = grow(body, limit)
		}
	}
}

// grow doubles a body's room, and makes it the whole limit as soon as that is near: then all the buffers of one
// answer together stay within twice the limit.
func grow(body []byte, limit int64) []byte {
	size := int64(cap(body)) * 2
	if size > limit/4 {
		size = limit + 1
	}
	return append(make([]byte, 0, size), body...)
}
