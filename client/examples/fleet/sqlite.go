package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/ncruces/go-sqlite3"
	sqlitedriver "github.com/ncruces/go-sqlite3/driver" // pure Go
	"github.com/riverqueue/river/riverdriver/riversqlite"
)

// writing are the parameters of a connection that writes. Synchronous is full: a claim must survive the machine, and in
// WAL mode the driver's default would not sync it.
var writing = url.Values{
	"mode":    {"rw"},
	"_txlock": {"immediate"},
	"_pragma": {"busy_timeout(30000)", "journal_mode(wal)", "synchronous(full)"},
}

func withSQLite(ctx context.Context, path string, to access, f func(queue) error) error {
	if to != create && !exists(path) {
		return usageError{fmt.Errorf("FLEET_DATABASE: there is no file %s: fleet add creates it", path)}
	}
	db, err := openSQLite(ctx, path, to)
	if err != nil {
		return usageError{fmt.Errorf("FLEET_DATABASE: %w", err)}
	}
	defer db.Close()
	return prepare(ctx, &database[*sql.Tx]{db, riversqlite.New(db)}, to, f)
}

func openSQLite(ctx context.Context, path string, to access) (*sql.DB, error) {
	if to == read {
		return openToRead(ctx, path)
	}
	params := writing
	if to == create {
		params = maps.Clone(writing)
		params.Set("mode", "rwc")
	}
	db, err := connectSQLite(ctx, path, params)
	if err != nil {
		return nil, err
	}
	var synchronous int
	if err = db.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&synchronous); err == nil && synchronous != 2 {
		err = fmt.Errorf("SQLite does not sync each commit (synchronous is %d, not 2)", synchronous)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// connectSQLite opens the file and reads from it.
func connectSQLite(ctx context.Context, path string, params url.Values) (*sql.DB, error) {
	sqlite3.ConfigLog(dieOutOfMemory)
	path, err := filepath.Abs(path) // :memory: is a file as well
	if err != nil {
		return nil, err
	}
	connector, err := new(sqlitedriver.SQLite).OpenConnector("file:" + escapePath.Replace(path) + "?" + params.Encode())
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(withMemory{connector})
	db.SetMaxOpenConns(1) // SQLite has one writer: more would only wait for each other
	var tables int
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

var escapePath = strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23")

// withMemory lets a connection use 2 GiB in place of the driver's 256 MiB: a fetch reads the prompts of all workers.
type withMemory struct{ driver.Connector }

func (c withMemory) Connect(ctx context.Context) (driver.Conn, error) {
	return c.Connector.Connect(sqlite3.WithMaxMemory(ctx, 2<<30))
}

// dieOutOfMemory ends the process: the driver would panic inside database/sql, and a deferred rollback would then wait
// for the statement that panicked, for ever.
func dieOutOfMemory(code sqlite3.ExtendedErrorCode, message string) {
	if code.Code() == sqlite3.NOMEM {
		die("SQLite is out of memory: " + message + ": use shorter prompts, fewer -workers, or PostgreSQL")
	}
}
