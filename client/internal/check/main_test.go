package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const spec = `openapi: 3.0.3
info: {title: Lessons, version: 1.0.0}
paths:
  /lessons:
    get:
      operationId: listLessons
      summary: List the lessons
      parameters:
        - {name: page, in: query, schema: {type: integer}, example: 1}
      responses:
        '200':
          description: The lessons.
          headers:
            x-left: {schema: {type: integer}, example: 9}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Lesson'}
              examples:
                first: {$ref: '#/components/examples/First'}
    put:
      operationId: putLesson
      responses:
        '204': {description: Done.}
components:
  schemas:
    Lesson:
      type: object
      required: [title]
      properties:
        title:
          type: string
          pattern: \S
          example: Dogs
        level: {type: string, enum: [low, high]}
  examples:
    First:
      value:
        title: Dogs
`

func TestSpecProblems(t *testing.T) {
	for _, test := range []struct {
		name     string
		old, new string
		line     string // what stands in the line that is named
		says     string
	}{
		{"nothing", "", "", "", ""},
		{"an example that its schema refuses", "        title: Dogs\n", "        title: 7\n", "title: 7", "title"},
		{"an example without a field", "        title: Dogs\n", "        titel: Dogs\n", "value:", "title"},
		{"an example of a property", "example: Dogs", "example: 7", "example: 7", "string"},
		{"an example of a parameter", "example: 1}", "example: one}", "example: one", "integer"},
		{"a misspelt key of a schema", "properties:", "propertis:", "propertis:", "propertis"},
		{"a misspelt key of an operation", "summary:", "sumaryy:", "sumaryy:", "sumaryy"},
		{"a misspelt key of a response", "          headers:", "          haeders:", "haeders:", "haeders"},
		{"a pattern that is no regular expression", `pattern: \S`, `pattern: ([`, "pattern: ([", "(["},
		{"two operations of one ID", "operationId: putLesson", "operationId: listLessons", "put:", "listLessons"},
		{"a type that is none", "type: object", "type: objekt", "type: objekt", "objekt"},
		{"a reference to nothing", "schemas/Lesson'", "schemas/Leson'", "Leson", "Leson"},
		{"a reference into $defs", "schemas/Lesson'", "schemas/Lesson/$defs/Step'", "$defs",
			"move the schema to components/schemas"},
		{"a bracket that is not closed", "[title]", "[title", "properties:", "yaml"},
		{"a tab", "  /lessons:", "\t/lessons:", "\t/lessons:", "yaml"},
		{"no description of a response", "          description: The lessons.\n", "", "'200':", "description"},
		{"a pattern without an example", "schema: {type: integer}, example: 9}",
			"required: true, schema: {type: string, pattern: ^L-}}", "pattern: ^L-",
			"listLessons, response 200, header x-left needs an example: none can be made for the pattern ^L-"},
		{"a property without an example", "'204': {description: Done.}",
			"'200': {description: Done., content: {application/json: {schema: {type: object, required: [code], properties: {code: {type: string, pattern: ^L-}}}}}}", "pattern: ^L-", "putLesson, response 200, application/json: /code needs an example"},
		{"an optional property without an example", "'204': {description: Done.}",
			"'200': {description: Done., content: {application/json: {schema: {type: object, properties: {code: {type: string, pattern: ^L-}}}}}}", "", ""},
		{"a format without an example", "schema: {type: integer}, example: 1}",
			"required: true, schema: {type: string, format: iban}}", "format: iban",
			"listLessons, query parameter page needs an example: none can be made for the format iban"},
		{"a content type of which nothing is said",
			"              schema: {$ref: '#/components/schemas/Lesson'}\n              examples:\n                first: {$ref: '#/components/examples/First'}\n", "", "application/json:", `"application/json" has no value`},
		{"a response of which nothing is said", "'204': {description: Done.}", "'204':", "'204':", `"204" has no value`},
		{"an example that is null", "level: {type: string, enum: [low, high]}",
			"level: {type: string, nullable: true, default: null, example: null, enum: [low, null]}", "", ""},
		{"a path parameter that is not declared", "/lessons:", "/lessons/{id}:", "/lessons/{id}", "id"},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := strings.Replace(spec, test.old, test.new, 1)
			file := filepath.Join(t.TempDir(), "openapi.yaml")
			require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
			problems := check(file, nil)
			if test.says == "" {
				assert.Empty(t, problems)
				return
			}
			require.NotEmpty(t, problems)
			t.Log(strings.Join(problems, "\n"))
			assertNamed(t, text, test.line, test.says, file, problems)
		})
	}
}

// assertNamed fails unless the first problem names the line of the text, and says something.
func assertNamed(t *testing.T, text, line, says, file string, problems []string) {
	t.Helper()
	require.Contains(t, text, line)
	before, _, _ := strings.Cut(text, line)
	number := 1 + strings.Count(before, "\n")
	assert.True(t, strings.HasPrefix(problems[0], fmt.Sprintf("%s:%d: ", file, number)), "line %d: %s", number,
		problems[0])
	assert.Contains(t, problems[0], says)
	assert.NotContains(t, problems[0], "\n")
}
