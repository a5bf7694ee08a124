package api_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// These tests follow the README's section "When the spec changes" in a copy of the module: its YAML goes into the spec,
// its Go replaces the workflow's own file, and the copy has to be green. They take minutes: make test-all runs them.

func TestREADME_AnotherWorkflow(t *testing.T) {
	dir := copyModule(t)
	section := readmeSection(t, "Another workflow")
	changeSpec(t, dir, block(t, section, "yaml"))
	run(t, dir, "make", "generate")

	output, err := command(t, dir, "go", "build", "-gcflags=-e", "./client").CombinedOutput()
	require.Error(t, err, "the compiler names what to replace")
	own := ownFiles(t, dir)
	for _, match := range regexp.MustCompile(`(?m)^(\S+\.go):\d+:\d+: `).FindAllStringSubmatch(string(output), -1) {
		assert.Contains(t, own, match[1], "%s", output)
	}
	for _, file := range append(own, "client/readme_test.go") {
		require.NoError(t, os.RemoveAll(filepath.Join(dir, file)))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "client", "lesson.go"), []byte(block(t, section, "go")), 0o600))

	run(t, dir, "go", append([]string{"test", "-short"}, dependents...)...)
	assert.Contains(t, run(t, dir, "make", "run"), "Dogs", "the program runs the workflow with the spec's example")
}

func TestREADME_AnotherOperation(t *testing.T) {
	dir := copyModule(t)
	section := readmeSection(t, "Another operation")
	changeSpec(t, dir, block(t, section, "yaml"))
	run(t, dir, "make", "generate")
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "client", "readme_test.go")))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "client", "operation_test.go"), []byte(operationProof), 0o600))
	run(t, dir, "go", append([]string{"test", "-short"}, dependents...)...)
}

// operationProof calls the operation of the README through the client.
const operationProof = `package client_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/client/clienttest"
	"github.com/aitutor-api/aitutor-go/client/contract"
	"github.com/aitutor-api/aitutor-go/client/contracttest"
)

func TestAnotherOperation(t *testing.T) {
	server := clienttest.NewServer()
	defer server.Close()
	c, err := client.New(server.APIKey, client.WithBaseURL(server.URL), client.WithMaxRetries(1))
	require.NoError(t, err)

	res, err := c.API().GetBalanceWithResponse(t.Context())
	require.NoError(t, err)
	require.NotNil(t, res.JSON200, "the server sends the example")
	assert.EqualValues(t, 1234, res.JSON200.Credits)
	assert.Empty(t, res.HTTPResponse.Request.Header.Get("Authorization"))

	asked := 0
	answer := func(status int, header, body string) {
		server.Answer(func(w http.ResponseWriter, r *http.Request) {
			asked++
			assert.Equal(t, "Bearer "+server.APIKey, r.Header.Get("Authorization"))
			name, value, _ := strings.Cut(header, ": ")
			w.Header().Set(name, value)
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		})
	}
	const json = "Content-Type: application/json"
	t.Run("a documented refusal is a normal result", func(t *testing.T) {
		answer(401, json, "{\"success\":false,\"error\":\"no\"}")
		res, err := c.API().GetBalanceWithResponse(t.Context())
		require.NoError(t, err)
		assert.NotNil(t, res.JSON401)
	})
	t.Run("a response that breaks the contract is a *contract.Error", func(t *testing.T) {
		answer(200, json, "{}")
		_, err := c.API().GetBalanceWithResponse(t.Context())
		var broken *contract.Error
		require.ErrorAs(t, err, &broken)
		assert.Equal(t, "{}", string(broken.Body))
	})
	t.Run("a 429 is tried again, a 500 and a redirect are not", func(t *testing.T) {
		asked = 0
		answer(429, json, "{\"success\":false,\"error\":\"slow down\"}")
		answer(500, json, "{\"success\":false,\"error\":\"sorry\"}")
		res, err := c.API().GetBalanceWithResponse(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 500, res.StatusCode())
		assert.Equal(t, 2, asked)
		answer(307, "Location: /elsewhere", "")
		res, err = c.API().GetBalanceWithResponse(t.Context())
		if err == nil {
			assert.Equal(t, 307, res.StatusCode())
		}
		assert.Equal(t, 3, asked)
	})
	t.Run("the contract kit checks it", func(t *testing.T) {
		checked := 0
		for _, name := range contracttest.Checks() {
			if strings.HasPrefix(name, "getBalance/") {
				checked++
			}
		}
		assert.NotZero(t, checked)
		contracttest.Run(t, contracttest.Target{BaseURL: server.URL, APIKey: server.APIKey, WorkflowID: server.WorkflowID})
	})
}
`

// copyModule copies all files of the module but the nested module, and returns where.
func copyModule(t *testing.T) string {
	t.Helper()
	if os.Getenv("AITUTOR_TEST_ALL") == "" {
		t.Skip("generates, builds and tests a copy of the module: make test-all runs it")
	}
	dir := t.TempDir()
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		name, _ := filepath.Rel("..", path)
		switch {
		case err != nil:
			return err
		case name == ".git" && !entry.IsDir(): // of a worktree
			return nil
		case name == ".git", filepath.ToSlash(name) == "client/examples/fleet":
			return filepath.SkipDir
		case entry.IsDir():
			return os.MkdirAll(filepath.Join(dir, name), 0o700)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, name), data, 0o600)
	})
	require.NoError(t, err)
	return dir
}

// ownFiles returns what make workflow-files lists: the files that are one workflow's own.
func ownFiles(t *testing.T, dir string) []string {
	t.Helper()
	files := strings.Fields(run(t, dir, "make", "--no-print-directory", "workflow-files"))
	require.NotEmpty(t, files)
	return files
}

func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	output, err := command(t, dir, name, args...).CombinedOutput()
	require.NoError(t, err, "%s %s\n%s", name, strings.Join(args, " "), output)
	return string(output)
}

func command(t *testing.T, dir, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	cmd.Env = []string{"GOFLAGS=-trimpath"} // copies of the module share what is built
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "AITUTOR_") && !strings.HasPrefix(variable, "MAKE") &&
			!strings.HasPrefix(variable, "MFLAGS") {
			cmd.Env = append(cmd.Env, variable)
		}
	}
	return cmd
}

// readmeSection returns the text under a heading of the README.
func readmeSection(t *testing.T, heading string) string {
	t.Helper()
	readme, err := os.ReadFile("../README.md")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("there is no README to follow")
	}
	require.NoError(t, err)
	_, text, found := strings.Cut(string(readme), "\n### "+heading+"\n")
	require.True(t, found, "the README has no section %q", heading)
	text, _, _ = strings.Cut(text, "\n## ")
	text, _, _ = strings.Cut(text, "\n### ")
	return text
}

// block returns the first code block of a language, at any indentation.
func block(t *testing.T, text, language string) string {
	t.Helper()
	match := regexp.MustCompile("(?sm)^( *)```" + language + "\n(.*?)^ *```$").FindStringSubmatch(text)
	require.NotNil(t, match, "no block of %s", language)
	var lines []string
	for line := range strings.Lines(match[2]) {
		lines = append(lines, strings.TrimPrefix(line, match[1]))
	}
	return strings.Join(lines, "")
}

// changeSpec puts the paths and components of a piece of YAML into the spec, in place of those of the same names.
func changeSpec(t *testing.T, dir, change string) {
	t.Helper()
	file := filepath.Join(dir, "api", "openapi.yaml")
	spec, err := os.ReadFile(file)
	require.NoError(t, err)
	lines := strings.SplitAfter(string(spec), "\n")
	section := ""
	for i, changed := 0, strings.SplitAfter(change, "\n"); i < len(changed); i++ {
		line := changed[i]
		name := strings.TrimSpace(line)
		switch depth := len(line) - len(strings.TrimLeft(line, " ")); {
		case name == "":
		case depth == 0 || depth == 2 && section != "paths:\n":
			section = line
		default: // an entry, with all that is deeper
			end := endOfEntry(changed, i)
			lines = put(t, lines, section, changed[i:end])
			i = end - 1
		}
	}
	require.NoError(t, os.WriteFile(file, []byte(strings.Join(lines, "")), 0o600))
}

// put puts an entry into a section of lines.
func put(t *testing.T, lines []string, section string, entry []string) []string {
	t.Helper()
	start := slices.Index(lines, section)
	require.GreaterOrEqual(t, start, 0, "the spec has no section %q", section)
	start++
	for at := start; at < len(lines) && indentation(lines[at]) > indentation(section); at++ {
		if key(lines[at]) == key(entry[0]) {
			return slices.Replace(slices.Clone(lines), at, endOfEntry(lines, at), entry...)
		}
	}
	return slices.Insert(slices.Clone(lines), start, entry...)
}

// endOfEntry returns where the entry that begins at a line ends.
func endOfEntry(lines []string, start int) int {
	end := start + 1
	for end < len(lines) && (strings.TrimSpace(lines[end]) == "" || indentation(lines[end]) > indentation(lines[start])) {
		end++
	}
	return end
}

// key returns the indentation and the name of an entry, whose value may follow on the line.
func key(line string) string {
	name, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
	return strings.TrimSuffix(name, ":")
}

func indentation(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }
