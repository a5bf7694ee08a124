package contracttest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

const (
	attempts    = 5  // of a request that is answered with 429
	maxRefusals = 24 // 429 in a row, after which nothing more is sent
	window      = time.Second
	maxWait     = 10 * time.Second
)

var errRateLimited = errors.New("rate limited")

// pacer holds requests back while the server's rate limit is used up.
type pacer struct {
	mu       sync.Mutex
	until    time.Time
	refusals int // 429 in a row
}

// wait is how long a request has to wait. It is not ok if the server has refused too many.
func (p *pacer) wait() (wait time.Duration, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Until(p.until), p.refusals < maxRefusals
}

// took notes what a response says of the rate limit.
func (p *pacer) took(res *response) {
	p.mu.Lock()
	defer p.mu.Unlock()
	wait := time.Duration(0)
	switch res.status {
	case http.StatusTooManyRequests:
		p.refusals++
		wait = res.retryAfter()
	default:
		p.refusals = 0
		if res.header.Get("X-Ratelimit-Remaining") == "0" {
			wait = window
		}
	}
	if until := time.Now().Add(wait); until.After(p.until) {
		p.until = until
	}
}

// sendPaced sends a check's request, and again, a few times, if it is answered with 429, which is not billed.
func (r *runner) sendPaced(ctx context.Context, c check) (*response, time.Duration, error) {
	for attempt := 1; ; attempt++ {
		wait, ok := r.pacer.wait()
		if !ok {
			return nil, 0, fmt.Errorf("%w: 429 to every request, %d in a row", errRateLimited, maxRefusals)
		}
		if wait > 0 {
			if err := r.pause(ctx, wait); err != nil {
				return nil, 0, err
			}
		}
		began := time.Now()
		res, err := r.send(ctx, c.request, r.timeout(c))
		elapsed := time.Since(began)
		if err != nil {
			return nil, elapsed, err
		}
		r.pacer.took(res)
		switch {
		case res.status != http.StatusTooManyRequests:
			return res, elapsed, nil
		case attempt == attempts:
			return nil, elapsed, fmt.Errorf("%w: 429 to each of %d attempts", errRateLimited, attempts)
		}
	}
}

// retryAfter is how long to wait after 429: what the response says, within limits, or the service's window.
func (res *response) retryAfter() time.Duration {
	wait, err := time.ParseDuration(res.header.Get("Retry-After") + "s")
	if err != nil {
		return window
	}
	return min(max(wait, window), maxWait)
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
