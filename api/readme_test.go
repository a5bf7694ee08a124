package api_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client/clienttest"
)

func TestREADME_LinksAndTargets(t *testing.T) {
	makefile, err := os.ReadFile("../Makefile")
	require.NoError(t, err)
	for _, name := range []string{"README.md", ".github/CONTRIBUTING.md", ".github/SECURITY.md", ".github/CHANGELOG.md"} {
		text, err := os.ReadFile(filepath.Join("..", name))
		if errors.Is(err, fs.ErrNotExist) {
			continue // another workflow has no README yet
		}
		require.NoError(t, err)
		for _, link := range regexp.MustCompile(`\]\(([^):#]+)\)`).FindAllStringSubmatch(prose(string(text)), -1) {
			_, err := os.Stat(filepath.Join("..", filepath.Dir(name), link[1]))
			assert.NoError(t, err, "a link of %s", name)
		}
		for _, command := range regexp.MustCompile("(?m)(?:^|`)make((?: [a-z-]+)+)").FindAllStringSubmatch(string(text), -1) {
			for target := range strings.FieldsSeq(command[1]) {
				assert.Contains(t, string(makefile), "\n"+target+":", "a target of %s", name)
			}
		}
	}
}

// prose returns a text without its blocks of code.
func prose(text string) string {
	return regexp.MustCompile("(?s)```.*?```").ReplaceAllString(text, "")
}

// TestREADME_Commands runs the commands of the README, all but those that would run this test, on test servers.
func TestREADME_Commands(t *testing.T) {
	if os.Getenv("AITUTOR_TEST_ALL") == "" {
		t.Skip("builds and runs every program: make test-all runs it")
	}
	readme, err := os.ReadFile("../README.md")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("there is no README to follow")
	}
	require.NoError(t, err)
	server := clienttest.NewServer(clienttest.WithTextResults())
	defer server.Close()
	dir := t.TempDir()
	for name, text := range map[string]string{"prompts.txt": "dogs\ncats\n", "traffic.har": `{"log": {"entries": []}}`} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	here := strings.NewReplacer(
		"make test ", "true ",
		"http://localhost:8080", server.URL, "sk_...", server.APIKey, "wf_...", server.WorkflowID,
		"postgres://...", filepath.Join(dir, "fleet.db"), "go build", "go build -o "+dir+"/fleet", "./fleet", dir+"/fleet",
		"prompts.txt", dir+"/prompts.txt", "results.jsonl", dir+"/results.jsonl", "report.xml", dir+"/report.xml",
		"traffic.har", dir+"/traffic.har",
	)
	var scripts []string
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(readme), -1) {
		scripts = append(scripts, block[1])
	}
	assert.Len(t, scripts, 3)
	for _, span := range regexp.MustCompile("`(go run [^`]+|make (?:run|fleet)[^`]*)`").FindAllStringSubmatch(prose(string(readme)), -1) {
		scripts = append(scripts, span[1])
	}
	for _, script := range scripts {
		cmd := command(t, "..", "sh", "-ec", here.Replace(script))
		cmd.Env = append(cmd.Env, "AITUTOR_BASE_URL="+server.URL)
		output, err := cmd.CombinedOutput()
		assert.NoError(t, err, "%s\n%s", script, output)
	}
	results, err := os.ReadFile(filepath.Join(dir, "results.jsonl"))
	require.NoError(t, err)
	assert.Len(t, strings.Split(strings.TrimSpace(string(results)), "\n"), 2, "%s", results)
}
