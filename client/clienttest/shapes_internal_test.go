package clienttest

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/api"
	validation "github.com/aitutor-api/aitutor-go/client/contract"
)

// An operation of each shape joins the spec: the server responds as the operation says, and the validator agrees.
func TestAnotherOperationIsAnsweredAsItSays(t *testing.T) {
	for _, test := range []struct {
		name, method, path, operation string // the operation in YAML, on a line
		request                       string // path and query; path if empty
		contentType, body             string // of the request
		status                        int
		responseType                  string
	}{
		{"a required query", "get", "/a", `{parameters: [{name: n, in: query, required: true, schema: {type: integer}}], responses: {'200': {description: OK, content: {application/json: {schema: {type: object, required: [at], properties: {at: {type: string, format: date-time}}}}}}}}`, "/a?n=1", "", "", 200, "application/json"},
		{"a word after a parameter", "post", "/a/{id}:cancel", `{parameters: [{name: id, in: path, required: true, example: one, schema: {type: string}}], responses: {'202': {description: OK, headers: {Location: {required: true, schema: {type: string, format: uri}}}}}}`, "/a/one:cancel", "", "", 202, ""},
		{"nothing", "delete", "/a", `{responses: {'204': {description: Gone}}}`, "", "", "", 204, ""},
		{"a range", "get", "/a", `{responses: {2XX: {description: OK, content: {application/json: {schema: {type: string, format: uuid}}}}}}`, "", "", "", 200, "application/json"},
		{"the default only", "get", "/a", `{responses: {default: {description: OK, content: {application/json: {schema: {type: integer}}}}}}`, "", "", "", 200, "application/json"},
		{"a download", "get", "/a", `{responses: {'200': {description: OK, content: {application/octet-stream: {schema: {type: string, format: binary}}}}}}`, "", "", "", 200, "application/octet-stream"},
		{"a form", "post", "/a", `{requestBody: {content: {application/x-www-form-urlencoded: {schema: {type: object, required: [n], properties: {n: {type: integer}}}}}}, responses: {'201': {description: OK}}}`, "", "application/x-www-form-urlencoded", "n=1", 201, ""},
		{"an error that is a problem", "post", "/a", `{requestBody: {required: true, content: {application/json: {schema: {type: object, required: [name]}}}}, responses: {'201': {description: OK}, '400': {description: Bad, content: {application/problem+json: {schema: {type: object, required: [title], properties: {title: {type: string}}}}}}}}`, "", "application/json", "{}", 400, "application/problem+json"},
	} {
		t.Run(test.name, func(t *testing.T) {
			spec := strings.Replace(string(api.Spec), "\npaths:\n", "\npaths:\n  "+test.path+": {"+test.method+": "+test.operation+"}\n", 1)
			document, err := openapi3.NewLoader().LoadFromData([]byte(spec))
			require.NoError(t, err)
			server := start(newServiceOf(contractOf(document), nil))
			defer server.Close()
			if test.request == "" {
				test.request = test.path
			}
			request, err := http.NewRequestWithContext(t.Context(), strings.ToUpper(test.method), server.URL+test.request, strings.NewReader(test.body))
			require.NoError(t, err)
			request.Header.Set("Authorization", "Bearer "+server.APIKey)
			if test.contentType != "" {
				request.Header.Set("Content-Type", test.contentType)
			}
			response, err := server.Client().Do(request)
			require.NoError(t, err)
			defer func() { assert.NoError(t, response.Body.Close()) }()
			assert.Equal(t, test.status, response.StatusCode)
			assert.Equal(t, test.responseType, response.Header.Get("Content-Type"))
			validator, err := validation.New([]byte(spec))
			require.NoError(t, err)
			assert.NoError(t, validator.ValidateResponse(response))
		})
	}
}

func TestABodyHasATimeLimit(t *testing.T) {
	service := newService(nil)
	service.bodyTime = time.Millisecond
	server := start(service)
	defer server.Close()
	writer := make(chan struct{})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/", blockedBody(writer))
	require.NoError(t, err)
	response, err := server.Client().Do(request)
	if err == nil {
		require.NoError(t, response.Body.Close())
	}
	close(writer)
	assert.Len(t, server.Requests(), 1)
}

// blockedBody is a body that ends when the channel is closed.
type blockedBody chan struct{}

func (b blockedBody) Read([]byte) (int, error) {
	<-b
	return 0, http.ErrBodyReadAfterClose
}
