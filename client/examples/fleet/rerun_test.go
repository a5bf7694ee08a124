package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRerun(t *testing.T) {
	for database, newDatabase := range databases {
		t.Run(database, func(t *testing.T) {
			f := newFleet(t, newDatabase(t), nil)
			f.mustRun(prompts(5), "add", "-")
			f.respond(500, `{"success": false, "error": "The run failed", "code": "workflow_run_failed"}`)
			f.respond(400, `{"success": false, "error": "The prompt is missing", "code": "missing_input"}`)
			f.respond(413, "FUNCTION_PAYLOAD_TOO_LARGE", "Content-Type", "text/plain")
			f.mustRun("", "work", "-until-empty", "-rate", "1000", "-workers", "1")
			assert.Equal(t, states(0, 0, 2, 3, 0), f.status())
			assert.Equal(t, "added 0\n", f.mustRun(prompts(5), "add", "-"), "a failed run may have been billed")

			assert.Equal(t, "queued 0 again\n", f.mustRun("", "rerun", "-unknown"))
			stdout, stderr, status := f.run("", "rerun", "-failed", "-unknown")
			assert.Zero(t, status)
			assert.Equal(t, "queued 2 again\n", stdout, "those that certainly were not billed")
			assert.Contains(t, stderr, "left 1 that failed and may have been billed")
			assert.Equal(t, "queued 0 again\n", f.mustRun("", "rerun", "-failed"), "what waits is not queued again")
			assert.Equal(t, states(2, 0, 2, 1, 0), f.status())
			f.mustRun("", "work", "-until-empty")
			require.Equal(t, states(0, 0, 4, 1, 0), f.status())

			assert.Equal(t, "queued 1 again\n", f.mustRun("", "rerun", "-failed", "-billed"))
			f.mustRun("", "work", "-until-empty")
			require.Equal(t, states(0, 0, 5, 0, 0), f.status())
			var attempts int
			for _, r := range f.results() {
				assert.Equal(t, textOf(r.Prompt), r.Text)
				assert.Empty(t, r.Error)
				attempts += r.Attempts
			}
			assert.Equal(t, 8, attempts)
		})
	}
}

// What may have been billed is never among the failed runs that rerun queues without being asked to.
func TestRerunOfFailedLeavesWhatMayHaveBeenBilled(t *testing.T) {
	const flat = `{"success": false, "error": "Said so", "code": "x"}`
	for name, respond := range map[string]func(*fleet){
		"a 500":                     func(f *fleet) { f.respond(500, flat) },
		"a gateway's timeout":       func(f *fleet) { f.respond(504, "<html>", "Content-Type", "text/html") },
		"a 408":                     func(f *fleet) { f.respond(408, flat) },
		"a redirect":                func(f *fleet) { f.respond(302, "", "Location", "/") },
		"a failure under 200":       func(f *fleet) { f.respond(200, flat) },
		"a run of another contract": func(f *fleet) { f.respond(200, `{"success": true, "result": 5}`) },
		"a body that is cut off": func(f *fleet) {
			f.respond(200, strings.Repeat(" ", 9), "Content-Length", "10")
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFleet(t, newSQLite(t), nil)
			f.mustRun("one\n", "add", "-")
			respond(f)
			f.mustRun("", "work", "-until-empty")
			require.Equal(t, states(0, 0, 0, 1, 0), f.status())
			assert.Equal(t, "queued 0 again\n", f.mustRun("", "rerun", "-failed"))
			assert.Equal(t, "queued 1 again\n", f.mustRun("", "rerun", "-failed", "-billed"))
		})
	}
}
