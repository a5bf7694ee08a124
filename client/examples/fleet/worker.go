package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/riverqueue/river"
	"golang.org/x/time/rate"

	"github.com/aitutor-api/aitutor-go/api"
	"github.com/aitutor-api/aitutor-go/client"
)

// worker is what the runs of a process share.
type worker struct {
	id         string // begins with -rescue-after, for Timeout
	workflowID string
	input      string // the name of the input that is the prompt
	transport  http.RoundTripper
	maxRun     time.Duration
	rate       rate.Limit
	limiter    *rate.Limiter
	turn       chan struct{} // has room for one, who waits for the limiter: a lower rate is at once that of all others
	maxWait    time.Duration
	stopping   context.Context // ends when the process is to end
	stderr     io.Writer

	// In Unix nanoseconds.
	notBefore   atomic.Int64 // no run starts before: Retry-After
	pausedUntil atomic.Int64 // every job is put back before
	slowedAt    atomic.Int64 // the rate was halved last
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
	limit := rate.Limit(opts.rate)
	w := &worker{
		id:         opts.rescueAfter.String() + " " + rand.Text(),
		workflowID: workflowID,
		input:      input,
		transport:  newTransport(opts.workers),
		maxRun:     opts.maxRun(),
		rate:       limit,
		limiter:    rate.NewLimiter(limit, 1),
		turn:       make(chan struct{}, 1),
		maxWait:    opts.maxWait(),
		stopping:   stopping,
		stderr:     stderr,
	}
	_, err = w.client(w.transport)
	return w, err
}

// client returns a client of the service whose requests a transport sends. It sends none again: that is for the queue.
func (w *worker) client(transport http.RoundTripper) (*client.Client, error) {
	return client.FromEnv(client.WithMaxRetries(0), client.WithTimeout(w.maxRun),
		client.WithHTTPClient(&http.Client{Transport: transport}))
}

// promptInput returns the name of the contract's first required input, if that is a string.
func promptInput() (string, error) {
	if schema := api.Document().Components.Schemas["RunRequest"]; schema != nil && len(schema.Value.Required) > 0 {
		name := schema.Value.Required[0]
		if input := schema.Value.Properties[name]; input != nil && input.Value.Type.Is(openapi3.TypeString) {
			return name, nil
		}
	}
	return "", errors.New("the contract's first required input is not a string: what is a prompt?")
}

func (w *worker) say(text string) { fmt.Fprintln(w.stderr, "fleet work:", text) }

// jobWorker runs the jobs that River fetches.
type jobWorker[TTx any] struct {
	river.WorkerDefaults[prompt]
	*worker
	db *database[TTx]
}

// Timeout keeps River's rescuer in this process from a job that another one fetched, until that one's -rescue-after is
// over. Zero stands for this process's own times.
func (w *jobWorker[TTx]) Timeout(job *river.Job[prompt]) time.Duration {
	if n := len(job.AttemptedBy); n > 0 && job.AttemptedBy[n-1] != w.id {
		rescueAfter, _, _ := strings.Cut(job.AttemptedBy[n-1], " ")
		timeout, _ := time.ParseDuration(rescueAfter) // zero if a process of another version fetched it
		return timeout
	}
	return 0
}

// Work runs a job's prompt and stores what came of it. A job that certainly did not start is snoozed.
func (w *jobWorker[TTx]) Work(ctx context.Context, job *river.Job[prompt]) error {
	if wait, err := w.wait(ctx); err != nil {
		return w.snooze(max(wait, growingWait(job)))
	}
	attempt := attempt{job.ID, job.Attempt}
	switch claimed, err := w.claim(ctx, attempt); {
	case err != nil:
		return w.release(ctx, attempt, 0) // the claim may have been committed all the same
	case !claimed:
		return errors.New("this attempt was started before, or lost") // River discards it; the other's result counts
	}
	res, err := w.send(ctx, job.Args.Prompt, func(ctx context.Context, requestID string) {
		w.storeBegun(ctx, attempt, requestID)
	})
	var run *client.Run
	if res != nil {
		w.storeResponse(ctx, attempt, res)
		run, err = w.judge(job.Args.Prompt, res)
		w.adapt(res.Status == http.StatusTooManyRequests, res.Header)
	}
	switch {
	case run != nil || err == nil:
	case client.SafeToRetry(err):
		wait := growingWait(job)
		if limited, ok := errors.AsType[*client.APIError](err); ok { // 429
			wait = max(time.Second, w.hold(limited))
		}
		return w.release(ctx, attempt, wait)
	case isPausing(err):
		w.pause(ctx, err)
		return w.release(ctx, attempt, 0)
	}
	w.store(ctx, attempt, run, err, job)
	return nil
}

// isPausing reports whether no other run would do better: a wrong key, no credits, or no such workflow.
func isPausing(err error) bool {
	refusal, ok := errors.AsType[*client.APIError](err)
	return ok && refusal.StatusCode < http.StatusInternalServerError && (errors.Is(err, client.ErrUnauthorized) ||
		errors.Is(err, client.ErrPaymentRequired) || errors.Is(err, client.ErrWorkflowNotFound))
}

// mayBeBilled reports whether a run that failed may have been billed. It certainly was not if nothing was sent, or if
// the response is one with which the service refuses a run: 400, 401, 402, 404, 413, 429.
func mayBeBilled(err error) bool {
	if client.SafeToRetry(err) || isPausing(err) {
		return false
	}
	if refusal, ok := errors.AsType[*client.APIError](err); ok {
		return refusal.StatusCode != http.StatusBadRequest && refusal.StatusCode != http.StatusRequestEntityTooLarge
	}
	return !errors.Is(err, client.ErrInvalidRequest)
}

// pause pauses the queue, for all processes, and this process at once.
func (w *jobWorker[TTx]) pause(ctx context.Context, reason error) {
	now := time.Now()
	before := w.pausedUntil.Swap(now.Add(pauseHold).UnixNano())
	err := river.ClientFromContext[TTx](ctx).QueuePause(context.WithoutCancel(ctx), river.QueueDefault, nil)
	if before < now.UnixNano() || err != nil { // say it once for all runs under way
		w.say("the queue is paused: " + oneLine(errors.Join(reason, err)) + ": start fleet work again when that is corrected")
	}
}

const pauseHold = 10 * time.Second // until the pause has reached every process
