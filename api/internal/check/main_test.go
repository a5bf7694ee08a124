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
		{"a reference into $defs", "schemas/Lesson'", "schemas/Lesson/$defs/Step'", "$defs", "move the schema to components/schemas"},
		{"a bracket that is not closed", "[title]", "[title", "properties:", "yaml"},
		{"a tab", "  /lessons:", "\t/lessons:", "\t/lessons:", "yaml"},
		{"no description of a response", "          description: The lessons.\n", "", "'200':", "description"},
		{"a path parameter that is not declared", "/lessons:", "/lessons/{id}:", "/lessons/{id}", "id"},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := strings.Replace(spec, test.old, test.new, 1)
			file := filepath.Join(t.TempDir(), "openapi.yaml")
			require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
			problems := specProblems(file)
			if test.says == "" {
				assert.Empty(t, problems)
				return
			}
			require.NotEmpty(t, problems)
			t.Log(strings.Join(problems, "\n"))
			require.Contains(t, text, test.line)
			before, _, _ := strings.Cut(text, test.line)
			line := 1 + strings.Count(before, "\n")
			assert.True(t, strings.HasPrefix(problems[0], fmt.Sprintf("%s:%d: ", file, line)), "line %d: %s", line, problems[0])
			assert.Contains(t, problems[0], test.says)
			assert.NotContains(t, problems[0], "\n")
		})
	}
}
