package client

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/aitutor-api/aitutor-go/client/internal/exchange"
	"github.com/aitutor-api/aitutor-go/client/internal/payload"
)

const (
	minWait       = 500 * time.Millisecond
	maxWait       = 8 * time.Second
	maxRetryAfter = 60 * time.Second // a longer one is for the caller to schedule
)

// send sends req with header, and sends it again, at most maxRetries times, if that cannot start a second run. A wait that
// would outlast the context is not begun.
func (d *doer) send(req *http.Request, header http.Header, body []byte) (*http.Response, *callError) {
	ctx := req.Context()
	for retries := 0; ; retries++ {
		if retries > 0 {
			header = d.authorized(req.Header) // a transport may have changed it
		}
		res, failed := d.attempt(req, header, body, retries+1)
		if retries == d.maxRetries || !mayRetry(res, failed) {
			return res, failed
		}
		wait, ok := waitFor(res, retries)
		if deadline, has := ctx.Deadline(); !ok || has && time.Until(deadline) < wait {
			return res, failed
		}
		select {
		case <-time.After(wait):
			continue
		case <-ctx.Done():
		}
		stopped := fmt.Errorf("%w while waiting to try again", withCause(ctx.Err(), context.Cause(ctx)))
		if res != nil {
			return res, &callError{status: res.StatusCode, err: stopped}
		}
		failed.err = fmt.Errorf("%w (%w)", failed.err, stopped)
		return nil, failed
	}
}

// mayRetry reports whether an attempt certainly started no run, and another may do better.
func mayRetry(res *http.Response, failed *callError) bool {
	if res == nil {
		return failed.unsent
	}
	return res.StatusCode == http.StatusTooManyRequests && !payload.Decode(bytesOf(res)).IsRun()
}

// waitFor returns how long to wait before the next attempt: the Retry-After of the response, or the doubled wait of the
// attempt before, whichever is longer. It is not ok if the service asks for more than maxRetryAfter.
func waitFor(res *http.Response, retries int) (wait time.Duration, ok bool) {
	wait = min(minWait<<min(retries, 4), maxWait*2/3) // with the jitter, which adds up to half of it, at most maxWait
	wait += rand.N(wait / 2)                          //nolint:gosec // jitter is no secret
	if res == nil {
		return wait, true
	}
	after := exchange.RetryAfter(res.Header, time.Now())
	return max(wait, after), after <= maxRetryAfter
}
