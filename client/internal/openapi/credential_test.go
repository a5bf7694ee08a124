package openapi_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
)

const secured = `security: [{bearer: []}]
paths:
  /inherits: {get: {responses: {default: {description: Any}}}}
  /none: {get: {security: [], responses: {default: {description: Any}}}}
  /optional: {get: {security: [{}, {bearer: []}], responses: {default: {description: Any}}}}
  /either: {get: {security: [{bearer: []}, {key: []}], responses: {default: {description: Any}}}}
  /both: {get: {security: [{bearer: [], key: []}], responses: {default: {description: Any}}}}
components:
  securitySchemes:
    bearer: {type: http, scheme: Bearer}
    basic: {type: http, scheme: basic}
    digest: {type: http, scheme: digest}
    key: {type: apiKey, in: header, name: X-Key}
    query: {type: apiKey, in: query, name: key}
    cookie: {type: apiKey, in: cookie, name: session}
    oauth: {type: oauth2, flows: {}}
`

func TestSecurity(t *testing.T) {
	got, isSecured := map[string][][]string{}, map[string]bool{}
	for _, op := range openapi.Operations(load(t, "3.0.3", secured)) {
		got[op.Path] = [][]string{}
		isSecured[op.Path] = op.Secured()
		for _, alternative := range op.Security {
			names := []string{}
			for _, credential := range alternative {
				assert.NotNil(t, credential.Scheme)
				names = append(names, credential.Name)
			}
			got[op.Path] = append(got[op.Path], names)
		}
	}
	assert.Equal(t, map[string][][]string{
		"/inherits": {{"bearer"}}, "/none": {}, "/optional": {{}, {"bearer"}}, "/either": {{"bearer"}, {"key"}},
		"/both": {{"bearer", "key"}},
	}, got)
	assert.Equal(t, map[string]bool{"/inherits": true, "/none": false, "/optional": false, "/either": true, "/both": true},
		isSecured)
}

func TestCredentials(t *testing.T) {
	document := load(t, "3.0.3", secured)
	for name, want := range map[string]func(*http.Request){
		"bearer": func(r *http.Request) { r.Header.Set("Authorization", "Bearer user:pass") },
		"basic":  func(r *http.Request) { r.SetBasicAuth("user", "pass") },
		"digest": func(r *http.Request) { r.Header.Set("Authorization", "digest user:pass") },
		"key":    func(r *http.Request) { r.Header.Set("X-Key", "user:pass") },
		"query":  func(r *http.Request) { r.URL.RawQuery = "a=b&key=user%3Apass" },
		"cookie": func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "session", Value: "user:pass"}) },
		"oauth":  func(r *http.Request) { r.Header.Set("Authorization", "Bearer user:pass") },
	} {
		t.Run(name, func(t *testing.T) {
			credential := openapi.Credential{Name: name, Scheme: document.Components.SecuritySchemes[name].Value}
			got := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/?a=b", nil)
			wanted := got.Clone(t.Context())
			assert.Empty(t, credential.Values(got))
			want(wanted)
			for _, value := range []string{"another", "user:pass"} { // the second takes the place of the first
				credential.Set(got, value)
				assert.Equal(t, []string{value}, credential.Values(got))
			}
			assert.Equal(t, wanted.Header, got.Header)
			assert.Equal(t, wanted.URL, got.URL)
		})
	}
}

func TestCredential_Values(t *testing.T) {
	document := load(t, "3.0.3", secured)
	credential := func(name string) openapi.Credential {
		return openapi.Credential{Name: name, Scheme: document.Components.SecuritySchemes[name].Value}
	}
	header := func(name string, values ...string) *http.Request {
		return &http.Request{Header: http.Header{name: values}}
	}
	assert.Equal(t, []string{"a"}, credential("bearer").Values(header("Authorization", "bearer  a ")))
	assert.Equal(t, []string{"a", "b"}, credential("bearer").Values(header("Authorization", "Bearer a", "Bearer b")))
	assert.Empty(t, credential("bearer").Values(header("Authorization", "Bearer", "Basic a", "a", "")))
	assert.Empty(t, credential("basic").Values(header("Authorization", "Basic no-base64")))
	assert.Empty(t, credential("key").Values(header("X-Key", "")))
	assert.Empty(t, openapi.Credential{Name: "undeclared"}.Values(header("Authorization", "Bearer a")))
}
