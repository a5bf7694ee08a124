package contracttest

import (
	"context"
	"sync"
)

// ceiling counts the runs that were started, and keeps them below a greatest number.
type ceiling struct {
	free chan struct{} // has what may still be started; nil: any number
	used chan struct{} // closed when all were started

	mu      sync.Mutex
	started int // responses of success
	unknown int // requests that may have started a run, and had no response
}

// newCeiling returns a ceiling of some runs; 0 is any number.
func newCeiling(greatest int) *ceiling {
	c := &ceiling{used: make(chan struct{})}
	if greatest > 0 {
		c.free = make(chan struct{}, greatest)
		for range greatest {
			c.free <- struct{}{}
		}
	}
	return c
}

// reserve reserves a run for a request, waiting for those under way to end if need be. ok is false if none is left.
func (c *ceiling) reserve(ctx context.Context) (ok bool, err error) {
	if c.free == nil {
		return true, nil
	}
	select {
	case <-c.free:
		return true, nil
	case <-c.used:
		return false, nil
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
}

// end ends a reservation, which is given back if no run was started.
func (c *ceiling) end(isRun, isUnknown bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case isRun:
		c.started++
	case isUnknown:
		c.unknown++
	case c.free != nil:
		c.free <- struct{}{}
		return
	}
	if c.free != nil && c.started+c.unknown == cap(c.free) {
		close(c.used)
	}
}

func (c *ceiling) counts() (started, unknown int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.started, c.unknown
}
