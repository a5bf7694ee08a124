package contracttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/api"
)

const (
	testKey      = "test-key-of-the-contract-kit"
	testWorkflow = "wf_test"
)

// testMaterial is the material of the checks of a sound server.
func testMaterial(t *testing.T, document *openapi3.T) *material {
	t.Helper()
	m, err := newMaterial(document, Target{APIKey: testKey, WorkflowID: testWorkflow})
	require.NoError(t, err)
	return m
}

// checkHandler does all checks of a handler, and gives the names of those that fail.
func checkHandler(t *testing.T, document *openapi3.T, handler http.Handler) []string {
	t.Helper()
	k, err := open(t.Context(), document, Target{Handler: handler, APIKey: testKey, WorkflowID: testWorkflow})
	require.NoError(t, err)
	defer k.close()
	k.pause = noPause
	for i := range k.checks { // of a size that a hundred servers take in a short time; clienttest's takes it whole
		body := &k.checks[i].request.body
		*body = bytes.Replace(*body, []byte(longText()), []byte(longText()[:2000]), 1)
	}
	report, err := k.run(t.Context())
	require.NoError(t, err)
	failed := []string{}
	for _, failure := range report.Failures() {
		failed = append(failed, failure.Check)
		require.NotContains(t, failure.Err.Error(), testKey)
		require.NotContains(t, failure.Curl, testKey)
	}
	return failed
}

// sound is a server that keeps the contract, whatever the inputs of its workflow are.
func sound(t *testing.T, document *openapi3.T) http.Handler {
	t.Helper()
	m := testMaterial(t, document)
	responses := document.Paths.Value(m.path).Operations()[m.method].Responses
	examples := responses.Status(http.StatusOK).Value.Content.Get("application/json").Examples
	run := encode(examples[slices.Sorted(maps.Keys(examples))[0]].Value.Value)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := bodyOf(r)
		id, ok := strings.CutPrefix(r.URL.EscapedPath(), m.at(""))
		fields := map[string]any{}
		err := json.Unmarshal(body, &fields)
		switch {
		case !ok || strings.Contains(id, "/"):
			refuse(w, http.StatusNotFound, "no such path")
		case r.Method != m.method:
			w.Header().Set("Allow", m.method)
			refuse(w, http.StatusMethodNotAllowed, "no such method")
		case r.Header.Get("Authorization") != "Bearer "+testKey:
			refuse(w, http.StatusUnauthorized, "no valid key")
		case id != testWorkflow:
			refuse(w, http.StatusNotFound, "no such workflow")
		case r.Header.Get("Content-Type") != m.contentType:
			refuse(w, http.StatusUnsupportedMediaType, "no JSON")
		case err != nil || fields == nil:
			refuse(w, http.StatusBadRequest, "not a JSON object")
		default:
			if err := m.schema.VisitJSON(fields, openapi3.VisitAsRequest()); err != nil {
				refuse(w, http.StatusBadRequest, err.Error())
				return
			}
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(run)
		}
	})
}

func refuse(w http.ResponseWriter, status int, message string) {
	respond(w, status, "application/json", fmt.Sprintf(`{"success":false,"error":{"message":%s,"code":"refused"}}`, encode(message)))
}

func respond(w http.ResponseWriter, status int, contentType, body string) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// bodyOf is the body of a request, which stays readable.
func bodyOf(r *http.Request) []byte {
	body, _ := io.ReadAll(r.Body)
	setBody(r, body)
	return body
}

func setBody(r *http.Request, body []byte) {
	r.Body = io.NopCloser(bytes.NewReader(body))
}

// A when tells the requests that a fault is about.
type when func(r *http.Request, body string) bool

func always(*http.Request, string) bool { return true }

func bodyHas(part string) when {
	return func(_ *http.Request, body string) bool { return strings.Contains(body, part) }
}

func bodyIs(whole string) when {
	return func(r *http.Request, body string) bool { return r.Method == http.MethodPost && body == whole }
}

func pathHas(part string) when {
	return func(r *http.Request, _ string) bool {
		return strings.Contains(r.URL.EscapedPath(), part) && r.Header.Get("Authorization") == "Bearer "+testKey
	}
}

func methodIs(method string) when {
	return func(r *http.Request, _ string) bool { return r.Method == method }
}

func credentialIs(value string) when {
	return func(r *http.Request, _ string) bool { return r.Header.Get("Authorization") == value }
}

// a middleware makes a sound server a faulty one.
type middleware func(http.Handler) http.Handler

// answering answers in place of the server.
func answering(w when, status int, contentType, body string) middleware {
	return instead(w, func(w http.ResponseWriter, _ *http.Request) { respond(w, status, contentType, body) })
}

func instead(applies when, handler http.HandlerFunc) middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if applies(r, string(bodyOf(r))) {
				handler(w, r)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// taking takes a request for another one.
func taking(applies when, change func(*http.Request)) middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if applies(r, string(bodyOf(r))) {
				change(r)
			}
			next.ServeHTTP(w, r)
		})
	}
}

// asKeyed is a change of a request to one with the key.
func asKeyed(r *http.Request) { r.Header.Set("Authorization", "Bearer "+testKey) }

// asValid gives a change of a request to one with valid inputs.
func asValid(m *material) func(*http.Request) {
	return func(r *http.Request) {
		setBody(r, m.inputs.object())
		r.Header.Set("Content-Type", m.contentType)
	}
}

// altering changes the answers of which applies holds.
func altering(applies func(*http.Request, *httptest.ResponseRecorder) bool, change func(*http.Request, *httptest.ResponseRecorder)) middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			recorded := httptest.NewRecorder()
			next.ServeHTTP(recorded, r)
			if applies(r, recorded) {
				change(r, recorded)
			}
			maps.Copy(w.Header(), recorded.Header())
			w.WriteHeader(recorded.Code)
			_, _ = w.Write(recorded.Body.Bytes())
		})
	}
}

func answered(code int) func(*http.Request, *httptest.ResponseRecorder) bool {
	return func(_ *http.Request, res *httptest.ResponseRecorder) bool { return res.Code == code }
}

func anyAnswer(*http.Request, *httptest.ResponseRecorder) bool { return true }

func anError(_ *http.Request, res *httptest.ResponseRecorder) bool { return res.Code >= 400 }

// bodyTo changes the body of an answer.
func bodyTo(change func(string) string) func(*http.Request, *httptest.ResponseRecorder) {
	return func(_ *http.Request, res *httptest.ResponseRecorder) {
		body := change(res.Body.String())
		res.Body.Reset()
		res.Body.WriteString(body)
	}
}

func replacing(old, replacement string) func(*http.Request, *httptest.ResponseRecorder) {
	return bodyTo(func(body string) string { return strings.ReplaceAll(body, old, replacement) })
}

func headerTo(name, value string) func(*http.Request, *httptest.ResponseRecorder) {
	return func(_ *http.Request, res *httptest.ResponseRecorder) { res.Header().Set(name, value) }
}

func statusTo(code int) func(*http.Request, *httptest.ResponseRecorder) {
	return func(_ *http.Request, res *httptest.ResponseRecorder) { res.Code = code }
}

// otherInputs is the contract with the inputs of another workflow, and no example of them.
func otherInputs(t *testing.T) *openapi3.T {
	t.Helper()
	document, err := openapi3.NewLoader().LoadFromData(api.Spec)
	require.NoError(t, err)
	m := testMaterial(t, document)
	media := document.Paths.Value(m.path).Operations()[m.method].RequestBody.Value.Content.Get(m.contentType)
	media.Examples = nil
	atLeastOne := uint64(1)
	*media.Schema.Value = *openapi3.NewObjectSchema().
		WithProperty("topic", openapi3.NewStringSchema().WithMinLength(3)).
		WithProperty("level", openapi3.NewIntegerSchema().WithMin(1)).
		WithProperty("tone", openapi3.NewStringSchema().WithEnum("kind", "strict")).
		WithProperty("tags", &openapi3.Schema{
			Type: &openapi3.Types{"array"}, Items: openapi3.NewStringSchema().NewRef(), MinItems: atLeastOne,
		}).
		WithProperty("reader", openapi3.NewObjectSchema().WithProperty("age", openapi3.NewFloat64Schema()).WithRequired([]string{"age"})).
		WithProperty("note", openapi3.NewStringSchema().WithNullable()).
		WithRequired([]string{"topic", "level", "tone", "tags", "reader"})
	return document
}
