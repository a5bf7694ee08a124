package openapi_test

import (
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
)

// The wanted texts are those of the table of styles in the OpenAPI Specification.
func TestSerialize(t *testing.T) {
	yes, no := true, false
	list := []any{"blue", "black"}
	object := map[string]any{"R": 100.0, "G": 200}
	for _, test := range []struct {
		in, style string
		explode   *bool
		value     any
		want      string
	}{
		{"path", "", nil, "a/b c", "a%2Fb%20c"},
		{"path", "", nil, 12, "12"},
		{"path", "", nil, 1e7, "10000000"},
		{"path", "", nil, true, "true"},
		{"path", "", nil, list, "blue,black"},
		{"path", "simple", nil, object, "G,200,R,100"},
		{"path", "simple", &yes, object, "G=200,R=100"},
		{"path", "label", nil, "blue", ".blue"},
		{"path", "label", nil, list, ".blue,black"},
		{"path", "label", &yes, list, ".blue.black"},
		{"path", "label", &yes, object, ".G=200.R=100"},
		{"path", "matrix", nil, "blue", ";color=blue"},
		{"path", "matrix", nil, list, ";color=blue,black"},
		{"path", "matrix", &yes, list, ";color=blue;color=black"},
		{"path", "matrix", nil, object, ";color=G,200,R,100"},
		{"path", "matrix", &yes, object, ";G=200;R=100"},
		{"query", "", nil, "a&b", "color=a%26b"},
		{"query", "", nil, list, "color=blue&color=black"},
		{"query", "form", &no, list, "color=blue,black"},
		{"query", "", nil, object, "G=200&R=100"},
		{"query", "form", &no, object, "color=G,200,R,100"},
		{"query", "spaceDelimited", nil, list, "color=blue%20black"},
		{"query", "pipeDelimited", nil, list, "color=blue%7Cblack"},
		{"query", "pipeDelimited", nil, object, "color=G%7C200%7CR%7C100"},
		{"query", "deepObject", nil, object, "color%5BG%5D=200&color%5BR%5D=100"},
		{"query", "deepObject", nil, map[string]any{"a": map[string]any{"b": "c"}}, "color%5Ba%5D%5Bb%5D=c"},
		{"query", "", nil, []any{}, ""},
		{"header", "", nil, "a b", "a b"},
		{"header", "", nil, list, "blue,black"},
		{"header", "simple", &yes, object, "G=200,R=100"},
		{"cookie", "", nil, "blue", "color=blue"},
		{"cookie", "form", &no, list, "color=blue,black"},
	} {
		p := &openapi3.Parameter{Name: "color", In: test.in, Style: test.style, Explode: test.explode}
		got, err := openapi.Serialize(p, test.value)
		require.NoError(t, err)
		assert.Equal(t, test.want, got, "%s, %s, %v", test.in, test.style, test.value)
	}
}

func TestSerialize_ContentIsJSON(t *testing.T) {
	p := &openapi3.Parameter{Name: "filter", In: "query",
		Content: openapi3.NewContentWithJSONSchema(openapi3.NewObjectSchema())}
	got, err := openapi.Serialize(p, map[string]any{"a": 1})
	require.NoError(t, err)
	assert.Equal(t, "filter=%7B%22a%22%3A1%7D", got)
}
