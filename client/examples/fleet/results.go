package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// runs lists the jobs with the state of each and, for one that neither waits nor runs, its result: of several attempts
// the last that is done, else the last that failed.
const runs = `
SELECT j.id, j.args ->> 'prompt', j.attempt, j.finalized_at,
	CASE
		WHEN j.state = 'running' THEN 'running'
		WHEN j.finalized_at IS NULL THEN 'waiting'
		ELSE coalesce(r.state, 'unknown')
	END AS run_state,
	coalesce(r.text, ''), coalesce(r.run_id, ''), coalesce(r.error, ''),
	EXISTS (SELECT 1 FROM fleet_run WHERE job_id = j.id AND attempt = j.attempt) AS claimed
FROM river_job j
LEFT JOIN fleet_run r ON j.finalized_at IS NOT NULL AND r.job_id = j.id AND r.attempt = (
	SELECT attempt FROM fleet_run WHERE job_id = j.id AND state IS NOT NULL
	ORDER BY state, attempt DESC LIMIT 1) -- 'done' before 'failed'
WHERE j.kind = 'fleet_run'`

// counts is the number of runs in each state.
type counts struct{ waiting, running, done, failed, unknown int }

func (c counts) total() int    { return c.waiting + c.running + c.finished() }
func (c counts) finished() int { return c.done + c.failed + c.unknown }

func (db *database[TTx]) counts(ctx context.Context) (c counts, err error) {
	rows, err := db.QueryContext(ctx, "SELECT run_state, count(*) FROM ("+runs+") AS runs GROUP BY run_state")
	if err != nil {
		return counts{}, err
	}
	defer rows.Close()
	of := map[string]*int{"waiting": &c.waiting, "running": &c.running, "done": &c.done, "failed": &c.failed, "unknown": &c.unknown}
	for rows.Next() {
		var state string
		var n int
		if err := rows.Scan(&state, &n); err != nil {
			return counts{}, err
		}
		*of[state] = n
	}
	return c, rows.Err()
}

// status prints the number of runs in each state.
func status(ctx context.Context, stdout io.Writer) error {
	return withQueue(ctx, false, func(q queue) error {
		c, err := q.counts(ctx)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(stdout, "waiting %d\nrunning %d\ndone %d\nfailed %d\nunknown %d\n",
			c.waiting, c.running, c.done, c.failed, c.unknown)
		return err
	})
}

// result is a line of fleet results.
type result struct {
	jobID      int64
	Prompt     string     `json:"prompt"`
	State      string     `json:"state"`
	Text       string     `json:"text"`
	RunID      string     `json:"run_id"`
	Error      string     `json:"error"`
	Attempts   int        `json:"attempts"`
	FinishedAt *time.Time `json:"finished_at"` // null while it waits or runs
}

// results prints the runs in the order in which they were added.
func results(ctx context.Context, stdout io.Writer) error {
	return withQueue(ctx, false, func(q queue) error {
		out := json.NewEncoder(stdout)
		out.SetEscapeHTML(false)
		return q.results(ctx, func(r result) error { return out.Encode(r) })
	})
}

func (db *database[TTx]) results(ctx context.Context, each func(result) error) error {
	rows, err := db.QueryContext(ctx, runs+" ORDER BY j.id")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var r result
		var finished sql.NullTime
		var claimed bool
		err := rows.Scan(&r.jobID, &r.Prompt, &r.Attempts, &finished, &r.State, &r.Text, &r.RunID, &r.Error, &claimed)
		if err != nil {
			return err
		}
		if finished.Valid {
			utc := finished.Time.UTC()
			r.FinishedAt = &utc
		}
		switch {
		case r.State == "unknown" && claimed:
			r.Error = "the worker died before it stored a result: the run may have been billed"
		case r.State == "unknown":
			r.Error = "the worker died before it sent the request: the run was not started"
		}
		if err := each(r); err != nil {
			return err
		}
	}
	return rows.Err()
}
