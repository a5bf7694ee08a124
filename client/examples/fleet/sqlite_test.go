package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSQLiteFileOfAnyName(t *testing.T) {
	for _, path := range []string{"x", ":memory:", "a b%41?mode=ro#y&.db", "file:x.db", "/%s/x.db", "a\\b.db", "host.db"} {
		dir := t.TempDir()
		path = strings.ReplaceAll(path, "%s", dir)
		f := newFleet(t, path, nil)
		for _, args := range []string{"add prompts.txt", "status"} {
			cmd := f.command(strings.Fields(args)...)
			cmd.Dir = dir
			require.NoError(t, os.WriteFile(filepath.Join(dir, "prompts.txt"), []byte("one\n"), 0o600))
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s: %s", path, out)
			assert.Contains(t, string(out), " 1\n", path)
		}
		assert.FileExists(t, filepath.Join(dir, filepath.Base(path)))
	}
}

func TestStatusAndResultsOnAFullDisk(t *testing.T) {
	f := newFleet(t, newSQLite(t), nil)
	f.mustRun(prompts(3), "add", "-")
	f.mustRun("", "work", "-until-empty", "-rate", "1000")
	full := f.at(t, f.database, "FLEET_TEST_DISK=full")
	assert.Equal(t, states(0, 0, 3, 0, 0), full.status())
	assert.Len(t, full.results(), 3)
	_, stderr, status := full.run("four\n", "add", "-")
	assert.NotZero(t, status)
	assert.Contains(t, stderr, "full")
	assert.Equal(t, states(0, 0, 3, 0, 0), f.status())
}

// A copy that was taken while a worker ran has a write-ahead log beside it, and one that was taken afterwards has none.
// The database is read where it is, however large it is: there is no directory for temporary files.
func TestStatusAndResultsWhereNothingCanBeWritten(t *testing.T) {
	const inUse = "a database that others use meanwhile"
	for name, suffixes := range map[string][]string{
		"a copy of a database at rest":         {""},
		"a copy of one in use":                 {"", "-wal"},
		"a copy of one in use, with its index": {"", "-wal", "-shm"},
		inUse:                                  {"", "-wal", "-shm"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFleet(t, newSQLite(t), nil)
			f.mustRun(prompts(3), "add", "-")
			f.mustRun("", "work", "-until-empty", "-rate", "1000")
			text := textOf("prompt 2")
			if len(suffixes) > 1 {
				text = "only in the log"
				conn, err := f.open().Conn(t.Context())
				require.NoError(t, err)
				_, err = conn.ExecContext(t.Context(), "UPDATE fleet_run SET text = '"+text+"'")
				require.NoError(t, err)
			}
			copied := filepath.Join(t.TempDir(), "copy.db")
			if name == inUse {
				copied = f.database
			} else {
				for _, suffix := range suffixes {
					data, err := os.ReadFile(f.database + suffix)
					require.NoError(t, err)
					require.NoError(t, os.WriteFile(copied+suffix, data, 0o444))
				}
			}
			dir := filepath.Dir(copied)
			link := filepath.Join(t.TempDir(), "link.db")
			require.NoError(t, os.Symlink(copied, link))
			readOnly := f.at(t, link, "TMPDIR=/nowhere")
			run := func(args ...string) (string, error) {
				out, err := asNobody(t, dir, readOnly.command(args...)).CombinedOutput()
				return string(out), err
			}
			out, err := run("status")
			require.NoError(t, err, out)
			assert.Equal(t, "waiting 0\nrunning 0\ndone 3\nfailed 0\nunknown 0\n", out)
			out, err = run("results")
			require.NoError(t, err, out)
			assert.Contains(t, out, text)
			out, err = run("rerun", "-unknown")
			assert.Error(t, err, out)
			entries, err := os.ReadDir(dir)
			require.NoError(t, err)
			assert.Len(t, entries, len(suffixes), "nothing was created")
		})
	}
}

// asNobody makes a command run without permission to write to dir.
func asNobody(t *testing.T, dir string, cmd *exec.Cmd) *exec.Cmd {
	t.Helper()
	require.NoError(t, os.Chmod(dir, 0o555))
	t.Cleanup(func() { _ = os.Chmod(dir, 0o755) })
	if os.Getuid() != 0 {
		return cmd
	}
	bin := t.TempDir()
	program, err := os.ReadFile(cmd.Path)
	require.NoError(t, err)
	require.NoError(t, os.Chmod(filepath.Dir(bin), 0o755)) // of all directories of the test
	cmd.Path, cmd.Dir = filepath.Join(bin, "fleet"), bin
	require.NoError(t, os.WriteFile(cmd.Path, program, 0o755))
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	return cmd
}
