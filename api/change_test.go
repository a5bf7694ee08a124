package api_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/api"
)

// quizComponents is the spec of a team whose workflow writes quizzes: what its api/openapi.yaml has in place of the
// story workflow's components.
const quizComponents = `{
	"schemas": {
		"RunRequest": {
			"type": "object",
			"description": "The inputs of the quiz workflow.",
			"required": ["topic", "level"],
			"properties": {
				"topic": {"type": "string", "description": "What the quiz is about.", "pattern": "\\S", "example": "dogs"},
				"level": {"type": "integer", "description": "How hard it is, from 1.", "minimum": 1, "example": 3}
			}
		},
		"RunOutput": {
			"type": "object",
			"description": "What the quiz workflow generated.",
			"required": ["questions"],
			"properties": {
				"questions": {"type": "array", "description": "The questions.", "items": {"type": "string"}}
			}
		}
	},
	"examples": {
		"StoryRequest": {"value": {"topic": "dogs", "level": 3}},
		"CompletedRun": {
			"value": {
				"success": true, "run_id": "run_abc123xyz", "status": "completed",
				"output": {"questions": ["What do dogs eat?", "Where do dogs sleep?"]}
			}
		}
	}
}`

// quizHelper is what that team has in place of client/story.go.
const quizHelper = `package client

import (
	"context"
	"strings"

	"github.com/aitutor-api/aitutor-go/gen"
)

func (c *Client) RunQuiz(ctx context.Context, workflowID, topic string, level int) (*Run, error) {
	return c.Run(ctx, workflowID, gen.RunRequest{Topic: topic, Level: level})
}

func outputText(output gen.RunOutput) string { return strings.Join(output.Questions, "\n") }
`

// quizProof is a test of that team's: the client and the test server work with the inputs and the output of the quiz.
const quizProof = `package client_test

import (
	"errors"
	"reflect"
	"testing"

	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/client/clienttest"
	"github.com/aitutor-api/aitutor-go/client/contracttest"
)

func TestQuiz(t *testing.T) {
	server := clienttest.NewServer()
	defer server.Close()
	c, err := client.New(server.APIKey, client.WithBaseURL(server.URL))
	if err != nil {
		t.Fatal(err)
	}

	run, err := c.RunQuiz(t.Context(), server.WorkflowID, "dogs", 3)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"What do dogs eat?", "Where do dogs sleep?"}
	if !reflect.DeepEqual(run.Output.Questions, want) || run.Text != want[0]+"\n"+want[1] {
		t.Errorf("got %q and the text %q", run.Output.Questions, run.Text)
	}

	if _, err := c.RunQuiz(t.Context(), server.WorkflowID, " ", 3); !errors.Is(err, client.ErrInvalidRequest) {
		t.Error("a blank topic:", err)
	}
	if _, err := c.RunQuiz(t.Context(), server.WorkflowID, "cats", 0); !errors.Is(err, client.ErrInvalidRequest) {
		t.Error("a level under the minimum:", err)
	}
	if runs := server.Runs(); runs != 1 {
		t.Errorf("%d runs", runs)
	}
}

func TestQuizKeepsTheContract(t *testing.T) {
	server := clienttest.NewServer()
	defer server.Close()
	contracttest.Run(t, contracttest.Target{BaseURL: server.URL, APIKey: server.APIKey, WorkflowID: server.WorkflowID})
}
`

func TestOnlyTheStoryFileIsReplacedWhenTheSpecChanges(t *testing.T) {
	if testing.Short() {
		t.Skip("generates and compiles in a copy of the repository")
	}
	dir := t.TempDir()
	copyModule(t, "..", dir)
	write(t, dir, "api/openapi.yaml", quizSpec(t))

	output, err := goCommand(t, dir, "generate", "./...")
	require.NoError(t, err, output)
	models, err := os.ReadFile(filepath.Join(dir, "gen", "models.gen.go"))
	require.NoError(t, err)
	require.Contains(t, string(models), "Questions []string")

	output, err = goCommand(t, dir, "build", "-gcflags=-e", "./client")
	require.Error(t, err, "the compiler names what to adapt")
	assert.Equal(t, []string{"client/story.go"}, filesWithErrors(output), output)

	write(t, dir, "client/story.go", quizHelper)
	output, err = goCommand(t, dir, "build", "./...")
	require.NoError(t, err, output)

	write(t, dir, "client/quiz_test.go", quizProof)
	output, err = goCommand(t, dir, "test", "-count=1", "-v", "./client")
	require.NoError(t, err, output)
	assert.Contains(t, output, "--- PASS: TestQuiz (")
	assert.Contains(t, output, "--- PASS: TestQuizKeepsTheContract (")
}

// quizSpec is the contract with the quiz's components.
func quizSpec(t *testing.T) string {
	t.Helper()
	document, err := openapi3.NewLoader().LoadFromData(api.Spec) // not api.Document, which must not be changed
	require.NoError(t, err)
	var quiz openapi3.Components
	require.NoError(t, json.Unmarshal([]byte(quizComponents), &quiz))
	for name, schema := range quiz.Schemas {
		require.Contains(t, document.Components.Schemas, name)
		document.Components.Schemas[name] = schema
	}
	for name, example := range quiz.Examples {
		require.Contains(t, document.Components.Examples, name)
		document.Components.Examples[name] = example
	}
	text, err := json.Marshal(document)
	require.NoError(t, err)
	changed, err := openapi3.NewLoader().LoadFromData(text)
	require.NoError(t, err)
	require.NoError(t, changed.Validate(t.Context()))
	return string(text) // JSON is YAML
}

// copyModule copies what a user of the module compiles and generates: no tests, and no programs, which run the story
// workflow.
func copyModule(t *testing.T, from, to string) {
	t.Helper()
	var copied []string
	skip := []string{"examples", "bench", "testdata"}
	for _, top := range []string{"go.mod", "go.sum", "tools.go", "api", "gen", "client"} {
		err := filepath.WalkDir(filepath.Join(from, top), func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			name, err := filepath.Rel(from, path)
			switch {
			case err != nil:
				return err
			case entry.IsDir() && slices.Contains(skip, entry.Name()):
				return filepath.SkipDir
			case entry.IsDir() || strings.HasSuffix(name, "_test.go"):
				return nil
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			write(t, to, name, string(data))
			copied = append(copied, filepath.ToSlash(name))
			return nil
		})
		require.NoError(t, err)
	}
	require.Subset(t, copied, []string{"go.mod", "api/openapi.yaml", "gen/overlay.yaml", "client/story.go"})
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
}

// goCommand runs the go command in dir and returns what it prints.
func goCommand(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	output, err := cmd.CombinedOutput()
	return string(output), err
}

// filesWithErrors are the files that the compiler's messages name.
func filesWithErrors(output string) []string {
	var files []string
	for _, match := range regexp.MustCompile(`(?m)^(?:\./)?(\S+\.go):\d+:\d+: `).FindAllStringSubmatch(output, -1) {
		files = append(files, filepath.ToSlash(match[1]))
	}
	slices.Sort(files)
	return slices.Compact(files)
}
