package contract_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client/contract"
)

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

func TestViolationsOfParametersAndCredentials(t *testing.T) {
	v, err := contract.New([]byte(manyParameters))
	require.NoError(t, err)
	const many = "/many/x-5/parts/y.txt?q=6"
	tests := []struct {
		name, method, url string
		header            []string
		want              []string
	}{
		{"every parameter in its place", "GET", many, []string{"X-Trace", "abc", "Cookie", "theme=dark"}, nil},
		{"an encoded slash in a parameter", "GET", "/many/x%2Fy-5/parts/y%2Fy.a%2Fb?q=6",
			[]string{"X-Trace", "abc", "Cookie", "theme=dark"}, nil},
		{"every parameter wrong", "GET", "/many/X-10/parts/y.doc?q=3", []string{"X-Trace", "ab", "Cookie", "theme=light"},
			[]string{
				`path x: string doesn't match the regular expression "^[a-z/]+$"`,
				`path n: number must be at most 9`,
				`path z: value is not one of the allowed values ["txt","a/b"]`,
				`query q: number must be at least 5`,
				`query q: number must be a multiple of 2`,
				`header X-Trace: minimum string length is 3`,
				`cookie theme: value is not one of the allowed values ["dark"]`,
			}},
		{"every parameter left out", "GET", "/many/x-5/parts/y.txt", nil, []string{
			"query q: value is required but missing", "header X-Trace: value is required but missing",
			"cookie theme: value is required but missing",
		}},
		{"a parameter of another type", "GET", "/many/x-five/parts/y.txt?q=six",
			[]string{"X-Trace", "abc", "Cookie", "theme=dark"},
			[]string{"path n: an invalid integer", "query q: an invalid integer"}},
		{"a literal before a parameter", "GET", "/a/x", nil, nil},
		{"a literal before a parameter, with another method", "PUT", "/a/x", nil,
			[]string{"method: the contract has no PUT /a/{x}"}},
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
		{"no API key", "GET", "/keyed", nil,
			[]string{"header X-Key: an API key is required (header), or cookie session: an API key is required (cookie)"}},
		{"half of the first two API keys", "GET", "/keyed", []string{"X-Key", "b"}, []string{
			"query key: an API key is required (query), or cookie session: an API key is required (cookie)",
		}},
		{"basic authentication", "GET", "/basic", []string{"Authorization", "Basic eDp5"}, nil},
		{"basic authentication with bearer", "GET", "/basic", []string{"Authorization", "Bearer eDp5"},
			[]string{"header Authorization: a basic credential is required (basic)"}},
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

func TestValuesOfParametersAreReadAsTheirSchemaSays(t *testing.T) {
	tests := []struct {
		name, version, parameters, request string
		want                               []string
	}{
		{"a number where a number or a word may be", "3.0.3",
			`{name: id, in: path, required: true, schema: {oneOf: [{type: integer}, {type: string, enum: [me]}]}}`, "/x/7", nil},
		{"a word there", "3.0.3", `{name: id, in: path, required: true, schema: {oneOf: [{type: integer}, {type: string, enum: [me]}]}}`, "/x/me", nil},
		{"another word there", "3.0.3",
			`{name: id, in: path, required: true, schema: {oneOf: [{type: integer}, {type: string, enum: [me]}]}}`, "/x/you",
			[]string{`path id: value is not one of the allowed values ["me"]`}},
		{"a text that only a string may be", "3.0.3",
			`{name: a, in: query, schema: {anyOf: [{type: integer, minimum: 10}, {type: string}]}}`, "/x/1?a=5", nil},
		{"an optional number", "3.1.0", `{name: a, in: query, schema: {anyOf: [{type: integer}, {type: 'null'}]}}`,
			"/x/1?a=x", []string{"query a: an invalid integer"}},
		{"a value that must not be", "3.0.3", `{name: a, in: query, schema: {type: string, not: {enum: [x]}}}`, "/x/1?a=x",
			[]string{`query a: doesn't match schema "not"`}},
		{"a list with places", "3.1.0",
			`{name: a, in: query, explode: false, schema: {type: array, prefixItems: [{type: number}, {type: string}], items: false}}`, "/x/1?a=1,b", nil},
		{"an object or a number, as an object", "3.0.3",
			`{name: a, in: query, style: deepObject, schema: {anyOf: [{type: object, properties: {gt: {type: integer}}}, {type: integer}]}}`,
			"/x/1?a[gt]=x", []string{"query a: an invalid integer"}},
		{"an object or a number, as a number", "3.0.3",
			`{name: a, in: query, style: deepObject, schema: {anyOf: [{type: object, properties: {gt: {type: integer}}}, {type: integer}]}}`,
			"/x/1?a=5", nil},
		{"a list in an object, repeated", "3.0.3",
			`{name: a, in: query, style: deepObject, schema: {type: object, properties: {b: {type: array, items: {type: integer}}}}}`, "/x/1?a[b]=1&a[b]=2", nil},
		{"a list in an object, in brackets", "3.0.3",
			`{name: a, in: query, style: deepObject, schema: {type: object, properties: {b: {type: array, items: {type: integer}}}}}`, "/x/1?a[b][]=1&a[b][]=x",
			[]string{"query a: an invalid integer"}},
		{"a property that an object must not have", "3.0.3",
			`{name: a, in: query, style: deepObject, schema: {type: object, additionalProperties: false, properties: {b: {type: string}}}}`, "/x/1?a[c]=1",
			[]string{`query a: property "c" is unsupported`}},
		{"a page, as Spring has it", "3.0.3",
			`{name: pageable, in: query, required: true, schema: {type: object, properties: {page: {type: integer, minimum: 0}, sort: {type: array, items: {type: string}}}}}`,
			"/x/1?page=0&sort=name,asc", nil},
		{"a map beside another parameter", "3.0.3",
			`{name: q, in: query, schema: {type: string}}, {name: more, in: query, schema: {type: object, additionalProperties: {type: integer}}}`, "/x/1?q=a&r=1", nil},
		{"a broken map beside another parameter", "3.0.3",
			`{name: q, in: query, schema: {type: string}}, {name: more, in: query, schema: {type: object, additionalProperties: {type: integer}}}`,
			"/x/1?q=a&r=b", []string{"query more: an invalid integer"}},
		{"a required object of which nothing is sent", "3.0.3",
			`{name: o, in: query, required: true, schema: {type: object, properties: {a: {type: integer}}}}`, "/x/1?o=5&b=6",
			[]string{"query o: value is required but missing"}},
		{"an optional object of which nothing is sent", "3.0.3",
			`{name: o, in: query, schema: {type: object, required: [a], properties: {a: {type: integer}}}}`, "/x/1?o=5&b=6",
			nil},
		{"a name of a map that is the map's", "3.0.3",
			`{name: o, in: query, schema: {type: object, additionalProperties: {type: integer}}}`, "/x/1?o=x",
			[]string{"query o: an invalid integer"}},
		{"JSON of a vendor", "3.0.3",
			`{name: a, in: query, content: {application/vnd.x+json: {schema: {type: object, required: [n]}}}}`, "/x/1?a=%7B%7D",
			[]string{`query a: property "n" is missing`}},
		{"JSON with a charset", "3.0.3",
			`{name: a, in: query, content: {'application/json; charset=utf-8': {schema: {type: object, required: [n]}}}}`,
			"/x/1?a=%7B%22n%22:1%7D", nil},
		{"JSON with a name twice", "3.0.3", `{name: a, in: query, content: {application/json: {schema: {type: object}}}}`,
			"/x/1?a=%7B%22n%22:1,%22n%22:1%7D",
			[]string{"query a: is not JSON: duplicate object member name, at byte 7"}},
		{"an empty value that is allowed", "3.0.3", `{name: a, in: query, allowEmptyValue: true, schema: {type: integer}}`,
			"/x/1?a", nil},
		{"an empty value that is not", "3.0.3", `{name: a, in: query, schema: {type: integer}}`, "/x/1?a",
			[]string{"query a: empty value is not allowed"}},
		{"a semicolon", "3.0.3", `{name: a, in: query, required: true, schema: {type: string, enum: [b;c]}}`, "/x/1?a=b;c",
			nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v := validatorOf(t, test.version,
				"  /x/{id}: {get: {parameters: ["+test.parameters+"], responses: {'200': {description: D}}}}\n")
			assert.Equal(t, test.want, lines(t, v.ValidateRequest(newRequest(t, "GET", test.request, ""))))
		})
	}
	t.Run("the host and cookies of JSON", func(t *testing.T) {
		v := validatorOf(t, "3.0.3", "  /x: {get: {parameters: [{name: Host, in: header, required: true, schema: {type: string}}, "+
			"{name: a, in: cookie, content: {application/json: {schema: {type: object, required: [n]}}}}], responses: {'200': {description: D}}}}\n")
		req := newRequest(t, "GET", "https://api.example.com/x", "")
		req.Header.Set("Cookie", "a=%7B%22n%22%3A1%7D")
		require.NoError(t, v.ValidateRequest(req))
		req.Header.Set("Cookie", "a=%7B%7D")
		assert.Equal(t, []string{`cookie a: property "n" is missing`}, lines(t, v.ValidateRequest(req)))
	})
}
