package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"golang.org/x/time/rate"

	"github.com/aitutor-api/aitutor-go/api"
	"github.com/aitutor-api/aitutor-go/client"
)

// workOptions are the flags of fleet work.
type workOptions struct {
	workers     int
	rate        float64
	untilEmpty  bool
	rescueAfter time.Duration
}

// Of -rescue-after, a job that was fetched waits up to a sixth for its turn, and its run takes up to four sixths. The last
// sixth is for clocks that differ: a job is never rescued while its worker lives and reaches the database.
func (o workOptions) maxWait() time.Duration    { return o.rescueAfter / 6 }
func (o workOptions) maxRun() time.Duration     { return min(maxRun, o.rescueAfter*4/6) }
func (o workOptions) jobTimeout() time.Duration { return o.rescueAfter * 5 / 6 }

const maxRun = 150 * time.Second // the service stops a run at 120 s

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
	return withQueue(ctx, false, func(q queue) error { return q.work(ctx, opts, w) })
}

// worker is what the runs of a process share.
type worker struct {
	client     *client.Client
	workflowID string
	input      string // the name of the input that is the prompt
	rate       rate.Limit
	limiter    *rate.Limiter
	maxWait    time.Duration
	stopping   context.Context // ends when the process is to end
	stderr     io.Writer

	// In Unix nanoseconds.
	notBefore   atomic.Int64 // no run starts before: Retry-After
	pausedUntil atomic.Int64 // every job is put back before
}

func newWorker(stopping context.Context, opts workOptions, stderr io.Writer) (*worker, error) {
	if err := opts.validate(); err != nil {
		return nil, err
	}
	workflowID := os.Getenv("AITUTOR_WORKFLOW_ID")
	if workflowID == "" {
		return nil, errors.New("the environment variable AITUTOR_WORKFLOW_ID is not set")
	}
	input, err := promptInput()
	if err != nil {
		return nil, err
	}
	// The queue is what tries again.
	c, err := client.FromEnv(client.WithMaxRetries(0), client.WithTimeout(opts.maxRun()))
	if err != nil {
		return nil, err
	}
	limit := rate.Limit(opts.rate)
	return &worker{
		client:     c,
		workflowID: workflowID,
		input:      input,
		rate:       limit,
		limiter:    rate.NewLimiter(limit, 1),
		maxWait:    opts.maxWait(),
		stopping:   stopping,
		stderr:     stderr,
	}, nil
}

// promptInput is the name of the contract's first required input, if that is a string.
func promptInput() (string, error) {
	if schema := api.Document().Components.Schemas["RunRequest"]; schema != nil && len(schema.Value.Required) > 0 {
		name := schema.Value.Required[0]
		if input := schema.Value.Properties[name]; input != nil && input.Value.Type.Is(openapi3.TypeString) {
			return name, nil
		}
	}
	return "", errors.New("the contract's first required input is not a string: what is a prompt?")
}

func (db *database[TTx]) work(ctx context.Context, opts workOptions, w *worker) error {
	workers := river.NewWorkers()
	river.AddWorker(workers, &jobWorker[TTx]{worker: w, db: db})
	client, err := db.client(river.Config{
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
	// Whoever starts a worker has mended what paused the queue.
	if err := client.QueueResume(ctx, river.QueueDefault, nil); err != nil && !errors.Is(err, river.ErrNotFound) {
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
	var outcome error
	if opts.untilEmpty {
		outcome = db.waitUntilEmpty(ctx, client)
	} else {
		<-ctx.Done()
	}
	if ctx.Err() != nil {
		w.say("finishing the runs under way; interrupt again to end at once, which leaves them unknown")
	}
	err = client.Stop(context.WithoutCancel(ctx))
	finish()
	<-reported
	return errors.Join(outcome, err)
}

// waitUntilEmpty returns when nothing waits or runs, or ctx ends. It is an error if what waits is in a paused queue.
func (db *database[TTx]) waitUntilEmpty(ctx context.Context, client *river.Client[TTx]) error {
	ticks := time.NewTicker(500 * time.Millisecond)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticks.C:
		}
		var waiting, running int
		err := db.QueryRowContext(ctx, `SELECT count(*), count(CASE WHEN state = 'running' THEN 1 END)
			FROM river_job WHERE state IN ('available', 'pending', 'retryable', 'running', 'scheduled')`).Scan(&waiting, &running)
		if err != nil {
			continue // the database is away for a while
		}
		if waiting == 0 {
			return nil
		}
		queue, err := client.QueueGet(ctx, river.QueueDefault)
		if err == nil && queue.PausedAt != nil && running == 0 {
			return fmt.Errorf("the queue is paused and %d runs wait: mend the key or the credits, then start fleet work again", waiting)
		}
	}
}

// jobWorker runs the jobs that River fetches.
type jobWorker[TTx any] struct {
	river.WorkerDefaults[prompt]
	*worker
	db *database[TTx]
}

// Work runs a job's prompt and stores what came of it. A job that certainly did not start is snoozed.
func (w *jobWorker[TTx]) Work(ctx context.Context, job *river.Job[prompt]) error {
	if wait, err := w.wait(ctx); err != nil {
		return w.snooze(max(wait, growingWait(job)))
	}
	switch claimed, err := w.claim(ctx, job); {
	case err != nil:
		return w.release(ctx, job, 0) // the claim may have been committed all the same
	case !claimed:
		return errors.New("this attempt was started before, or lost") // River discards it; the other's result counts
	}
	run, err := w.client.RunInputs(ctx, w.workflowID, map[string]any{w.input: job.Args.Prompt})
	switch {
	case run != nil || err == nil:
	case client.SafeToRetry(err):
		wait := growingWait(job)
		if limited, ok := errors.AsType[*client.APIError](err); ok { // 429
			wait = max(wait, w.slowDown(limited.Header))
		}
		return w.release(ctx, job, wait)
	case isPausing(err):
		w.pause(ctx, err)
		return w.release(ctx, job, 0)
	}
	w.store(ctx, job, run, err)
	return nil
}

// wait waits for the job's turn, in place of the next job, so that the whole queue is not fetched and snoozed meanwhile.
// Its error says that the turn did not come; the duration is how long it will not come.
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

// untilNano is the time until t, in Unix nanoseconds, if that is to come, else 0.
func untilNano(t *atomic.Int64) time.Duration { return max(0, time.Until(time.Unix(0, t.Load()))) }

// claim claims the attempt, in a committed statement. It is false if another process did, or the job is no longer ours.
func (w *jobWorker[TTx]) claim(ctx context.Context, job *river.Job[prompt]) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	res, err := w.db.ExecContext(ctx, `
		INSERT INTO fleet_run (job_id, attempt)
		SELECT id, attempt FROM river_job WHERE id = $1 AND attempt = $2 AND state = 'running'
			AND NOT EXISTS (SELECT 1 FROM fleet_run WHERE job_id = $1 AND (attempt >= $2 OR state = 'done'))
		ON CONFLICT DO NOTHING`, job.ID, job.Attempt)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// release gives back the claim of a run that certainly did not start, and returns the error that snoozes the job.
func (w *jobWorker[TTx]) release(ctx context.Context, job *river.Job[prompt], wait time.Duration) error {
	w.persist(ctx, func(ctx context.Context) error {
		_, err := w.db.ExecContext(ctx, "DELETE FROM fleet_run WHERE job_id = $1 AND attempt = $2 AND state IS NULL", job.ID, job.Attempt)
		return err
	})
	return w.snooze(wait)
}

// snooze returns the error that makes River put the job back for a while, or at once if this process is to end.
func (w *worker) snooze(wait time.Duration) error {
	if w.stopping.Err() != nil {
		wait = 0
	}
	return river.JobSnooze(wait)
}

// store stores the result in the transaction that completes the job.
func (w *jobWorker[TTx]) store(ctx context.Context, job *river.Job[prompt], run *client.Run, runErr error) {
	state, message := "done", ""
	if runErr != nil {
		state, message = "failed", oneLine(runErr)
	}
	if run == nil {
		run = &client.Run{}
	}
	w.persist(ctx, func(ctx context.Context) error {
		return w.db.inTx(ctx, func(tx TTx, exec riverdriver.ExecutorTx) error {
			err := exec.Exec(ctx, `UPDATE fleet_run SET state = $1, text = $2, run_id = $3, error = $4, body = $5
				WHERE job_id = $6 AND attempt = $7`,
				state, storable(run.Text), storable(run.ID), storable(message), run.Body, job.ID, job.Attempt)
			if err != nil {
				return err
			}
			if _, err = river.JobCompleteTx[riverdriver.Driver[TTx]](ctx, tx, job); errors.Is(err, river.ErrNotFound) {
				return nil // somebody deleted the job: keep the result
			}
			return err
		})
	})
}

// persist writes to the database, again and again for as long as the process lives. What f writes must bear repeating.
func (w *worker) persist(ctx context.Context, f func(context.Context) error) {
	ctx = context.WithoutCancel(ctx)
	waits := backoff.NewExponentialBackOff()
	waits.MaxInterval = 5 * time.Second
	_, _ = backoff.Retry(ctx, func() (struct{}, error) {
		ctx, cancel := context.WithTimeout(ctx, statementTimeout)
		defer cancel()
		return struct{}{}, f(ctx)
	}, backoff.WithBackOff(waits), backoff.WithMaxElapsedTime(0), backoff.WithNotify(func(err error, _ time.Duration) {
		w.say("the database is away, trying again: " + oneLine(err))
	}))
}

const statementTimeout = time.Minute

// storable replaces what PostgreSQL does not take in a text. The body has it as it came.
func storable(s string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", "\uFFFD"), "\uFFFD")
}

// isPausing reports whether no other run would do better: a bad key, or no credits.
func isPausing(err error) bool {
	refusal, ok := errors.AsType[*client.APIError](err)
	return ok && refusal.StatusCode < http.StatusInternalServerError &&
		(errors.Is(err, client.ErrUnauthorized) || errors.Is(err, client.ErrPaymentRequired))
}

// pause pauses the queue, for all processes, and this process at once.
func (w *jobWorker[TTx]) pause(ctx context.Context, reason error) {
	now := time.Now()
	before := w.pausedUntil.Swap(now.Add(pauseHold).UnixNano())
	err := river.ClientFromContext[TTx](ctx).QueuePause(context.WithoutCancel(ctx), river.QueueDefault, nil)
	if before < now.UnixNano() || err != nil { // say it once for all runs under way
		w.say("the queue is paused: " + oneLine(errors.Join(reason, err)) + ": start fleet work again when that is mended")
	}
}

const pauseHold = 10 * time.Second // until the pause has reached every process

// slowDown lowers this process's rate to what the response of a 429 allows, and returns its Retry-After.
func (w *worker) slowDown(header http.Header) time.Duration {
	if limit, err := strconv.ParseFloat(header.Get("X-Ratelimit-Limit"), 64); err == nil && limit > 0 {
		w.limiter.SetLimit(min(w.rate, rate.Limit(limit)))
	}
	after := retryAfter(header.Get("Retry-After"))
	for until := time.Now().Add(after).UnixNano(); after > 0; {
		before := w.notBefore.Load()
		if until <= before || w.notBefore.CompareAndSwap(before, until) {
			break
		}
	}
	return after
}

// retryAfter reads a Retry-After header, in seconds or as a date, up to an hour.
func retryAfter(value string) time.Duration {
	if seconds, err := strconv.ParseUint(value, 10, 64); err == nil {
		return time.Duration(min(seconds, 3600)) * time.Second
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(0, min(time.Until(date), time.Hour))
	}
	return 0
}

// growingWait is 1 s at first, and twice as long each time that the job is snoozed, up to a minute.
func growingWait(job *river.Job[prompt]) time.Duration {
	var metadata struct {
		Snoozes int `json:"snoozes"`
	}
	_ = json.Unmarshal(job.Metadata, &metadata) // none: the first time
	return min(time.Second<<min(metadata.Snoozes, 6), time.Minute)
}

func (w *worker) say(text string) { fmt.Fprintln(w.stderr, "fleet work:", text) }
