package api_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestBreaking changes a copy of the module and asks make breaking what it says of that.
func TestBreaking(t *testing.T) {
	const runRequest = "    RunRequest:\n      type: object\n"
	for _, test := range []struct {
		name, file string
		old, new   string
		code       int
		says       []string
		saysNot    string
	}{
		{"nothing", "api/openapi.yaml", "", "", 0, []string{"Nothing changed since HEAD"}, "Changes of"},
		{
			"a new operation", "api/openapi.yaml", "\npaths:\n",
			"\npaths:\n  /api/v1/balance:\n    get: {operationId: getBalance, responses: {'200': {description: The balance.}}}\n",
			0, []string{"endpoint added", "none"}, "breaks users",
		},
		{
			"another server, inputs that are closed, and a new minor version", "api/openapi.yaml", runRequest,
			runRequest + "      additionalProperties: false\n",
			1, []string{"was removed", "no longer takes additional properties", "breaks users of the contract"}, "the Go API at",
		},
		{"a break with a new major version", "api/openapi.yaml", "run_id", "id", 0,
			[]string{"info.version was raised", "gen.CompletedRun.RunID: removed"}, "if that is meant"},
		{"Go that does not compile", "gen/doc.go", "package gen", "package gen\nvar _ = undefined", 2,
			[]string{"cannot be loaded"}, "Incompatible"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := copyModule(t)
			for _, args := range [][]string{{"init", "-q"}, {"add", "-A"},
				{"-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-qm", "a"}} {
				run(t, dir, "git", args...)
			}
			file := filepath.Join(dir, test.file)
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Contains(t, string(data), test.old)
			text := strings.ReplaceAll(string(data), test.old, test.new)
			if strings.Contains(test.name, "another server") {
				text = strings.Replace(text, "servers:\n  - url: https://aitutor", "servers:\n  - url: https://another", 1)
			}
			if strings.Contains(test.name, "version") {
				next := map[bool]string{true: "99.0.0", false: "1.99.0"}[strings.Contains(test.name, "major")]
				text = strings.Replace(text, "  version: 1.", "  version: "+next+" # 1.", 1)
			}
			require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
			if test.file == "api/openapi.yaml" {
				run(t, dir, "make", "generate")
			}
			output, err := command(t, dir, "sh", ".ci/breaking", "HEAD").CombinedOutput()
			var exit *exec.ExitError
			if test.code != 0 {
				require.ErrorAs(t, err, &exit, "%s", output)
				assert.Equal(t, test.code, exit.ExitCode(), "%s", output)
			} else {
				require.NoError(t, err, "%s", output)
			}
			for _, says := range test.says {
				assert.Contains(t, string(output), says)
			}
			assert.NotContains(t, string(output), test.saysNot)
			assert.NotContains(t, string(output), "Ignoring")
		})
	}
}
