package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestStatusSaysUntilWhenRunsWait(t *testing.T) {
	for database, newDatabase := range databases {
		t.Run(database, func(t *testing.T) {
			f := newFleet(t, newDatabase(t), nil)
			f.mustRun(prompts(2), "add", "-")
			assert.Contains(t, f.mustRun("", "status"), "waiting 2\n")
			_, err := f.open().ExecContext(t.Context(), "UPDATE river_job SET scheduled_at = '2100-01-02 03:04:05'")
			require.NoError(t, err)
			assert.Contains(t, f.mustRun("", "status"),
				"waiting 2 (the first until 2100-01-02T03:04:05Z; the database's clock says 2")
			assert.Equal(t, states(2, 0, 0, 0, 0), f.status())
		})
	}
}
