package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// When a prompt reaches the service, the power is cut: what SQLite has synced by then must have the claim.
func TestAClaimIsOnTheDiskBeforeTheRequest(t *testing.T) {
	const total = 5
	arrived := 0
	var f *fleet
	f = newFleet(t, filepath.Join(t.TempDir(), "fleet.db"), func(ctx context.Context) error {
		arrived++
		var claims int
		left := f.at(t, afterPowerCut(t, f.database))
		err := left.open().QueryRowContext(ctx, "SELECT count(*) FROM fleet_run").Scan(&claims)
		assert.NoError(t, err)
		assert.Equal(t, arrived, claims, "claims on the disk")
		return nil
	})
	f.mustRun(prompts(total), "add", "-")
	startDisk(t, f.database)
	f.at(t, f.database, "FLEET_TEST_DISK=0").mustRun("", "work", "-until-empty", "-workers", "1", "-rate", "1000")
	assert.Equal(t, total, arrived)
	f.checkAccount()
}

func TestPostgresSyncsEachCommit(t *testing.T) {
	f := newFleet(t, newPostgres(t), nil)
	f.mustRun("one\n", "add", "-")
	var name string
	require.NoError(t, f.open().QueryRowContext(t.Context(), "SELECT current_database()").Scan(&name))
	_, err := f.open().ExecContext(t.Context(), "ALTER DATABASE "+name+" SET synchronous_commit = off")
	require.NoError(t, err)
	t.Setenv("FLEET_DATABASE", f.database)
	for _, to := range []access{read, write} {
		require.NoError(t, withQueue(t.Context(), to, func(q queue) error {
			db, ok := q.(interface {
				setting(ctx context.Context, name string) (string, error)
			})
			require.True(t, ok)
			got, err := db.setting(t.Context(), "synchronous_commit")
			assert.Equal(t, "on", got)
			return err
		}))
	}
}

// setting returns a parameter of PostgreSQL, on River's connections.
func (db *database[TTx]) setting(ctx context.Context, name string) (value string, err error) {
	err = db.driver.GetExecutor().QueryRow(ctx, "SELECT current_setting($1)", name).Scan(&value)
	return value, err
}

// The worker of one prompt is killed at each of its writes in turn, once as by kill -9 and once by a power cut.
// Whatever was written, the prompt reaches the service at most once, and a run that it cannot tell of is unknown.
func TestKilledAtEachWriteToSQLite(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	newJob := func(t *testing.T, killAt int) (f, onDisk *fleet) {
		t.Helper()
		f = newFleet(t, filepath.Join(t.TempDir(), "fleet.db"), nil)
		f.mustRun("one\n", "add", "-")
		startDisk(t, f.database)
		return f, f.at(t, f.database, "FLEET_TEST_DISK="+strconv.Itoa(killAt))
	}
	f, onDisk := newJob(t, 0)
	onDisk.mustRun("", "work", "-until-empty")
	data, err := os.ReadFile(filepath.Join(filepath.Dir(f.database), "writes"))
	require.NoError(t, err)
	writes, err := strconv.Atoi(string(data))
	require.NoError(t, err)
	t.Logf("%d writes", writes)
	slots := make(chan struct{}, 6)
	for killAt := 1; killAt <= writes; killAt++ {
		for _, powerCut := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d, power cut %v", killAt, powerCut), func(t *testing.T) {
				t.Parallel()
				slots <- struct{}{}
				defer func() { <-slots }()
				f, onDisk := newJob(t, killAt)
				worker := onDisk.start("work", "-until-empty")
				worker.exit()
				if powerCut {
					f = f.at(t, afterPowerCut(t, f.database))
				}
				f.checkAfterKill()
			})
		}
	}
}

// The same on PostgreSQL: of the messages from the claim on, each in turn is the one that does not reach the server, as
// the worker is killed, or the server with all that it has committed and not written, or both.
func TestKilledAtEachMessageToPostgres(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes")
	}
	for name, dies := range map[string]struct{ worker, server bool }{
		"the worker": {worker: true}, "the server": {server: true}, "both": {worker: true, server: true},
	} {
		t.Run(name, func(t *testing.T) {
			if dies.server && os.Getenv(postgresCrash) == "" {
				t.Skip(postgresCrash + " is not set")
			}
			for killAt := 1; killedAtMessage(t, killAt, dies.worker, dies.server); killAt++ {
				require.Less(t, killAt, 200)
			}
		})
	}
}

// killedAtMessage reports whether there were as many messages.
func killedAtMessage(t *testing.T, killAt int, worker, server bool) bool {
	t.Helper()
	messages := 0
	t.Run(strconv.Itoa(killAt), func(t *testing.T) {
		f := newFleet(t, newPostgres(t), nil)
		f.mustRun("one\n", "add", "-")
		database, err := url.Parse(f.database)
		require.NoError(t, err)
		proxy := newProxy(t, database.Host)
		database.Host = proxy.Addr().String()
		process := f.at(t, database.String()).command("work", "-until-empty")
		var started bool
		proxy.stopAt = func(message []byte) bool {
			started = started || bytes.Contains(message, []byte("INSERT INTO fleet_run"))
			if started {
				messages++
			}
			if messages != killAt {
				return false
			}
			if worker {
				_ = process.Process.Kill() // may have ended
			}
			if server {
				assert.NoError(t, crashPostgres(t.Context()))
			}
			return worker
		}
		require.NoError(t, process.Start())
		defer time.AfterFunc(patience, func() { _ = process.Process.Kill() }).Stop()
		_ = process.Wait() // the status is in ProcessState
		proxy.mu.Lock()    // until the server is back
		proxy.broken.Store(true)
		proxy.mu.Unlock()
		if !worker {
			assert.True(t, process.ProcessState.Success())
			assert.Equal(t, states(0, 0, 1, 0, 0), f.status())
		}
		f.checkAfterKill()
	})
	return messages >= killAt
}

// checkAfterKill checks what the next process makes of what a dead worker left behind.
func (f *fleet) checkAfterKill() {
	f.Helper()
	f.rescue()
	f.mustRun("", "work", "-until-empty")
	f.checkAccount()
	f.mu.Lock()
	reached := f.ledger["one"]
	f.mu.Unlock()
	r := f.results()[0]
	assert.Contains(f, []string{"done", "unknown"}, r.State)
	assert.LessOrEqual(f, reached, 1)
	if reached == 0 {
		assert.Equal(f, "unknown", r.State)
	}
	if r.State == "unknown" && reached == 1 {
		assert.NotNil(f, r.ClaimedAt)
	}
}

// rescue does what River's rescuer does -rescue-after later.
func (f *fleet) rescue() {
	f.Helper()
	now := "datetime('now', 'subsec')"
	if isPostgres.MatchString(f.database) {
		now = "now()"
	}
	_, err := f.open().ExecContext(f.Context(),
		"UPDATE river_job SET state = 'discarded', finalized_at = "+now+" WHERE state = 'running'")
	require.NoError(f, err)
}

func TestAResponseIsStoredBeforeItIsJudged(t *testing.T) {
	for database, newDatabase := range databases {
		for name, test := range map[string]struct {
			status int
			body   string
			state  string
			text   string
		}{
			"a run":         {200, `{"success": true, "result": "A text"}`, "done", "A text"},
			"a failed run":  {500, `{"success": false, "error": "Said so"}`, "failed", ""},
			"a broken text": {200, `{"success": true, "result": "A te`, "failed", ""},
		} {
			t.Run(name+", "+database, func(t *testing.T) {
				f := newFleet(t, newDatabase(t), nil)
				f.mustRun("one\n", "add", "-")
				f.respond(test.status, test.body, "X-Request-Id", "req_1")
				worker := f.start("work", "-workers", "1")
				// The row of a worker that died between storing and judging: taken back from the one that lived.
				require.Eventually(t, func() bool { return f.status()["waiting"]+f.status()["running"] == 0 }, patience, pollEvery)
				require.NoError(t, worker.Process.Kill())
				<-worker.exited
				_, err := f.open().ExecContext(t.Context(), "UPDATE fleet_run SET state = 'received', text = '', error = ''")
				require.NoError(t, err)
				r := f.results()[0]
				assert.Equal(t, "unknown", r.State)
				assert.Contains(t, r.Error, "a response is stored")
				assert.Equal(t, "req_1", r.RequestID)
				assert.Equal(t, "queued 0 again\n", f.mustRun("", "rerun", "-unknown"))
				f.mustRun("", "work", "-until-empty")
				r = f.results()[0]
				assert.Equal(t, test.state, r.State)
				assert.Equal(t, test.text, r.Text)
				assert.Equal(t, test.state == "failed", r.Error != "")
				assert.Empty(t, f.ledger, "it was not sent again")
			})
		}
	}
}

func TestTheRequestIDIsKeptIfTheWorkerDiesWithinTheResponse(t *testing.T) {
	for database, newDatabase := range databases {
		t.Run(database, func(t *testing.T) {
			f := newFleet(t, newDatabase(t), nil)
			f.mustRun("one\n", "add", "-")
			f.Answer(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("X-Request-Id", "req_1")
				_, _ = fmt.Fprint(w, `{"success": true,`)
				_ = http.NewResponseController(w).Flush()
				<-r.Context().Done()
			})
			worker := f.start("work")
			require.Eventually(t, func() bool { return f.results()[0].RequestID == "req_1" }, patience, pollEvery)
			require.NoError(t, worker.Process.Kill())
			<-worker.exited
			f.rescue()
			r := f.results()[0]
			assert.Equal(t, "unknown", r.State)
			assert.Equal(t, "req_1", r.RequestID)
			assert.NotNil(t, r.ClaimedAt)
			assert.Contains(t, r.Error, "may have been billed")
		})
	}
}
