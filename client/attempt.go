package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aitutor-api/aitutor-go/client/contract"
	"github.com/aitutor-api/aitutor-go/client/internal/exchange"
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
	attemptCtx, cancel := context.WithCancel(ctx)
	if c.timeout > 0 {
		attemptCtx, cancel = context.WithTimeout(ctx, c.timeout)
	}
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
	transport := c.roundTripper()
	res, err := c.roundTrip(transport, sent)
	if err != nil {
		return outcome{unsent: watch.NotSent(transport, err), err: c.reason(ctx, attemptCtx, describe(err))}
	}
	o.res = res
	if streams && isStream(res) {
		o.streams, res.Body = true, c.newStream(ctx, attemptCtx, cancel, res)
		return o
	}
	o.body, err = exchange.ReadResponse(attemptCtx, res, c.maxResponseBytes)
	switch tooLong, ok := errors.AsType[*exchange.TooLongError](err); {
	case ok:
		o.body = o.body[:tooLong.Limit]
		o.err = fmt.Errorf("the response is %w (WithMaxResponseBytes)", err)
	case errors.Is(err, exchange.ErrSwitchedProtocols):
		o.err = err
	case err != nil:
		o.err = c.reason(ctx, attemptCtx, fmt.Errorf("the response was cut off after %d bytes: %w", len(o.body), err))
	default:
		o.body, o.err = c.decompress(res, o.body)
	}
	return o
}

// isStream reports whether a response is a stream of events.
func isStream(res *http.Response) bool {
	mediaType, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	return mediaType == eventStream && res.StatusCode/100 == 2
}

// roundTrip sends req as http.Client does, but follows no redirect, loses none that it cannot parse, and leaves the time to
// the context.
func (c *config) roundTrip(transport http.RoundTripper, req *http.Request) (*http.Response, error) {
	var jar http.CookieJar
	if c.http != nil {
		jar = c.http().Jar
	}
	if jar != nil {
		for _, cookie := range jar.Cookies(req.URL) {
			req.AddCookie(cookie)
		}
	}
	to := *req.URL // a transport may change the request's
	res, err := transport.RoundTrip(req)
	switch {
	case err != nil:
		return nil, err
	case res == nil:
		return nil, fmt.Errorf("%T returned a nil response and a nil error", transport)
	case res.Body == nil && res.ContentLength > 0:
		return nil, fmt.Errorf("%T returned a response of %d bytes with a nil Body", transport, res.ContentLength)
	}
	kept := *res // the transport may keep its own
	if kept.Body == nil {
		kept.Body = http.NoBody
	}
	if jar != nil {
		if cookies := kept.Cookies(); len(cookies) > 0 {
			jar.SetCookies(&to, cookies)
		}
	}
	return &kept, nil
}

// decompress returns the body of a response without the coding that it was asked for, or as it is if that fails: then it
// breaks the contract.
func (c *config) decompress(res *http.Response, body []byte) ([]byte, error) {
	plain, err := exchange.Decompress(res.Header.Get("Content-Encoding"), body, c.maxResponseBytes)
	if tooLong, ok := errors.AsType[*exchange.TooLongError](err); ok {
		return plain[:tooLong.Limit], fmt.Errorf("the response is %w (WithMaxResponseBytes)", err)
	}
	if err != nil {
		return body, nil
	}
	if res.Header.Get("Content-Encoding") != "" {
		res.Header = res.Header.Clone()
		res.Header.Del("Content-Encoding")
		res.Header.Del("Content-Length")
		res.ContentLength, res.Uncompressed = int64(len(plain)), true
	}
	return plain, nil
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
		err = fmt.Errorf("the time was up: no whole response within %v (%s): %w", c.timeout, c.timeoutOf, err)
	}
	return c.key.Error(err)
}

// ended returns why ctx is over, as it is told to the caller.
func ended(ctx context.Context, err error) error {
	err, cause := own(err), own(context.Cause(ctx))
	if !errors.Is(err, ctx.Err()) {
		err = fmt.Errorf("%w: %w", ctx.Err(), err)
	}
	if !errors.Is(err, cause) && !strings.HasSuffix(err.Error(), cause.Error()) {
		err = fmt.Errorf("%w: %w", err, cause)
	}
	return err
}

// own returns err, or only its text if it is of another call (errgroup cancels a context with one): its type would say that
// this call has that response.
func own(err error) error {
	_, isViolation := errors.AsType[*contract.Error](err)
	if _, judged := verdict(err); isViolation || judged {
		return errors.New(printable.Line(err.Error()))
	}
	return err
}

// describe returns an error of a transport with what it means, if its text does not say it.
func describe(err error) error {
	if request, ok := errors.AsType[*url.Error](err); ok { // an http.Client in the transport, which says the URL again
		err = request.Err
	}
	text := err.Error()
	record, isRecord := errors.AsType[tls.RecordHeaderError](err)
	switch {
	case errors.Is(err, io.EOF):
		return fmt.Errorf("the connection was closed without a response: %w", err)
	case isRecord && string(record.RecordHeader[:]) == "HTTP/":
		return fmt.Errorf("the server gave an HTTP response to HTTPS client: %w", err)
	case errors.Is(err, exchange.ErrTakenBack), strings.Contains(text, "GOAWAY"), strings.HasPrefix(text, "stream error: "):
		return fmt.Errorf("the server took the request back over HTTP/2 (GOAWAY or a reset); use HTTP/1.1 for runs: %w", err)
	}
	for status := 300; status < 600; status++ { // net/http's error of a CONNECT has only the text of the status
		if text == http.StatusText(status) {
			return fmt.Errorf("the proxy refused the connection: %d %w", status, err)
		}
	}
	return err
}

// stream is the body of a response that is read by the caller.
type stream struct {
	io.Closer
	left   int64 // bytes, up to the limit
	read   func([]byte) (int, error)
	failed func(error) error
	end    func()
}

func (c *config) newStream(ctx, attemptCtx context.Context, cancel context.CancelFunc, res *http.Response) *stream {
	body := res.Body
	stop := context.AfterFunc(attemptCtx, func() { _ = body.Close() })
	return &stream{
		Closer: body, left: c.maxResponseBytes, read: body.Read,
		failed: func(err error) error { return c.reason(ctx, attemptCtx, err) },
		end:    func() { stop(); cancel() },
	}
}

func (s *stream) Read(p []byte) (int, error) {
	n, err := s.read(p[:min(int64(len(p)), s.left+1)])
	if s.left -= int64(n); s.left < 0 {
		return n - 1, errors.New("the response is longer than WithMaxResponseBytes allows")
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = s.failed(err)
	}
	return n, err
}

func (s *stream) Close() error {
	defer s.end()
	return s.Closer.Close()
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
