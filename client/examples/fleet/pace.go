package main

import (
	"context"
	"encoding/json"
	"errors"
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

// slowDown lowers this process's rate to what a 429 allows, and returns how long it asks to wait, up to an hour.
func (w *worker) slowDown(limited *client.APIError) time.Duration {
	if limit, err := strconv.ParseFloat(limited.Header.Get("X-Ratelimit-Limit"), 64); err == nil && limit > 0 {
		w.limiter.SetLimit(min(w.rate, rate.Limit(limit)))
	}
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
