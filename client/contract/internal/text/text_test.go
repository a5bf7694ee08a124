package text

import (
	"encoding/json"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"
)

// schemaOf returns the Schema of a text in YAML.
func schemaOf(t *testing.T, described string) Schema {
	t.Helper()
	var value any
	require.NoError(t, yaml.Unmarshal([]byte(described), &value))
	data, err := json.Marshal(value)
	require.NoError(t, err)
	schema := &openapi3.Schema{}
	require.NoError(t, json.Unmarshal(data, schema))
	return SchemaOf(openapi3.NewSchemaRef("", schema))
}

func TestTextsAreReadAsTheirSchemaSays(t *testing.T) {
	tests := []struct {
		name, schema   string
		tree           any
		typed, literal string // as JSON, or the error after a !
	}{
		{"a string", `{type: string}`, "5", `"5"`, `"5"`},
		{"an integer", `{type: integer}`, "007", `7`, `7`},
		{"no integer", `{type: integer}`, "x", `!an invalid integer`, `!an invalid integer`},
		{"an integer of more than 64 bits", `{type: integer}`, "9223372036854775808", `!an invalid integer`,
			`!an invalid integer`},
		{"a number", `{type: number}`, "1.50", `1.50`, `1.50`},
		{"a number that only Go writes so", `{type: number}`, "0x10", `!an invalid number`, `!an invalid number`},
		{"a boolean", `{type: boolean}`, "true", `true`, `true`},
		{"a string or a number", `{anyOf: [{type: integer}, {type: string}]}`, "5", `5`, `"5"`},
		{"a number or null", `{anyOf: [{type: integer}, {type: "null"}]}`, "x", `!an invalid integer`, `!an invalid integer`},
		{"anything", `{}`, "5", `5`, `"5"`},
		{"anything that is a word", `{}`, "t", `"t"`, `"t"`},
		{"a number that is listed", `{enum: [1, 2]}`, "2", `2`, `2`},
		{"an empty integer", `{type: integer}`, "", `!empty value is not allowed`, `!empty value is not allowed`},
		{"a list", `{type: array, items: {type: integer}}`, []any{"1", "2"}, `[1,2]`, `[1,2]`},
		{"a list of none", `{type: array, items: {type: integer}}`, []any{}, `[]`, `[]`},
		{"a list of one", `{type: array, items: {type: integer}}`, "1", `[1]`, `[1]`},
		{"a list with places", `{type: array, prefixItems: [{type: integer}, {type: string}]}`, []any{"1", "2"}, `[1,"2"]`,
			`[1,"2"]`},
		{"a list by its indexes", `{type: array, items: {type: string}}`, map[string]any{"1": "b", "0": "a", "": "c"},
			`["a","b","c"]`, `["a","b","c"]`},
		{"an object", `{type: object, properties: {a: {type: integer}}, additionalProperties: {type: boolean}}`,
			map[string]any{"a": "1", "b": "true"},
			`{"a":1,"b":true}`, `{"a":1,"b":true}`},
		{"an object of parts", `{allOf: [{properties: {a: {type: integer}}}, {properties: {b: {type: string}}}]}`,
			map[string]any{"a": "1", "b": "2"},
			`{"a":1,"b":"2"}`, `{"a":1,"b":"2"}`},
		{"an object without what is empty", `{type: object, properties: {a: {type: integer}}}`, map[string]any{"a": ""}, `{}`,
			`{}`},
		{"an object in one text", `{type: object}`, `{"a":1}`, `{"a":1}`, `{"a":1}`},
		{"a list of objects in one text", `{type: array, items: {type: object}}`, []any{`[{"a":1}]`}, `[{"a":1}]`,
			`[{"a":1}]`},
		{"no object in one text", `{type: object}`, `a`, `!OpenAPI does not say how it is sent`,
			`!OpenAPI does not say how it is sent`},
		{"what is known", `{type: integer}`, Decoded{"x"}, `"x"`, `"x"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for reading, want := range map[Reading]string{Typed: test.typed, Literal: test.literal} {
				value, err := schemaOf(t, test.schema).Read(test.tree, reading)
				if err != nil {
					assert.Equal(t, want, "!"+err.Error())
					continue
				}
				data, err := json.Marshal(value)
				require.NoError(t, err)
				assert.Equal(t, want, string(data))
			}
		})
	}
}
