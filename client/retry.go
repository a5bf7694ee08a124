package client

import (
	"cmp"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/aitutor-api/aitutor-go/client/internal/exchange"
	"github.com/aitutor-api/aitutor-go/client/internal/payload"
	"github.com/aitutor-api/aitutor-go/client/internal/printable"
)

const (
	minWait       = 500 * time.Millisecond
	maxWait       = 8 * time.Second
	maxRetryAfter = 60 * time.Second // a longer one is for the caller to schedule
)

// send sends req, and sends it again, at most maxRetries times, if that cannot start a second run. A wait that would
// outlast the context is not begun.
func (c *config) send(req *http.Request, body []byte, streams bool) outcome {
	ctx := req.Context()
	if ctx.Err() != nil {
		return outcome{
			unsent: true,
			err:    fmt.Errorf("the context was over before the request was sent: %w", ended(ctx, ctx.Err())),
		}
	}
	for retries := 0; ; retries++ {
		last := c.attempt(req, body, retries+1, streams)
		if retries == c.maxRetries || !last.mayRetry() {
			return last
		}
		wait, ok := last.wait(retries)
		if deadline, has := ctx.Deadline(); !ok || has && time.Until(deadline) < wait {
			return last
		}
		c.logWait(req, last, wait)
		select {
		case <-time.After(wait):
			continue
		case <-ctx.Done():
		}
		stopped := fmt.Errorf("%w while waiting to try again", ended(ctx, ctx.Err()))
		if last.err != nil && last.res == nil {
			stopped = fmt.Errorf("%w (%w)", last.err, stopped)
		}
		last.err = stopped
		return last
	}
}

// mayRetry reports whether an attempt certainly started no run, and another may do better.
func (o outcome) mayRetry() bool {
	if o.res == nil {
		return o.unsent
	}
	return o.res.StatusCode == http.StatusTooManyRequests && !payload.Decode(o.body).IsRun()
}

// wait returns how long to wait before the next attempt: the Retry-After of the response, or the doubled wait of the
// attempt before, whichever is longer. ok is false if the service asks for more than maxRetryAfter.
func (o outcome) wait(retries int) (wait time.Duration, ok bool) {
	wait = min(minWait<<min(retries, 4), maxWait*2/3) // with the jitter, which adds up to half of it, at most maxWait
	wait += rand.N(wait / 2)                          //nolint:gosec // jitter is no secret
	if o.res == nil {
		return wait, true
	}
	after := exchange.RetryAfter(o.res.Header, time.Now())
	return max(wait, after), after <= maxRetryAfter
}

// logWait writes the record of a wait.
func (c *config) logWait(req *http.Request, o outcome, wait time.Duration) {
	if c.logger == nil {
		return
	}
	why := ""
	if o.res != nil {
		why = strconv.Itoa(o.res.StatusCode) + " " + http.StatusText(o.res.StatusCode)
	}
	if o.err != nil {
		why = cmp.Or(why, c.key.Text(o.err.Error()))
	}
	c.logger.LogAttrs(req.Context(), slog.LevelDebug, "aitutor: waiting to try again",
		slog.String("method", req.Method),
		slog.String("path", printable.Clip(c.key.Text(req.URL.EscapedPath()))),
		slog.Duration("wait", wait),
		slog.String("reason", printable.Clip(why)),
	)
}
