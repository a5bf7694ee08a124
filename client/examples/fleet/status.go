package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"time"
)

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
	of := map[string]*int{
		"waiting": &c.waiting, "running": &c.running, "done": &c.done, "failed": &c.failed, "unknown": &c.unknown,
	}
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

// status prints the number of runs in each state, and until when those that wait do so, if that is to come.
func status(ctx context.Context, stdout io.Writer) error {
	return withQueue(ctx, read, func(q queue) error {
		c, err := q.counts(ctx)
		if err != nil {
			return err
		}
		first, now, err := q.waitsUntil(ctx)
		if err != nil {
			return err
		}
		note := ""
		if first.After(now) {
			note = fmt.Sprintf(" (the first until %s; the database's clock says %s)",
				first.Format(time.RFC3339), now.Format(time.RFC3339))
		}
		_, err = fmt.Fprintf(stdout, "waiting %d%s\nrunning %d\ndone %d\nfailed %d\nunknown %d\n",
			c.waiting, note, c.running, c.done, c.failed, c.unknown)
		return err
	})
}

// waitsUntil returns when the first of the runs that wait may start, zero if none waits, and what the database's clock
// says.
func (db *database[TTx]) waitsUntil(ctx context.Context) (first, now time.Time, err error) {
	now = time.Now()
	if !db.isSQLite() {
		if err := db.QueryRowContext(ctx, "SELECT now()").Scan(&now); err != nil {
			return first, now, err
		}
	}
	err = db.QueryRowContext(ctx, `SELECT scheduled_at FROM river_job
		WHERE kind = 'fleet_run' AND finalized_at IS NULL AND state <> 'running' ORDER BY scheduled_at LIMIT 1`).Scan(&first)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return first.UTC(), now.UTC(), err
}
