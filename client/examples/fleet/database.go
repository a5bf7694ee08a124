package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivermigrate"
)

// schema is the one table beside River's: a row claims an attempt of a job, and then holds what became of it. State is
// null after the claim, then received (a response is stored), then done or failed.
const (
	schema = `CREATE TABLE IF NOT EXISTS fleet_run (
	job_id     bigint NOT NULL,
	attempt    bigint NOT NULL,
	claimed_at varchar NOT NULL,              -- RFC 3339
	state      varchar,
	request_id varchar NOT NULL DEFAULT '',   -- of a response that has begun
	response   varchar NOT NULL DEFAULT '',   -- its status and header, as JSON
	body       bytea,
	text       varchar NOT NULL DEFAULT '',
	run_id     varchar NOT NULL DEFAULT '',
	error      varchar NOT NULL DEFAULT '',
	billed     boolean NOT NULL DEFAULT true, -- if it failed: whether it may have been
	PRIMARY KEY (job_id, attempt)
)`
	index = "CREATE INDEX IF NOT EXISTS fleet_run_received ON fleet_run (job_id) WHERE state = 'received'"
)

// prompt is the argument of a job.
type prompt struct {
	Prompt string `json:"prompt" river:"unique"`
}

func (prompt) Kind() string { return "fleet_run" }

// database is the queue in a database of either kind; TTx is the type of its transactions.
type database[TTx any] struct {
	*sql.DB // for statements of our own. Their $1, $2 come in this order, as SQLite numbers them by appearance
	driver  riverdriver.Driver[TTx]
}

// queue is what the commands do with a database.
type queue interface {
	add(ctx context.Context, prompts []string, again bool) (added int, err error)
	work(ctx context.Context, opts workOptions, w *worker) error
	counts(ctx context.Context) (counts, error)
	waitsUntil(ctx context.Context) (first, now time.Time, err error)
	results(ctx context.Context, each func(result) error) error
	rerun(ctx context.Context, which rerunOptions) (queued, left int, err error)
}

// access is what a command does with the database.
type access int

const (
	read   access = iota // the tables are only read
	write                // the tables are created
	create               // and a file of SQLite is created
)

// withQueue opens the database of FLEET_DATABASE and calls f with it.
func withQueue(ctx context.Context, to access, f func(queue) error) error {
	name := os.Getenv("FLEET_DATABASE")
	switch {
	case name == "":
		return withSQLite(ctx, "fleet.db", to, f)
	case isPostgres.MatchString(name):
		return withPostgres(ctx, name, to, f)
	case isOtherURL.MatchString(name): // not printed: it may hold a password
		return usageError{errors.New("FLEET_DATABASE is a URL that does not begin with postgres://")}
	}
	return withSQLite(ctx, name, to, f)
}

var (
	isPostgres = regexp.MustCompile(`^(postgres|postgresql)://|^\s*[A-Za-z_]+\s*=`) // or host=... password=...
	isOtherURL = regexp.MustCompile(`://|:.*@`)                                     // or user:password@host/...
)

// prepare creates the tables, except for a reader, and calls f.
func prepare[TTx any](ctx context.Context, db *database[TTx], to access, f func(queue) error) error {
	err := db.checkTables(ctx)
	if to != read {
		if err = db.migrate(ctx, err != nil); err == nil {
			err = db.checkTables(ctx)
		}
	}
	if err != nil {
		return usageError{fmt.Errorf("FLEET_DATABASE: %w", err)}
	}
	return f(db)
}

// checkTables returns an error if the tables are missing or of an older version.
func (db *database[TTx]) checkTables(ctx context.Context) error {
	if err := db.PingContext(ctx); err != nil {
		return err
	}
	rows, err := db.QueryContext(ctx, "SELECT billed FROM fleet_run, river_job WHERE 1 = 0")
	if err == nil {
		return errors.Join(rows.Err(), rows.Close())
	}
	if strings.Contains(err.Error(), "no such") || strings.Contains(err.Error(), "does not exist") {
		return fmt.Errorf("fleet add has not created the tables yet, or they are of an older version: %w", err)
	}
	return err
}

// migrate brings River's tables up to date, and creates fleet's if they are missing. Of several processes that start at
// once, one does it and the others wait.
func (db *database[TTx]) migrate(ctx context.Context, missing bool) error {
	migrator, err := rivermigrate.New(db.driver, &rivermigrate.Config{Logger: logger})
	if err != nil {
		return err
	}
	return db.inTx(ctx, func(tx TTx, exec riverdriver.ExecutorTx) error {
		if db.isSQLite() {
			//nolint:staticcheck // deprecated for PostgreSQL's sake
			_, err = migrator.MigrateTx(ctx, tx, rivermigrate.DirectionUp, nil)
		} else {
			if err := exec.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtext('fleet_run'))"); err != nil {
				return err
			}
			// Not in this transaction: some have to be committed before the next one.
			_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
		}
		if err == nil && missing {
			if err = exec.Exec(ctx, schema); err == nil {
				err = exec.Exec(ctx, index)
			}
		}
		return err
	})
}

func (db *database[TTx]) isSQLite() bool {
	return db.driver.DatabaseName() == riverdriver.DatabaseNameSQLite
}

// inTx commits what f does, or nothing of it.
func (db *database[TTx]) inTx(ctx context.Context, f func(tx TTx, exec riverdriver.ExecutorTx) error) error {
	exec, err := db.driver.GetExecutor().Begin(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if panicked := recover(); panicked != nil { // a rollback would wait for the statement that panicked, for ever
			die(fmt.Sprint("the driver of the database failed: ", panicked))
		}
		_ = exec.Rollback(context.WithoutCancel(ctx)) // after Commit there is nothing to roll back
	}()
	if err := f(db.driver.UnwrapTx(exec), exec); err != nil {
		return err
	}
	return exec.Commit(ctx)
}

// client returns a River client; config has what is particular to a command.
func (db *database[TTx]) client(config river.Config) (*river.Client[TTx], error) {
	config.Logger = logger
	config.MaxAttempts = 1
	// River forgets finished jobs by default. They are the account of what was run.
	config.CompletedJobRetentionPeriod = -1
	config.CancelledJobRetentionPeriod = -1
	config.DiscardedJobRetentionPeriod = -1
	return river.NewClient(db.driver, &config)
}

var logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
