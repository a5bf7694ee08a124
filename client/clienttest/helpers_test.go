package clienttest_test

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/aitutor-api/aitutor-go/api"
	"github.com/aitutor-api/aitutor-go/client/clienttest"
	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const runPath = "/api/v1/run/"

// variants are the two variants of a response: the options that choose each, and its schemas.
var variants = []struct {
	name, run, failure string
	options            []clienttest.Option
}{
	{"documented", "CompletedRun", "Error", nil},
	{"deployed", "TextRun", "FlatError", []clienttest.Option{clienttest.WithTextResults()}},
}

func operation() *openapi3.Operation {
	return api.Document().Paths.Value("/api/v1/run/{workflow_id}").Post
}

// specInputs returns the spec's example of a request, or one made of its schema.
func specInputs(t *testing.T) map[string]any {
	t.Helper()
	value, err := openapi.ForRequests(api.Document()).Example(operation().RequestBody.Value.Content.Get("application/json"))
	require.NoError(t, err)
	inputs, ok := value.(map[string]any)
	require.True(t, ok)
	return maps.Clone(inputs)
}

// inputsSchema returns the schema of the inputs, allOf merged.
func inputsSchema() *openapi3.Schema {
	return openapi.Merged(operation().RequestBody.Value.Content.Get("application/json").Schema.Value)
}

// firstInput returns the name of the first input that the spec requires, or "" if it requires none.
func firstInput() string {
	if required := inputsSchema().Required; len(required) > 0 {
		return required[0]
	}
	return ""
}

func encode(t *testing.T, value any) string {
	t.Helper()
	data, err := json.Marshal(value)
	require.NoError(t, err)
	return string(data)
}

func newServer(t *testing.T, options ...clienttest.Option) *clienttest.Server {
	t.Helper()
	server := clienttest.NewServer(options...)
	t.Cleanup(server.Close)
	return server
}

// newRequest returns a valid request: change what the test is about.
func newRequest(t *testing.T, server *clienttest.Server, method, path, body string) *http.Request {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+server.APIKey)
	request.Header.Set("Content-Type", "application/json")
	return request
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

// send sends a request, follows no redirect, and validates the response against the spec and the schema that it must
// have.
func send(t *testing.T, request *http.Request, schema string) answer {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	response, err := client.Do(request)
	require.NoError(t, err)
	defer func() { assert.NoError(t, response.Body.Close()) }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	got := answer{response.StatusCode, response.Header, body}
	assert.Equal(t, "application/json", got.header.Get("Content-Type"))
	if request.Method == http.MethodHead {
		return got
	}

	specified := operation().Responses.Value(strconv.Itoa(got.status))
	if specified == nil {
		specified = operation().Responses.Default()
	}
	assert.NoError(t, specified.Value.Content.Get("application/json").Schema.Value.VisitJSON(got.decode(t)))
	assert.NoError(t, api.Document().Components.Schemas[schema].Value.VisitJSON(got.decode(t)))
	for name, header := range specified.Value.Headers {
		var value any = got.header.Get(name)
		if number, err := strconv.ParseFloat(got.header.Get(name), 64); err == nil {
			value = number
		}
		assert.NoError(t, header.Value.Schema.Value.VisitJSON(value), name)
	}
	return got
}

// post sends inputs to a workflow.
func post(t *testing.T, server *clienttest.Server, workflow, body, schema string) answer {
	t.Helper()
	return send(t, newRequest(t, server, http.MethodPost, runPath+workflow, body), schema)
}

func (a answer) decode(t *testing.T) map[string]any {
	t.Helper()
	var value map[string]any
	require.NoError(t, json.Unmarshal(a.body, &value), string(a.body))
	return value
}

// failure returns the message and the code of an error, of either variant.
func (a answer) failure(t *testing.T) (message, code string) {
	t.Helper()
	var flat struct{ Error, Code string }
	if bytes.Contains(a.body, []byte(`"error":{`)) {
		var documented struct {
			Error struct{ Message, Code string }
		}
		require.NoError(t, json.Unmarshal(a.body, &documented, json.MatchCaseInsensitiveNames(true)))
		return documented.Error.Message, documented.Error.Code
	}
	require.NoError(t, json.Unmarshal(a.body, &flat, json.MatchCaseInsensitiveNames(true)))
	return flat.Error, flat.Code
}

// exampleOf returns a named example of the spec, or one made of the schema of that name.
func exampleOf(t *testing.T, name string) any {
	t.Helper()
	if example := api.Document().Components.Examples[name]; example != nil {
		return example.Value.Value
	}
	schema := api.Document().Components.Schemas[name]
	require.NotNil(t, schema, "api/openapi.yaml has no example and no schema %s, which the tests use: change them too",
		name)
	made, err := openapi.ForResponses(api.Document()).Sample(schema.Value)
	require.NoError(t, err)
	return made
}

// refuses reports whether the spec refuses a value for an input as a whole.
func refuses(name string, value any) bool {
	property := inputsSchema().Properties[name]
	if property == nil {
		return false
	}
	broken, ok := errors.AsType[*openapi3.SchemaError](property.Value.VisitJSON(value))
	return ok && len(broken.JSONPointer()) == 0
}
