package api_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestOperationsOfEveryShape adds the operations of testdata to the spec: no line of Go is written but the proof
// (testdata/operations_test.go), which calls them through the client, on the test server, and runs the contract kit.
func TestOperationsOfEveryShape(t *testing.T) {
	dir := copyModule(t)
	proof, err := os.ReadFile("testdata/operations_test.go")
	require.NoError(t, err)
	for _, file := range []string{"testdata/operations.yaml", "testdata/operations-more.yaml"} {
		change, err := os.ReadFile(file)
		require.NoError(t, err)
		changeSpec(t, dir, string(change))
	}
	run(t, dir, "make", "generate", "spec")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "client", "operations_test.go"), proof, 0o600))
	run(t, dir, "go", "test", "-short", "-run", "TestO", "./client")
}

// TestWorkflowsOfEveryShape replaces the workflow as the README says, by workflows that have little in common
// with it.
func TestWorkflowsOfEveryShape(t *testing.T) {
	for _, test := range []struct{ name, outputText string }{
		{"every-type", `output.Link`},
		{"names-and-nesting", `output.Type`},
		{"variants", `func() string { poem, _ := output.AsPoem(); return strings.Join(poem.Lines, " ") }()`},
		{"one-of", `func() string { if output.Rhyme == nil { return "" }; return *output.Rhyme }()`},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := copyModule(t)
			change, err := os.ReadFile("testdata/workflow-" + test.name + ".yaml")
			require.NoError(t, err)
			changeSpec(t, dir, string(change))
			run(t, dir, "make", "generate", "spec")
			for _, file := range append(ownFiles(t, dir), "client/readme_test.go", "README.md") {
				require.NoError(t, os.RemoveAll(filepath.Join(dir, file)))
			}
			text := "package client\n\nimport (\n\"fmt\"\n\"strings\"\n\n\"github.com/aitutor-api/aitutor-go/gen\"\n)\n\n" +
				"func outputText(output gen.RunOutput) string { return fmt.Sprint(strings.TrimSpace(" + test.outputText + ")) }\n"
			require.NoError(t, os.WriteFile(filepath.Join(dir, "client", "workflow.go"), []byte(text), 0o600))
			run(t, dir, "go", append([]string{"test", "-short"}, dependents...)...)
			run(t, dir, "make", "run")
		})
	}
}

// dependents are the packages whose tests depend on what the spec says.
var dependents = []string{
	"./api", "./client", "./client/clienttest", "./client/contract", "./client/contracttest", "./client/examples/...",
	"./client/internal/openapi", "./client/internal/operation", "./client/internal/payload",
}

// TestChangesThatNeedNoGo changes, at once, what no line of Go depends on.
func TestChangesThatNeedNoGo(t *testing.T) {
	dir := copyModule(t)
	editSpec(t, dir,
		"openapi: 3.0.3", "openapi: 3.1.0",
		"  - url: https://aitutor-api.vercel.app\n    description: The public service.\n",
		`  - url: https://{region}.example.com/{base}
    variables: {region: {default: eu, enum: [eu, us]}, base: {default: v2}}
  - url: https://staging.example.com
`,
		"bearerAuth", "secretKey",
		"responses/Run'", "responses/DoneRun'", "    Run:\n", "    DoneRun:\n",
	)
	run(t, dir, "make", "generate", "spec")
	run(t, dir, "go", append([]string{"test", "-short"}, dependents...)...)
}

// TestChangesThatGoDependsOn makes changes that some lines of Go have to follow, and has each of their files named.
func TestChangesThatGoDependsOn(t *testing.T) {
	const payload = "client/internal/payload/payload"
	dir := copyModule(t)
	spec, err := os.ReadFile("openapi.yaml")
	require.NoError(t, err)
	for _, test := range []struct {
		name  string
		edits []string
		files []string
	}{
		{"run_id is renamed", []string{"run_id", "id"}, []string{payload + ".go: the fields of Payload"}},
		{"a field of the error is renamed",
			[]string{"        - message\n", "        - text\n", "        message:\n", "        text:\n"},
			[]string{"client/clienttest/responses.go:", payload + ".go: the fields of errorValue"}},
		{"a variant is removed", []string{"        - $ref: '#/components/schemas/TextRun'\n", "",
			"    TextRun:\n      type: object\n", "    Unused:\n      type: object\n"},
			[]string{"client/clienttest/responses.go:", "client/clienttest/faults.go:", payload + "_test.go:"}},
		{"the error schema is replaced", []string{
			"    Failure:\n      description: A",
			"    Failure:\n      $ref: '#/components/schemas/Problem'\n    OldFailure:\n      description: A",
			"    Error:\n      type: object\n",
			"    Problem: {type: object, description: A problem., required: [title], properties: {title: {type: string, description: What.}}}\n    OldError:\n      type: object\n",
			"schemas/Error'", "schemas/OldError'",
		}, []string{"client/clienttest/responses.go:", payload + "_test.go:"}},
		{"the operation is renamed", []string{"operationId: runWorkflow", "operationId: startRun"},
			[]string{"client/run.go:"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.NoError(t, os.WriteFile(filepath.Join(dir, "api", "openapi.yaml"), spec, 0o600))
			editSpec(t, dir, test.edits...)
			// Without the examples: those of what is replaced are not valid any more.
			text := regexp.MustCompile(`(?m)^( +)examples:\n(            .*\n)+`).ReplaceAllString(readSpec(t, dir),
				"${1}x-no-examples: true\n")
			require.NoError(t, os.WriteFile(filepath.Join(dir, "api", "openapi.yaml"), []byte(text), 0o600))
			run(t, dir, "make", "generate")
			output, err := command(t, dir, "go", "vet", "./client", "./client/clienttest",
				"./client/internal/payload").CombinedOutput()
			tests, testErr := command(t, dir, "go", "test", "./client/internal/payload").CombinedOutput()
			assert.True(t, err != nil || testErr != nil, "neither the compiler nor a test fails")
			for _, file := range test.files {
				assert.Contains(t, string(output)+string(tests), file)
			}
		})
	}
}

func readSpec(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "api", "openapi.yaml"))
	require.NoError(t, err)
	return string(text)
}

// editSpec replaces texts of the spec: pairs of an old and a new one.
func editSpec(t *testing.T, dir string, pairs ...string) {
	t.Helper()
	text := readSpec(t, dir)
	for i := 0; i < len(pairs); i += 2 {
		require.Contains(t, text, pairs[i])
		text = strings.ReplaceAll(text, pairs[i], pairs[i+1])
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "api", "openapi.yaml"), []byte(text), 0o600))
}
