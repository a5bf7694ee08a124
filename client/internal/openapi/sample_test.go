package openapi_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
)

// load returns the document of a piece of YAML that begins with the line after openapi.
func load(t *testing.T, version, rest string) *openapi3.T {
	t.Helper()
	document, err := openapi3.NewLoader().LoadFromData([]byte("openapi: " + version +
		"\ninfo: {title: Test, version: '1'}\n" + rest))
	require.NoError(t, err)
	require.NoError(t, document.Validate(t.Context(), openapi3.DisableExamplesValidation()))
	return document
}

// schemas returns a document with these schemas, each on a line.
func schemas(t *testing.T, version string, lines ...string) *openapi3.T {
	t.Helper()
	return load(t, version, "paths: {}\ncomponents:\n  schemas:\n    "+strings.Join(lines, "\n    "))
}

func toJSON(t *testing.T, value any) string {
	t.Helper()
	data, err := json.Marshal(value)
	require.NoError(t, err)
	return string(data)
}

func TestSamples(t *testing.T) {
	for _, test := range []struct {
		name    string
		schema  string
		want    string // of a response
		request string // of a request, if another
		version string // 3.0.3 if empty
	}{
		{name: "the example", schema: `{type: string, example: own}`, want: `"own"`},
		{name: "an example that the schema refuses", schema: `{type: integer, example: own}`, want: `1`},
		{name: "the default", schema: `{type: integer, default: 7}`, want: `7`},
		{name: "a listed value", schema: `{type: string, enum: [b, a]}`, want: `"b"`},
		{name: "a text", schema: `{type: string}`, want: `"example"`},
		{name: "a short text", schema: `{type: string, maxLength: 2}`, want: `"ex"`},
		{name: "a long text", schema: `{type: string, minLength: 10}`, want: `"example example"`},
		{name: "a pattern that plain words keep", schema: `{type: string, pattern: '^[a-z]+$'}`, want: `"example"`},
		{name: "a date", schema: `{type: string, format: date}`, want: `"2026-01-02"`},
		{name: "a time", schema: `{type: string, format: date-time}`, want: `"2026-01-02T15:04:05Z"`},
		{name: "an ID", schema: `{type: string, format: uuid}`, want: `"123e4567-e89b-42d3-a456-426614174000"`},
		{name: "an address", schema: `{type: string, format: uri}`, want: `"https://example.com/"`},
		{name: "bytes", schema: `{type: string, format: byte}`, want: `"ZXhhbXBsZQ=="`},
		{name: "an integer", schema: `{type: integer}`, want: `1`},
		{name: "an integer with a minimum", schema: `{type: integer, minimum: 18}`, want: `18`},
		{name: "an integer over a minimum", schema: `{type: integer, minimum: 18, exclusiveMinimum: true}`, want: `19`},
		{name: "an integer with a maximum", schema: `{type: integer, maximum: -5}`, want: `-5`},
		{name: "a number between two",
			schema: `{type: number, minimum: 0.5, maximum: 0.75, exclusiveMinimum: true, exclusiveMaximum: true}`,
			want:   `0.625`},
		{name: "a multiple", schema: `{type: integer, multipleOf: 5}`, want: `5`},
		{name: "a multiple over a minimum", schema: `{type: integer, multipleOf: 5, minimum: 11}`, want: `15`},
		{name: "a boolean", schema: `{type: boolean}`, want: `true`},
		{name: "a boolean that is false", schema: `{type: boolean, enum: [false]}`, want: `false`},
		{name: "a list", schema: `{type: array, items: {type: integer}}`, want: `[1]`},
		{name: "a list of three", schema: `{type: array, minItems: 3, items: {type: string}}`,
			want: `["example","example","example"]`},
		{name: "a list without repeats", schema: `{type: array, minItems: 3, uniqueItems: true, items: {type: string}}`,
			want: `["example","example1","example2"]`},
		{name: "a list of listed values without repeats",
			schema: `{type: array, minItems: 2, uniqueItems: true, items: {type: string, enum: [a, b]}}`, want: `["a","b"]`},
		{name: "an empty list", schema: `{type: array, maxItems: 0, items: {type: string}}`, want: `[]`},
		{name: "a list of what cannot be made", schema: `{type: array, items: {type: string, pattern: '^x$'}}`, want: `[]`},
		{name: "an object", schema: `{type: object, required: [a], properties: {a: {type: string}, b: {type: integer}}}`,
			want: `{"a":"example","b":1}`, request: `{"a":"example"}`},
		{name: "an object without a type", schema: `{required: [a], properties: {a: {type: string}}}`,
			want: `{"a":"example"}`},
		{name: "a required property that is not described", schema: `{type: object, required: [a]}`, want: `{"a":"example"}`},
		{name: "additional properties", schema: `{type: object, minProperties: 2, additionalProperties: {type: integer}}`,
			want: `{"property1":1,"property2":1}`},
		{name: "at most one property",
			schema: `{type: object, required: [a], maxProperties: 1, properties: {a: {type: string}, b: {type: integer}}}`,
			want:   `{"a":"example"}`},
		{name: "optional properties that cannot be made",
			schema: `{type: object, properties: {a: {type: string, pattern: '^x$'}, b: {type: string, format: special}}}`,
			want:   `{}`},
		{name: "what is read or written only",
			schema: `{type: object, required: [id, secret], properties: {id: {type: integer, readOnly: true}, secret: {type: string, writeOnly: true}}}`, want: `{"id":1}`, request: `{"secret":"example"}`},
		{name: "allOf", schema: `{allOf: [{type: object, required: [a], properties: {a: {type: string}}}, {required: [b], properties: {b: {type: integer, minimum: 3}}}]}`, want: `{"a":"example","b":3}`},
		{name: "allOf of limits", schema: `{allOf: [{type: integer, minimum: 3}, {minimum: 5, maximum: 9}, {maximum: 7}]}`,
			want: `5`},
		{name: "allOf of one property",
			schema: `{allOf: [{type: object, required: [a], properties: {a: {type: integer}}}, {properties: {a: {minimum: 5}}}]}`, want: `{"a":5}`},
		{name: "oneOf", schema: `{oneOf: [{type: string, format: date}, {type: integer}]}`, want: `"2026-01-02"`},
		{name: "oneOf whose first cannot be made", schema: `{oneOf: [{type: string, pattern: '^x$'}, {type: integer}]}`,
			want: `1`},
		{name: "oneOf whose first is also the second",
			schema: `{oneOf: [{type: integer}, {type: number, maximum: 3}, {type: string}]}`, want: `"example"`},
		{name: "anyOf of what is required",
			schema: `{type: object, properties: {a: {type: string}, b: {type: string}}, anyOf: [{required: [a]}, {required: [b]}]}`, want: `{"a":"example","b":"example"}`, request: `{"a":"example"}`},
		{name: "a discriminator", schema: `{oneOf: [{$ref: '#/components/schemas/Cat'}], discriminator: {propertyName: kind}}`, want: `{"kind":"Cat","lives":1}`},
		{name: "a discriminator with a mapping",
			schema: `{oneOf: [{$ref: '#/components/schemas/Cat'}], discriminator: {propertyName: kind, mapping: {tom: '#/components/schemas/Cat'}}}`, want: `{"kind":"tom","lives":1}`},
		{name: "an optional property of its own schema", schema: `{$ref: '#/components/schemas/Tree'}`,
			want: `{"children":[],"name":"example"}`, request: `{"name":"example"}`},
		{name: "what may be null and cannot be made", schema: `{type: string, nullable: true, pattern: '^x$'}`, want: `null`},
		{name: "not", schema: `{type: string, not: {enum: [other]}}`, want: `"example"`},
		{name: "several types", version: "3.1.0", schema: `{type: ['null', integer]}`, want: `1`},
		{name: "null", version: "3.1.0", schema: `{type: 'null'}`, want: `null`},
		{name: "a constant", version: "3.1.0", schema: `{const: fixed}`, want: `"fixed"`},
		{name: "an example of several", version: "3.1.0", schema: `{type: string, examples: [first, second]}`,
			want: `"first"`},
		{name: "a number over a minimum in 3.1", version: "3.1.0", schema: `{type: integer, exclusiveMinimum: 4}`, want: `5`},
		{name: "a list of listed schemas", version: "3.1.0",
			schema: `{type: array, prefixItems: [{type: string}, {type: integer}]}`, want: `["example",1]`},
		{name: "an object of 3.1", version: "3.1.0",
			schema: `{type: object, required: [a], properties: {a: {type: [string, 'null']}, b: {type: number}}}`,
			want:   `{"a":"example","b":1}`, request: `{"a":"example"}`},
		{name: "what is read or written only in 3.1", version: "3.1.0",
			schema: `{type: object, properties: {id: {type: integer, readOnly: true}, secret: {type: string, writeOnly: true}}}`,
			want:   `{"id":1}`, request: `{}`},
		{name: "if and then", version: "3.1.0",
			schema: `{type: object, required: [a], properties: {a: {type: string}, b: {type: integer}}, if: {required: [b]}, then: {required: [c]}}`, want: `{"a":"example"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.version == "" {
				test.version = "3.0.3"
			}
			if test.request == "" {
				test.request = test.want
			}
			document := schemas(t, test.version, "Tested: "+test.schema,
				"Cat: {type: object, required: [kind, lives], properties: {kind: {type: string}, lives: {type: integer}}}",
				"Tree: {type: object, required: [name], properties: {name: {type: string}, parent: {$ref: '#/components/schemas/Tree'}, children: {type: array, items: {$ref: '#/components/schemas/Tree'}}}}")
			schema := document.Components.Schemas["Tested"].Value
			got, err := openapi.ForResponses(document).Sample(schema)
			require.NoError(t, err)
			assert.Equal(t, test.want, toJSON(t, got), "response")
			got, err = openapi.ForRequests(document).Sample(schema)
			require.NoError(t, err)
			assert.Equal(t, test.request, toJSON(t, got), "request")
		})
	}
}

func TestWhatCannotBeMadeIsNamed(t *testing.T) {
	for _, test := range []struct{ name, schema, want string }{
		{"a pattern", `{type: string, pattern: '^ord_[0-9]+$'}`,
			`the value needs an example: none can be made for the pattern ^ord_[0-9]+$`},
		{"a format", `{type: string, format: iban}`, `the value needs an example: none can be made for the format iban`},
		{"a property", `{type: object, required: [a], properties: {a: {type: object, required: [b/c], properties: {b/c: {type: string, pattern: '^x$'}}}}}`,
			`/a/b~1c needs an example: none can be made for the pattern ^x$`},
		{"an item", `{type: array, minItems: 1, items: {type: string, pattern: '^x$'}}`,
			`/0 needs an example: none can be made for the pattern ^x$`},
		{"no value at all", `{type: integer, minimum: 3, maximum: 2}`,
			`the value needs an example: none can be made, as number must be at least 3`},
		{"a schema that contains itself", `{$ref: '#/components/schemas/Endless'}`,
			`/next needs an example: the schema contains itself`},
	} {
		t.Run(test.name, func(t *testing.T) {
			document := schemas(t, "3.0.3", "Tested: "+test.schema,
				"Endless: {type: object, required: [next], properties: {next: {$ref: '#/components/schemas/Endless'}}}")
			_, err := openapi.ForResponses(document).Sample(document.Components.Schemas["Tested"].Value)
			require.Error(t, err)
			assert.Equal(t, test.want, err.Error())
		})
	}
}
