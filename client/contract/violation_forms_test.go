package contract_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client/contract"
)

// Where an answer has no form, the violations are those of the form that it evidently has.
func TestViolationsAreOfTheEvidentForm(t *testing.T) {
	tests := []struct {
		name   string
		status int
		body   string
		want   []string
	}{
		{"a documented run without a story", 200, `{"success":true,"run_id":"r","status":"completed","output":{}}`,
			[]string{`body /output/generated_story: property "generated_story" is missing`}},
		{"a documented run without output", 200, `{"success":true,"run_id":"r","status":"completed"}`,
			[]string{`body /output: property "output" is missing`}},
		{"a documented run that failed", 200, `{"success":false,"run_id":"r","status":"failed","output":{"generated_story":"a"}}`,
			[]string{"body /success: value is not one of the allowed values [true]"}},
		{"a documented run with a renamed ID", 200, `{"success":true,"runId":"r","status":"completed","output":{"generated_story":"a"}}`,
			[]string{`body /run_id: property "run_id" is missing`}},
		{"a deployed run whose text is an object", 200, `{"success":true,"result":{"story":"a"}}`, []string{"body /result: value must be a string"}},
		{"a deployed run whose pages are objects", 200, `{"success":true,"result":"a","citations":[{"url":"a"},"b",5]}`,
			[]string{"body /citations/0: value must be a string", "body /citations/2: value must be a string"}},
		{"a deployed run that failed", 200, `{"success":false,"result":"a"}`, []string{"body /success: value is not one of the allowed values [true]"}},
		{"a run with no more than its success, which lacks least of the deployed form", 200, `{"success":true}`,
			[]string{`body /result: property "result" is missing`}},
		{"nothing", 200, `{}`, []string{`body /success: property "success" is missing`, `body /result: property "result" is missing`}},
		{"an error in place of a run", 200, `{"success":false,"error":"a"}`,
			[]string{"body /success: value is not one of the allowed values [true]", `body /result: property "result" is missing`}},
		{"both forms, and neither whole", 200, `{"success":true,"run_id":"r","result":5}`,
			[]string{`body /status: property "status" is missing`, `body /output: property "output" is missing`}},
		{"a documented error without a code", 401, `{"success":false,"error":{"message":"a"}}`, []string{`body /error/code: property "code" is missing`}},
		{"a documented error with a number for a code", 401, `{"success":false,"error":{"message":"a","code":401}}`,
			[]string{"body /error/code: value must be a string"}},
		{"a deployed error with a number for a code", 400, `{"success":false,"error":"a","code":400}`, []string{"body /code: value must be a string"}},
		{"a deployed error that succeeds", 503, `{"success":true,"error":"a"}`, []string{"body /success: value is not one of the allowed values [false]"}},
		{"a tie, which is the first form's", 401, `{"success":false}`, []string{`body /error: property "error" is missing`}},
		{"another tie", 401, `{"success":false,"error":5}`, []string{"body /error: value must be an object"}},
		{"a message in another place", 500, `{"message":"a","code":"b"}`,
			[]string{`body /success: property "success" is missing`, `body /error: property "error" is missing`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			req := newRequest(t, http.MethodPost, runURL, "")
			err := validateAnswer(contract.Default(), req, test.status, test.body)
			assert.ElementsMatch(t, test.want, lines(t, err))
			assertOneLineEach(t, err, len(test.want))
		})
	}
}

const manyForms = `
openapi: 3.0.3
info: {title: Forms, version: "1"}
paths:
  /x:
    post:
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Named"}}}}
      responses: {"200": {description: Forms., content: {application/json: {schema: {$ref: "#/components/schemas/Forms"}}}}}
components:
  schemas:
    Forms:
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
	v, err := contract.New([]byte(manyForms))
	require.NoError(t, err)
	tests := []struct {
		name, body string
		want       []string
	}{
		{"the form of a list", `{"any":[1,"x"]}`, []string{"body /any/1: value must be an integer"}},
		{"the form of a text", `{"any":"long"}`, []string{"body /any: maximum string length is 2"}},
		{"the form of an object", `{"any":{"kind":"cat","lives":10}}`, []string{"body /any/lives: number must be at most 9"}},
		{"the form with the same fields", `{"one":{"kind":"x","tricks":[5]}}`, []string{"body /one/tricks/0: value must be a string"}},
		{"a value of two forms", `{"both":5}`, []string{`body /both: value matches more than one schema from "oneOf" (matches schemas at indices [0 1])`}},
		{"the form that is named, whatever the fields", `{"kind":{"kind":"dog","lives":10,"name":"x"}}`, []string{`body /kind/tricks: property "tricks" is missing`}},
		{"the form that is named, of any", `{"kinds":{"kind":"dog","lives":9,"name":"x"}}`, []string{`body /kinds/tricks: property "tricks" is missing`}},
		{"a form that is not there", `{"kind":{"kind":"cow"}}`, []string{`body /kind: discriminator property "kind" has invalid value`}},
		{"a form that is named, but is none of them", `{"astray":{"kind":"bird","lives":9}}`, []string{`body /astray: value doesn't match any schema from "oneOf"`}},
		{"everything of all", `{"all":{"b":5}}`, []string{`body /all/a: property "a" is missing`, "body /all/b: value must be a string"}},
		{"what two of all want, once", `{"twice":{}}`, []string{`body /twice/a: property "a" is missing`, `body /twice/b: property "b" is missing`}},
		{"what must not be", `{"none":"x"}`, []string{`body /none: doesn't match schema "not"`}},
		{"a list in which much is wrong", `{"list":[{"kind":5,"lives":1.5},{}]}`, []string{
			"body /list: maximum number of items is 1", "body /list/0/kind: value must be a string", "body /list/0/lives: value must be an integer",
			`body /list/1/kind: property "kind" is missing`, `body /list/1/lives: property "lives" is missing`,
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			req := newRequest(t, http.MethodPost, "/x", "")
			assert.ElementsMatch(t, test.want, lines(t, validateAnswer(v, req, 200, test.body)))
		})
	}
	t.Run("a field that another part of all has as readOnly is not missing", func(t *testing.T) {
		assert.Equal(t, []string{`body /name: property "name" is missing`}, lines(t, v.ValidateRequest(newRequest(t, http.MethodPost, "/x", `{}`))))
	})
}

func TestViolationsOfSchemasThatAreFormsOfThemselves(t *testing.T) {
	v, err := contract.New([]byte(manyForms))
	require.NoError(t, err)
	for body, want := range map[string][]string{
		`{"egg":"x","folded":"x"}`: nil,
		`{"egg":5}`:                {`body /egg: doesn't match any schema from "anyOf"`},
		`{"folded":1e999}`:         {"body /folded: cannot convert json.Number to float64", `body /folded: doesn't match any schema from "anyOf"`},
		`{"tree":{"left":{"right":{"left":{"left":5}}}}}`: {"body /tree/left/right/left/left: value must be a string"},
	} {
		t.Run(body, func(t *testing.T) {
			assert.Equal(t, want, lines(t, validateAnswer(v, newRequest(t, http.MethodPost, "/x", ""), 200, body)))
		})
	}
}

func TestViolationsAreReadableHoweverManyThereAre(t *testing.T) {
	citations := func(n int) error {
		body := `{"success":true,"result":"a","citations":[` + strings.Repeat("0,", n-1) + "0]}"
		return validateAnswer(contract.Default(), newRequest(t, http.MethodPost, runURL, ""), 200, body)
	}
	t.Run("two", func(t *testing.T) {
		assert.EqualError(t, citations(2), "answer 200 to POST /api/v1/run/wf_1 breaks the contract: 2 violations\n"+
			"\tbody /citations/0: value must be a string\n\tbody /citations/1: value must be a string")
	})
	t.Run("sixty: all are there, fifty are in the text", func(t *testing.T) {
		err := citations(60)
		assert.Len(t, violations(t, err), 60)
		assertOneLineEach(t, err, 51)
		assert.Contains(t, err.Error(), "and 10 more")
	})
	t.Run("more than a person could read: the first", func(t *testing.T) {
		assert.Len(t, violations(t, citations(200_000)), 1)
	})
	t.Run("a long line is cut and a broken one mended", func(t *testing.T) {
		violation := contract.Violation{In: "body", Pointer: "/" + strings.Repeat("ä", 400), Message: "a\r\n\tb\x00\u2028" + strings.Repeat("é", 400)}
		text := fmt.Sprint(violation)
		assert.Less(t, len(text), 640)
		assert.Regexp(t, `^body /ä+\.\.\.: a b é+\.\.\.$`, text)
	})
}
