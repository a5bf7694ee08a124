package contracttest

import (
	"context"
	"sync"
)

// ceiling counts the runs that were started, and keeps them below a greatest number.
type ceiling struct {
	greatest int // 0: none

	mu       sync.Mutex
	changed  chan struct{} // closed when a reservation ends
	reserved int           // requests under way that may start a run
	started  int           // responses of success
	unknown  int           // requests that may have started a run, and had no response
}

// reserve reserves a run for a request, waiting for those under way to end if need be. ok is false if none is left.
func (c *ceiling) reserve(ctx context.Context) (ok bool, err error) {
	for {
		c.mu.Lock()
		used := c.started + c.unknown
		switch {
		case c.greatest == 0 || used+c.reserved < c.greatest:
			c.reserved++
			c.mu.Unlock()
			return true, nil
		case used >= c.greatest:
			c.mu.Unlock()
			return false, nil
		}
		if c.changed == nil {
			c.changed = make(chan struct{})
		}
		changed := c.changed
		c.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return false, context.Cause(ctx)
		}
	}
}

// end ends a reservation, which is given back if no run was started.
func (c *ceiling) end(started, unknown bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reserved--
	if started {
		c.started++
	}
	if unknown {
		c.unknown++
	}
	if c.changed != nil {
		close(c.changed)
		c.changed = nil
	}
}

func (c *ceiling) counts() (started, unknown int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.started, c.unknown
}
