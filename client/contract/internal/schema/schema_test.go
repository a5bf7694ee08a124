package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client/contract/internal/instance"
)

// compile30 returns the Schema S of the schemas of a document of OpenAPI 3.0, as this package and kin-openapi have it.
func compile30(t *testing.T, schemas string) (*Schema, *openapi3.Schema) {
	t.Helper()
	document, err := openapi3.NewLoader().LoadFromData([]byte(
		`{"openapi":"3.0.3","info":{"title":"T","version":"1"},"paths":{},"components":{"schemas":` + schemas + `}}`))
	require.NoError(t, err)
	c := Compiler30{Patterns: &Patterns{Warn: func(text string) { t.Error(text) }}}
	return c.Compile(document.Components.Schemas["S"]), document.Components.Schemas["S"].Value
}

func compile31(t *testing.T, schemas string) *Schema {
	t.Helper()
	document, err := instance.Parse([]byte(`{"components":{"schemas":` + schemas + `}}`))
	require.NoError(t, err)
	return NewCompiler31(document.Root().Decode(),
		&Patterns{Warn: func(text string) { t.Error(text) }}).Compile("/components/schemas/S")
}

func TestJudgeNamesThePlaceAndTheKeyword(t *testing.T) {
	tests := []struct {
		schema, value string
		want          []Violation
	}{
		{`{"type":"string"}`, `5`, []Violation{{"", "type", "value must be a string"}}},
		{`{"items":{"minimum":3}}`, `[3,2]`, []Violation{{"/1", "minimum", "number must be at least 3"}}},
		{`{"required":["a/b"]}`, `{}`, []Violation{{"/a~1b", "required", `property "a/b" is missing`}}},
		{`{"properties":{"a":{"pattern":"^x","maxLength":1}}}`, `{"a":"yz"}`, []Violation{
			{"/a", "maxLength", "maximum string length is 1"},
			{"/a", "pattern", `string doesn't match the regular expression "^x"`},
		}},
		{`{"additionalProperties":false}`, `{"a":1}`,
			[]Violation{{"", "additionalProperties", `property "a" is unsupported`}}},
		{`{"enum":[{"a":1},"b"]}`, `{"a":2}`,
			[]Violation{{"", "enum", `value is not one of the allowed values [{"a":1},"b"]`}}},
		{`{"minProperties":1,"type":"object"}`, `{}`,
			[]Violation{{"", "minProperties", "there must be at least 1 properties"}}},
		{`{"not":{"type":"integer"}}`, `1`, []Violation{{"", "not", `doesn't match schema "not"`}}},
		{`{"anyOf":[{"type":"integer"},{"type":"array","items":{"type":"string"}}]}`, `[1]`,
			[]Violation{{"/0", "type", "value must be a string"}}},
	}
	for _, test := range tests {
		t.Run(test.schema, func(t *testing.T) {
			document, err := instance.Parse([]byte(test.value))
			require.NoError(t, err)
			s30, _ := compile30(t, `{"S":`+test.schema+`}`)
			assert.Equal(t, test.want, s30.Judge(document, None), "OpenAPI 3.0")
			assert.Equal(t, test.want, compile31(t, `{"S":`+test.schema+`}`).Judge(document, None), "OpenAPI 3.1")
		})
	}
}

// Random schemas give the verdict of kin-openapi (OpenAPI 3.0) and of santhosh-tekuri/jsonschema (3.1) on random
// values.
func TestVerdictsAreThoseOfTheLibraries(t *testing.T) {
	n := 150
	if os.Getenv("AITUTOR_TEST_ALL") != "" {
		n = 600
	}
	seed := uint64(1)
	t.Logf("seed %d", seed)
	g := &generator{rand.New(rand.NewPCG(seed, 2))}
	verdicts := map[bool]int{}
	for range n {
		schemas := fmt.Sprintf(`{"S":%s,"A":%s,"B":%s}`, g.named(3, false), g.named(2, false), g.named(2, false))
		ours, theirs := compile30(t, schemas)
		schemas31 := fmt.Sprintf(`{"S":%s,"A":%s,"B":%s}`, g.named(3, true), g.named(2, true), g.named(2, true))
		ours31, theirs31 := compile31(t, schemas31), compileWithLibrary(t, schemas31)
		for range 5 {
			text := g.value(4)
			document, err := instance.Parse([]byte(text))
			require.NoError(t, err)
			direction := Direction(g.IntN(3))
			options := [][]openapi3.SchemaValidationOption{nil, {openapi3.VisitAsRequest()},
				{openapi3.VisitAsResponse()}}[direction]
			want := theirs.VisitJSON(document.Root().Decode(), options...) == nil
			verdicts[want]++
			found := ours.Judge(document, direction)
			require.Equal(t, want, len(found) == 0, "OpenAPI 3.0: %s\n%s\n%v", schemas, text, found)
			want = theirs31.Validate(document.Root().Decode()) == nil
			verdicts[want]++
			found = ours31.Judge(document, None)
			require.Equal(t, want, len(found) == 0, "OpenAPI 3.1: %s\n%s\n%v", schemas31, text, found)
		}
	}
	t.Logf("%v", verdicts)
	assert.Greater(t, verdicts[true], n)
	assert.Greater(t, verdicts[false], n)
}

func compileWithLibrary(t *testing.T, schemas string) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(`{"components":{"schemas":` + schemas + `}}`)))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("file:///d.json", document))
	compiled, err := c.Compile("file:///d.json#/components/schemas/S")
	require.NoError(t, err)
	return compiled
}

// generator makes schemas and values.
type generator struct{ *rand.Rand }

func (g *generator) pick(texts ...string) string { return texts[g.IntN(len(texts))] }

// named returns a schema that is not only a reference.
func (g *generator) named(depth int, is31 bool) string {
	for {
		if s := g.schema(depth, is31); !strings.HasPrefix(s, `{"$ref`) {
			return s
		}
	}
}

// schema returns a schema of OpenAPI 3.0 or of JSON Schema 2020-12.
func (g *generator) schema(depth int, is31 bool) string {
	if depth <= 0 || g.IntN(8) == 0 {
		return g.pick(`{}`, `{"type":"string"}`, `{"type":"integer"}`, `{"$ref":"#/components/schemas/A"}`,
			`{"$ref":"#/components/schemas/B"}`,
			`{"$ref":"#/components/schemas/S"}`)
	}
	inner := func() json.RawMessage { return json.RawMessage(g.schema(depth-1, is31)) }
	list := func() []json.RawMessage {
		all := []json.RawMessage{}
		for range 1 + g.IntN(3) {
			all = append(all, inner())
		}
		return all
	}
	s := map[string]any{}
	add := func(name string, value any) {
		if g.IntN(6) == 0 {
			s[name] = value
		}
	}
	if g.IntN(3) > 0 {
		s["type"] = g.pick("string", "integer", "number", "boolean", "array", "object", "object")
	}
	if s["type"] == "array" || g.IntN(4) == 0 {
		s["items"] = inner()
	}
	add("enum", []any{g.pick("a", "b"), g.IntN(3), true, map[string]any{"a": 1}, nil, 0.5,
		[]any{1}}[g.IntN(3):4+g.IntN(4)])
	add("minimum", json.Number(g.pick("0", "1", "2", "0.3", "9007199254740993")))
	add("maximum", json.Number(g.pick("0", "2", "4", "0.3", "1e20")))
	add("multipleOf", []float64{0.5, 2, 0.1}[g.IntN(3)])
	add("minLength", g.IntN(3))
	add("maxLength", g.IntN(3))
	add("pattern", g.pick("^a", "b$", "[0-9]"))
	add("minItems", g.IntN(2))
	add("maxItems", g.IntN(3))
	add("uniqueItems", true)
	add("required", []string{g.pick("a", "b", "c")})
	add("minProperties", g.IntN(2))
	add("maxProperties", g.IntN(3))
	add("not", inner())
	add("allOf", list())
	add("anyOf", list())
	add("oneOf", list())
	if g.IntN(2) == 0 {
		s["properties"] = map[string]any{"a": inner(), g.pick("b", "c"): inner()}
	}
	if g.IntN(4) == 0 {
		s["additionalProperties"] = []any{true, false, inner()}[g.IntN(3)]
	}
	if !is31 {
		add("nullable", true)
		add("readOnly", true)
		add("exclusiveMinimum", true)
		add("format", g.pick("int32", "date", "byte", "double", "uuid"))
	} else {
		add("const", []any{nil, 1, "a", 0.3, true, []any{1}, map[string]any{"a": 1}}[g.IntN(7)])
		add("exclusiveMaximum", g.IntN(5))
		add("prefixItems", list())
		add("contains", inner())
		add("minContains", g.IntN(2))
		add("if", inner())
		add("then", inner())
		add("else", inner())
		add("patternProperties", map[string]any{g.pick("a", "b|c"): inner()})
		add("propertyNames", map[string]any{"maxLength": 1})
		add("dependentRequired", map[string]any{"a": []string{"b"}})
		add("dependentSchemas", map[string]any{"b": inner()})
		add("unevaluatedProperties", []any{false, inner()}[g.IntN(2)])
		add("unevaluatedItems", []any{false, inner()}[g.IntN(2)])
	}
	data, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(data)
}

func (g *generator) value(depth int) string {
	kind := g.IntN(8)
	if depth <= 0 {
		kind = g.IntN(6)
	}
	switch kind {
	case 0:
		return "null"
	case 1:
		return g.pick("true", "false")
	case 2:
		return g.pick("0", "1", "2", "4", "-1", "1.0", "10e-1", "-0", "9007199254740993", "9007199254740992", "2147483648",
			"1e20")
	case 3:
		return g.pick("0.5", "0.3", "2.5", "0.30000000000000001")
	case 4, 5:
		return g.pick(`""`, `"a"`, `"b"`, `"ab"`, `"\u0061bc"`, `"é7"`, `"2020-02-30"`)
	case 6:
		var elements []string
		for range g.IntN(4) {
			elements = append(elements, g.value(depth-1))
		}
		return "[" + strings.Join(elements, ",") + "]"
	}
	var members []string
	for _, name := range []string{"a", "b", "c", "de"} {
		if g.IntN(2) == 0 {
			members = append(members, `"`+name+`":`+g.value(depth-1))
		}
	}
	return "{" + strings.Join(members, ",") + "}"
}
