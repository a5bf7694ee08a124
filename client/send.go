package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/aitutor-api/aitutor-go/gen"
)

// attempt sends the call once and reads the answer.
func (c *Client) attempt(ctx context.Context, call *call) (run *Run, err error) {
	if err := ctx.Err(); err != nil {
		return nil, &transportError{workflowID: c.key.redact(call.workflowID), unsent: true, err: err}
	}
	limited := ctx
	if c.timeout > 0 {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, c.timeout)
		defer cancel()
	}
	sending := &oneSend{}
	req, err := c.newRequest(sending.watch(limited), call, sending)
	if err != nil {
		return nil, fmt.Errorf("run workflow %.64q: %w", c.key.redact(call.workflowID), c.key.redactError(err))
	}
	var status int
	if c.logger != nil {
		start := time.Now()
		defer func() { c.log(ctx, req, status, time.Since(start), run) }()
	}
	res, err := sending.do(*c.http, req) //nolint:bodyclose // readBody closes it
	if err != nil {
		return nil, &transportError{
			workflowID: c.key.redact(call.workflowID),
			unsent:     sending.unsent(err),
			err:        c.key.redactError(c.reason(ctx, limited, err)),
		}
	}
	status = res.StatusCode
	body, err := readBody(res, c.maxResponseBytes)
	if err != nil {
		err = c.key.redactError(c.reason(ctx, limited, err))
	}
	return c.answer(ctx, call, req, res, body, err)
}

func (c *Client) newRequest(ctx context.Context, call *call, sending *oneSend) (*http.Request, error) {
	req, err := gen.NewRunWorkflowRequestWithBody(call.server, call.workflowID, "application/json", bytes.NewReader(call.inputs))
	if err != nil {
		return nil, err
	}
	req = req.WithContext(ctx)
	req.Header = http.Header{
		"Accept":        mediaType,
		"Authorization": c.authorization(),
		"Content-Type":  mediaType,
		"User-Agent":    c.userAgent,
	}
	// GetBody lets the transport replace a kept-alive connection that it found dead before the first byte.
	req.GetBody = func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(call.inputs)), sending.mayWriteAgain()
	}
	req.Body, _ = req.GetBody()
	return req, nil
}

var mediaType = []string{"application/json"}

// reason is err as it is told to the caller: without the request's line, which *url.Error puts first; with the
// context's error where that ended the attempt. Limited is ctx with the time of one attempt.
func (c *Client) reason(ctx, limited context.Context, err error) error {
	if request, ok := errors.AsType[*url.Error](err); ok {
		err = request.Err
	}
	switch cause := ctx.Err(); {
	case cause != nil && !errors.Is(err, cause): // the context was cancelled with a cause of the caller's
		return fmt.Errorf("%w: %w", cause, err)
	case cause == nil && limited.Err() != nil && errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("no whole answer within %v (%s): %w", c.timeout, c.timeoutOf, err)
	}
	return err
}

// log writes the attempt's record. The inputs, the text and errors, which may quote either, are not for it.
func (c *Client) log(ctx context.Context, req *http.Request, status int, took time.Duration, run *Run) {
	var id string
	if run != nil {
		id = run.ID
	}
	c.logger.LogAttrs(ctx, slog.LevelDebug, "aitutor: run workflow",
		slog.String("method", req.Method),
		slog.String("path", c.key.redact(req.URL.EscapedPath())),
		slog.Int("status", status),
		slog.Duration("duration", took),
		slog.String("run_id", id),
	)
}
