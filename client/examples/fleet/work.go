package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/riverqueue/river"
)

// workOptions are the flags of fleet work.
type workOptions struct {
	workers     int
	rate        float64
	untilEmpty  bool
	rescueAfter time.Duration
}

// Of -rescue-after, a job that was fetched waits up to a sixth for its turn, and its run takes up to four sixths. The
// last sixth is for clocks that differ: a job is never rescued while its worker lives and reaches the database.
func (o workOptions) maxWait() time.Duration    { return o.rescueAfter / 6 }
func (o workOptions) maxRun() time.Duration     { return min(maxRun, o.rescueAfter*4/6) }
func (o workOptions) jobTimeout() time.Duration { return o.rescueAfter * 5 / 6 }

const (
	serviceLimit = 300 * time.Second // the service stops a run then
	maxRun       = serviceLimit + 30*time.Second
)

func (o workOptions) validate() error {
	switch {
	case o.workers < 1 || o.workers > river.QueueNumWorkersMax:
		return fmt.Errorf("-workers %d is not between 1 and %d", o.workers, river.QueueNumWorkersMax)
	case !(o.rate > 0):
		return fmt.Errorf("-rate %v is not positive", o.rate)
	case o.rescueAfter < time.Second:
		return fmt.Errorf("-rescue-after %v is less than a second", o.rescueAfter)
	}
	return nil
}

// work runs queued jobs until ctx ends or, with untilEmpty, nothing waits or runs.
func work(ctx context.Context, opts workOptions, stderr io.Writer) error {
	w, err := newWorker(ctx, opts, stderr)
	if err != nil {
		return usageError{fmt.Errorf("fleet work: %w", err)}
	}
	if opts.maxRun() < serviceLimit {
		w.say(fmt.Sprintf("-rescue-after %v cuts runs off after %v, billed or not; the service may take %v",
			opts.rescueAfter, opts.maxRun(), serviceLimit))
	}
	opened := false
	err = withQueue(ctx, write, func(q queue) error {
		opened = true
		return q.work(ctx, opts, w)
	})
	if !opened && ctx.Err() != nil {
		return nil // interrupted before anything was run
	}
	return err
}

func (db *database[TTx]) work(ctx context.Context, opts workOptions, w *worker) error {
	jobs := &jobWorker[TTx]{worker: w, db: db}
	workers := river.NewWorkers()
	river.AddWorker(workers, jobs)
	client, err := db.client(river.Config{
		ID:                   w.id,
		Queues:               map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: opts.workers}},
		Workers:              workers,
		JobTimeout:           opts.jobTimeout(),
		RescueStuckJobsAfter: opts.rescueAfter,
		FetchCooldown:        20 * time.Millisecond,
		FetchPollInterval:    500 * time.Millisecond,
	})
	if err != nil {
		return err
	}
	// Whoever starts a worker has removed the cause for which the queue was paused.
	err = client.QueueResume(context.WithoutCancel(ctx), river.QueueDefault, nil)
	if err != nil && !errors.Is(err, river.ErrNotFound) {
		return err
	}
	if err := client.Start(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	progress, finish := context.WithCancel(ctx)
	reported := make(chan struct{})
	go func() {
		defer close(reported)
		reportProgress(progress, db.counts, w.stderr)
	}()
	outcome := jobs.settleUntil(ctx, func() (bool, error) {
		if !opts.untilEmpty {
			return false, nil
		}
		return db.isEmpty(ctx, client)
	})
	if ctx.Err() != nil {
		w.say("finishing the runs under way; interrupt again to end at once, which leaves them unknown")
	}
	err = client.Stop(context.WithoutCancel(ctx))
	finish()
	<-reported
	return errors.Join(outcome, err)
}

// settleUntil judges the responses that dead workers left behind, now and again, until ctx or the work has ended.
func (w *jobWorker[TTx]) settleUntil(ctx context.Context, ended func() (bool, error)) error {
	ticks := time.NewTicker(500 * time.Millisecond)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticks.C:
		}
		over, err := ended()
		if settleErr := w.settle(ctx); settleErr != nil && err == nil {
			continue // the database is away for a while
		}
		if over || err != nil {
			return err
		}
	}
}

// isEmpty reports whether nothing waits or runs. It is an error if what waits is in a paused queue.
func (db *database[TTx]) isEmpty(ctx context.Context, client *river.Client[TTx]) (bool, error) {
	var waiting, running int
	err := db.QueryRowContext(ctx, `SELECT count(*), count(CASE WHEN state = 'running' THEN 1 END)
		FROM river_job WHERE state IN ('available', 'pending', 'retryable', 'running', 'scheduled')`).Scan(&waiting, &running)
	if err != nil || waiting == 0 {
		return err == nil, nil // if the database is away, it may come back
	}
	queue, err := client.QueueGet(ctx, river.QueueDefault)
	if err == nil && queue.PausedAt != nil && running == 0 {
		return false, fmt.Errorf("the queue is paused and %d runs wait: correct the key, the credits or the workflow ID, "+
			"then start fleet work again", waiting)
	}
	return false, nil
}
