package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river"
	"golang.org/x/time/rate"

	"github.com/aitutor-api/aitutor-go/client"
)

// wait waits for the job's turn, in place of the next job, so that the whole queue is not fetched and snoozed
// meanwhile. Its error says that the turn did not come; the duration is how long it will not come.
func (w *worker) wait(ctx context.Context) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, w.maxWait)
	defer cancel()
	defer context.AfterFunc(w.stopping, cancel)()
	select {
	case w.turn <- struct{}{}:
		defer func() { <-w.turn }()
	case <-ctx.Done():
		return untilNano(&w.notBefore), ctx.Err()
	}
	for {
		if err := w.limiter.Wait(ctx); err != nil {
			return 0, err
		}
		if untilNano(&w.pausedUntil) > 0 {
			return 0, errors.New("the queue is paused")
		}
		hold := untilNano(&w.notBefore)
		if hold <= 0 {
			return 0, ctx.Err()
		}
		timer := time.NewTimer(hold)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return untilNano(&w.notBefore), ctx.Err()
		}
	}
}

// untilNano returns the time until t, in Unix nanoseconds, if that is to come, else 0.
func untilNano(t *atomic.Int64) time.Duration { return max(0, time.Until(time.Unix(0, t.Load()))) }

// snooze returns the error that makes River put the job back for a while, or at once if this process is to end.
func (w *worker) snooze(wait time.Duration) error {
	if w.stopping.Err() != nil {
		wait = 0
	}
	return river.JobSnooze(wait)
}

// adapt adapts this process's rate to a response, as others may use the same key. A 429 halves it, at most once a
// second, down to 1 per second and to the limit that it names. Any other response raises it by 0.1 per second, up to
// -rate.
func (w *worker) adapt(refused bool, header http.Header) {
	most := w.rate
	if limit, err := strconv.ParseFloat(header.Get("X-Ratelimit-Limit"), 64); refused && err == nil && limit > 0 {
		most = min(most, rate.Limit(limit))
	}
	now := w.limiter.Limit()
	switch last := w.slowedAt.Load(); {
	case !refused:
		now += 0.1
	case time.Since(time.Unix(0, last)) > time.Second && w.slowedAt.CompareAndSwap(last, time.Now().UnixNano()):
		now = max(now/2, 1)
	}
	w.limiter.SetLimit(min(now, most))
}

// hold starts no run for as long as a 429 asks, up to an hour, and returns how long that is.
func (w *worker) hold(limited *client.APIError) time.Duration {
	after := min(limited.RetryAfter, time.Hour)
	for until := time.Now().Add(after).UnixNano(); after > 0; {
		before := w.notBefore.Load()
		if until <= before || w.notBefore.CompareAndSwap(before, until) {
			break
		}
	}
	return after
}

// growingWait returns 1 s at first, and twice as long each time that the job is snoozed, up to a minute.
func growingWait(job *river.Job[prompt]) time.Duration {
	var metadata struct {
		Snoozes int `json:"snoozes"`
	}
	_ = json.Unmarshal(job.Metadata, &metadata) // none: the first time
	return min(time.Second<<min(metadata.Snoozes, 6), time.Minute)
}
