package main

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client/clienttest"
)

// TestMain makes the test binary the fleet command if a test starts it as one.
func TestMain(m *testing.M) {
	if os.Getenv("FLEET_TEST_COMMAND") != "" {
		useDisk()
		main()
		return
	}
	os.Exit(m.Run())
}

// databases creates a database of each kind.
var databases = map[string]func(testing.TB) string{"SQLite": newSQLite, "PostgreSQL": newPostgres}

// newSQLite returns the path of a file that is not there yet.
func newSQLite(tb testing.TB) string {
	tb.Helper()
	return filepath.Join(tb.TempDir(), "a fleet?.db")
}

// newPostgres creates a database on the server of FLEET_TEST_POSTGRES, and returns its URL. Without one it skips the
// test.
func newPostgres(tb testing.TB) string {
	tb.Helper()
	server := os.Getenv("FLEET_TEST_POSTGRES")
	if server == "" {
		tb.Skip("FLEET_TEST_POSTGRES is not set")
	}
	conf, err := pgx.ParseConfig(server)
	require.NoError(tb, err)
	name := fmt.Sprintf("fleet_%d_%d", os.Getpid(), time.Now().UnixNano())
	admin := func(ctx context.Context, sql string) {
		db, err := pgx.ConnectConfig(ctx, conf)
		require.NoError(tb, err)
		defer db.Close(ctx)
		_, err = db.Exec(ctx, sql)
		require.NoError(tb, err)
	}
	admin(tb.Context(), "CREATE DATABASE "+name)
	tb.Cleanup(func() { admin(context.WithoutCancel(tb.Context()), "DROP DATABASE "+name+" WITH (FORCE)") })
	return strings.Replace(server, "/"+conf.Database, "/"+name, 1)
}

// postgresCrash is a script that kills the server of FLEET_TEST_POSTGRES, and starts it again.
const postgresCrash = "FLEET_TEST_POSTGRES_CRASH"

func crashPostgres(ctx context.Context) error {
	out, err := exec.CommandContext(ctx, "sh", os.Getenv(postgresCrash)).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// fleet is a database, and a service that keeps a ledger of the prompts that reached it.
type fleet struct {
	testing.TB
	*clienttest.Server
	database string
	env      []string
	arrived  chan string // each prompt that reached the server

	mu     sync.Mutex
	ledger map[string]int
}

const workflowID = "wf_fleet"

// newFleet starts a service whose runs give textOf(prompt), after respond returns nil. A nil respond is instant.
func newFleet(tb testing.TB, database string, respond func(ctx context.Context) error) *fleet {
	tb.Helper()
	input, err := promptInput()
	require.NoError(tb, err)
	f := &fleet{TB: tb, database: database, arrived: make(chan string, 100_000), ledger: map[string]int{}}
	f.Server = clienttest.NewServer(clienttest.WithTextResults(), clienttest.WithWorkflow(workflowID,
		func(ctx context.Context, inputs map[string]any) (map[string]any, error) {
			prompt := fmt.Sprint(inputs[input])
			f.mu.Lock()
			f.ledger[prompt]++
			f.mu.Unlock()
			f.arrived <- prompt
			if respond != nil {
				if err := respond(ctx); err != nil {
					return nil, err
				}
			}
			return map[string]any{"text": textOf(prompt)}, nil
		}))
	tb.Cleanup(f.Close)
	f.env = append(os.Environ(), "FLEET_TEST_COMMAND=1", "FLEET_DATABASE="+database,
		"AITUTOR_API_KEY="+f.APIKey, "AITUTOR_BASE_URL="+f.URL, "AITUTOR_WORKFLOW_ID="+workflowID)
	return f
}

func textOf(prompt string) string { return "the text of " + prompt }

// prompts returns n lines of a file.
func prompts(n int) string {
	var lines strings.Builder
	for i := range n {
		fmt.Fprintf(&lines, "prompt %d\n", i)
	}
	return lines.String()
}

// run runs a command to its end.
func (f *fleet) run(stdin string, args ...string) (stdout, stderr string, status int) {
	f.Helper()
	cmd := f.command(args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	if err := cmd.Run(); err != nil {
		require.ErrorAs(f, err, new(*exec.ExitError))
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// mustRun runs a command that must succeed.
func (f *fleet) mustRun(stdin string, args ...string) (stdout string) {
	f.Helper()
	stdout, stderr, status := f.run(stdin, args...)
	require.Zero(f, status, "fleet %s: %s", strings.Join(args, " "), stderr)
	return stdout
}

func (f *fleet) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(f.Context(), os.Args[0], args...)
	cmd.Env = f.env
	return cmd
}

// process is a command that runs.
type process struct {
	*exec.Cmd
	tb     testing.TB
	lines  chan string // of standard error
	exited chan struct{}
}

func (f *fleet) start(args ...string) *process {
	f.Helper()
	p := &process{Cmd: f.command(args...), tb: f, lines: make(chan string, 100_000), exited: make(chan struct{})}
	stderr, err := p.StderrPipe()
	require.NoError(f, err)
	require.NoError(f, p.Start())
	go func() {
		for in := bufio.NewScanner(stderr); in.Scan(); {
			p.lines <- in.Text()
		}
		_ = p.Wait() // the status is in ProcessState
		close(p.exited)
	}()
	f.Cleanup(func() {
		_ = p.Process.Kill() // may have ended
		<-p.exited
	})
	return p
}

const (
	patience  = 2 * time.Minute
	pollEvery = 50 * time.Millisecond
)

// waitFor waits for a line of standard error.
func (p *process) waitFor(text string) {
	p.tb.Helper()
	for deadline := time.After(patience); ; {
		select {
		case line := <-p.lines:
			if strings.Contains(line, text) {
				return
			}
		case <-deadline:
			require.FailNow(p.tb, "no line with "+text)
		}
	}
}

// exit waits for the end of the process, and returns its status.
func (p *process) exit() int {
	p.tb.Helper()
	select {
	case <-p.exited:
		return p.ProcessState.ExitCode()
	case <-time.After(patience):
		require.FailNow(p.tb, "the process does not end")
		return 0
	}
}

// waitForArrival waits until a prompt reaches the server.
func (f *fleet) waitForArrival() {
	f.Helper()
	select {
	case <-f.arrived:
	case <-time.After(patience):
		require.FailNow(f, "no prompt reaches the server")
	}
}

// status returns what fleet status prints, as a map.
func (f *fleet) status() map[string]int {
	f.Helper()
	states := map[string]int{}
	for line := range strings.Lines(f.mustRun("", "status")) {
		var state string
		var n int
		_, err := fmt.Sscan(line, &state, &n)
		require.NoError(f, err, line)
		states[state] = n
	}
	require.Len(f, states, 5)
	return states
}

func states(waiting, running, done, failed, unknown int) map[string]int {
	return map[string]int{"waiting": waiting, "running": running, "done": done, "failed": failed, "unknown": unknown}
}

// results returns what fleet results prints, decoded.
func (f *fleet) results() []result {
	f.Helper()
	var all []result
	for line := range strings.Lines(f.mustRun("", "results")) {
		var r result
		require.NoError(f, json.Unmarshal([]byte(line), &r), line)
		all = append(all, r)
	}
	return all
}

// checkAccount checks that no prompt reached the server twice, that every prompt that is done has its own text, and
// that a prompt that never reached the server is not done or failed.
func (f *fleet) checkAccount() {
	f.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	for prompt, times := range f.ledger {
		require.Equal(f, 1, times, "%s reached the server", prompt)
	}
	for _, r := range f.results() {
		switch r.State {
		case "done":
			require.Equal(f, textOf(r.Prompt), r.Text)
			require.Equal(f, 1, f.ledger[r.Prompt], r.Prompt)
			require.Equal(f, 1, r.Attempts, r.Prompt)
			require.NotNil(f, r.FinishedAt)
		case "failed":
			require.NotEmpty(f, r.Error)
			require.Equal(f, 1, f.ledger[r.Prompt], r.Prompt)
		case "unknown":
			if f.ledger[r.Prompt] > 0 {
				require.Contains(f, r.Error, "may have been billed")
			}
		case "waiting", "running":
			require.Nil(f, r.FinishedAt)
		}
	}
}

// respond responds to the next request with a status and headers, in place of the service.
func (f *fleet) respond(status int, body string, headers ...string) {
	f.Answer(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Of-The-Test", "yes")
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	})
}

// respondNoMore drops what respond has queued.
func (f *fleet) respondNoMore() {
	f.Helper()
	for {
		req, err := http.NewRequestWithContext(f.Context(), http.MethodGet, f.URL, nil)
		require.NoError(f, err)
		res, err := http.DefaultClient.Do(req)
		require.NoError(f, err)
		require.NoError(f, res.Body.Close())
		if res.Header.Get("X-Of-The-Test") == "" {
			return
		}
	}
}

// open opens the database.
func (f *fleet) open() *sql.DB {
	f.Helper()
	driver, source := "sqlite3", "file:"+escapePath.Replace(f.database)+"?_pragma=busy_timeout(30000)"
	if strings.HasPrefix(f.database, "postgres://") {
		driver, source = "pgx", f.database
	}
	db, err := sql.Open(driver, source)
	require.NoError(f, err)
	f.Cleanup(func() { _ = db.Close() })
	return db
}
