package main

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPostgresWithFewConnections(t *testing.T) {
	f := newFleet(t, newPostgres(t), nil)
	few := f.at(t, f.database+"&pool_max_conns=3")
	few.mustRun(prompts(20), "add", "-")
	few.mustRun("", "work", "-until-empty", "-rate", "1000", "-workers", "20")
	assert.Equal(t, states(0, 0, 20, 0, 0), few.status())
}

func TestPostgresByKeysAndValues(t *testing.T) {
	f := newFleet(t, newPostgres(t), nil)
	conf, err := pgx.ParseConfig(f.database)
	require.NoError(t, err)
	pairs := f.at(t, strings.NewReplacer("HOST", conf.Host, "DB", conf.Database, "USER", conf.User).Replace(
		"password=hidden host=HOST dbname=DB user=USER sslmode=disable port=")+
		strings.Split(strings.Split(f.database, "@")[1], ":")[1][:5])
	pairs.mustRun("one\n", "add", "-")
	assert.Equal(t, states(1, 0, 0, 0, 0), f.status())
}

func TestPostgresIsReadByAReader(t *testing.T) {
	f := newFleet(t, newPostgres(t), nil)
	_, stderr, _ := f.at(t, strings.Replace(f.database, "/fleet_", "/no_", 1)).run("", "status")
	assert.Contains(t, stderr, "does not exist")
	assert.NotContains(t, stderr, "tables", "it is the database that is not there")
	_, stderr, status := f.run("", "status")
	assert.Equal(t, 2, status)
	assert.Contains(t, stderr, "fleet add has not created the tables yet")
	f.mustRun("one\n", "add", "-")
	reader := f.at(t, f.database+"&default_transaction_read_only=on")
	assert.Equal(t, states(1, 0, 0, 0, 0), reader.status())
	assert.Len(t, reader.results(), 1)
}
