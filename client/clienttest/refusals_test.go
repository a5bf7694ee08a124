package clienttest_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/aitutor-api/aitutor-go/client/clienttest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// refusal is a request that the server refuses.
type refusal struct {
	name    string
	method  string // POST where empty
	path    string // the run of the server's workflow where empty
	change  func(*http.Request)
	body    string
	status  int
	message string // part of the message
}

func TestRefusals(t *testing.T) {
	inputs := encode(t, specInputs(t))
	without := specInputs(t)
	delete(without, firstInput())
	with := func(value any) string {
		changed := specInputs(t)
		changed[firstInput()] = value
		return encode(t, changed)
	}
	header := func(name string, values ...string) func(*http.Request) {
		return func(r *http.Request) { r.Header[name] = values }
	}
	missing := "/" // ends the message of a missing input

	tests := []refusal{
		{name: "a request without a key", change: header("Authorization"), body: inputs, status: 401},
		{name: "a wrong key", change: header("Authorization", "Bearer sk_other"), body: inputs, status: 401},
		{name: "an empty key", change: header("Authorization", "Bearer "), body: inputs, status: 401},
		{name: "a scheme without a key", change: header("Authorization", "Bearer"), body: inputs, status: 401},
		{name: "a key without a scheme", change: header("Authorization", "sk_test_clienttest"), body: inputs, status: 401},
		{name: "another scheme", change: header("Authorization", "Basic sk_test_clienttest"), body: inputs, status: 401},
		{name: "the key and more", change: header("Authorization", "Bearer sk_test_clienttest x"), body: inputs, status: 401},
		{name: "two keys", change: header("Authorization", "Bearer sk_test_clienttest", "Bearer sk_test_clienttest"),
			body: inputs, status: 401},
		{name: "a wrong key before a wrong content type",
			change: func(r *http.Request) { r.Header = http.Header{"Content-Type": {"text/plain"}} }, status: 401},
		{name: "a wrong key before an unknown workflow", path: runPath + "wf_other", change: header("Authorization"),
			status: 401},

		{name: "an unknown workflow", path: runPath + "wf_other", body: inputs, status: 404},
		{name: "an unknown workflow before a wrong content type", path: runPath + "wf_other", change: header("Content-Type"),
			status: 404},
		{name: "an ID with an encoded slash", path: runPath + "wf%2Fother", body: inputs, status: 404},
		{name: "an ID of two dots", path: runPath + "..", body: inputs, status: 404},
		{name: "an ID of two encoded dots", path: runPath + "%2e%2e", body: inputs, status: 404},
		{name: "an ID of a zero byte", path: runPath + "%00", body: inputs, status: 404},
		{name: "an ID of 100 KB", path: runPath + strings.Repeat("w", 100_000), body: inputs, status: 404},
		{name: "an ID of 2 MB", path: runPath + strings.Repeat("w", 2_000_000), body: inputs, status: 404},
		{name: "no ID", path: runPath, body: inputs, status: 404},
		{name: "a path that goes on", path: runPath + "wf_other/steps", body: inputs, status: 404},
		{name: "a path of two slashes", path: "//api//v1/run/wf_other", body: inputs, status: 404},
		{name: "a path that climbs", path: "/api/../api/v1/run/wf_other", body: inputs, status: 404},
		{name: "another path", path: "/", body: inputs, status: 404},

		{name: "GET", method: http.MethodGet, status: 405},
		{name: "HEAD", method: http.MethodHead, status: 405},
		{name: "PUT", method: http.MethodPut, body: inputs, status: 405},
		{name: "DELETE", method: http.MethodDelete, status: 405},
		{name: "OPTIONS", method: http.MethodOptions, status: 405},
		{name: "TRACE", method: http.MethodTrace, status: 405},
		{name: "CONNECT", method: http.MethodConnect, status: 405},
		{name: "a method of its own", method: "BREW", status: 405},
		{name: "a wrong method before a wrong key", method: http.MethodGet, change: header("Authorization"), status: 405},

		{name: "another content type", change: header("Content-Type", "text/plain"), body: inputs, status: 415,
			message: "application/json"},
		{name: "no content type", change: header("Content-Type"), body: inputs, status: 415},
		{name: "a content type that does not parse", change: header("Content-Type", ";"), body: inputs, status: 415},

		{name: "a body of more than 16 MiB", body: with(strings.Repeat("a", 16<<20)), status: 413, message: "16 MiB"},

		{name: "no body", status: 400, message: "JSON"},
		{name: "cut-off JSON", body: inputs[:len(inputs)-1], status: 400, message: "JSON"},
		{name: "a name twice", body: `{"a":1,"a":2}`, status: 400, message: "JSON"},
		{name: "invalid UTF-8", body: "{\"a\":\"\xff\"}", status: 400, message: "JSON"},
		{name: "more after the JSON", body: inputs + inputs, status: 400, message: "JSON"},
		{name: "a byte order mark", body: "\uFEFF" + inputs, status: 400, message: "JSON"},
		{name: "JSON of a million levels", body: strings.Repeat("[", 1_000_000), status: 400, message: "JSON"},
		{name: "an array", body: "[]", status: 400, message: "object"},
		{name: "null", body: "null", status: 400, message: "object"},
	}
	if firstInput() != "" {
		tests = append(tests,
			refusal{name: "a missing input", body: encode(t, without), status: 400, message: missing},
			refusal{name: "no input at all", body: "{}", status: 400, message: missing})
	}
	if refuses(firstInput(), nil) {
		tests = append(tests, refusal{name: "an input that is null", body: with(nil), status: 400, message: missing})
	}
	for _, value := range []any{1.5, "text", []any{}, map[string]any{}, true} {
		if refuses(firstInput(), value) {
			message := "Invalid parameter: " + firstInput() + ": "
			tests = append(tests, refusal{name: "a mistyped input", body: with(value), status: 400, message: message})
			break
		}
	}
	for _, variant := range variants {
		for _, test := range tests {
			t.Run(variant.name+"/"+test.name, func(t *testing.T) {
				server := newServer(t, variant.options...)
				method, path := test.method, test.path
				if method == "" {
					method = http.MethodPost
				}
				if path == "" {
					path = runPath + server.WorkflowID
				}
				request := newRequest(t, server, method, path, test.body)
				if test.change != nil {
					test.change(request)
				}
				got := send(t, request, variant.failure)

				assert.Equal(t, test.status, got.status)
				assert.Zero(t, server.Runs())
				assert.NotContains(t, string(got.body), server.APIKey)
				switch {
				case method == http.MethodHead:
					return
				case test.message == missing:
					message, _ := got.failure(t)
					assert.True(t, strings.HasSuffix(message, ": "+firstInput()), message)
				default:
					message, _ := got.failure(t)
					assert.NotEmpty(t, message)
					assert.Contains(t, message, test.message)
				}
				switch test.status {
				case 401:
					assert.Equal(t, "Bearer", got.header.Get("WWW-Authenticate"))
				case 405:
					assert.Equal(t, "POST", got.header.Get("Allow"))
				}
			})
		}
	}
}

func TestRefusalsAreTheSpecsExamples(t *testing.T) {
	for _, test := range []struct {
		example string
		key     string
		path    string
		options []clienttest.Option
	}{
		{"Unauthorized", "", "", nil},
		{"UnauthorizedFlat", "", "", variants[1].options},
		{"WorkflowNotFound", "Bearer sk_test_clienttest", "x", nil},
		{"WorkflowNotFoundFlat", "Bearer sk_test_clienttest", "x", variants[1].options},
		{"InvalidRequest", "Bearer sk_test_clienttest", "", nil},
		{"MissingInputFlat", "Bearer sk_test_clienttest", "", variants[1].options},
	} {
		t.Run(test.example, func(t *testing.T) {
			if firstInput() == "" && test.key != "" && test.path == "" {
				t.Skip("the spec requires no input")
			}
			server := newServer(t, test.options...)
			request := newRequest(t, server, http.MethodPost, runPath+server.WorkflowID+test.path, "{}")
			request.Header.Set("Authorization", test.key)
			schema := "Error"
			if test.options != nil {
				schema = "FlatError"
			}
			got := send(t, request, schema)
			assert.JSONEq(t, withoutInput(t, exampleOf(t, test.example)), withoutInput(t, got.decode(t)))
		})
	}
}

// withoutInput encodes an error without the input's name, with which the message of a missing one ends: it is the
// workflow's own.
func withoutInput(t *testing.T, value any) string {
	t.Helper()
	return regexp.MustCompile(`: [^":]+"`).ReplaceAllString(encode(t, value), `: "`)
}

func TestABlankInputIsMissing(t *testing.T) {
	property := inputsSchema().Properties[firstInput()]
	if property == nil || property.Value.VisitJSON(" \n") == nil {
		t.Skip("the spec allows a blank first input")
	}
	for _, blank := range []string{"", " \t\n"} {
		server := newServer(t)
		inputs := specInputs(t)
		inputs[firstInput()] = blank
		got := post(t, server, server.WorkflowID, encode(t, inputs), "Error")
		require.Equal(t, 400, got.status)
		message, code := got.failure(t)
		assert.True(t, strings.HasSuffix(message, ": "+firstInput()), message)
		assert.Equal(t, "invalid_request", code)
	}
}
