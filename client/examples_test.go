package client_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/doc"
	"go/doc/comment"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The reference page shows an example as a program that can be pasted: it must need nothing of another file.
func TestExamples_ArePrograms(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles a program per example")
	}
	dir, err := filepath.Abs(".")
	require.NoError(t, err)
	var overlay struct{ Replace map[string]string } // of files that are not there by files that are
	overlay.Replace = make(map[string]string)
	for _, pkg := range []string{".", "clienttest", "contract", "contracttest"} {
		fset := token.NewFileSet()
		for _, example := range doc.Examples(parseAll(t, fset, filepath.Join(pkg, "*_test.go"))...) {
			if !assert.NotNil(t, example.Play, "%s: Example%s uses what another file has", pkg, example.Name) {
				continue
			}
			var program bytes.Buffer
			require.NoError(t, format.Node(&program, fset, example.Play))
			at := fmt.Sprint("program", len(overlay.Replace))
			file := filepath.Join(t.TempDir(), "main.go")
			require.NoError(t, os.WriteFile(file, program.Bytes(), 0o600))
			overlay.Replace[filepath.Join(dir, "internal", "programs", at, "main.go")] = file
		}
	}
	assert.Greater(t, len(overlay.Replace), 20)
	data, err := json.Marshal(overlay)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "overlay.json")
	require.NoError(t, os.WriteFile(file, data, 0o600))
	out, err := exec.CommandContext(t.Context(), "go", "list", "-export", "-overlay", file, "./internal/programs/...").CombinedOutput()
	assert.NoError(t, err, "%s", out)
}

// A block of Go in a doc comment is code of an example, so it compiles and runs; only the indentation may differ.
func TestDocs_HaveTheCodeOfTheExamples(t *testing.T) {
	tested := testedCode(t)
	paragraphs := 0
	for _, pkg := range []string{".", "clienttest", "contract", "contracttest"} {
		for _, file := range parseAll(t, token.NewFileSet(), filepath.Join(pkg, "*.go")) {
			for _, group := range file.Comments {
				for _, block := range new(comment.Parser).Parse(group.Text()).Content {
					code, ok := block.(*comment.Code)
					if !ok {
						continue
					}
					for paragraph := range strings.SplitSeq(code.Text, "\n\n") {
						if !isGo(paragraph) {
							continue
						}
						paragraphs++
						if !strings.Contains(tested, unindent(paragraph)) {
							t.Errorf("package %s: no example has this code:\n%s", file.Name.Name, paragraph)
						}
					}
				}
			}
		}
	}
	assert.Greater(t, paragraphs, 5)
}

// isGo reports whether text is declarations or statements.
func isGo(text string) bool {
	for _, program := range []string{"package p\n" + text, "package p\nfunc f() {\n" + text + "\n}"} {
		if _, err := parser.ParseFile(token.NewFileSet(), "", program, parser.SkipObjectResolution); err == nil {
			return true
		}
	}
	return false
}

// testedCode returns the code of the examples, and of the tests with other libraries, without indentation.
func testedCode(t *testing.T) string {
	t.Helper()
	var tested strings.Builder
	for _, pattern := range []string{"example*_test.go", "*/example*_test.go", "examples/interop/*_test.go"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, files, pattern)
		for _, file := range files {
			code, err := os.ReadFile(file)
			require.NoError(t, err)
			tested.WriteString(unindent(string(code)))
		}
	}
	return tested.String()
}

func unindent(code string) string {
	var lines []string
	for line := range strings.Lines(code) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

func parseAll(t *testing.T, fset *token.FileSet, pattern string) []*ast.File {
	t.Helper()
	files, err := filepath.Glob(pattern)
	require.NoError(t, err)
	var parsed []*ast.File
	for _, file := range files {
		f, err := parser.ParseFile(fset, file, nil, parser.ParseComments)
		require.NoError(t, err)
		parsed = append(parsed, f)
	}
	return parsed
}
