package skim

import (
	"encoding/json"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// compile returns the Schema of a JSON schema, and whether it can be skimmed.
func compile(t *testing.T, text string) (*Schema, bool) {
	t.Helper()
	schema := &openapi3.Schema{}
	require.NoError(t, json.Unmarshal([]byte(text), schema))
	return make(Compiler).Compile(schema)
}

func TestCompileOnlyWhatIsUnderstood(t *testing.T) {
	tests := []struct {
		name, schema string
		want         bool
	}{
		{"an object with what is for readers", `{"type":"object","title":"T","required":["a","a"],"properties":{"a":{"type":"string"}}}`, true},
		{"variants", `{"anyOf":[{"type":"boolean","enum":[true]},{"type":"array","items":{"type":"string","pattern":"^a"}}]}`, true},
		{"a length", `{"type":"string","maxLength":3}`, false},
		{"a length far down", `{"anyOf":[{"type":"object","properties":{"a":{"type":"array","items":{"type":"string","maxLength":3}}}}]}`, false},
		{"a number", `{"type":"number"}`, false},
		{"any value", `{}`, false},
		{"a type beside variants", `{"type":"object","anyOf":[{"type":"object"}]}`, false},
		{"no other fields", `{"type":"object","additionalProperties":false}`, false},
		{"null", `{"type":"string","nullable":true}`, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, ok := compile(t, test.schema)
			assert.Equal(t, test.want, ok)
		})
	}
}

func TestReduceKeepsTheFirstPlaceThatBreaks(t *testing.T) {
	s, ok := compile(t, `{"anyOf":[
		{"type":"object","required":["a"],"properties":{"a":{"type":"array","items":{"type":"object","properties":{"b/c":{"type":"array","items":{"type":"string"}}}}}}},
		{"type":"object","required":["n"],"properties":{"n":{"type":"boolean"},"a":{"type":"string"}}}]}`)
	require.True(t, ok)
	tree, indexes := s.Reduce([]byte(` {"more":[1,2,3],"a":[{},{"b/c":["x"]},{"x":1,"b/c":["x","y",5,6]},7],"n":{"deep":[1]}} `))
	assert.Equal(t, map[string]any{
		"a": []any{map[string]any{"b/c": []any{json.Number("5")}}},
		"n": map[string]any{},
	}, tree)
	assert.Equal(t, map[string]int{"/a/0": 2, "/a/0/b~1c/0": 2}, indexes)
}
