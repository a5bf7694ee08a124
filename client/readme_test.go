package client_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each block of Go in the README is code of an example, so it compiles and runs; only the indentation may differ.
func TestREADME_HasTheCodeOfTheExamples(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	var tested strings.Builder
	for _, pattern := range []string{"example*_test.go", "*/example*_test.go"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, files, pattern)
		for _, file := range files {
			code, err := os.ReadFile(file)
			require.NoError(t, err)
			tested.WriteString(unindent(string(code)))
		}
	}
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	assert.Greater(t, len(blocks), 5)
	for _, block := range blocks {
		code := unindent(block[1])
		if strings.HasPrefix(code, "package client\n") {
			continue // a whole file, which api/change_test.go compiles
		}
		if !strings.Contains(tested.String(), code) {
			t.Errorf("no example has this code:\n%s", code)
		}
	}
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
