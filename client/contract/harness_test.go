package contract_test

import (
	"encoding/json"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/api"
	"github.com/aitutor-api/aitutor-go/client/contract"
)

const runURL = "https://api.example.com/api/v1/run/wf_1"

// runsSpec is a document of the contract's shape: workflows that are run, with two variants of a run and two of an
// error.
const runsSpec = `
openapi: 3.0.3
info: {title: Runs, version: "1"}
servers: [{url: "https://runs.example.com"}]
security: [{bearerAuth: []}]
paths:
  /api/v1/run/{workflow_id}:
    post:
      parameters:
        - {name: workflow_id, in: path, required: true, schema: {type: string, pattern: "^[A-Za-z0-9_-]+$"}}
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: "#/components/schemas/Inputs"}}}
      responses:
        "200":
          description: A run.
          headers:
            x-ratelimit-limit: {schema: {type: integer, minimum: 0}}
            x-ratelimit-remaining: {schema: {type: integer, minimum: 0}}
          content: {application/json: {schema: {anyOf: [{$ref: "#/components/schemas/CompletedRun"}, {$ref: "#/components/schemas/TextRun"}]}}}
        default:
          description: An error.
          content: {application/json: {schema: {anyOf: [{$ref: "#/components/schemas/Error"}, {$ref: "#/components/schemas/FlatError"}]}}}
components:
  securitySchemes: {bearerAuth: {type: http, scheme: bearer}}
  schemas:
    Inputs: {type: object, required: [prompt], properties: {prompt: {type: string, pattern: '\S'}}}
    CompletedRun:
      type: object
      required: [success, run_id, status, output]
      properties: {success: {type: boolean, enum: [true]}, run_id: {type: string}, status: {type: string}, output: {$ref: "#/components/schemas/Output"}}
    Output: {type: object, required: [text], properties: {text: {type: string}}}
    TextRun:
      type: object
      required: [success, result]
      properties: {success: {type: boolean, enum: [true]}, result: {type: string}, citations: {type: array, items: {type: string}}}
    Error:
      type: object
      required: [success, error]
      properties: {success: {type: boolean, enum: [false]}, error: {$ref: "#/components/schemas/ErrorDetail"}}
    ErrorDetail: {type: object, required: [message, code], properties: {message: {type: string}, code: {type: string}}}
    FlatError:
      type: object
      required: [success, error]
      properties: {success: {type: boolean, enum: [false]}, error: {type: string}, code: {type: string}}
`

// runs is the Validator of runsSpec.
var runs = sync.OnceValue(func() *contract.Validator {
	v, err := contract.New([]byte(runsSpec))
	if err != nil {
		panic(err)
	}
	return v
})

func newRequest(t *testing.T, method, url, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer example-key")
	req.Header.Set("Content-Type", "application/json")
	return req
}

// headerOf makes the header of a JSON body, with more names and values by turns.
func headerOf(more ...string) http.Header {
	header := http.Header{"Content-Type": {"application/json"}}
	for i := 0; i < len(more); i += 2 {
		header.Set(more[i], more[i+1])
	}
	return header
}

// validateResponse validates a JSON response to a request, with more names and values of its header by turns.
func validateResponse(v *contract.Validator, req *http.Request, status int, body string, more ...string) error {
	return v.ValidateResponse(&http.Response{
		StatusCode: status, Header: headerOf(more...), Request: req, Body: io.NopCloser(strings.NewReader(body)),
		ContentLength: int64(len(body)),
	})
}

func violations(t *testing.T, err error) []contract.Violation {
	t.Helper()
	var failure *contract.Error
	require.ErrorAs(t, err, &failure)
	return failure.Violations
}

// lines returns the violations of an exchange, or nil.
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

// assertOneLineEach asserts that an error's text is one line, or one line and one for each violation.
func assertOneLineEach(t *testing.T, err error, violations int) {
	t.Helper()
	if violations == 1 {
		violations = 0
	}
	assert.Len(t, strings.Split(err.Error(), "\n"), 1+violations, err.Error())
	assert.NotContains(t, err.Error(), "Schema:")
	assert.NotContains(t, err.Error(), "Value:")
}

// requestExample returns an example of a request body in the contract.
func requestExample(tb testing.TB) string {
	tb.Helper()
	op := api.Document().Paths.Value("/api/v1/run/{workflow_id}").Post
	for _, example := range op.RequestBody.Value.Content["application/json"].Examples {
		body, err := json.Marshal(example.Value.Value)
		require.NoError(tb, err)
		return string(body)
	}
	tb.Fatal("the contract has no example of a request")
	return ""
}

// responseExamples calls f with each example of a response in the contract.
func responseExamples(t *testing.T, f func(name string, status int, body string)) {
	t.Helper()
	op := api.Document().Paths.Value("/api/v1/run/{workflow_id}").Post
	for key, ref := range op.Responses.Map() {
		examples := ref.Value.Content["application/json"].Examples
		if key == "default" {
			examples = openapi3.Examples{"flat": api.Document().Components.Examples["InternalServerErrorFlat"]}
		}
		for name, example := range examples {
			body, err := json.Marshal(example.Value.Value)
			require.NoError(t, err)
			f(name, statusOf(key), string(body))
		}
	}
}

// transportFunc is a RoundTripper of a test.
type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// closeCounter counts how often a body was closed.
type closeCounter struct {
	io.Reader
	closed atomic.Int32
}

func (c *closeCounter) Close() error {
	c.closed.Add(1)
	return nil
}

// allocated returns how many bytes the program allocates, in all, while do runs.
func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
