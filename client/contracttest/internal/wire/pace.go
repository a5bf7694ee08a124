package wire

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

// ErrRateLimited is the error of a request that gets 429 whenever it is sent.
var ErrRateLimited = errors.New("rate limited")

// pacer holds requests back while the server's rate limit is used up. After the first 429 it lets through one at a
// time.
type pacer struct {
	turn sync.Mutex

	mu       sync.Mutex
	until    time.Time
	limited  bool
	refusals int // 429 in a row
}

// send calls exchange, and again, a few times, if the response is 429, which is not billed. After the last one it
// returns the response and [ErrRateLimited]. The time that it returns is that of the last exchange.
func (p *pacer) send(ctx context.Context, pause func(context.Context, time.Duration) error,
	exchange func() (*Response, error)) (res *Response, elapsed time.Duration, err error) {
	hasTurn := false
	for range attempts {
		wait, limited, ok := p.state()
		if limited && !hasTurn {
			p.turn.Lock() // whoever has it ends with ctx
			defer p.turn.Unlock()
			hasTurn = true
			wait, _, ok = p.state()
		}
		if !ok {
			return res, elapsed, fmt.Errorf("%w: 429 to every request, %d in a row", ErrRateLimited, maxRefusals)
		}
		if wait > 0 {
			if err := pause(ctx, wait); err != nil {
				return nil, 0, err
			}
		}
		before := res
		began := time.Now()
		res, err = exchange()
		elapsed = time.Since(began)
		if res != nil {
			res.Limited = before
		}
		if err != nil {
			return res, elapsed, err
		}
		if p.took(res); res.Status != http.StatusTooManyRequests {
			return res, elapsed, nil
		}
	}
	return res, elapsed, fmt.Errorf("%w: 429 to each of %d attempts", ErrRateLimited, attempts)
}

// state returns how long a request has to wait, and whether one at a time is let through. ok is false if the server has
// refused too many.
func (p *pacer) state() (wait time.Duration, limited, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Until(p.until), p.limited, p.refusals < maxRefusals
}

// took notes what a response says of the rate limit.
func (p *pacer) took(res *Response) {
	p.mu.Lock()
	defer p.mu.Unlock()
	wait := time.Duration(0)
	if res.Status == http.StatusTooManyRequests {
		p.limited = true
		p.refusals++
		wait = min(max(exchange.RetryAfter(res.Header, time.Now()), window), maxWait)
	} else {
		p.refusals = 0
		if res.Header.Get("X-Ratelimit-Remaining") == "0" {
			wait = window
		}
	}
	if until := time.Now().Add(wait); until.After(p.until) {
		p.until = until
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
