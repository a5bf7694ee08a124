package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	_ "github.com/ncruces/go-sqlite3/driver" // pure Go
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
)

// schema is the one table beside River's: a row claims an attempt of a job, and then holds its result. State is null,
// done or failed.
const schema = `CREATE TABLE IF NOT EXISTS fleet_run (
	job_id  bigint NOT NULL,
	attempt bigint NOT NULL,
	state   varchar,
	text    varchar NOT NULL DEFAULT '',
	run_id  varchar NOT NULL DEFAULT '',
	error   varchar NOT NULL DEFAULT '',
	body    bytea,
	PRIMARY KEY (job_id, attempt)
)`

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

// withQueue opens the database of FLEET_DATABASE, brings its tables up to date, and calls f with it.
func withQueue(ctx context.Context, create bool, f func(queue) error) error {
	name := os.Getenv("FLEET_DATABASE")
	if name == "" {
		name = "fleet.db"
	}
	if strings.HasPrefix(name, "postgres://") || strings.HasPrefix(name, "postgresql://") {
		return withPostgres(ctx, name, f)
	}
	return withSQLite(ctx, name, create, f)
}

// queue is what the commands do with a database.
type queue interface {
	add(ctx context.Context, prompts []string, again bool) (added int, err error)
	work(ctx context.Context, opts workOptions, w *worker) error
	counts(ctx context.Context) (counts, error)
	results(ctx context.Context, each func(result) error) error
	rerun(ctx context.Context, states ...string) (queued int, err error)
}

func withPostgres(ctx context.Context, address string, f func(queue) error) error {
	pool, err := pgxpool.New(ctx, address)
	if err != nil {
		return usageError{fmt.Errorf("FLEET_DATABASE: %w", err)} // pgx hides the password
	}
	defer pool.Close()
	db := stdlib.OpenDBFromPool(pool)
	defer db.Close()
	return prepare(ctx, &database[pgx.Tx]{db, riverpgxv5.New(pool)}, f)
}

func withSQLite(ctx context.Context, path string, create bool, f func(queue) error) error {
	mode := "rw"
	if create {
		mode = "rwc"
	} else if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) { //nolint:gosec // the path is the user's own
		return usageError{fmt.Errorf("FLEET_DATABASE: there is no file %s: fleet add creates it", path)}
	}
	// Synchronous stays FULL: a claim must survive the machine.
	db, err := sql.Open("sqlite3", "file:"+escapePath.Replace(path)+"?"+url.Values{
		"mode":    {mode},
		"_txlock": {"immediate"},
		"_pragma": {"busy_timeout(30000)", "journal_mode(wal)"},
	}.Encode())
	if err != nil {
		return usageError{fmt.Errorf("FLEET_DATABASE: %w", err)}
	}
	defer db.Close()
	db.SetMaxOpenConns(1) // SQLite has one writer: more would only wait for each other
	return prepare(ctx, &database[*sql.Tx]{db, riversqlite.New(db)}, f)
}

var escapePath = strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23")

// prepare brings the tables up to date. Of several processes that start at once, one does it and the others wait.
func prepare[TTx any](ctx context.Context, db *database[TTx], f func(queue) error) error {
	migrator, err := rivermigrate.New(db.driver, &rivermigrate.Config{Logger: logger})
	if err != nil {
		return err
	}
	err = db.inTx(ctx, func(tx TTx, exec riverdriver.ExecutorTx) error {
		if db.driver.DatabaseName() == riverdriver.DatabaseNameSQLite {
			_, err := migrator.MigrateTx(ctx, tx, rivermigrate.DirectionUp, nil) //nolint:staticcheck // deprecated for PostgreSQL's sake
			return errors.Join(err, exec.Exec(ctx, schema))
		}
		// Some of PostgreSQL's migrations have to be committed before the next one.
		if err := exec.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtext('fleet_run'))"); err != nil {
			return err
		}
		_, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
		return errors.Join(err, exec.Exec(ctx, schema))
	})
	if err != nil {
		return usageError{fmt.Errorf("FLEET_DATABASE: %w", err)}
	}
	return f(db)
}

// inTx commits what f does, or nothing of it.
func (db *database[TTx]) inTx(ctx context.Context, f func(tx TTx, exec riverdriver.ExecutorTx) error) error {
	exec, err := db.driver.GetExecutor().Begin(ctx)
	if err != nil {
		return err
	}
	defer exec.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // after Commit there is nothing to roll back
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
