package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestGoProblems generates from the document with the module's generator and its configuration.
func TestGoProblems(t *testing.T) {
	const lesson = "    Lesson:\n"
	for _, test := range []struct {
		name, old, new, says string
	}{
		{"nothing", "", "", ""},
		{"properties that differ in case", "      properties:\n", "      properties:\n        ID: {type: string}\n        id: {type: string}\n", `the properties "ID" and "id" of Lesson are both ID in Go`},
		{"properties that are named apart", "      properties:\n", "      properties:\n        ID: {type: string, x-go-name: Identity}\n        id: {type: string}\n", ""},
		{"a schema of the name of the client", lesson, "    Client: {type: object, properties: {a: {type: string}}}\n" + lesson, "two things are Client in Go"},
		{"a schema that is named apart", lesson, "    Client: {type: object, x-go-name: Customer, properties: {a: {type: string}}}\n" + lesson, ""},
		{"a schema of the name of a response", lesson, "    ListLessonsResponse: {type: object, properties: {a: {type: string}}}\n" + lesson, ""},
		{"enum values of one name", "enum: [low, high]", "enum: ['', '日本']", `two values of the enum of Lesson.level have one name in Go`},
		{"enum values that are named", "enum: [low, high]", "enum: ['', '日本'], x-enum-varnames: [None, Japan]", ""},
		{"null among the enum values", "enum: [low, high]", "nullable: true, enum: [low, null]", ""},
		{"a recursive property", "        level:", "        next: {$ref: '#/components/schemas/Lesson'}\n        level:", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, spec, test.old)
			dir := t.TempDir()
			file, generated := filepath.Join(dir, "openapi.yaml"), filepath.Join(dir, "gen.go")
			require.NoError(t, os.WriteFile(file, []byte(strings.Replace(spec, test.old, test.new, 1)), 0o600))
			config, err := os.ReadFile("../../../gen/config.yaml")
			require.NoError(t, err)
			own := strings.Replace(string(config), "output: openapi.gen.go", "output: "+generated, 1)
			require.NoError(t, os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(own), 0o600))
			generate := exec.CommandContext(t.Context(), "go", "run", "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen",
				"--config="+filepath.Join(dir, "config.yaml"), file)
			generate.Dir = "../../../gen"
			output, err := generate.CombinedOutput()
			require.NoError(t, err, string(output))
			problems := goProblems(file, generated)
			if test.says == "" {
				assert.Empty(t, problems)
				return
			}
			assert.Len(t, problems, 1)
			assert.Contains(t, strings.Join(problems, "\n"), test.says)
		})
	}
}
