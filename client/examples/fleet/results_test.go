package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestResultsAndRerunWithLongTexts(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	for database, newDatabase := range databases {
		t.Run(database, func(t *testing.T) {
			const total = 60
			f := newFleet(t, newDatabase(t), nil)
			f.mustRun(prompts(total), "add", "-")
			long := `{"success": true, "result": "` + strings.Repeat("x", 9_900_000) + `"}`
			for range total - 1 {
				f.respond(200, long)
			}
			f.respond(400, `{"success": false, "error": "Said so"}`)
			f.mustRun("", "work", "-until-empty", "-rate", "1000", "-workers", "8")
			lines := 0
			for line := range strings.Lines(f.mustRun("", "results")) {
				lines++
				require.True(t, strings.HasSuffix(line, "}\n"))
			}
			assert.Equal(t, total, lines)
			assert.Equal(t, states(0, 0, total-1, 1, 0), f.status())
			assert.Equal(t, "queued 1 again\n", f.mustRun("", "rerun", "-failed"))
		})
	}
}
