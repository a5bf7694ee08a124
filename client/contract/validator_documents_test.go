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

// lines are the violations of an exchange, or nil.
func lines(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	var all []string
	for _, violation := range violations(t, err) {
		all = append(all, violation.String())
	}
	return all
}

const manyParameters = `
openapi: 3.0.3
info: {title: Parameters, version: "1"}
servers: [{url: "https://api.example.com/base/"}, {url: "/{part}", variables: {part: {default: v2}}}]
paths:
  /a/{x}: {get: &op {parameters: [{$ref: "#/components/parameters/X"}], responses: {"200": {description: Here.}}}}
  /{y}/{x}: {put: {parameters: [{$ref: "#/components/parameters/X"}, {$ref: "#/components/parameters/Y"}], responses: {"200": {description: Here.}}}}
  /items: {post: {responses: {"200": {description: Here.}}}}
  /many/{x}-{n}/parts/{y}.{z}:
    get:
      parameters:
        - {$ref: "#/components/parameters/X"}
        - {$ref: "#/components/parameters/Y"}
        - {name: n, in: path, required: true, schema: {type: integer, maximum: 9}}
        - {name: z, in: path, required: true, schema: {type: string, enum: [txt, a/b]}}
        - {name: q, in: query, required: true, schema: {type: integer, minimum: 5, multipleOf: 2}}
        - {name: X-Trace, in: header, required: true, schema: {type: string, minLength: 3}}
        - {name: theme, in: cookie, required: true, schema: {type: string, enum: [dark]}}
      responses: {"200": {description: Here.}}
  /naïve café/(x):
    get: {responses: {"200": {description: Here.}}}
  /keyed: {get: {security: [{header: [], query: []}, {cookie: []}], responses: {"200": {description: Here.}}}}
  /basic: {get: {security: [{basic: []}], responses: {"200": {description: Here.}}}}
  /open: {get: {security: [{basic: []}, {}], responses: {"200": {description: Here.}}}}
components:
  parameters:
    X: {name: x, in: path, required: true, schema: {type: string, pattern: "^[a-z/]+$"}}
    Y: {name: y, in: path, required: true, schema: {type: string}}
  securitySchemes:
    basic: {type: http, scheme: basic}
    header: {type: apiKey, in: header, name: X-Key}
    query: {type: apiKey, in: query, name: key}
    cookie: {type: apiKey, in: cookie, name: session}
`

func TestValidatorReadsParametersAndCredentials(t *testing.T) {
	v, err := contract.New([]byte(manyParameters))
	require.NoError(t, err)
	const many = "/many/x-5/parts/y.txt?q=6"
	tests := []struct {
		name, method, url string
		header            []string
		want              []string
	}{
		{"every parameter in its place", "GET", many, []string{"X-Trace", "abc", "Cookie", "theme=dark"}, nil},
		{"an encoded slash in a parameter", "GET", "/many/x%2Fy-5/parts/y%2Fy.a%2Fb?q=6", []string{"X-Trace", "abc", "Cookie", "theme=dark"}, nil},
		{"every parameter wrong", "GET", "/many/X-10/parts/y.doc?q=3", []string{"X-Trace", "ab", "Cookie", "theme=light"}, []string{
			`path x: string doesn't match the regular expression "^[a-z/]+$"`,
			`path n: number must be at most 9`,
			`path z: value is not one of the allowed values ["txt","a/b"]`,
			`query q: number must be at least 5`,
			`query q: number must be a multiple of 2`,
			`header X-Trace: minimum string length is 3`,
			`cookie theme: value is not one of the allowed values ["dark"]`,
		}},
		{"every parameter left out", "GET", "/many/x-5/parts/y.txt", nil, []string{
			"query q: value is required but missing", "header X-Trace: value is required but missing", "cookie theme: value is required but missing",
		}},
		{"a parameter of another type", "GET", "/many/x-five/parts/y.txt?q=six", []string{"X-Trace", "abc", "Cookie", "theme=dark"},
			[]string{"path n: an invalid integer", "query q: an invalid integer"}},
		{"a literal before a parameter", "GET", "/a/x", nil, nil},
		{"a literal before a parameter, with another method", "PUT", "/a/x", nil, []string{"method: the contract has no PUT /a/{x}"}},
		{"two parameters", "PUT", "/b/x", nil, nil},
		{"two parameters, of which one is the other's literal but encoded", "GET", "/%61/x", nil, nil},
		{"a literal with a prefix", "GET", "/any/prefix/a/x", nil, nil},
		{"the whole path before the end of it", "PUT", "/shop/items", nil, nil},
		{"the path after a server's path", "POST", "/base/items", nil, nil},
		{"the path after another server's path", "POST", "/v2/items", nil, nil},
		{"a whole path after a server's path", "PUT", "/base/shop/items", nil, nil},
		{"a literal that has to be encoded", "GET", "/na%C3%AFve%20caf%C3%A9/(x)", nil, nil},
		{"a literal that need not be encoded", "GET", "/na%c3%afve%20caf%C3%A9/%28x%29", nil, nil},
		{"the first two API keys", "GET", "/keyed?key=a", []string{"X-Key", "b"}, nil},
		{"the other API key", "GET", "/keyed", []string{"Cookie", "session=a"}, nil},
		{"no API key", "GET", "/keyed", nil, []string{"header X-Key: an API key is required (header), or cookie session: an API key is required (cookie)"}},
		{"half of the first two API keys", "GET", "/keyed", []string{"X-Key", "b"}, []string{
			"query key: an API key is required (query), or cookie session: an API key is required (cookie)",
		}},
		{"basic authentication", "GET", "/basic", []string{"Authorization", "Basic eDp5"}, nil},
		{"basic authentication with bearer", "GET", "/basic", []string{"Authorization", "Bearer eDp5"}, []string{"header Authorization: a basic credential is required (basic)"}},
		{"a credential that may be left out", "GET", "/open", nil, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			req := newRequest(t, test.method, "https://any.example.com"+test.url, "")
			req.Header = headerOf(test.header...)
			assert.Equal(t, test.want, lines(t, v.ValidateRequest(req)))
		})
	}
}

func TestValidatorTakesAnyDocument(t *testing.T) {
	head := func(version, rest string) string {
		return `{"openapi": "` + version + `", "info": {"title": "T", "version": "1"}, "paths": {"/x": {"post": ` + rest + `}}}`
	}
	answerWith := func(content string) string {
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
		{"a plain text", answerWith(`{"text/plain": {"schema": {"type": "string", "minLength": 3, "pattern": "^b"}}}`), "text/plain", "ab", 201,
			[]string{"body: minimum string length is 3", `body: string doesn't match the regular expression "^b"`}},
		{"a JSON text", answerWith(`{"application/json": {"schema": {"type": "string", "pattern": "^b"}}}`), "application/json", `"a"`, 299,
			[]string{`body: string doesn't match the regular expression "^b"`}},
		{"a pattern as kin-openapi reads it", answerWith(`{"application/json": {"schema": {"type": "string", "pattern": "\\\\u0003"}}}`), "application/json", `"\\u0003"`, 200,
			[]string{`body: string doesn't match the regular expression "\\u0003"`}},
		{"a status out of every range", answerWith(`{"text/plain": {}}`), "text/plain", "", 300, []string{"status: the contract has no response for this status"}},
		{"a form", head("3.0.3", form), "application/x-www-form-urlencoded", "a=6&b=x", 0, nil},
		{"a form that breaks twice", head("3.0.3", form), "application/x-www-form-urlencoded", "a=3", 0, []string{
			"body /a: number must be at least 5", "body /a: number must be a multiple of 2", `body /b: property "b" is missing`}},
		{"an operation without responses, as 3.1 has it", head("3.1.0", `{}`), "text/html", "anything", 418, nil},
		{"a content that says nothing of its schema", answerWith(`{"application/json": {}}`), "application/json", "not JSON", 200, nil},
		{"a content that is null", answerWith(`{"text/plain": null}`), "text/plain", "a", 200, []string{`content-type: unexpected value "text/plain"`}},
		{"no content", head("3.0.0", `{"responses": {"200": {"description": "D"}}}`), "text/html", "anything", 200, nil},
		{"a type that kin-openapi does not decode", answerWith(`{"application/xml": {"schema": {"type": "object"}}}`), "application/xml", "<x/>", 200,
			[]string{`body: unsupported content type "application/xml"`}},
		{"3.1: null in a list of types, and a constant", head("3.1.0", `{"responses": {"200": {"description": "D", "content": {"application/json": {"schema":
			{"type": "object", "properties": {"a": {"type": ["string", "null"]}, "b": {"const": 5}, "c": {"type": "array", "items": {"type": "integer"}}}}}}}}}`),
			"application/json", `{"a":5,"b":6,"c":[1,"x"]}`, 200,
			[]string{"body /a: got number, want null or string", "body /b: value must be 5", "body /c/1: got string, want integer"}},
		{"3.1: anyOf", head("3.1.0", `{"responses": {"200": {"description": "D", "content": {"application/json": {"schema":
			{"anyOf": [{"required": ["a"], "properties": {"a": {"const": 1}}}, {"required": ["b"], "properties": {"b": {"type": "string"}}}]}}}}}}`),
			"application/json", `{"b":5}`, 200, []string{"body /b: got number, want string"}},
		{"3.1: writeOnly in a form that is referred to, which kin-openapi minds there",
			`{"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "components": {"schemas": {"W": ` + writeOnly + `}}, "paths": {"/x": {"post":
			{"responses": {"200": {"description": "D", "content": {"application/json": {"schema": {"anyOf": [{"$ref": "#/components/schemas/W"}]}}}}}}}}}`,
			"application/json", `{"a":"x"}`, 200, []string{`body: doesn't match any schema from "anyOf"`}},
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
			assert.ElementsMatch(t, test.want, lines(t, validateAnswer(v, req, test.status, test.body, "Content-Type", test.contentType)))
		})
	}
}

// A chain of schemas, each of which names the next twice, has as many paths as there are bytes in a disk.
func TestValidatorTakesSchemasThatAreSharedByManyPaths(t *testing.T) {
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
	assert.Empty(t, lines(t, validateAnswer(v, req, 200, `{"a":{"b":{}}}`, "Content-Type", "application/json")))
	assert.Equal(t, []string{"body /a/b: value must be an object"},
		lines(t, validateAnswer(v, req, 200, `{"a":{"b":"x"}}`, "Content-Type", "application/json")))
}

func TestValidatorRefusesWhatIsNoDocument(t *testing.T) {
	const start = "openapi: 3.0.3\ninfo: {title: T, version: '1'}\npaths: {/x: {get: {responses: {'200': "
	tests := []struct{ name, spec, message string }{
		{"nothing", "", "openapi"},
		{"null", "null", "openapi"},
		{"a list", "[]", "unmarshal"},
		{"a text", "hello", "unmarshal"},
		{"bytes", "\x00\xff\n\x01", "unmarshal"},
		{"half a document", `{"openapi": "3.0.3",`, "unmarshal"},
		{"HTML", "<html>\n<body>\n</body></html>", "unmarshal"},
		{"Swagger 2", "swagger: '2.0'\ninfo: {title: T, version: '1'}\npaths: {}", "openapi"},
		{"a document without info", "openapi: 3.0.3\npaths: {}", "info"},
		{"another document is needed", start + "{$ref: 'other.yaml#/X'}}}}}", `disallowed external reference: "other.yaml#/X"`},
		{"a document of the network is needed", start + "{$ref: 'http://127.0.0.1:1/x.yaml'}}}}}", "disallowed external reference"},
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
