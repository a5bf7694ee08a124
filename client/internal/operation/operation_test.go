package operation

import (
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/api"
	"github.com/aitutor-api/aitutor-go/gen"
)

const document = `openapi: 3.0.3
info: {title: x, version: "1"}
servers:
  - url: https://{region}.example.com/v2
    variables:
      region: {default: eu}
security:
  - bearer: []
paths:
  /pets:
    get:
      responses: {"200": {description: x, content: {text/csv: {}, application/json: {}}}, "500": {description: x, content: {text/html: {}}}}
    post:
      security: []
      responses: {"204": {description: x}, "400": {description: x, content: {application/problem+json: {}}}}
  /pets/{id}:
    get:
      security: [{header: []}]
      responses: {default: {description: x, content: {application/json: {}}}}
  /pets/mine:
    get:
      security: [{basic: []}, {header: []}, {bearer: []}]
      responses: {2XX: {description: x, content: {text/event-stream: {}}}}
  /pets/{id}:feed:
    post:
      security: [{bearer: [], header: []}]
      responses: {"200": {description: x}}
  /pets/{id}/tags/{tag}:
    get:
      security: [{basic: []}, {}]
      responses: {"200": {description: x}}
components:
  securitySchemes:
    bearer: {type: http, scheme: Bearer}
    header: {type: apiKey, in: header, name: X-Key}
    basic: {type: http, scheme: basic}
`

func parse(t *testing.T, text string) *openapi3.T {
	t.Helper()
	parsed, err := openapi3.NewLoader().LoadFromData([]byte(text))
	require.NoError(t, err)
	return parsed
}

func TestFind_ReturnsWhatTheContractSaysOfTheOperation(t *testing.T) {
	all, err := operationsOf(parse(t, document))
	require.NoError(t, err)
	for _, test := range []struct {
		name, method, url string
		accept            string
		streams           bool
		sent              http.Header // of the key
	}{
		{"a literal path", "GET", "/v2/pets", "application/json, text/csv", false,
			http.Header{"Authorization": {"Bearer KEY"}}},
		{"no success with a body, and no credential", "POST", "/v2/pets", "application/problem+json", false, http.Header{}},
		{"a path with a parameter", "GET", "/v2/pets/7", "application/json", false, http.Header{"X-Key": {"KEY"}}},
		{"a parameter with an escaped slash", "GET", "/v2/pets/a%2Fb", "application/json", false,
			http.Header{"X-Key": {"KEY"}}},
		{"a literal path before one with a parameter", "GET", "/v2/pets/mine", "text/event-stream", true,
			http.Header{"X-Key": {"KEY"}}},
		{"a parameter with text behind it", "POST", "/v2/pets/7:feed", "", false,
			http.Header{"Authorization": {"Bearer KEY"}, "X-Key": {"KEY"}}},
		{"two parameters, and an optional credential that a key cannot be", "GET", "/v2/pets/7/tags/a", "", false,
			http.Header{}},
		{"another method", "DELETE", "/v2/pets", "", false, http.Header{}},
		{"another path", "GET", "/v2/cats", "", false, http.Header{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), test.method, "https://eu.example.com"+test.url, nil)
			require.NoError(t, err)
			found := find(all, req, &url.URL{Path: "/v2/"})
			assert.Equal(t, test.accept, found.Accept)
			assert.Equal(t, test.streams, found.Streams)
			for _, credential := range found.Credentials {
				credential.Set(req, "KEY")
			}
			assert.Equal(t, test.sent, req.Header)
		})
	}
}

func TestOf_KnowsTheRunOperation(t *testing.T) {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://example.com/api/v1/run/wf_1", nil)
	require.NoError(t, err)
	found, err := Of(req, &url.URL{Path: "/"})
	require.NoError(t, err)
	assert.True(t, found.IsRun)
	assert.Equal(t, "application/json", found.Accept)
	assert.Len(t, found.Credentials, 1)
}

func TestDecode_SaysWhatGeneratedCodeCannotDecode(t *testing.T) {
	type balance struct{ Credits float64 }
	type response struct {
		JSON200     *balance
		JSON4XX     *[]string
		JSONDefault *map[string]string
	}
	op := Operation{response: reflect.TypeFor[response]()}
	for _, test := range []struct {
		name   string
		status int
		body   string
		ok     bool
	}{
		{"a body of its type", 200, `{"Credits":1}`, true},
		{"a body of another type", 200, `{"Credits":"x"}`, false},
		{"no JSON", 200, `{`, false},
		{"a range", 404, `["x"]`, true},
		{"a range of another type", 404, `{}`, false},
		{"the default", 500, `{"a":"b"}`, true},
		{"the default of another type", 500, `[]`, false},
	} {
		assert.Equal(t, test.ok, op.Decode(test.status, []byte(test.body)) == nil, test.name)
	}
	require.NoError(t, Operation{}.Decode(200, []byte("{")), "of which nothing is known")
	assert.Equal(t, reflect.TypeFor[gen.RunWorkflowResponse](), responseType("runWorkflow"))
	assert.Equal(t, reflect.TypeFor[gen.RunWorkflowResponse](), responseType("run-workflow"))
	assert.Nil(t, responseType("noSuchOperation"))
}

func TestOperationsOf_RefusesASchemeThatAKeyCannotServe(t *testing.T) {
	for name, scheme := range map[string]string{
		"basic":          "{type: http, scheme: basic}",
		"a cookie":       "{type: apiKey, in: cookie, name: key}",
		"a query":        "{type: apiKey, in: query, name: key}",
		"OAuth 2":        "{type: oauth2, flows: {clientCredentials: {tokenUrl: https://example.com, scopes: {}}}}",
		"OpenID Connect": "{type: openIdConnect, openIdConnectUrl: https://example.com}",
		"mutual TLS":     "{type: mutualTLS}",
		"digest":         "{type: http, scheme: digest}",
	} {
		text := strings.Replace(document, "{type: http, scheme: Bearer}", scheme, 1)
		_, err := operationsOf(parse(t, text))
		require.ErrorContains(t, err, "security scheme bearer", name)
		assert.NotContains(t, err.Error(), "\n")
	}
}

func TestServer_IsTheFirstWithTheDefaultsOfItsVariables(t *testing.T) {
	base, err := serverOf(parse(t, document))
	require.NoError(t, err)
	assert.Equal(t, "https://eu.example.com/v2/", base.String())
	for name, servers := range map[string]string{"none": "", "relative": "servers: [{url: /v2}]\n",
		"plain http": "servers: [{url: http://example.com}]\n"} {
		_, err = serverOf(parse(t, "openapi: 3.0.3\ninfo: {title: x, version: x}\npaths: {}\n"+servers))
		require.ErrorContains(t, err, "use WithBaseURL", name)
	}
	base, err = Server()
	require.NoError(t, err)
	assert.NotContains(t, base.String(), "{")
}

func TestHead_HasTheServersAndSchemesOfAnyDocument(t *testing.T) {
	inJSON, err := parse(t, document).MarshalJSON()
	require.NoError(t, err)
	for name, text := range map[string]string{
		"the contract":        string(api.Spec),
		"a document":          document,
		"one with other ends": strings.ReplaceAll(document, "\n", "\r\n"),
		"one in JSON":         string(inJSON),
		"one with deeper blocks": strings.ReplaceAll(document, "\n  securitySchemes:\n    ",
			"\n    securitySchemes:\n      "),
		"one with comments": strings.ReplaceAll(document, "servers:\n", "servers:\n# here\n\n"),
		"one with a list that is not indented": strings.Replace(document,
			"  - url: https://{region}.example.com/v2\n    variables:\n      region:",
			"- url: https://{region}.example.com/v2\n  variables:\n    region:", 1),
		"one with references": strings.Replace(document, "basic: {type: http, scheme: basic}",
			"basic: {$ref: '#/components/securitySchemes/header'}", 1),
	} {
		if name == "one with deeper blocks" {
			text = strings.ReplaceAll(strings.ReplaceAll(text, "\n    header:", "\n      header:"), "\n    basic:",
				"\n      basic:")
		}
		whole := parse(t, text)
		got := headOf([]byte(text), func() *openapi3.T { return whole })
		require.Equal(t, whole.Servers[0].URL, got.Servers[0].URL, name)
		require.Len(t, got.Components.SecuritySchemes, len(whole.Components.SecuritySchemes), name)
		for scheme, ref := range whole.Components.SecuritySchemes {
			assert.Equal(t, ref.Value.Type, got.Components.SecuritySchemes[scheme].Value.Type, name)
		}
	}
	assert.Empty(t, head().Paths.Map(), "only the head of the contract is parsed: New takes microseconds")
}
