package text

import (
	"encoding/json"
	"net/url"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestValuesAreTakenApartByTheirStyle(t *testing.T) {
	const (
		one    = `{type: integer}`
		list   = `{type: array, items: {type: integer}}`
		object = `{type: object, properties: {r: {type: integer}, g: {type: integer}}}`
		either = `{anyOf: [{type: object, properties: {r: {type: integer}}}, {type: integer}]}`
	)
	tests := []struct {
		in, style string
		explode   bool
		schema    string
		value     string
		want      string // the trees as JSON, or the error after a !
	}{
		{"path", "simple", false, one, "5", `["5"]`},
		{"path", "simple", false, list, "1,2", `[["1","2"]]`},
		{"path", "simple", false, object, "r,1,g,2", `[{"g":"2","r":"1"}]`},
		{"path", "simple", true, object, "r=1,g=2", `[{"g":"2","r":"1"}]`},
		{"path", "simple", false, object, "r,1,g",
			`!a value must be a list of object's properties in format "name,value" separated by ,`},
		{"path", "label", false, one, ".5", `["5"]`},
		{"path", "label", false, one, "5", `!a value must be prefixed with "."`},
		{"path", "label", false, list, ".1,2", `[["1","2"]]`},
		{"path", "label", true, list, ".1.2", `[["1","2"]]`},
		{"path", "label", false, object, ".r,1", `[{"r":"1"}]`},
		{"path", "label", true, object, ".r=1.g=2", `[{"g":"2","r":"1"}]`},
		{"path", "matrix", false, one, ";n=5", `["5"]`},
		{"path", "matrix", false, list, ";n=1,2", `[["1","2"]]`},
		{"path", "matrix", true, list, ";n=1;n=2", `[["1","2"]]`},
		{"path", "matrix", false, object, ";n=r,1", `[{"r":"1"}]`},
		{"path", "matrix", true, object, ";r=1;g=2", `[{"g":"2","r":"1"}]`},
		{"header", "simple", false, list, "1, 2", `[["1","2"]]`},
		{"header", "simple", true, object, "r=1, g=2", `[{"g":"2","r":"1"}]`},
		{"cookie", "form", true, one, "5", `["5"]`},
		{"cookie", "form", false, list, "1,2", `[["1","2"]]`},
		{"cookie", "form", true, list, "1,2", `null`},
		{"query", "form", true, one, "n=&n=5", `["5"]`},
		{"query", "form", true, list, "n=1&n=2", `[["1","2"]]`},
		{"query", "form", false, list, "n=1,2", `[["1","2"]]`},
		{"query", "form", true, list, "n=", `!empty value is not allowed`},
		{"query", "form", true, object, "r=1&g=2&g=3&x=4", `[{"g":["2","3"],"r":"1"}]`},
		{"query", "form", false, object, "n=r,1", `[{"r":"1"}]`},
		{"query", "form", true, `{type: object, additionalProperties: true}`, "a=1&other=2&other[b]=3", `[{"a":"1"}]`},
		{"query", "spaceDelimited", false, list, "n=1%202", `[["1","2"]]`},
		{"query", "spaceDelimited", true, list, "n=1&n=2", `[["1","2"]]`},
		{"query", "pipeDelimited", false, list, "n=1|2", `[["1","2"]]`},
		{"query", "pipeDelimited", false, object, "n=r|1", `[{"r":"1"}]`},
		{"query", "deepObject", true, object, "n[r]=1&n[g][x]=2&m[r]=3", `[{"g":{"x":"2"},"r":"1"}]`},
		{"query", "deepObject", true, object, "n[r]=1&n[r]=2&n[g][]=3", `[{"g":["3"],"r":["1","2"]}]`},
		{"query", "deepObject", true, object, "n[r]x=1&n[=2&n]=3", `null`},
		{"query", "deepObject", true, list, "n[]=1&n[]=2", `[{"":["1","2"]}]`},
		{"query", "deepObject", true, list, "n=1&n=2", `[["1","2"]]`},
		{"query", "deepObject", true, either, "n[r]=1", `[{"r":"1"}]`},
		{"query", "deepObject", true, either, "n=1", `["1"]`},
	}
	for _, test := range tests {
		t.Run(test.in+" "+test.style+" "+test.value, func(t *testing.T) {
			style := NewStyle(&openapi3.Parameter{Name: "n", In: test.in, Style: test.style, Explode: &test.explode},
				schemaOf(t, test.schema))
			style.Others = map[string]bool{"n": true, "other": true}
			var trees []any
			var err error
			if test.in == "query" {
				query, parseErr := url.ParseQuery(test.value)
				require.NoError(t, parseErr)
				trees, err = style.QueryTrees(query)
			} else {
				trees, err = style.Trees(test.value)
			}
			if err != nil {
				assert.Equal(t, test.want, "!"+err.Error())
				return
			}
			data, err := json.Marshal(trees)
			require.NoError(t, err)
			assert.Equal(t, test.want, string(data))
		})
	}
}
