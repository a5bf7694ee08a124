package contracttest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/aitutor-api/aitutor-go/client/internal/exchange"
)

const (
	attempts    = 5  // of a request that gets 429
	maxRefusals = 24 // 429 in a row, after which nothing more is sent
	window      = time.Second
	maxWait     = 10 * time.Second
)

var errRateLimited = errors.New("rate limited")

// pacer holds requests back while the server's rate limit is used up. After the first 429 it lets through one at a
// time.
type pacer struct {
	pause func(context.Context, time.Duration) error
	turn  chan struct{} // of size 1

	mu       sync.Mutex
	until    time.Time
	limited  bool
	refusals int // 429 in a row
}

func newPacer() *pacer { return &pacer{pause: pause, turn: make(chan struct{}, 1)} }

// send calls exchange, and again, a few times, if the response is 429, which is not billed. After the last one it
// returns the response and an error.
func (p *pacer) send(ctx context.Context, exchange func() (*response, error)) (res *response, elapsed time.Duration,
	err error) {
	hasTurn := false
	defer func() {
		if hasTurn {
			<-p.turn
		}
	}()
	for attempt := 1; ; attempt++ {
		if p.isLimited() && !hasTurn {
			select {
			case p.turn <- struct{}{}:
				hasTurn = true
			case <-ctx.Done():
				return nil, 0, context.Cause(ctx)
			}
		}
		wait, ok := p.wait()
		if !ok {
			return res, elapsed, fmt.Errorf("%w: 429 to every request, %d in a row", errRateLimited, maxRefusals)
		}
		if wait > 0 {
			if err := p.pause(ctx, wait); err != nil {
				return nil, 0, err
			}
		}
		began := time.Now()
		res, err = exchange()
		elapsed = time.Since(began)
		if err != nil {
			return res, elapsed, err
		}
		p.took(res)
		switch {
		case res.status != http.StatusTooManyRequests:
			return res, elapsed, nil
		case attempt == attempts:
			return res, elapsed, fmt.Errorf("%w: 429 to each of %d attempts", errRateLimited, attempts)
		}
	}
}

func (p *pacer) isLimited() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.limited
}

// wait returns how long a request has to wait. ok is false if the server has refused too many.
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
		p.limited = true
		p.refusals++
		wait = min(max(exchange.RetryAfter(res.header, time.Now()), window), maxWait)
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
