package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
)

// rerunOptions are the flags of fleet rerun.
type rerunOptions struct{ failed, billed, unknown bool }

// rerun queues failed or unknown runs again and prints how many.
func rerun(ctx context.Context, which rerunOptions, stdout, stderr io.Writer) error {
	switch {
	case !which.failed && which.billed:
		return usageError{errors.New("fleet rerun: -billed goes with -failed")}
	case !which.failed && !which.unknown:
		return usageError{errors.New("fleet rerun: which ones? -failed, -unknown (they may have been billed), or both")}
	}
	return withQueue(ctx, write, func(q queue) error {
		queued, left, err := q.rerun(ctx, which)
		if err != nil {
			return fmt.Errorf("nothing was queued: %w", err)
		}
		if left > 0 {
			fmt.Fprintf(stderr, "left %d that failed and may have been billed (-failed -billed queues them as well)\n", left)
		}
		_, err = fmt.Fprintf(stdout, "queued %d again\n", queued)
		return err
	})
}

func (db *database[TTx]) rerun(ctx context.Context, which rerunOptions) (queued, left int, err error) {
	client, err := db.client(river.Config{})
	if err != nil {
		return 0, 0, err
	}
	ended, left, err := db.toRerun(ctx, which)
	if err != nil {
		return 0, 0, err
	}
	err = db.inTx(ctx, func(tx TTx, exec riverdriver.ExecutorTx) error {
		for _, job := range ended {
			// Locks the job, unless another rerun has queued it since.
			err := exec.QueryRow(ctx, `UPDATE river_job SET priority = priority
				WHERE id = $1 AND attempt = $2 AND finalized_at IS NOT NULL RETURNING id`, job.id, job.attempt).Scan(&job.id)
			if errors.Is(err, sql.ErrNoRows) {
				continue
			}
			if err == nil {
				_, err = client.JobRetryTx(ctx, tx, job.id)
			}
			if err != nil {
				return err
			}
			queued++
		}
		return nil
	})
	return queued, left, err
}

// endedJob is an attempt of a job that neither waits nor runs.
type endedJob struct {
	id      int64
	attempt int
}

// toRerun lists the jobs to queue, and counts the failed ones that are left out as they may have been billed. A
// response that was stored and not judged is not queued, as it may be a run.
func (db *database[TTx]) toRerun(ctx context.Context, which rerunOptions) (ended []endedJob, left int, err error) {
	rows, err := db.QueryContext(ctx, "SELECT id, attempt, run_state, billed FROM ("+runs+`) AS runs
		WHERE run_state = 'failed' OR run_state = 'unknown' AND NOT received ORDER BY id`)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var job endedJob
		var state string
		var billed bool
		if err := rows.Scan(&job.id, &job.attempt, &state, &billed); err != nil {
			return nil, 0, err
		}
		switch {
		case state == "unknown" && which.unknown, state == "failed" && which.failed && (which.billed || !billed):
			ended = append(ended, job)
		case state == "failed" && which.failed:
			left++
		}
	}
	return ended, left, rows.Err()
}
