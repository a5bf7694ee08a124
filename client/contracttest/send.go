package contracttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"
)

// maxBody is how much of a response's body is read.
const maxBody = 10 << 20

// request is what a check sends.
type request struct {
	method      string
	path        string // escaped, below the base URL, with the query
	credential  credential
	headers     []header
	contentType string
	body        []byte
	expect      bool // the server may refuse the body before it is sent
}

// credential is an Authorization header. Shell is how its key stands in a command, within double quotes.
type credential struct{ scheme, key, shell string }

type header struct{ name, value, shell string }

// send does one exchange within a time limit, whatever the server and the transport do.
func (r *runner) send(ctx context.Context, req request, limit time.Duration) (*response, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not finished after %s", limit))
	defer cancel()
	type outcome struct {
		res *response
		err error
	}
	done := make(chan outcome, 1)
	go func() {
		res, err := r.exchange(ctx, req)
		done <- outcome{res, err}
	}()
	select {
	case o := <-done:
		if o.err != nil && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return o.res, o.err
	case <-ctx.Done(): // a transport may not watch it
		return nil, context.Cause(ctx)
	}
}

func (r *runner) exchange(ctx context.Context, req request) (*response, error) {
	sent, err := r.newRequest(ctx, req)
	if err != nil {
		return nil, err
	}
	received, err := r.client.Do(sent)
	if err != nil {
		return nil, err
	}
	// Closes what a context does not end: the body of a 101 is the connection.
	stop := context.AfterFunc(ctx, func() { _ = received.Body.Close() })
	defer stop()
	defer received.Body.Close()
	res := &response{status: received.StatusCode, header: received.Header, method: req.method}
	if res.status != http.StatusSwitchingProtocols {
		res.body, err = io.ReadAll(io.LimitReader(received.Body, maxBody+1))
	}
	long := len(res.body) > maxBody
	if long {
		res.body = res.body[:1000] // more than is shown
	}
	r.redactResponse(res, req.credential.key)
	switch {
	case err != nil:
		return nil, fmt.Errorf("the body of %s broke off: %w", res, err)
	case long:
		return nil, fmt.Errorf("the body of %s is longer than %d bytes", res, maxBody)
	}
	return res, nil
}

// newRequest makes a request that net/http writes at most once: over HTTP/2 it would write one again, as often as the
// server says that it has not begun with it.
func (r *runner) newRequest(ctx context.Context, req request) (*http.Request, error) {
	var written atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaderField: func(name string, _ []string) {
		if strings.HasPrefix(name, ":") || strings.HasSuffix(name, "Idempotency-Key") { // over HTTP/1 only with the latter
			written.Store(true)
		}
	}})
	var body io.Reader
	if len(req.body) > 0 {
		body = bytes.NewReader(req.body)
	}
	sent, err := http.NewRequestWithContext(ctx, req.method, r.base+req.path, body)
	if err != nil {
		return nil, err
	}
	if getBody := sent.GetBody; getBody != nil {
		sent.GetBody = func() (io.ReadCloser, error) {
			if written.Load() {
				return nil, errors.New("the request was not taken, and is not written again")
			}
			return getBody()
		}
	}
	sent.Close = req.method == http.MethodHead // a body, which a faulty server sends, would be taken for the next response
	if value := strings.TrimSpace(req.credential.scheme + " " + req.credential.key); value != "" {
		sent.Header.Set("Authorization", value)
	}
	for _, h := range req.headers {
		sent.Header.Set(h.name, h.value)
	}
	if req.contentType != "" {
		sent.Header.Set("Content-Type", req.contentType)
	}
	if req.expect {
		sent.Header.Set("Expect", "100-continue")
	}
	return sent, nil
}
