package client

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// maxRetryAfter is the longest Retry-After that is waited for: a longer one is for the caller to schedule.
const maxRetryAfter = 60 * time.Second

// retry sends the call, and sends it again, at most maxRetries times, where that cannot start a second run. A wait that
// would outlast ctx is not begun.
func (c *Client) retry(ctx context.Context, call *call) (*Run, error) {
	var waits backoff.ExponentialBackOff
	for retries := 0; ; retries++ {
		run, err := c.attempt(ctx, call)
		if err == nil || retries == c.maxRetries || !SafeToRetry(err) {
			return run, err
		}
		if retries == 0 {
			waits = newWaits()
		}
		wait, ok := waitFor(err, waits.NextBackOff())
		if deadline, has := ctx.Deadline(); !ok || has && time.Until(deadline) < wait {
			return nil, err
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, fmt.Errorf("%w while waiting to try again: %w", ctx.Err(), err)
		}
	}
}

// newWaits gives waits of 0.5 s to 8 s, jitter included.
func newWaits() backoff.ExponentialBackOff {
	return backoff.ExponentialBackOff{
		InitialInterval:     625 * time.Millisecond,
		RandomizationFactor: 0.2,
		Multiplier:          2,
		MaxInterval:         6666 * time.Millisecond,
	}
}

// waitFor is how long to wait after err: the answer's Retry-After or wait, whichever is longer. It is not ok where the
// service asks for more than maxRetryAfter.
func waitFor(err error, wait time.Duration) (time.Duration, bool) {
	var answer *APIError
	if !errors.As(err, &answer) {
		return wait, true
	}
	after := parseRetryAfter(answer.Header.Get("Retry-After"), time.Now())
	return max(wait, after), after <= maxRetryAfter
}

// parseRetryAfter reads a Retry-After header, in seconds or as a date (RFC 9110, section 10.2.3): 0 where there is none,
// it cannot be read, or it is over.
func parseRetryAfter(value string, now time.Time) time.Duration {
	seconds, err := strconv.ParseUint(value, 10, 31)
	if err == nil || errors.Is(err, strconv.ErrRange) { // then seconds is the most that fits
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(0, date.Sub(now))
	}
	return 0
}

// attempt sends the call once and reads the answer.
func (c *Client) attempt(ctx context.Context, call *call) (run *Run, err error) {
	if err := ctx.Err(); err != nil {
		return nil, &transportError{workflowID: call.workflowID, unsent: true, err: err}
	}
	limited := ctx
	if c.timeout > 0 {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, c.timeout)
		defer cancel()
	}
	var conn connState
	req := c.newRequest(conn.watch(limited), call, &conn)
	var status int
	if c.logger != nil {
		start := time.Now()
		defer func() { c.log(ctx, req, status, time.Since(start), run) }()
	}
	res, err := c.http.Do(req) //nolint:bodyclose // readBody closes it
	if err != nil {
		return nil, &transportError{
			workflowID: call.workflowID,
			unsent:     conn.unsent(err),
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

func (c *Client) newRequest(ctx context.Context, call *call, conn *connState) *http.Request {
	req := c.template.WithContext(ctx)
	req.URL = c.url(call.workflowID)
	req.Header = http.Header{
		"Accept":        mediaType,
		"Authorization": c.authorization(),
		"Content-Type":  mediaType,
		"User-Agent":    c.userAgent,
	}
	req.ContentLength = int64(len(call.inputs))
	// GetBody lets the transport replace a kept-alive connection that it found dead before the first byte.
	req.GetBody = func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(call.inputs)), conn.mayWriteAgain()
	}
	req.Body, _ = req.GetBody()
	return req
}

var mediaType = []string{"application/json"}

// url is the operation's URL for a workflow, whose ID needs no escaping.
func (c *Client) url(workflowID string) *url.URL {
	at := *c.template.URL
	at.Path += workflowID + c.pathEnd
	if at.RawPath != "" {
		at.RawPath += workflowID + c.pathEnd
	}
	return &at
}

// connState tells whether a request can have been written: only after the transport had a connection for it.
type connState struct {
	wanted, got, unanswered atomic.Bool
	over                    atomic.Pointer[tls.Conn]
	trace                   httptrace.ClientTrace
}

func (s *connState) watch(ctx context.Context) context.Context {
	s.trace.GetConn = func(string) { s.wanted.Store(true) }
	s.trace.GotConn = func(info httptrace.GotConnInfo) {
		s.got.Store(true)
		conn, _ := info.Conn.(*tls.Conn)
		s.over.Store(conn)
	}
	s.trace.WroteHeaders = func() { s.unanswered.Store(true) }
	s.trace.GotFirstResponseByte = func() { s.unanswered.Store(false) }
	return httptrace.WithClientTrace(ctx, &s.trace)
}

// mayWriteAgain is an error where the transport is about to write a request that it has written over HTTP/2: it believes
// a server that says it has not begun with it, as often as the server says so. Over HTTP/1 it writes a request again
// only where it has written nothing.
func (s *connState) mayWriteAgain() error {
	conn := s.over.Load()
	if conn != nil && s.unanswered.Load() && conn.ConnectionState().NegotiatedProtocol == "h2" {
		return errors.New("the server turned the request away after it was written")
	}
	return nil
}

// unsent reports whether the request that failed with err was certainly not written. A transport that does not know
// httptrace is believed when it says that it could not dial.
func (s *connState) unsent(err error) bool {
	if s.got.Load() {
		return false
	}
	var op *net.OpError
	var dns *net.DNSError
	return s.wanted.Load() || errors.As(err, &op) && op.Op == "dial" || errors.As(err, &dns)
}

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
		return fmt.Errorf("no whole answer within %v (WithTimeout): %w", c.timeout, err)
	}
	return err
}

// log writes the attempt's record. The inputs, the text and errors, which may quote either, are not for it.
func (c *Client) log(ctx context.Context, req *http.Request, status int, took time.Duration, run *Run) {
	var id string
	if run != nil {
		id = c.key.redact(run.ID)
	}
	c.logger.LogAttrs(ctx, slog.LevelDebug, "aitutor: run workflow",
		slog.String("method", req.Method),
		slog.String("path", c.key.redact(req.URL.EscapedPath())),
		slog.Int("status", status),
		slog.Duration("duration", took),
		slog.String("run_id", id),
	)
}
