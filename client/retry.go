package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// maxRetryAfter is the longest Retry-After that is waited for: a longer one is for the caller to schedule.
const maxRetryAfter = 60 * time.Second

// retry sends the call, and sends it again, at most maxRetries times, where that cannot start a second run. A wait that
// would outlast ctx is not begun.
func (c *Client) retry(ctx context.Context, call *call) (*Run, error) {
	waits := newWaits()
	for retries := 0; ; retries++ {
		run, err := c.attempt(ctx, call)
		if err == nil || retries == c.maxRetries || !SafeToRetry(err) {
			return run, err
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
			return nil, fmt.Errorf("%w (%w while waiting to try again)", err, ctx.Err())
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
