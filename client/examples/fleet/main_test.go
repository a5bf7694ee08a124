package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBadInputIsOneLineAndStatus2(t *testing.T) {
	f := newFleet(t, t.TempDir()+"/fleet.db", nil)
	f.mustRun("one\n", "add", "-")
	for name, test := range map[string]struct {
		args string
		env  string
		want string
	}{
		"no command":                    {"", "", "which command?"},
		"a command that there is not":   {"start", "", `no command "start"`},
		"a flag that there is not":      {"work -fast", "", "-fast"},
		"a flag of the wrong type":      {"work -workers many", "", "-workers"},
		"no workers":                    {"work -workers 0", "", "-workers 0"},
		"no rate":                       {"work -rate 0", "", "-rate 0"},
		"a rate that is not a number":   {"work -rate nan", "", "-rate NaN"},
		"a rescue at once":              {"work -rescue-after 1ms", "", "-rescue-after 1ms"},
		"add without a file":            {"add", "", "takes 1 argument, not 0"},
		"status with an argument":       {"status now", "", "takes 0 arguments, not 1"},
		"a file that there is not":      {"add nowhere.txt", "", "nowhere.txt"},
		"rerun without what":            {"rerun", "", "-failed, -unknown"},
		"rerun -billed without -failed": {"rerun -billed -unknown", "", "-billed goes with -failed"},
		"key-value pairs that cannot be parsed": {"status",
			"FLEET_DATABASE=host=127.0.0.1 password=hidden sslmode=none", "FLEET_DATABASE"},
		"key-value pairs of a server that is away": {"status",
			"FLEET_DATABASE=host=127.0.0.1 port=1 user=x password=hidden", "FLEET_DATABASE"},
		"key-value pairs without a host first": {"status", "FLEET_DATABASE= password = 'hidden' port=1 host=127.0.0.1",
			"FLEET_DATABASE"},
		"a password with a slash": {"status", "FLEET_DATABASE=postgres://fleet:hidden/word@127.0.0.1/x",
			"FLEET_DATABASE"},
		"a URL of another database": {"status", "FLEET_DATABASE=mysql://fleet:hidden@127.0.0.1/x",
			"postgres://"},
		"a URL without slashes":  {"add main_test.go", "FLEET_DATABASE=postgres:fleet:hidden@127.0.0.1/x", "postgres://"},
		"a URL without a scheme": {"status", "FLEET_DATABASE=fleet:hidden@127.0.0.1/x", "postgres://"},
		"one connection": {"status", "FLEET_DATABASE=postgres://fleet:hidden@127.0.0.1:1/x?pool_max_conns=1",
			"pool_max_conns=1"},
		"no key":                  {"work", "AITUTOR_API_KEY=", "AITUTOR_API_KEY"},
		"no workflow":             {"work", "AITUTOR_WORKFLOW_ID=", "AITUTOR_WORKFLOW_ID"},
		"a base URL that is none": {"work", "AITUTOR_BASE_URL=nowhere", "AITUTOR_BASE_URL"},
		"a database in a directory that is not there": {"add main_test.go", "FLEET_DATABASE=nowhere/fleet.db",
			"FLEET_DATABASE"},
		"a database that there is not":    {"status", "FLEET_DATABASE=nowhere.db", "nowhere.db"},
		"a database that is another file": {"status", "FLEET_DATABASE=main_test.go", "FLEET_DATABASE"},
		"a server that does not listen": {"add main_test.go", "FLEET_DATABASE=postgres://fleet:hidden@127.0.0.1:1/x",
			"FLEET_DATABASE"},
		"an address that cannot be parsed": {"add main_test.go", "FLEET_DATABASE=postgres://fleet:hidden@[/x",
			"FLEET_DATABASE"},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fleet{TB: t, env: append(slices.Clip(f.env), test.env)}
			stdout, stderr, status := f.run("", strings.Fields(test.args)...)
			assert.Equal(t, 2, status)
			assert.Empty(t, stdout)
			assert.Contains(t, stderr, test.want)
			assert.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
			assert.NotContains(t, stderr, "hidden")
		})
	}
	assert.Equal(t, states(1, 0, 0, 0, 0), f.status())
	assert.Empty(t, f.ledger)
}

func TestHelp(t *testing.T) {
	f := newFleet(t, t.TempDir()+"/fleet.db", nil)
	for args, want := range map[string]string{
		"-h": "FLEET_DATABASE", "help": "FLEET_DATABASE", "add -h": "FILE", "work --help": "runs at a time",
		"status -help": "FLEET_DATABASE",
		"results -h":   "JSON Lines", "rerun -h": "with -failed", "add -again -h": "added before",
	} {
		assert.Contains(t, f.mustRun("", strings.Fields(args)...), want, args)
	}
}

func TestDemo(t *testing.T) {
	f := newFleet(t, "not used", nil)
	stdout := f.mustRun("", "demo")
	require.Contains(t, stdout, "added 200\n")
	require.Contains(t, stdout, "waiting 0\nrunning 0\ndone 200\nfailed 0\nunknown 0\n")
}
