package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"io"
	"time"
)

// runs lists the jobs with the state of each and, for one that neither waits nor runs, what became of it: of the
// attempt that is done if there is one, else of the last.
const runs = `
SELECT j.id, j.args ->> 'prompt' AS prompt, j.attempt, j.finalized_at,
	CASE
		WHEN j.state = 'running' THEN 'running'
		WHEN j.finalized_at IS NULL THEN 'waiting'
		WHEN r.state = 'received' THEN 'unknown'
		ELSE coalesce(r.state, 'unknown')
	END AS run_state,
	coalesce(r.text, '') AS text, coalesce(r.run_id, '') AS run_id, coalesce(r.error, '') AS error,
	r.job_id IS NOT NULL AS claimed, coalesce(r.claimed_at, '') AS claimed_at, coalesce(r.request_id, '') AS request_id,
	coalesce(r.billed, false) AS billed, coalesce(r.state = 'received', false) AS received
FROM river_job j
LEFT JOIN fleet_run r ON (j.finalized_at IS NOT NULL OR j.state = 'running') AND r.job_id = j.id AND r.attempt = (
	SELECT attempt FROM fleet_run WHERE job_id = j.id AND (state = 'done' OR attempt = j.attempt)
	ORDER BY CASE WHEN state = 'done' THEN 0 ELSE 1 END LIMIT 1)
WHERE j.kind = 'fleet_run'`

// result is a line of fleet results.
type result struct {
	Prompt     string     `json:"prompt"`
	State      string     `json:"state"`
	Text       string     `json:"text"`
	RunID      string     `json:"run_id"`
	RequestID  string     `json:"request_id"`
	Error      string     `json:"error"`
	Attempts   int        `json:"attempts"`
	ClaimedAt  *time.Time `json:"claimed_at"`  // null if the request was not to be sent yet
	FinishedAt *time.Time `json:"finished_at"` // null while it waits or runs
}

// results prints the runs in the order in which they were added.
func results(ctx context.Context, stdout io.Writer) error {
	return withQueue(ctx, read, func(q queue) error {
		out := json.NewEncoder(stdout)
		out.SetEscapeHTML(false)
		return q.results(ctx, func(r result) error { return out.Encode(r) })
	})
}

// results reads one run at a time: SQLite would sort the rows, with their texts, in memory.
func (db *database[TTx]) results(ctx context.Context, each func(result) error) error {
	ids, err := db.jobs(ctx)
	if err != nil {
		return err
	}
	one, err := db.PrepareContext(ctx, runs+" AND j.id = $1")
	if err != nil {
		return err
	}
	defer one.Close()
	for _, id := range ids {
		r, err := scanResult(one.QueryRowContext(ctx, id))
		if err != nil {
			return err
		}
		if err := each(r); err != nil {
			return err
		}
	}
	return nil
}

// jobs lists the IDs of all jobs.
func (db *database[TTx]) jobs(ctx context.Context) (ids []int64, err error) {
	rows, err := db.QueryContext(ctx, "SELECT id FROM river_job WHERE kind = 'fleet_run' ORDER BY id")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

func scanResult(row *sql.Row) (r result, err error) {
	var id int64
	var finished sql.NullTime
	var claimed, billed, received bool
	var claimedAt string
	err = row.Scan(&id, &r.Prompt, &r.Attempts, &finished, &r.State, &r.Text, &r.RunID, &r.Error,
		&claimed, &claimedAt, &r.RequestID, &billed, &received)
	if err != nil {
		return r, err
	}
	if finished.Valid {
		utc := finished.Time.UTC()
		r.FinishedAt = &utc
	}
	if at, err := time.Parse(time.RFC3339Nano, claimedAt); err == nil {
		r.ClaimedAt = &at
	}
	switch {
	case r.State != "unknown":
	case received:
		r.Error = "a response is stored, and was not judged yet: fleet work does that"
	case claimed:
		r.Error = "the worker died before it stored a result: the run may have been billed"
	default:
		r.Error = "the worker died before it sent the request: the run was not started"
	}
	return r, nil
}
