package contracttest

import (
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/api"
	"github.com/aitutor-api/aitutor-go/client/contracttest/internal/values"
)

const anotherOperation = "contracttestGetNote"

// withAnotherOperation returns the contract with an operation that has no body, under the run operation's first path
// parameter.
func withAnotherOperation(t *testing.T) *openapi3.T {
	t.Helper()
	document, err := openapi3.NewLoader().LoadFromData(api.Spec)
	require.NoError(t, err)
	run := testOperation(t, document)
	note := openapi3.NewObjectSchema().WithProperty("text", openapi3.NewStringSchema()).WithRequired([]string{"text"})
	description := "A note."
	document.Paths.Set("/api/v1/contracttest/{workflow_id}/notes/{number}", &openapi3.PathItem{Get: &openapi3.Operation{
		OperationID: anotherOperation,
		Parameters: openapi3.Parameters{
			run.Parameters[0],
			{Value: openapi3.NewPathParameter("number").WithSchema(openapi3.NewIntegerSchema().WithMin(1))},
			{Value: openapi3.NewQueryParameter("level").WithRequired(true).WithSchema(openapi3.NewStringSchema().WithEnum("short", "long"))},
		},
		Responses: openapi3.NewResponses(
			openapi3.WithStatus(http.StatusOK, &openapi3.ResponseRef{Value: &openapi3.Response{Description: &description,
				Content: openapi3.NewContentWithJSONSchema(note)}}),
			openapi3.WithStatus(http.StatusUnauthorized, run.Responses.Status(http.StatusUnauthorized)),
			openapi3.WithStatus(http.StatusNotFound, run.Responses.Status(http.StatusNotFound)),
			openapi3.WithName("default", run.Responses.Default().Value),
		),
	}})
	return document
}

// soundWithNotes returns a server of both operations that keeps the contract.
func soundWithNotes(t *testing.T, document *openapi3.T) http.Handler {
	t.Helper()
	runs := sound(t, document)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rest, ok := strings.CutPrefix(r.URL.EscapedPath(), "/api/v1/contracttest/")
		parts := strings.Split(rest, "/")
		credential := r.Header.Get("Authorization")
		level := r.URL.Query().Get("level")
		switch {
		case !ok:
			runs.ServeHTTP(w, r)
		case len(parts) != 3:
			refuse(w, http.StatusNotFound, "no such path")
		case r.Method != http.MethodGet:
			w.Header().Set("Allow", http.MethodGet)
			refuse(w, http.StatusMethodNotAllowed, "no such method")
		case credential == "Bearer "+otherKey:
			refuse(w, http.StatusNotFound, "no such workflow")
		case credential != "Bearer "+testKey && credential != "bearer "+testKey:
			refuse(w, http.StatusUnauthorized, "no valid key")
		case parts[0] != testWorkflow || parts[2] != "1":
			refuse(w, http.StatusNotFound, "no such note")
		case level != "short" && level != "long":
			refuse(w, http.StatusBadRequest, "no such level")
		default:
			respond(w, http.StatusOK, "application/json", `{"text":"Feed the dog."}`)
		}
	})
}

func TestEveryOperationIsChecked(t *testing.T) {
	t.Parallel()
	document := withAnotherOperation(t)
	ok := hasStatus(http.StatusOK)
	note := func(r *http.Request, _ string) bool { return strings.Contains(r.URL.Path, "/notes/") }
	asNote := func(r *http.Request) {
		r.URL.Path, r.URL.RawPath = "/api/v1/contracttest/"+testWorkflow+"/notes/1", ""
	}
	for _, test := range []struct {
		name, caught string
		server       middleware
	}{
		{"a sound server passes", "", taking(func(*http.Request, string) bool { return false }, nil)},
		{"a response that its own schema does not allow", "valid/example", altering(ok, replacing(`"text"`, `"note"`))},
		{"a request without a key that gets a response",
			"unauthorized/missing-key unauthorized/after-a-key unauthorized/cookie-of-the-server",
			taking(func(r *http.Request, body string) bool {
				return note(r, body) && r.Header.Get("Authorization") == "" && r.URL.Query().Get("api_key") == "" &&
					r.Header.Get("X-Api-Key") == ""
			}, func(r *http.Request) {
				if strings.Contains(r.URL.Path, testWorkflow) {
					asKeyed(r)
				}
			})},
		{"another account that gets it", "unauthorized/other-account", taking(func(r *http.Request, body string) bool {
			return note(r, body) && r.Header.Get("Authorization") == "Bearer "+otherKey
		}, asKeyed)},
		{"a workflow that does not exist", "workflow/unknown", taking(func(r *http.Request, body string) bool {
			return note(r, body) && pathHas(unknownWorkflow)(r, body)
		}, asNote)},
		{"a number that is a text", "number/other-type", taking(func(r *http.Request, body string) bool {
			return note(r, body) && strings.HasSuffix(r.URL.Path, "/notes/contracttest")
		}, asNote)},
		{"a query without what is required", "query/missing-level", taking(func(r *http.Request, body string) bool {
			return note(r, body) && !r.URL.Query().Has("level")
		}, func(r *http.Request) { r.URL.RawQuery = "level=short" })},
		{"a value in the query that the contract does not list", "query/level-is-wrong", taking(func(r *http.Request,
			body string) bool {
			return note(r, body) && r.URL.Query().Get("level") == values.NotListed
		}, func(r *http.Request) { r.URL.RawQuery = "level=short" })},
		{"another method that is taken", "method/delete", taking(func(r *http.Request, body string) bool {
			return note(r, body) && r.Method == http.MethodDelete
		}, func(r *http.Request) { r.Method = http.MethodGet })},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			report, err := checkSome(t, document, test.server(soundWithNotes(t, document)), anotherOperation+"/")
			require.NoError(t, err)
			var want []string
			for name := range strings.FieldsSeq(test.caught) {
				want = append(want, anotherOperation+"/"+name)
			}
			assert.ElementsMatch(t, want, failed(report, LevelContract))
			assert.Empty(t, failed(report, LevelAdvice))
		})
	}
}
