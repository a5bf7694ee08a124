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
	const level = "        level: {type: string, enum: [low, high]}\n"
	for _, test := range []struct {
		name, old, new string
		line           string // what stands in the line that is named
		says           string
	}{
		{"nothing", "", "", "", ""},
		{"properties that differ in case", level, "        ID: {type: string}\n        id: {type: string}\n", "id: {",
			`"ID" and "id" of Lesson are both ID in Go`},
		{"properties that differ in case, in a property", level,
			"        a:\n          properties:\n            ID: {type: string}\n            id: {type: string}\n", "id: {",
			`"ID" and "id" of Lesson are both ID`},
		{"parameters that differ in case", "example: 1}\n",
			"example: 1}\n        - {name: pAge, in: query, schema: {type: integer}}\n        - {name: p_age, in: query, schema: {type: integer}}\n", "p_age", `"pAge" and "p_age" of ListLessonsParams are both PAge`},
		{"a property without a letter that Go has in a name", level, "        日本: {type: string}\n", "日本",
			`"日本" of Lesson has no name in Go: name it with x-go-name`},
		{"a property that is named for Go", level,
			"        日本: {type: string, x-go-name: Japan}\n        größe: {type: string}\n        2nd: {type: string}\n", "",
			""},
		{"properties that are named apart", level,
			"        ID: {type: string, x-go-name: Identity}\n        id: {type: string}\n", "", ""},
		{"a schema of the name of the client", lesson,
			"    Client: {type: object, properties: {a: {type: string}}}\n" + lesson, "Client:", "two things are Client in Go"},
		{"a schema of the name of a function", lesson,
			"    NewClient: {type: object, properties: {a: {type: string}}}\n" + lesson, "NewClient:",
			"two things are NewClient in Go"},
		{"a schema that is named apart", lesson,
			"    Client: {type: object, x-go-name: Customer, properties: {a: {type: string}}}\n" + lesson, "", ""},
		{"a schema of the name of a response", lesson,
			"    ListLessonsResponse: {type: object, properties: {a: {type: string}}}\n" + lesson, "", ""},
		{"two operations of one name", "operationId: putLesson", "operationId: list_lessons", "operationId: list_lessons",
			"another operationId"},
		{"enum values of one name", "enum: [low, high]", "enum: ['', '日本']", "enum: ['', '日本']",
			`has the name of another value of the enum in Go: name each with x-enum-varnames`},
		{"enum values of one name, which another enum has", level,
			"        a: {type: string, enum: ['', '日本']}\n        b: {type: string, enum: ['']}\n        c: {type: string, enum: ['日本']}\n", "a: {type: string, enum", `has the name of another value`},
		{"enum values of one name, of a parameter", "schema: {type: integer}, example: 1",
			"schema: {type: string, enum: ['', '日本', a]}", "enum: ['', '日本', a]", `has the name of another value`},
		{"enum values that are named", "enum: [low, high]", "enum: ['', '日本'], x-enum-varnames: [None, Japan]", "", ""},
		{"enum values that are names of the client", "enum: [low, high]",
			"enum: [client, newClient, low, Low, '1', '-1', ' ']", "", ""},
		{"the same values in two enums", level, level + strings.Replace(level, "level", "other", 1), "", ""},
		{"null among the enum values", "enum: [low, high]", "nullable: true, enum: [low, null]", "", ""},
		{"a recursive property", "        level:", "        next: {$ref: '#/components/schemas/Lesson'}\n        level:", "",
			""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, spec, test.old)
			text := strings.Replace(spec, test.old, test.new, 1)
			dir := t.TempDir()
			file, generated := filepath.Join(dir, "openapi.yaml"), filepath.Join(dir, "gen.go")
			require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
			config, err := os.ReadFile("../../../gen/config.yaml")
			require.NoError(t, err)
			own := strings.Replace(string(config), "output: openapi.gen.go", "output: "+generated, 1)
			require.NoError(t, os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(own), 0o600))
			generate := exec.CommandContext(t.Context(), "go", "run", "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen",
				"--config="+filepath.Join(dir, "config.yaml"), file)
			generate.Dir = "../../../gen"
			output, err := generate.CombinedOutput()
			require.NoError(t, err, string(output))
			problems := check(file, []string{generated})
			if test.says == "" {
				assert.Empty(t, problems)
				return
			}
			require.NotEmpty(t, problems)
			assertNamed(t, text, test.line, test.says, file, problems)
		})
	}
}
