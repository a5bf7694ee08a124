package schema

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client/contract/internal/instance"
)

func TestSchemasOfTheDocumentMeanWhatJSONSchemaSays(t *testing.T) {
	const (
		draft7 = `{"S":{"$schema":"http://json-schema.org/draft-07/schema#","$id":"https://example.com/s",`
		tree   = `"Tree":{"$id":"https://example.com/tree","$dynamicAnchor":"node","properties":{"more":{"items":{"$dynamicRef":"#node"}}}}`
		strict = `{"S":{"$id":"https://example.com/strict","$dynamicAnchor":"node","$ref":"tree","unevaluatedProperties":false},` + tree + `}`
	)
	tests := []struct {
		name, schemas, value string
		want                 []Violation
	}{
		{"a list of items and additional ones, of draft 7",
			draft7 + `"items":[{"type":"string"}],"additionalItems":{"type":"integer"}}}`, `["a","b"]`,
			[]Violation{{"/1", "type", "value must be an integer"}}},
		{"no additional items, of draft 7", draft7 + `"items":[{}],"additionalItems":false}}`, `[1,2]`,
			[]Violation{{"/1", "", "the false schema accepts no value"}}},
		{"items of one schema, of draft 7", draft7 + `"items":{"type":"integer"}}}`, `["a"]`,
			[]Violation{{"/0", "type", "value must be an integer"}}},
		{"dependencies, of draft 7", draft7 + `"dependencies":{"a":["b"],"c":{"required":["d"]}}}}`, `{"a":1,"c":2}`,
			[]Violation{
				{"/b", "dependentRequired", `property "b" is missing, which "a" needs`},
				{"/d", "required", `property "d" is missing`}}},
		{"a recursive reference, of 2019-09",
			`{"S":{"$schema":"https://json-schema.org/draft/2019-09/schema","$id":"https://example.com/s",
			"$recursiveAnchor":true,"properties":{"a":{"$recursiveRef":"#"}},"additionalProperties":false}}`, `{"a":{"b":1}}`,
			[]Violation{{"/a", "additionalProperties", `property "b" is unsupported`}}},
		{"a dynamic reference means the outermost schema", strict, `{"more":[{"x":1}]}`, []Violation{
			{"/more/0/x", "", "the false schema accepts no value"}, {"/more", "", "the false schema accepts no value"}}},
		{"a dynamic reference, from within", `{"S":{"$ref":"#/components/schemas/Tree"},` + tree + `}`, `{"more":[{"x":1}]}`,
			nil},
		{"the variant that a discriminator names",
			`{"S":{"discriminator":{"propertyName":"k","mapping":{"b":"B"}},"oneOf":[{"$ref":"#/components/schemas/A"},
			{"$ref":"#/components/schemas/B"}]},"A":{"required":["x"]},"B":{"required":["y"]}}`, `{"k":"b"}`,
			[]Violation{{"/y", "required", `property "y" is missing`}}},
		{"an unquoted null, and the dialect of OpenAPI",
			`{"S":{"$schema":"https://spec.openapis.org/oas/3.1/dialect/base","type":[null,"string"]}}`, `1`,
			[]Violation{{"", "type", "value must be a string or null"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			document, err := instance.Parse([]byte(test.value))
			require.NoError(t, err)
			assert.Equal(t, test.want, compile31(t, test.schemas).Judge(document, None))
		})
	}
}

func TestWhatIsNoSchemaIsNotJudged(t *testing.T) {
	tests := []struct {
		name, schemas, value string
		warning              string
		accepts              bool
	}{
		{"a keyword of another type", `{"S":{"minLength":"5","type":"string"}}`, `1`,
			"/components/schemas/S/minLength is not judged: it is not as JSON Schema 2020-12 has it", false},
		{"an element of another type", `{"S":{"allOf":[{"type":"string"},5]}}`, `1`,
			"/components/schemas/S/allOf/1 is not judged: it is not as JSON Schema 2020-12 has it", true},
		{"a reference out of the document", `{"S":{"$ref":"https://example.com/schema"}}`, `1`,
			"the schema at /components/schemas/S is not judged: ", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			document, err := instance.Parse([]byte(`{"components":{"schemas":` + test.schemas + `}}`))
			require.NoError(t, err)
			var warnings []string
			patterns := &Patterns{Warn: func(text string) { warnings = append(warnings, text) }}
			s := NewCompiler31(document.Root().Decode(), patterns).Compile("/components/schemas/S")
			require.Len(t, warnings, 1)
			assert.Contains(t, warnings[0], test.warning)
			value, err := instance.Parse([]byte(test.value))
			require.NoError(t, err)
			assert.Equal(t, test.accepts, len(s.Judge(value, None)) == 0)
		})
	}
}
