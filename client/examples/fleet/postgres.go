package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
)

// minConns is how many connections a process needs at once: one to listen, one for a lock, one for work.
const minConns = 3

func withPostgres(ctx context.Context, address string, to access, f func(queue) error) error {
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		return usageError{parseError(address, err)}
	}
	if config.MaxConns < minConns {
		return usageError{fmt.Errorf("FLEET_DATABASE: pool_max_conns=%d is too few: a process needs %d connections",
			config.MaxConns, minConns)}
	}
	// A claim must survive a crash of the server, whatever the default of the server, the database or the role.
	config.ConnConfig.RuntimeParams["synchronous_commit"] = "on"
	if to == read {
		config.ConnConfig.RuntimeParams["default_transaction_read_only"] = "on"
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return usageError{fmt.Errorf("FLEET_DATABASE: %w", err)}
	}
	defer pool.Close()
	db := stdlib.OpenDBFromPool(pool)
	defer db.Close()
	return prepare(ctx, &database[pgx.Tx]{db, riverpgxv5.New(pool)}, to, f)
}

// parseError returns pgx's error, which quotes the address and parts of it, only if there is no password in the
// address.
func parseError(address string, err error) error {
	if strings.Contains(address, "@") || strings.Contains(strings.ToLower(address), "password") {
		return errors.New("FLEET_DATABASE cannot be parsed: postgres://user:password@host/database (special characters " +
			"of the password percent-encoded), or host=... user=... password=... dbname=...")
	}
	return fmt.Errorf("FLEET_DATABASE: %w", err)
}
