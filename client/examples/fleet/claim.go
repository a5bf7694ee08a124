package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"

	"github.com/aitutor-api/aitutor-go/client"
)

// attempt is a row of fleet_run.
type attempt struct {
	jobID  int64
	number int
}

// claim claims the attempt, in a committed statement. It returns false if another process did, or the job is no longer
// ours.
func (w *jobWorker[TTx]) claim(ctx context.Context, a attempt) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	res, err := w.db.ExecContext(ctx, `
		INSERT INTO fleet_run (job_id, attempt, claimed_at)
		SELECT id, attempt, $1 FROM river_job WHERE id = $2 AND attempt = $3 AND state = 'running'
			AND NOT EXISTS (SELECT 1 FROM fleet_run WHERE job_id = $2 AND (attempt >= $3 OR state = 'done'))
		ON CONFLICT DO NOTHING`, time.Now().UTC().Format(time.RFC3339Nano), a.jobID, a.number)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// storeBegun stores the request ID of a response that has begun, for the case that this worker dies before it ends.
func (w *jobWorker[TTx]) storeBegun(ctx context.Context, a attempt, requestID string) {
	_, _ = w.db.ExecContext(ctx, "UPDATE fleet_run SET request_id = $1 WHERE job_id = $2 AND attempt = $3",
		storable(requestID), a.jobID, a.number) // the response has it as well
}

// storeResponse ends the claim: it stores the response as it came, for the case that this worker dies while it judges
// it.
func (w *jobWorker[TTx]) storeResponse(ctx context.Context, a attempt, res *response) {
	w.persist(ctx, func(ctx context.Context) error {
		head, err := res.head()
		if err != nil {
			return err
		}
		_, err = w.db.ExecContext(ctx, `UPDATE fleet_run SET state = 'received', request_id = $1, response = $2, body = $3
			WHERE job_id = $4 AND attempt = $5 AND (state IS NULL OR state = 'received')`,
			storable(requestID(res.Header)), head, res.body, a.jobID, a.number)
		return err
	})
}

// release gives back the claim of a run that certainly did not start, and returns the error that snoozes the job.
func (w *jobWorker[TTx]) release(ctx context.Context, a attempt, wait time.Duration) error {
	w.persist(ctx, func(ctx context.Context) error {
		_, err := w.db.ExecContext(ctx, `DELETE FROM fleet_run
			WHERE job_id = $1 AND attempt = $2 AND (state IS NULL OR state = 'received')`, a.jobID, a.number)
		return err
	})
	return w.snooze(wait)
}

// store stores the result, in the transaction that completes the job if there is one.
func (w *jobWorker[TTx]) store(ctx context.Context, a attempt, run *client.Run, runErr error, job *river.Job[prompt]) {
	state, message, billed := "done", "", true
	if runErr != nil {
		state, message, billed = "failed", oneLine(runErr), run != nil || mayBeBilled(runErr)
	}
	if run == nil {
		run = &client.Run{}
	}
	w.persist(ctx, func(ctx context.Context) error {
		return w.db.inTx(ctx, func(tx TTx, exec riverdriver.ExecutorTx) error {
			err := exec.Exec(ctx, `UPDATE fleet_run SET state = $1, text = $2, run_id = $3, error = $4, billed = $5
				WHERE job_id = $6 AND attempt = $7`,
				state, storable(run.Text), storable(run.ID), storable(message), billed, a.jobID, a.number)
			if err != nil || job == nil {
				return err
			}
			if _, err = river.JobCompleteTx[riverdriver.Driver[TTx]](ctx, tx, job); errors.Is(err, river.ErrNotFound) {
				return nil // somebody deleted the job: keep the result
			}
			return err
		})
	})
}

// settle judges the responses whose workers died before they did.
func (w *jobWorker[TTx]) settle(ctx context.Context) error {
	for {
		var a attempt
		var prompt, head string
		var res response
		err := w.db.QueryRowContext(ctx, `SELECT r.job_id, r.attempt, j.args ->> 'prompt', r.response, r.body
			FROM fleet_run r JOIN river_job j ON j.id = r.job_id
			WHERE r.state = 'received' AND j.finalized_at IS NOT NULL LIMIT 1`,
		).Scan(&a.jobID, &a.number, &prompt, &head, &res.body)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err == nil {
			err = json.Unmarshal([]byte(head), &res)
		}
		if err != nil {
			return err
		}
		run, runErr := w.judge(prompt, &res)
		w.store(ctx, a, run, runErr, nil)
	}
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
