package client_test

import (
	"os"
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
	tested := testedCode(t)
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	assert.Greater(t, len(blocks), 5)
	for _, block := range blocks {
		code := unindent(block[1])
		if strings.HasPrefix(code, "package client\n") {
			continue // a whole file, which api/change_test.go compiles
		}
		if !strings.Contains(tested, code) {
			t.Errorf("no example has this code:\n%s", code)
		}
	}
}
