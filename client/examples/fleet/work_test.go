package main

import (
	"bytes"
	"context"
	"database/sql"
	"io"
	"net/http"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client"
)

func TestWorkStoresWhatARunGave(t *testing.T) {
	const flat = `{"success": false, "error": "Said so", "code": "x"}`
	for name, test := range map[string]struct {
		status   int
		body     string
		headers  []string
		state    string
		text     string
		runID    string
		errorHas string
	}{
		"a text": {200, `{"success": true, "result": "A text"}`, nil, "done", "A text",
			"", ""},
		"a text that PostgreSQL does not take": {200, `{"success": true, "result": "A\u0000text"}`, nil, "done",
			"A\ufffdtext", "", ""},
		"a failed run":            {500, flat, nil, "failed", "", "", "Said so"},
		"a refusal of the inputs": {400, flat, nil, "failed", "", "", "Said so"},
		"inputs that are too long": {413, "FUNCTION_PAYLOAD_TOO_LARGE",
			[]string{"Content-Type", "text/plain"}, "failed", "", "", "413"},
		"a gateway's page":               {504, "<html>", []string{"Content-Type", "text/html"}, "failed", "", "", "504"},
		"a run that breaks the contract": {200, `{"success": true, "result": 5}`, nil, "failed", "", "", "contract"},
		"no JSON":                        {200, `<html>`, nil, "failed", "", "", ""},
		"a redirect":                     {302, ``, []string{"Location", "/"}, "failed", "", "", "302"},
		"a failure that says that the credits ended": {500,
			`{"success": false, "error": "Said so", "code": "invalid_billing"}`, nil, "failed", "", "", "Said so"},
	} {
		t.Run(name, func(t *testing.T) {
			for database, newDatabase := range databases {
				t.Run(database, func(t *testing.T) {
					f := newFleet(t, newDatabase(t), nil)
					f.mustRun("one\n", "add", "-")
					f.respond(test.status, test.body, test.headers...)
					f.mustRun("", "work", "-until-empty")
					all := f.results()
					require.Len(t, all, 1)
					assert.Equal(t, test.state, all[0].State)
					assert.Equal(t, test.text, all[0].Text)
					assert.Contains(t, all[0].Error, test.errorHas)
					assert.Equal(t, test.state == "failed", all[0].Error != "")
					assert.Equal(t, 1, all[0].Attempts)
					assert.NotNil(t, all[0].FinishedAt)
					assert.Empty(t, f.ledger, "it was not sent again")
				})
			}
		})
	}
}

func TestWorkStoresTheRunBesideAnError(t *testing.T) {
	for database, newDatabase := range databases {
		t.Run(database, func(t *testing.T) {
			f := newFleet(t, newDatabase(t), nil)
			f.mustRun("one\n", "add", "-")
			const body = `{"success": true, "result": "A text", "citations": 5}`
			f.respond(http.StatusOK, body)
			c, err := client.New(f.APIKey, client.WithBaseURL(f.URL))
			require.NoError(t, err)
			run, err := c.RunInputs(t.Context(), workflowID, map[string]any{"any": "input"})
			require.Error(t, err)
			require.NotNil(t, run)

			f.respond(http.StatusOK, body)
			f.mustRun("", "work", "-until-empty")
			assert.Equal(t, states(0, 0, 0, 1, 0), f.status())
			r := f.results()[0]
			assert.Equal(t, run.Text, r.Text)
			assert.NotEmpty(t, r.Error)
			var stored []byte
			require.NoError(t, f.open().QueryRowContext(t.Context(), "SELECT body FROM fleet_run").Scan(&stored))
			assert.True(t, bytes.Equal([]byte(body), stored), "as it was received: %s", stored)
		})
	}
}

func TestRescueAfterBoundsARun(t *testing.T) {
	f := newFleet(t, t.TempDir()+"/fleet.db", func(ctx context.Context) error { return waitFor[struct{}](ctx, nil) })
	f.mustRun("one\n", "add", "-")
	f.mustRun("", "work", "-until-empty", "-rescue-after", "1s")
	assert.Equal(t, states(0, 0, 0, 1, 0), f.status())
	assert.Contains(t, f.results()[0].Error, "666")
	f.checkAccount()
}

// River's rescuer, in any of the processes, asks Timeout how long a job is left alone.
func TestAJobIsRescuedAfterTheTimeOfTheProcessThatFetchedIt(t *testing.T) {
	t.Setenv("AITUTOR_API_KEY", "key")
	t.Setenv("AITUTOR_WORKFLOW_ID", workflowID)
	newJobWorker := func(rescueAfter time.Duration) *jobWorker[*sql.Tx] {
		w, err := newWorker(t.Context(), workOptions{workers: 1, rate: 1, rescueAfter: rescueAfter}, io.Discard)
		require.NoError(t, err)
		return &jobWorker[*sql.Tx]{worker: w}
	}
	short, long := newJobWorker(time.Second), newJobWorker(90*time.Minute)
	for name, test := range map[string]struct {
		fetchedBy []string
		want      time.Duration
	}{
		"another, with more time":                   {[]string{long.id}, 90 * time.Minute},
		"another, with as much":                     {[]string{newJobWorker(time.Second).id}, time.Second},
		"another, after this one had put it back":   {[]string{short.id, long.id}, 90 * time.Minute},
		"this one, which River's JobTimeout is for": {[]string{long.id, short.id}, 0},
		"a process of another version":              {[]string{"host_2026_01_02"}, 0},
		"nobody who is known":                       {nil, 0},
	} {
		job := &river.Job[prompt]{JobRow: &rivertype.JobRow{AttemptedBy: test.fetchedBy}}
		assert.Equal(t, test.want, short.Timeout(job), name)
	}
}

func TestWorkPutsBackWhatDidNotStart(t *testing.T) {
	const limited = `{"success": false, "error": "Rate limit exceeded"}`
	for name, headers := range map[string][]string{
		"no figures":            nil,
		"Retry-After":           {"Retry-After", "1"},
		"a date long ago":       {"Retry-After", "Wed, 21 Oct 2015 07:28:00 GMT"},
		"the limit of the key":  {"X-Ratelimit-Limit", "5", "X-Ratelimit-Remaining", "0"},
		"figures that are none": {"Retry-After", "-1", "X-Ratelimit-Limit", "many"},
	} {
		t.Run(name, func(t *testing.T) {
			for database, newDatabase := range databases {
				t.Run(database, func(t *testing.T) {
					f := newFleet(t, newDatabase(t), nil)
					f.mustRun(prompts(8), "add", "-")
					for range 3 {
						f.respond(http.StatusTooManyRequests, limited, headers...)
					}
					f.mustRun("", "work", "-until-empty", "-rate", "1000")
					assert.Equal(t, states(0, 0, 8, 0, 0), f.status())
					f.checkAccount()
				})
			}
		})
	}
}

func TestWorkPutsBackWhatFoundNoServer(t *testing.T) {
	for database, newDatabase := range databases {
		t.Run(database, func(t *testing.T) {
			f := newFleet(t, newDatabase(t), nil)
			f.mustRun(prompts(3), "add", "-")
			away := &fleet{TB: t, env: append(slices.Clip(f.env), "AITUTOR_BASE_URL=http://127.0.0.1:1")}
			db := f.open()
			worker := away.start("work")
			require.Eventually(t, func() bool { // all were fetched and put back
				var snoozed int
				err := db.QueryRowContext(t.Context(),
					"SELECT count(*) FROM river_job WHERE attempt = 0 AND metadata ->> 'snoozes' IS NOT NULL").Scan(&snoozed)
				return assert.NoError(t, err) && snoozed == 3 && f.status()["waiting"] == 3
			}, patience, 100*time.Millisecond)
			require.NoError(t, worker.Process.Signal(os.Interrupt))
			assert.Zero(t, worker.exit())
			f.mustRun("", "work", "-until-empty")
			assert.Equal(t, states(0, 0, 3, 0, 0), f.status())
			f.checkAccount()
		})
	}
}

func TestWorkPausesTheQueue(t *testing.T) {
	for name, status := range map[string]int{"a key that is refused": 401, "no credits": 402,
		"a workflow that there is not": 404} {
		t.Run(name, func(t *testing.T) {
			for database, newDatabase := range databases {
				t.Run(database, func(t *testing.T) {
					f := newFleet(t, newDatabase(t), nil)
					f.mustRun(prompts(30), "add", "-")
					for range 20 { // the runs under way
						f.respond(status, `{"success": false, "error": "Refused by the test"}`)
					}
					_, stderr, exit := f.run("", "work", "-until-empty", "-rate", "1000")
					assert.Equal(t, 1, exit)
					assert.Contains(t, stderr, "the queue is paused")
					assert.Contains(t, stderr, "Refused by the test")
					counts := f.status()
					assert.Equal(t, 30, counts["waiting"]+counts["done"], counts)
					assert.Positive(t, counts["waiting"])
					for _, r := range f.results() {
						assert.Equal(t, r.State == "done", r.Attempts == 1, "the jobs are unharmed")
					}

					f.respondNoMore()
					f.mustRun("", "work", "-until-empty", "-rate", "1000")
					assert.Equal(t, states(0, 0, 30, 0, 0), f.status())
					f.checkAccount()
				})
			}
		})
	}
}

func TestInterruptBeforeAnythingRunsIsNoError(t *testing.T) {
	f := newFleet(t, newPostgres(t), nil)
	f.mustRun("one\n", "add", "-")
	holder, err := f.open().Conn(t.Context())
	require.NoError(t, err)
	_, err = holder.ExecContext(t.Context(), "SELECT pg_advisory_lock(hashtext('fleet_run'))")
	require.NoError(t, err)
	worker := f.start("work")
	require.Eventually(t, func() bool {
		var waiting int
		err := holder.QueryRowContext(t.Context(), `SELECT count(*) FROM pg_locks
			WHERE locktype = 'advisory' AND NOT granted
			AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`).Scan(&waiting)
		return assert.NoError(t, err) && waiting == 1
	}, patience, pollEvery)
	require.NoError(t, worker.Process.Signal(os.Interrupt))
	assert.Zero(t, worker.exit())
	assert.Equal(t, states(1, 0, 0, 0, 0), f.status())
}

func TestInterruptLetsRunsFinish(t *testing.T) {
	for database, newDatabase := range databases {
		t.Run(database, func(t *testing.T) {
			release := make(chan struct{})
			f := newFleet(t, newDatabase(t), func(ctx context.Context) error { return waitFor(ctx, release) })
			f.mustRun(prompts(10), "add", "-")
			// One run starts at once; four jobs are fetched and wait for their turn.
			worker := f.start("work", "-workers", "5", "-rate", "0.1")
			f.waitForArrival()
			require.Eventually(t, func() bool { return f.status()["running"] == 5 }, patience, 50*time.Millisecond)
			require.NoError(t, worker.Process.Signal(os.Interrupt))
			worker.waitFor("finishing the runs under way")
			close(release)
			assert.Zero(t, worker.exit())
			assert.Equal(t, states(9, 0, 1, 0, 0), f.status())
			f.checkAccount()
		})
	}
}

func TestSecondInterruptEndsAtOnce(t *testing.T) {
	f := newFleet(t, t.TempDir()+"/fleet.db", func(ctx context.Context) error { return waitFor[struct{}](ctx, nil) })
	f.mustRun(prompts(2), "add", "-")
	worker := f.start("work", "-workers", "1", "-rescue-after", "2s")
	f.waitForArrival()
	require.NoError(t, worker.Process.Signal(syscall.SIGTERM))
	worker.waitFor("finishing the runs under way")
	require.NoError(t, worker.Process.Signal(os.Interrupt))
	assert.Equal(t, 130, worker.exit())
	assert.Equal(t, states(1, 1, 0, 0, 0), f.status())
}

// River repeats a write that puts a job back if the commit of the first was cut off. By then another worker may run the
// job: it is available although its run is under way.
func TestAJobThatRiverPutsBackTwiceRunsOnce(t *testing.T) {
	for database, newDatabase := range databases {
		t.Run(database, func(t *testing.T) {
			release := make(chan struct{})
			f := newFleet(t, newDatabase(t), func(ctx context.Context) error { return waitFor(ctx, release) })
			f.mustRun("one\n", "add", "-")
			first := f.start("work", "-until-empty")
			f.waitForArrival()
			_, err := f.open().ExecContext(t.Context(), "UPDATE river_job SET state = 'available', attempt = 0")
			require.NoError(t, err)
			second := f.start("work", "-until-empty")
			assert.Zero(t, second.exit())
			assert.Equal(t, states(0, 0, 0, 0, 1), f.status(), "nobody knows yet")
			close(release)
			assert.Zero(t, first.exit())
			assert.Equal(t, states(0, 0, 1, 0, 0), f.status(), "the result counts, whatever became of the job")
			assert.Equal(t, 1, f.ledger["one"])
			assert.Equal(t, textOf("one"), f.results()[0].Text)
		})
	}
}

// waitFor waits for a channel; an error ends the run if the context ends first.
func waitFor[T any](ctx context.Context, released <-chan T) error {
	select {
	case <-released:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
