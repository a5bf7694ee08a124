package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aitutor-api/aitutor-go/client/contract"
	"github.com/aitutor-api/aitutor-go/client/internal/exchange"
	"github.com/aitutor-api/aitutor-go/client/internal/payload"
	"github.com/aitutor-api/aitutor-go/client/internal/printable"
	"github.com/aitutor-api/aitutor-go/client/internal/redact"
)

// doer sends the requests of the generated client. All that this package promises of a call is kept here.
type doer struct {
	config
	key  redact.Secret
	base func() (*url.URL, error)
}

// unmade is the doer of a Client that New did not make.
var unmade = &doer{
	key:  redact.New("\x00"), // which no key is
	base: func() (*url.URL, error) { return nil, errors.New("the Client was not made by New or FromEnv") },
}

// call is what a helper and the doer tell each other about one call, through the context: the generated client between
// them has no other way.
type call struct {
	workflowID string
	validator  func() *contract.Validator // parses the contract when it is first called
	violation  *contract.Error            // set by the doer, also if the violation handler accepted it
	begun      bool                       // the doer has its request
}

type callKey struct{}

// callOf returns the call of a helper, or if req was made through API, an empty one. A violation handler or a transport may
// use API with the context of the call that it serves: that call has begun.
func callOf(req *http.Request) *call {
	if call, ok := req.Context().Value(callKey{}).(*call); ok && !call.begun {
		call.begun = true
		return call
	}
	return &call{validator: contract.Default}
}

// nameOf says what is being done, for errors.
func (d *doer) nameOf(call *call, req *http.Request) string {
	if call.workflowID == "" {
		return req.Method + " " + printable.Clip(d.key.Text(req.URL.EscapedPath())) // redacted first: of a key that is clipped, a part would be left
	}
	return callName(d.key.Text(call.workflowID))
}

// Do sends req and returns its response, read whole and validated against the contract. Beside an error it returns the
// response as far as it came, or nil if there is none.
func (d *doer) Do(req *http.Request) (*http.Response, error) {
	call := callOf(req)
	var body []byte
	header := d.authorized(req.Header)
	err := d.checkTarget(req)
	if err == nil {
		body, err = readRequestBody(req)
	}
	if err == nil {
		err = validateRequest(call.validator(), req, header, body)
	}
	if err != nil {
		return nil, d.key.Error(fmt.Errorf("%s: %w", d.nameOf(call, req), err))
	}
	res, failed := d.send(req, header, body)
	if res != nil {
		res.Request, res.Status = req, d.key.Text(res.Status)
		res.Header, res.Trailer = d.key.Header(res.Header), d.key.Header(res.Trailer)
	}
	if failed != nil {
		failed.call = d.nameOf(call, req)
		failed.readOnly = req.Method == http.MethodGet || req.Method == http.MethodHead
		return res, failed
	}
	return res, d.validateResponse(call, res)
}

// checkTarget returns an error if req is not for the base URL.
func (d *doer) checkTarget(req *http.Request) error {
	base, err := d.base()
	switch {
	case err != nil:
		return err
	case req.URL.Scheme != base.Scheme || req.URL.Host != base.Host:
		return fmt.Errorf("%w: the request is for %s://%s, not for the base URL", ErrInvalidRequest, req.URL.Scheme, req.URL.Host)
	case req.Host != "" && req.Host != base.Host, req.URL.Opaque != "": // a proxy or a CDN routes by them
		return fmt.Errorf("%w: the request has a Host or an opaque URL that is not of the base URL", ErrInvalidRequest)
	case d.key.IsInURL(req.URL):
		return fmt.Errorf("%w: the URL holds the API key", ErrInvalidRequest)
	}
	return nil
}

// authorized returns a copy of header with the key.
func (d *doer) authorized(header http.Header) http.Header {
	if header = header.Clone(); header == nil {
		header = make(http.Header)
	}
	header.Set("Authorization", "Bearer "+d.key.Reveal())
	header.Set("User-Agent", d.userAgent)
	if header.Get("Accept") == "" {
		header.Set("Accept", "application/json")
	}
	return header
}

// validateRequest validates req, with another header, against the contract. What breaks it is a bad argument of the caller.
func validateRequest(v *contract.Validator, req *http.Request, header http.Header, body []byte) error {
	authorized := *req
	authorized.Header = header
	err := v.CheckRequest(&authorized, body)
	broken, ok := errors.AsType[*contract.Error](err)
	if !ok {
		return err
	}
	lines := make([]string, len(broken.Violations))
	for i, violation := range broken.Violations {
		lines[i] = violation.String()
	}
	return fmt.Errorf("%w: %s", ErrInvalidRequest, printable.Line(strings.Join(lines, "; ")))
}

// validateResponse validates res against the contract, and asks the violation handler if it breaks it.
func (d *doer) validateResponse(call *call, res *http.Response) error {
	broken, ok := errors.AsType[*contract.Error](call.validator().CheckResponse(res, bytesOf(res)))
	if !ok {
		return nil
	}
	broken.Path = d.key.Text(broken.Path)
	for i, violation := range broken.Violations {
		broken.Violations[i].Pointer = d.key.Text(violation.Pointer)
		broken.Violations[i].Message = d.key.Text(violation.Message)
	}
	call.violation = broken
	var err error = broken
	if d.onViolation != nil {
		err = d.onViolation(res.Request.Context(), broken)
	}
	switch {
	case err == nil:
		return nil
	case err == error(broken) && call.workflowID == "": //nolint:errorlint // the very error, which says what was called
		return broken
	}
	return &violationError{d.nameOf(call, res.Request), err, broken}
}

// attempt sends req once, with a header and a body of its own, and reads the response. Beside a failure it returns the
// response as far as it came.
func (d *doer) attempt(req *http.Request, header http.Header, body []byte, number int) (res *http.Response, failed *callError) {
	ctx := req.Context()
	if err := ctx.Err(); err != nil {
		return nil, &callError{unsent: true, err: err}
	}
	attemptCtx := ctx
	if d.timeout > 0 {
		var cancel context.CancelFunc
		attemptCtx, cancel = context.WithTimeout(ctx, d.timeout)
		defer cancel()
	}
	if d.logger != nil {
		defer func(start time.Time) { d.log(req, number, res, failed, time.Since(start)) }(time.Now())
	}
	sent, watch := exchange.NewAttempt(attemptCtx, req, body)
	sent.Header = header
	transport := &attemptTransport{}
	res, err := transport.do(*d.http, sent)
	if err != nil {
		return nil, &callError{unsent: watch.NotSent(transport.next, err), err: d.key.Error(d.reason(ctx, attemptCtx, err))}
	}
	read, err := readBody(attemptCtx, res, d.maxResponseBytes)
	res.Body = newMemory(read)
	if err != nil {
		return res, &callError{status: res.StatusCode, err: d.key.Error(d.reason(ctx, attemptCtx, err))}
	}
	return res, nil
}

// reason returns err as it is told to the caller: without the request's line, which *url.Error puts first, and with the
// context's error if that ended the attempt. The deadline of attemptCtx is that of one attempt.
func (d *doer) reason(ctx, attemptCtx context.Context, err error) error {
	if request, ok := errors.AsType[*url.Error](err); ok {
		err = request.Err
	}
	switch cause := ctx.Err(); {
	case errors.Is(cause, context.DeadlineExceeded):
		return fmt.Errorf("the time of the context was up: %w", withCause(cause, err))
	case cause != nil: // cancelled, maybe with a cause of the caller's own
		return withCause(cause, err)
	case attemptCtx.Err() != nil && errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("the time was up: no whole response within %v (%s): %w", d.timeout, d.timeoutOf, err)
	case errors.Is(err, io.EOF):
		return fmt.Errorf("the connection was closed without a response: %w", err)
	}
	return err
}

// withCause adds cause to err, unless it is there. Of another call's error, which cancelled the context (errgroup does
// that), it keeps the text only: its type would say that this call has that response.
func withCause(cause, err error) error {
	_, isViolation := errors.AsType[*contract.Error](err)
	if isViolation || errors.Is(err, errUnsent) || errors.Is(err, errMayHaveStarted) {
		err = errors.New(printable.Line(err.Error()))
	}
	if errors.Is(err, cause) {
		return err
	}
	return fmt.Errorf("%w: %w", cause, err)
}

// log writes the record of an attempt. It has neither the inputs nor the text, and no key.
func (d *doer) log(req *http.Request, number int, res *http.Response, failed *callError, took time.Duration) {
	status, runID, problem := 0, "", ""
	if res != nil {
		status, runID = res.StatusCode, d.key.Text(payload.Decode(bytesOf(res)).RunID.Text)
	}
	if failed != nil {
		problem = failed.err.Error()
	}
	d.logger.LogAttrs(req.Context(), slog.LevelDebug, "aitutor: request",
		slog.String("method", req.Method),
		slog.String("path", printable.Clip(d.key.Text(req.URL.EscapedPath()))),
		slog.Int("attempt", number),
		slog.Int("status", status),
		slog.Duration("duration", took),
		slog.String("run_id", printable.Clip(runID)),
		slog.String("error", printable.Clip(problem)),
	)
}
