package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTablesOfAnOlderVersionAreAnError(t *testing.T) {
	for database, newDatabase := range databases {
		t.Run(database, func(t *testing.T) {
			f := newFleet(t, newDatabase(t), nil)
			f.mustRun("one\n", "add", "-")
			_, err := f.open().ExecContext(t.Context(), "ALTER TABLE fleet_run DROP COLUMN billed")
			require.NoError(t, err)
			for _, args := range [][]string{{"add", "-"}, {"work"}, {"status"}, {"rerun", "-unknown"}} {
				_, stderr, status := f.run("two\n", args...)
				assert.Equal(t, 2, status)
				assert.Contains(t, stderr, "older version")
			}
		})
	}
}
