package client

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/aitutor-api/aitutor-go/client/contract"
	"github.com/aitutor-api/aitutor-go/client/internal/exchange"
	"github.com/aitutor-api/aitutor-go/client/internal/operation"
	"github.com/aitutor-api/aitutor-go/client/internal/payload"
	"github.com/aitutor-api/aitutor-go/client/internal/printable"
)

// outcome is what an attempt came to.
type outcome struct {
	res     *http.Response // nil if none came
	body    []byte         // as far as it came
	streams bool           // the body is that of res, and is not read
	err     error          // why there is no whole response
	unsent  bool           // the request was certainly not written
}

// attempt sends req once and reads the response; one that streams is left to the caller.
func (c *config) attempt(req *http.Request, body []byte, number int, streams bool) (o outcome) {
	ctx := req.Context()
	attemptCtx, cancel := c.withTimeout(ctx)
	defer func() {
		if !o.streams {
			cancel()
		}
	}()
	if c.logger != nil {
		defer func(start time.Time) { c.log(req, number, o, time.Since(start)) }(time.Now())
	}
	sent, watch := exchange.NewAttempt(attemptCtx, req, body)
	if sent.Header.Get("Accept-Encoding") == "" && sent.Method != http.MethodHead && !streams {
		// Asked for by net/http, a body would be lost if it is not what its label says.
		sent.Header.Set("Accept-Encoding", "gzip")
	}
	transport, jar := c.transport()
	res, failed := watch.RoundTrip(transport, jar, sent) //nolint:bodyclose // ReadResponse and the stream close it
	if res == nil {
		return outcome{unsent: watch.NotSent(transport, failed), err: c.reason(ctx, attemptCtx, failed)}
	}
	o.res = res
	if streams && isStream(res) && failed == nil {
		reason := func(err error) error { return c.reason(ctx, attemptCtx, err) }
		o.streams = true
		res.Body = exchange.NewStream(attemptCtx, res.Body, c.maxResponseBytes, reason, cancel)
		return o
	}
	o.body, o.err = exchange.ReadResponse(attemptCtx, res, c.maxResponseBytes)
	if o.err == nil {
		o.body, o.err = c.decompress(res, o.body)
	}
	tooLong, isTooLong := errors.AsType[*exchange.TooLongError](o.err)
	switch {
	case isTooLong:
		o.body = o.body[:tooLong.Limit]
		o.err = fmt.Errorf("the response is %w (WithMaxResponseBytes)", o.err)
	case failed != nil:
		o.err = c.reason(ctx, attemptCtx, failed)
	case o.err != nil && !errors.Is(o.err, exchange.ErrSwitchedProtocols):
		o.err = c.reason(ctx, attemptCtx, fmt.Errorf("the response was cut off after %d bytes: %w", len(o.body), o.err))
	}
	return o
}

// withTimeout returns the context of an attempt.
func (c *config) withTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	if c.timeout > 0 {
		return context.WithTimeout(ctx, c.timeout)
	}
	return context.WithCancel(ctx)
}

// isStream reports whether a response is a stream of events.
func isStream(res *http.Response) bool {
	mediaType, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	return mediaType == operation.EventStream && res.StatusCode/100 == 2
}

// decompress returns the body of a response without the coding that it was asked for, or as it is if that fails: then
// it breaks the contract. Its only error is that of a body that is too long.
func (c *config) decompress(res *http.Response, body []byte) ([]byte, error) {
	coding := res.Header.Get("Content-Encoding")
	plain, err := exchange.Decompress(coding, body, c.maxResponseBytes)
	_, isTooLong := errors.AsType[*exchange.TooLongError](err)
	switch {
	case isTooLong:
		return plain, err
	case err == nil && coding != "":
		res.Header = res.Header.Clone()
		res.Header.Del("Content-Encoding")
		res.Header.Del("Content-Length")
		res.ContentLength, res.Uncompressed = int64(len(plain)), true
		return plain, nil
	}
	return body, nil
}

// reason returns err as it is told to the caller, with the context's error if that ended the attempt.
func (c *config) reason(ctx, attemptCtx context.Context, err error) error {
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		err = fmt.Errorf("the time of the context was up: %w", ended(ctx, err))
	case ctx.Err() != nil:
		err = ended(ctx, err)
	case attemptCtx.Err() != nil:
		if !errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("%w: %w", context.DeadlineExceeded, err)
		}
		err = fmt.Errorf("timed out: no whole response within %v (%s): %w", c.timeout, c.timeoutOf, err)
	}
	return c.key.Error(err)
}

// ended returns why ctx is over, as it is told to the caller.
func ended(ctx context.Context, err error) error {
	err, cause := own(err), own(context.Cause(ctx))
	if !errors.Is(err, ctx.Err()) {
		err = fmt.Errorf("%w: %w", ctx.Err(), err)
	}
	switch {
	case errors.Is(err, cause):
		return err
	case strings.HasSuffix(err.Error(), cause.Error()): // a transport may have its text alone
		return &causedError{err, cause}
	}
	return fmt.Errorf("%w: %w", err, cause)
}

// causedError is an error whose text already has that of its cause.
type causedError struct{ err, cause error }

func (e *causedError) Error() string   { return e.err.Error() }
func (e *causedError) Unwrap() []error { return []error{e.err, e.cause} }

// own returns err, or only its text if it is of another call (errgroup cancels a context with one): its type would say
// that this call has that response.
func own(err error) error {
	_, isViolation := errors.AsType[*contract.Error](err)
	if _, judged := verdict(err); isViolation || judged {
		return errors.New(printable.Line(err.Error()))
	}
	return err
}

// log writes the record of an attempt. It has neither the inputs nor the text, and no key.
func (c *config) log(req *http.Request, number int, o outcome, took time.Duration) {
	status, problem := 0, ""
	if o.res != nil {
		status = o.res.StatusCode
	}
	if o.err != nil {
		problem = c.key.Text(o.err.Error())
	}
	c.logger.LogAttrs(req.Context(), slog.LevelDebug, "aitutor: request",
		slog.String("method", req.Method),
		slog.String("path", printable.Clip(c.key.Text(req.URL.EscapedPath()))),
		slog.Int("attempt", number),
		slog.Int("status", status),
		slog.Duration("duration", took),
		slog.String("run_id", printable.Clip(c.key.Text(payload.Decode(o.body).RunID.Text))),
		slog.String("error", printable.Clip(problem)),
	)
}
