package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAdd(t *testing.T) {
	for database, newDatabase := range databases {
		t.Run(database, func(t *testing.T) {
			f := newFleet(t, newDatabase(t), nil)
			for _, test := range []struct {
				name  string
				lines string
				args  []string
				want  string
			}{
				{"each line is a prompt, and blank ones are skipped", "a\n\n  \nb", nil, "added 2\n"},
				{"a line that is queued is skipped", "a\nc\n", nil, "added 1\n"},
				{"a line that stands twice is added once", "d\n" + strings.Repeat(" d \r\n", 2), nil, "added 1\n"},
				{"all are added again with -again", strings.Repeat("a\n", 2) + "e\n", []string{"-again"}, "added 3\n"},
				{"a line that was first added with -again is known", "e\n", nil, "added 0\n"},
				{"a byte order mark is not part of a line", "\ufeffa\n", nil, "added 0\n"},
				{"an empty file adds nothing", "", nil, "added 0\n"},
				{"any text is a prompt", "{\"x\": 'é'} \\u0000 \u2028 %s $1 ?1\n", nil, "added 1\n"},
			} {
				assert.Equal(t, test.want, f.mustRun(test.lines, append(append([]string{"add"}, test.args...), "-")...), test.name)
			}
			_, stderr, status := f.run("x\n\x00\n", "add", "-")
			assert.Equal(t, 2, status)
			assert.Contains(t, stderr, "line 2")
			_, _, status = f.run("x\n\xff\n", "add", "-")
			assert.Equal(t, 2, status)

			var added []string
			for _, r := range f.results() {
				assert.Equal(t, "waiting", r.State)
				assert.Zero(t, r.Attempts)
				added = append(added, r.Prompt)
			}
			assert.Equal(t, []string{"a", "b", "c", "d", "e", "a", "a", "{\"x\": 'é'} \\u0000 \u2028 %s $1 ?1"}, added)

			f.mustRun("", "work", "-until-empty", "-rate", "1000")
			assert.Equal(t, "added 0\n", f.mustRun("a\ne\n", "add", "-"), "a line that is done is skipped")
			assert.Equal(t, "added 1\n", f.mustRun("a\n", "add", "-", "-again"))
			assert.Equal(t, 3, f.ledger["a"])
		})
	}
}

func TestAddAtTheSameTimeToANewDatabase(t *testing.T) {
	for database, newDatabase := range databases {
		t.Run(database, func(t *testing.T) {
			f := newFleet(t, newDatabase(t), nil)
			file := filepath.Join(t.TempDir(), "prompts.txt")
			require.NoError(t, os.WriteFile(file, []byte(prompts(2500)), 0o600))
			adders := make([]*process, 5)
			for i := range adders {
				adders[i] = f.start("add", file)
			}
			for _, adder := range adders {
				assert.Zero(t, adder.exit())
			}
			assert.Equal(t, states(2500, 0, 0, 0, 0), f.status())
		})
	}
}

// SQLite's driver has 256 MB of memory, several times as much as which a statement needs for its prompts.
func TestAddOfLongPrompts(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	for database, newDatabase := range databases {
		for name, test := range map[string]struct{ lines, bytes int }{
			"100 of 1 MB": {100, 1_000_000}, "1,500 of 90 kB": {1500, 90_000}, "8 of 10 MB": {8, 10_000_000},
		} {
			t.Run(name+", "+database, func(t *testing.T) {
				f := newFleet(t, newDatabase(t), nil)
				var lines strings.Builder
				for i := range test.lines {
					fmt.Fprintf(&lines, "%d %s\n", i, strings.Repeat("x", test.bytes))
				}
				assert.Equal(t, fmt.Sprintf("added %d\n", test.lines), f.mustRun(lines.String(), "add", "-"))
				assert.Equal(t, states(test.lines, 0, 0, 0, 0), f.status())
				assert.Equal(t, "added 0\n", f.mustRun(lines.String(), "add", "-"))
			})
		}
	}
}

func TestAddOfMoreThanSQLiteCanTakeIsAnError(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	f := newFleet(t, newSQLite(t), nil)
	f.mustRun("one\n", "add", "-")
	_, stderr, status := f.run(strings.Repeat("x", 60_000_000), "add", "-")
	assert.Equal(t, 1, status)
	assert.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
	assert.Contains(t, stderr, "use shorter prompts")
	assert.Equal(t, states(1, 0, 0, 0, 0), f.status(), "nothing holds a lock")
	assert.Equal(t, "added 1\n", f.mustRun("two\n", "add", "-"))
}
