package contract_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client/contract"
)

func TestAnyDocumentIsSupported(t *testing.T) {
	head := func(version, rest string) string {
		return `{"openapi": "` + version + `", "info": {"title": "T", "version": "1"}, "paths": {"/x": {"post": ` + rest +
			`}}}`
	}
	responseWith := func(content string) string {
		return head("3.0.0", `{"responses": {"2XX": {"description": "D", "content": `+content+`}}}`)
	}
	form := `{"requestBody": {"content": {"application/x-www-form-urlencoded": {"schema": {"type": "object", "required": ["a", "b"],
		"properties": {"a": {"type": "integer", "minimum": 5, "multipleOf": 2}, "b": {"type": "string"}}}}}}, "responses": {"default": {"description": "D"}}}`
	const writeOnly = `{"type": "object", "properties": {"a": {"type": "string", "writeOnly": true}}}`
	tests := []struct {
		name, spec, contentType, body string
		status                        int // 0: of a request
		want                          []string
	}{
		{"a plain text", responseWith(`{"text/plain": {"schema": {"type": "string", "minLength": 3, "pattern": "^b"}}}`),
			"text/plain", "ab", 201,
			[]string{"body: minimum string length is 3", `body: string doesn't match the regular expression "^b"`}},
		{"a JSON text", responseWith(`{"application/json": {"schema": {"type": "string", "pattern": "^b"}}}`),
			"application/json", `"a"`, 299,
			[]string{`body: string doesn't match the regular expression "^b"`}},
		{"a pattern as kin-openapi reads it",
			responseWith(`{"application/json": {"schema": {"type": "string", "pattern": "\\\\u0003"}}}`), "application/json",
			`"\\u0003"`, 200,
			[]string{`body: string doesn't match the regular expression "\\u0003"`}},
		{"a status out of every range", responseWith(`{"text/plain": {}}`), "text/plain", "", 300,
			[]string{"status: the contract has no response for this status"}},
		{"a form", head("3.0.3", form), "application/x-www-form-urlencoded", "a=6&b=x", 0, nil},
		{"a form that breaks twice", head("3.0.3", form), "application/x-www-form-urlencoded", "a=3", 0, []string{
			"body /a: number must be at least 5", "body /a: number must be a multiple of 2",
			`body /b: property "b" is missing`}},
		{"an operation without responses, as 3.1 has it", head("3.1.0", `{}`), "text/html", "anything", 418, nil},
		{"a content that says nothing of its schema", responseWith(`{"application/json": {}}`), "application/json",
			"not JSON", 200, nil},
		{"a content that is null", responseWith(`{"text/plain": null}`), "text/plain", "a", 200,
			[]string{`content-type: unexpected value "text/plain", want none`}},
		{"no content", head("3.0.0", `{"responses": {"200": {"description": "D"}}}`), "text/html", "anything", 200, nil},
		{"a type that is not decoded", responseWith(`{"application/xml": {"schema": {"type": "object"}}}`), "application/xml",
			"<x/>", 200, nil},
		{"3.1: null in a list of types, and a constant",
			head("3.1.0", `{"responses": {"200": {"description": "D", "content": {"application/json": {"schema":
			{"type": "object", "properties": {"a": {"type": ["string", "null"]}, "b": {"const": 5}, "c": {"type": "array", "items": {"type": "integer"}}}}}}}}}`),
			"application/json", `{"a":5,"b":6,"c":[1,"x"]}`, 200,
			[]string{"body /a: value must be a string or null", "body /b: value must be 5",
				"body /c/1: value must be an integer"}},
		{"3.1: anyOf", head("3.1.0", `{"responses": {"200": {"description": "D", "content": {"application/json": {"schema":
			{"anyOf": [{"required": ["a"], "properties": {"a": {"const": 1}}}, {"required": ["b"], "properties": {"b": {"type": "string"}}}]}}}}}}`),
			"application/json", `{"b":5}`, 200, []string{"body /b: value must be a string"}},
		{"3.1: writeOnly in a variant that is referred to, a note in JSON Schema",
			`{"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "components": {"schemas": {"W": ` + writeOnly +
				`}}, "paths": {"/x": {"post":
			{"responses": {"200": {"description": "D", "content": {"application/json": {"schema": {"anyOf": [{"$ref": "#/components/schemas/W"}]}}}}}}}}}`,
			"application/json", `{"a":"x"}`, 200, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v, err := contract.New([]byte(test.spec))
			require.NoError(t, err)
			req := newRequest(t, http.MethodPost, "/x", test.body)
			req.Header.Set("Content-Type", test.contentType)
			if test.status == 0 {
				assert.ElementsMatch(t, test.want, lines(t, v.ValidateRequest(req)))
				return
			}
			assert.ElementsMatch(t, test.want,
				lines(t, validateResponse(v, req, test.status, test.body, "Content-Type", test.contentType)))
		})
	}
}

// A chain of schemas, each of which names the next twice, has as many paths as there are bytes in a disk.
func TestSchemasMayBeSharedByManyPaths(t *testing.T) {
	var schemas strings.Builder
	const length = 40
	for i := range length {
		ref := fmt.Sprintf(`{"$ref": "#/components/schemas/S%d"}`, i+1)
		fmt.Fprintf(&schemas, `"S%d": {"type": "object", "properties": {"a": %s, "b": %s}}, `, i, ref, ref)
	}
	v, err := contract.New([]byte(fmt.Sprintf(`{"openapi": "3.0.3", "info": {"title": "T", "version": "1"},
		"components": {"schemas": {%s "S%d": {"type": "string"}}}, "paths": {"/x": {"post": {"responses": {"200": {"description": "D",
		"content": {"application/json": {"schema": {"$ref": "#/components/schemas/S0"}}}}}}}}}`, schemas.String(), length)))
	require.NoError(t, err)
	req := newRequest(t, http.MethodPost, "/x", "")
	assert.Empty(t, lines(t, validateResponse(v, req, 200, `{"a":{"b":{}}}`, "Content-Type", "application/json")))
	assert.Equal(t, []string{"body /a/b: value must be an object"},
		lines(t, validateResponse(v, req, 200, `{"a":{"b":"x"}}`, "Content-Type", "application/json")))
}

func TestNewFailsForAnythingElse(t *testing.T) {
	const start = "openapi: 3.0.3\ninfo: {title: T, version: '1'}\npaths: {/x: {get: {responses: {'200': "
	tests := []struct{ name, spec, message string }{
		{"nothing", "", "openapi"},
		{"null", "null", "openapi"},
		{"a list", "[]", "unmarshal"},
		{"a text", "hello", "unmarshal"},
		{"bytes", "\x00\xff\n\x01", "unmarshal"},
		{"half a document", `{"openapi": "3.0.3",`, "unmarshal"},
		{"HTML", "<html>\n<body>\n</body></html>", "unmarshal"},
		{"Swagger 2", "swagger: '2.0'\ninfo: {title: T, version: '1'}\npaths: {}",
			"the document is of Swagger 2.0; OpenAPI 3.0 and 3.1 are supported"},
		{"another document is needed", start + "{$ref: 'other.yaml#/X'}}}}}",
			`disallowed external reference: "other.yaml#/X"`},
		{"a document of the network is needed", start + "{$ref: 'http://127.0.0.1:1/x.yaml'}}}}}",
			"disallowed external reference"},
		{"a reference to nothing", start + "{$ref: '#/components/responses/None'}}}}}", "#/components/responses/None"},
		{"an unknown type", start + "{description: D, content: {text/plain: {schema: {type: strin}}}}}}}}", `"strin"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v, err := contract.New([]byte(test.spec))
			require.Error(t, err)
			assert.Nil(t, v)
			assert.Regexp(t, "^new validator: ", err.Error())
			assert.Contains(t, err.Error(), test.message)
			assert.NotContains(t, err.Error(), "\n")
			assert.Less(t, len(err.Error()), 400)
		})
	}
}

func TestAValidatorMayBeSharedByGoroutines(t *testing.T) {
	v, err := contract.New([]byte(runsSpec))
	require.NoError(t, err)
	var group sync.WaitGroup
	for i := range 64 {
		group.Go(func() {
			for range 20 {
				req := newRequest(t, http.MethodPost, runURL, `{"prompt":"a dog"}`)
				assert.NoError(t, v.ValidateRequest(req))
				assert.NoError(t, validateResponse(v, req, 200, `{"success":true,"result":"a dog"}`))
				assert.NoError(t, validateResponse(runs(), req, 418, `{"success":false,"error":"tea"}`))
				assert.Error(t, validateResponse(v, req, 200+i, `{"success":5}`))
			}
		})
	}
	group.Wait()
}

// Time is compared by the benchmark; what is allocated does not depend on what else the machine does.
func TestADocumentTakesLittleMoreMemoryToLoadThanKinOpenAPINeeds(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	for name, spec := range loadedDocuments() {
		t.Run(name, func(t *testing.T) {
			theirs := allocated(func() { require.NoError(t, loadWithKinOpenAPI(spec)) })
			ours := allocated(func() {
				_, err := contract.New(spec)
				require.NoError(t, err)
			})
			t.Logf("%.2f times kin-openapi's", float64(ours)/float64(theirs))
			assert.LessOrEqual(t, float64(ours),
				overhead*float64(2*theirs+128<<10)) // what is fixed counts for a small document, more so under the race detector
		})
	}
}
