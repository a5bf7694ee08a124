package values

import (
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
)

// schemaOf reads a schema, and a document that its values are for.
func schemaOf(t *testing.T, text string) (openapi.Sampler, *openapi3.Schema) {
	t.Helper()
	document, err := openapi3.NewLoader().LoadFromData([]byte(`{"openapi": "3.0.3", "info": {"title": "t", "version": "1"},
		"paths": {}, "components": {"schemas": {"Value": ` + text + `}}}`))
	require.NoError(t, err)
	return openapi.ForRequests(document), document.Components.Schemas["Value"].Value
}

func namesOf(list []Wrong) []string {
	names := []string{}
	for _, wrong := range list {
		names = append(names, wrong.Name)
	}
	return names
}

func TestOutside(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, schema string
		valid        any
		want         []string
	}{
		{"anything", `{}`, "x", []string{}},
		{"a text", `{"type": "string"}`, "x", []string{}},
		{"a text of a length", `{"type": "string", "minLength": 2, "maxLength": 4}`, "abc",
			[]string{"empty-p", "p-is-too-short", "p-is-too-long"}},
		{"a text of a pattern", `{"type": "string", "pattern": "^[a-z]+$"}`, "abc",
			[]string{"empty-p", "blank-p", "p-breaks-its-pattern"}},
		{"a text of a format", `{"type": "string", "format": "email"}`, "a@example.com", []string{"p-breaks-its-format"}},
		{"one of a list", `{"type": "string", "enum": ["a"]}`, "a", []string{"p-is-not-listed"}},
		{"a number", `{"type": "number", "minimum": 1, "maximum": 2, "multipleOf": 0.5}`, 1.0,
			[]string{"p-is-no-multiple", "p-is-too-small", "p-is-too-large"}},
		{"a number below its limit", `{"type": "number", "maximum": 2, "exclusiveMaximum": true}`, 1.0,
			[]string{"p-is-too-large"}},
		{"a list", `{"type": "array", "minItems": 1, "maxItems": 2, "uniqueItems": true, "items": {}}`, []any{"a"},
			[]string{"p-has-too-few", "p-has-too-many", "p-has-twice"}},
		{"a closed object", `{"type": "object", "additionalProperties": false}`, map[string]any{},
			[]string{"p-has-unknown"}},
		{"a variant", `{"oneOf": [{"type": "string", "enum": ["a"]}, {"type": "integer"}]}`, "a",
			[]string{"p-fits-no-variant", "empty-p", "blank-p"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			sampler, schema := schemaOf(t, test.schema)
			list := Outside(sampler, "p", schema, test.valid)
			assert.ElementsMatch(t, test.want, namesOf(list))
			for _, wrong := range list {
				assert.NotEqual(t, wrong.Advice, sampler.Allows(schema, wrong.Value) != nil, wrong.Name)
			}
		})
	}
}

// A server that keeps all limits but one takes the value that is outside that one.
func TestAValueIsOutsideOneLimit(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, schema, keyword string
		valid                 any
	}{
		{"p-is-too-small", `{"type": "integer", "minimum": 1, "multipleOf": 2}`, "minimum", 4.0},
		{"p-is-too-large", `{"type": "integer", "maximum": 99, "multipleOf": 2}`, "maximum", 4.0},
		{"p-is-too-large", `{"type": "number", "maximum": 50, "exclusiveMaximum": true, "multipleOf": 25}`, "maximum",
			25.0},
		{"p-is-too-large", `{"type": "number", "maximum": 50, "exclusiveMaximum": true, "multipleOf": 20}`, "maximum", 20.0},
		{"p-is-no-multiple", `{"type": "integer", "multipleOf": 3}`, "multipleOf", 3.0},
		{"p-is-no-multiple", `{"type": "number", "maximum": 4, "multipleOf": 0.5}`, "multipleOf", 4.0},
		{"p-has-too-many", `{"type": "array", "maxItems": 3, "uniqueItems": true, "items": {"type": "string"}}`, "maxItems",
			[]any{"x", "y"}},
		{"p-has-too-many", `{"type": "array", "maxItems": 1, "uniqueItems": true, "items": {"type": "integer"}}`, "maxItems",
			[]any{1.0}},
		{"p-has-too-many", `{"type": "array", "maxItems": 1, "uniqueItems": true, "items": {"enum": ["u", "v"]}}`, "maxItems",
			[]any{"u"}},
		{"p-has-twice", `{"type": "array", "maxItems": 2, "uniqueItems": true, "items": {}}`, "uniqueItems", []any{"x", "y"}},
		{"p-has-twice", `{"type": "array", "uniqueItems": true, "items": {}}`, "uniqueItems", []any{"x"}},
	} {
		t.Run(test.name+" of "+test.schema, func(t *testing.T) {
			t.Parallel()
			sampler, schema := schemaOf(t, test.schema)
			list := Outside(sampler, "p", schema, test.valid)
			at := slices.IndexFunc(list, func(w Wrong) bool { return w.Name == test.name })
			require.GreaterOrEqual(t, at, 0, namesOf(list))
			object, err := ParseObject([]byte(test.schema))
			require.NoError(t, err)
			delete(object, test.keyword)
			sampler, schema = schemaOf(t, string(object.JSON()))
			assert.NoError(t, sampler.Allows(schema, list[at].Value), list[at].Value)
		})
	}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, schema string
		valid        any
		want         []string
	}{
		{"an object", `{"type": "object", "required": ["a", "id"], "properties": {"a": {"type": "string", "maxLength": 2},
			"id": {"type": "integer", "readOnly": true}}}`, map[string]any{"a": "x"},
			[]string{"missing-a", "other-case-a", "a-is-null", "a-is-integer", "a-is-number", "a-is-boolean", "a-is-array",
				"a-is-object", "a-is-too-long", "blank-a"}},
		{"an object in an object", `{"type": "object", "properties": {"o": {"required": ["n"],
			"properties": {"n": {"type": "integer", "nullable": true, "minimum": 1}}}}}`,
			map[string]any{"o": map[string]any{"n": 1.0}}, []string{"missing-o-n", "o-n-is-number", "o-n-is-string",
				"o-n-is-boolean", "o-n-is-array", "o-n-is-object", "o-n-is-too-small"}},
		{"a list", `{"type": "array", "minItems": 1, "items": {"type": "boolean"}}`, []any{true},
			[]string{"body-has-null", "body-has-integer", "body-has-number", "body-has-string", "body-has-array",
				"body-has-object", "body-has-too-few"}},
		{"a text", `{"type": "string", "enum": ["a"]}`, "a", []string{"body-is-not-listed"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			sampler, schema := schemaOf(t, test.schema)
			assert.ElementsMatch(t, test.want, namesOf(Bodies(sampler, schema, test.valid)))
		})
	}
}

func TestAnObjectKeepsTheBytesOfItsValues(t *testing.T) {
	t.Parallel()
	object, err := ParseObject([]byte("{\"b\": 12345678901234567890, \"a\": \"<\xff\"}"))
	require.NoError(t, err)
	changed := object.With("c", []byte("1"))
	assert.Equal(t, "\"<\xff\",\"b\":12345678901234567890,\"c\":1}", strings.TrimPrefix(string(changed.JSON()), `{"a":`))
	_, err = ParseObject([]byte("null"))
	require.Error(t, err)
}
