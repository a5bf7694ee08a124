package contract_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client/contract"
)

// If a response fits no variant, the violations are those of the variant that it evidently is, or else of each.
func TestViolationsAreOfTheEvidentVariant(t *testing.T) {
	tests := []struct {
		name   string
		status int
		body   string
		want   []string
	}{
		{"a documented run without a text", 200, `{"success":true,"run_id":"r","status":"completed","output":{}}`,
			[]string{`body /output/text: property "text" is missing`}},
		{"a documented run without output", 200, `{"success":true,"run_id":"r","status":"completed"}`,
			[]string{`body /output: property "output" is missing`}},
		{"a documented run that failed", 200, `{"success":false,"run_id":"r","status":"failed","output":{"text":"a"}}`,
			[]string{"body /success: value is not one of the allowed values [true]"}},
		{"a documented run with a renamed ID", 200, `{"success":true,"runId":"r","status":"completed","output":{"text":"a"}}`,
			[]string{`body /run_id: property "run_id" is missing`}},
		{"a deployed run whose text is an object", 200, `{"success":true,"result":{"prompt":"a"}}`,
			[]string{"body /result: value must be a string"}},
		{"a deployed run whose pages are objects", 200, `{"success":true,"result":"a","citations":[{"url":"a"},"b",5]}`,
			[]string{"body /citations/0: value must be a string", "body /citations/2: value must be a string"}},
		{"a deployed run that failed", 200, `{"success":false,"result":"a"}`,
			[]string{"body /success: value is not one of the allowed values [true]"}},
		{"a run with no more than its success, which lacks least of the second variant", 200, `{"success":true}`, []string{
			"body: fits neither TextRun nor CompletedRun", `body /result: property "result" is missing (TextRun)`,
			`body /run_id: property "run_id" is missing (CompletedRun)`,
			`body /status: property "status" is missing (CompletedRun)`,
			`body /output: property "output" is missing (CompletedRun)`,
		}},
		{"nothing", 200, `{}`, []string{
			"body: fits neither TextRun nor CompletedRun", `body /success: property "success" is missing`,
			`body /result: property "result" is missing (TextRun)`,
			`body /run_id: property "run_id" is missing (CompletedRun)`,
			`body /status: property "status" is missing (CompletedRun)`,
			`body /output: property "output" is missing (CompletedRun)`,
		}},
		{"an error in place of a run", 200, `{"success":false,"error":"a"}`, []string{
			"body: fits neither TextRun nor CompletedRun", "body /success: value is not one of the allowed values [true]",
			`body /result: property "result" is missing (TextRun)`,
			`body /run_id: property "run_id" is missing (CompletedRun)`,
			`body /status: property "status" is missing (CompletedRun)`,
			`body /output: property "output" is missing (CompletedRun)`,
		}},
		{"both variants, and neither whole", 200, `{"success":true,"run_id":"r","result":5}`,
			[]string{`body /status: property "status" is missing`, `body /output: property "output" is missing`}},
		{"a documented error without a code", 401, `{"success":false,"error":{"message":"a"}}`,
			[]string{`body /error/code: property "code" is missing`}},
		{"a documented error with a number for a code", 401, `{"success":false,"error":{"message":"a","code":401}}`,
			[]string{"body /error/code: value must be a string"}},
		{"a deployed error with a number for a code", 400, `{"success":false,"error":"a","code":400}`,
			[]string{"body /code: value must be a string"}},
		{"a deployed error that succeeds", 503, `{"success":true,"error":"a"}`,
			[]string{"body /success: value is not one of the allowed values [false]"}},
		{"a tie in which both variants lack the same", 401, `{"success":false}`,
			[]string{`body /error: property "error" is missing`}},
		{"a tie in which the variants want different types", 401, `{"success":false,"error":5}`, []string{
			"body: fits neither Error nor FlatError", "body /error: value must be an object (Error)",
			"body /error: value must be a string (FlatError)",
		}},
		{"a message in another place", 500, `{"message":"a","code":"b"}`,
			[]string{`body /success: property "success" is missing`, `body /error: property "error" is missing`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			req := newRequest(t, http.MethodPost, runURL, "")
			err := validateResponse(runs(), req, test.status, test.body)
			assert.Equal(t, test.want, lines(t, err))
			assertOneLineEach(t, err, len(test.want))
		})
	}
}

const manyVariants = `
openapi: 3.0.3
info: {title: Variants, version: "1"}
paths:
  /x:
    post:
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Named"}}}}
      responses: {"200": {description: Variants., content: {application/json: {schema: {$ref: "#/components/schemas/Variants"}}}}}
components:
  schemas:
    Variants:
      type: object
      properties:
        any: {anyOf: [{type: string, maxLength: 2}, {type: array, items: {type: integer}}, {$ref: "#/components/schemas/Cat"}]}
        one: {oneOf: [{$ref: "#/components/schemas/Cat"}, {$ref: "#/components/schemas/Dog"}]}
        both: {oneOf: [{type: integer}, {type: number}]}
        kind:
          oneOf: [{$ref: "#/components/schemas/Cat"}, {$ref: "#/components/schemas/Dog"}]
          discriminator: {propertyName: kind, mapping: {cat: "#/components/schemas/Cat", dog: Dog}}
        kinds:
          anyOf: [{$ref: "#/components/schemas/Cat"}, {$ref: "#/components/schemas/Dog"}]
          discriminator: {propertyName: kind, mapping: {cat: "#/components/schemas/Cat", dog: Dog}}
        named:
          oneOf: [{$ref: "#/components/schemas/Cat"}, {$ref: "#/components/schemas/Dog"}, {$ref: "#/components/schemas/Named"}]
          discriminator: {propertyName: kind}
        all: {allOf: [{required: [a]}, {properties: {b: {allOf: [{type: string}, {minLength: 2}]}}}]}
        twice: {allOf: [{required: [a]}, {required: [b, a]}]}
        none: {not: {type: string}}
        astray:
          oneOf: [{$ref: "#/components/schemas/Cat"}, {$ref: "#/components/schemas/Dog"}]
          discriminator: {propertyName: kind, mapping: {bird: "#/components/schemas/Named"}}
        egg: {$ref: "#/components/schemas/Egg"}
        folded: {$ref: "#/components/schemas/Folded"}
        tree: {$ref: "#/components/schemas/Tree"}
        list: {type: array, maxItems: 1, items: {anyOf: [{$ref: "#/components/schemas/Cat"}]}}
    Cat: {type: object, required: [kind, lives], properties: {kind: {type: string}, lives: {type: integer, maximum: 9}, name: {type: string}}}
    Dog: {type: object, required: [kind, tricks], properties: {kind: {type: string}, tricks: {type: array, items: {type: string}}}}
    Egg: {type: string, anyOf: [{$ref: "#/components/schemas/Hen"}]}
    Hen: {type: string, anyOf: [{$ref: "#/components/schemas/Egg"}]}
    Folded: {type: string, allOf: [{anyOf: [{$ref: "#/components/schemas/Folded"}]}, {oneOf: [{$ref: "#/components/schemas/Hen"}]}]}
    Tree: {anyOf: [{type: string}, {type: object, properties: {left: {$ref: "#/components/schemas/Tree"}, right: {$ref: "#/components/schemas/Tree"}}}]}
    Named:
      allOf:
        - {type: object, properties: {id: {type: string, readOnly: true}}}
        - {type: object, required: [id, name]}
`

func TestViolationsOfComposedSchemas(t *testing.T) {
	v, err := contract.New([]byte(manyVariants))
	require.NoError(t, err)
	tests := []struct {
		name, body string
		want       []string
	}{
		{"the variant of a list", `{"any":[1,"x"]}`, []string{"body /any/1: value must be an integer"}},
		{"the variant of a text", `{"any":"long"}`, []string{"body /any: maximum string length is 2"}},
		{"the variant of an object", `{"any":{"kind":"cat","lives":10}}`,
			[]string{"body /any/lives: number must be at most 9"}},
		{"the variant with the same fields", `{"one":{"kind":"x","tricks":[5]}}`,
			[]string{"body /one/tricks/0: value must be a string"}},
		{"a value of two variants", `{"both":5}`,
			[]string{`body /both: value matches more than one schema from "oneOf" (matches schemas at indices [0 1])`}},
		{"the variant that is named, whatever the fields", `{"kind":{"kind":"dog","lives":10,"name":"x"}}`,
			[]string{`body /kind/tricks: property "tricks" is missing`}},
		{"the variant that is named, of any", `{"kinds":{"kind":"dog","lives":9,"name":"x"}}`,
			[]string{`body /kinds/tricks: property "tricks" is missing`}},
		{"a variant that is not there", `{"kind":{"kind":"cow"}}`,
			[]string{`body /kind: discriminator property "kind" has invalid value`}},
		{"a variant that is named as its schema, beside a mapping", `{"kind":{"kind":"Dog"}}`,
			[]string{`body /kind/tricks: property "tricks" is missing`}},
		{"a variant that is named as its schema", `{"named":{"kind":"Cat","lives":9,"tricks":[]}}`, nil},
		{"a variant that is named as its schema, and broken", `{"named":{"kind":"Cat","lives":10,"tricks":[]}}`,
			[]string{"body /named/lives: number must be at most 9"}},
		{"a variant that has no name", `{"named":{"kind":"a dog","tricks":[]}}`, nil},
		{"a variant that is named, but is none of them", `{"astray":{"kind":"bird","lives":9}}`,
			[]string{`body /astray: value doesn't match any schema from "oneOf"`}},
		{"everything of all", `{"all":{"b":5}}`,
			[]string{`body /all/a: property "a" is missing`, "body /all/b: value must be a string"}},
		{"what two of all want, once", `{"twice":{}}`,
			[]string{`body /twice/a: property "a" is missing`, `body /twice/b: property "b" is missing`}},
		{"what must not be", `{"none":"x"}`, []string{`body /none: doesn't match schema "not"`}},
		{"a list in which much is wrong", `{"list":[{"kind":5,"lives":1.5},{}]}`, []string{
			"body /list: maximum number of items is 1", "body /list/0/kind: value must be a string",
			"body /list/0/lives: value must be an integer",
			`body /list/1/kind: property "kind" is missing`, `body /list/1/lives: property "lives" is missing`,
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			req := newRequest(t, http.MethodPost, "/x", "")
			assert.ElementsMatch(t, test.want, lines(t, validateResponse(v, req, 200, test.body)))
		})
	}
	t.Run("a field that another part of all has as readOnly is not missing", func(t *testing.T) {
		assert.Equal(t, []string{`body /name: property "name" is missing`},
			lines(t, v.ValidateRequest(newRequest(t, http.MethodPost, "/x", `{}`))))
	})
}

func TestViolationsOfSchemasThatAreVariantsOfThemselves(t *testing.T) {
	v, err := contract.New([]byte(manyVariants))
	require.NoError(t, err)
	for body, want := range map[string][]string{
		`{"egg":"x","folded":"x"}`: nil,
		`{"egg":5}`:                {"body /egg: value must be a string"},
		`{"folded":1e999}`:         {"body /folded: cannot convert json.Number to float64"},
		`{"tree":{"left":{"right":{"left":{"left":5}}}}}`: {
			"body /tree/left/right/left/left: fits neither variant 1 nor variant 2",
			"body /tree/left/right/left/left: value must be a string (variant 1)",
			"body /tree/left/right/left/left: value must be an object (variant 2)",
		},
	} {
		t.Run(body, func(t *testing.T) {
			assert.Equal(t, want, lines(t, validateResponse(v, newRequest(t, http.MethodPost, "/x", ""), 200, body)))
		})
	}
}
