package contracttest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/api"
	"github.com/aitutor-api/aitutor-go/client/contracttest/internal/values"
	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
)

const (
	unknownWorkflow = "contracttest-no-such-workflow"
	testKey         = "test-key-of-the-contract-kit"
	testWorkflow    = "wf_test"
	otherKey        = "test-key-of-another"
)

// testOperation returns the run operation of a target that is sound.
func testOperation(t *testing.T, document *openapi3.T) *operation {
	t.Helper()
	s, err := newSuite(document, testTarget())
	require.NoError(t, err)
	for _, op := range s.operations {
		if op.OperationID == runOperation {
			return op
		}
	}
	require.Fail(t, "no "+runOperation)
	return nil
}

// testTarget returns a target of the servers in these tests, which serve the run and no operation that has joined it.
func testTarget() Target {
	target := Target{APIKey: testKey, WorkflowID: testWorkflow, OtherAPIKey: otherKey, OtherWorkflowID: "wf_another"}
	if api.Document().Paths.Len() > 1 {
		document, err := openapi3.NewLoader().LoadFromData(api.Spec)
		if err != nil {
			panic(err)
		}
		for path, item := range document.Paths.Map() {
			if item.Post == nil || item.Post.OperationID != runOperation {
				document.Paths.Delete(path)
			}
		}
		target.Spec = values.Encode(document)
	}
	return target
}

// checkHandler makes all checks of the run operation of a handler.
func checkHandler(t *testing.T, document *openapi3.T, handler http.Handler) (*Report, error) {
	t.Helper()
	return checkSome(t, document, handler, runOperation+"/")
}

// checkSome makes the checks of a handler whose names begin so.
func checkSome(t *testing.T, document *openapi3.T, handler http.Handler, prefix string) (*Report, error) {
	t.Helper()
	target := testTarget()
	target.Handler = handler
	if document != api.Document() {
		target.Spec = values.Encode(document)
	}
	r, err := open(t.Context(), target)
	if err != nil {
		return nil, err
	}
	defer r.close()
	r.only(prefix)
	r.sender.Pause = noPause
	for i := range r.checks { // of a size that a hundred servers take in a short time; clienttest's takes it whole
		for long, short := range map[string]string{
			values.Long(): values.Long()[:2000], values.FairlyLong(): values.FairlyLong()[:1500],
		} {
			if body := &r.checks[i].request.Body; len(*body) > len(long) {
				*body = bytes.Replace(*body, []byte(long), []byte(short), 1)
			}
		}
	}
	report, err := r.report(t.Context())
	if report == nil {
		return nil, err
	}
	for _, result := range report.Results {
		if result.Err != nil {
			require.NotContains(t, result.Err.Error(), testKey)
		}
		require.NotContains(t, result.Curl, testKey)
	}
	return report, nil
}

// only leaves out the checks whose names do not begin so.
func (r *runner) only(prefix string) {
	r.checks = slices.DeleteFunc(r.checks, func(c check) bool { return !strings.HasPrefix(c.name, prefix) })
}

// failed lists the checks that fail at a level.
func failed(report *Report, level Level) []string {
	list := []string{}
	for _, result := range report.Results {
		if result.Err != nil && result.Level == level {
			list = append(list, result.Check)
		}
	}
	return list
}

// noPause goes on at once, in place of a wait.
func noPause(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// sound returns a server that keeps the contract, whatever the inputs of its workflow are.
func sound(t *testing.T, document *openapi3.T) http.Handler {
	t.Helper()
	m := testOperation(t, document)
	responses := m.Responses
	example, err := openapi.ForResponses(document).Example(responses.Status(http.StatusOK).Value.Content.Get("application/json"))
	require.NoError(t, err)
	run := values.Encode(example)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := bodyOf(r)
		id, ok := strings.CutPrefix(r.URL.EscapedPath(), "/api/v1/run/")
		fields := map[string]any{}
		err := json.Unmarshal(body, &fields)
		switch {
		case !ok || strings.Contains(id, "/"):
			refuse(w, http.StatusNotFound, "no such path")
		case r.Method != m.Method:
			w.Header().Set("Allow", m.Method)
			refuse(w, http.StatusMethodNotAllowed, "no such method")
		case r.Header.Get("Authorization") == "Bearer "+otherKey:
			refuse(w, http.StatusNotFound, "no such workflow")
		case r.Header.Get("Authorization") != "Bearer "+testKey && r.Header.Get("Authorization") != "bearer "+testKey:
			refuse(w, http.StatusUnauthorized, "no valid key")
		case id != testWorkflow:
			refuse(w, http.StatusNotFound, "no such workflow")
		case strings.TrimSuffix(r.Header.Get("Content-Type"), ";charset=UTF-8") != m.contentType:
			refuse(w, http.StatusUnsupportedMediaType, "no JSON")
		case err != nil || fields == nil:
			refuse(w, http.StatusBadRequest, "not a JSON object")
		default:
			if err := m.schema.VisitJSON(fields, openapi3.VisitAsRequest(), openapi.Formats); err != nil {
				refuse(w, http.StatusBadRequest, err.Error())
				return
			}
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(run)
		}
	})
}

func refuse(w http.ResponseWriter, status int, message string) {
	respond(w, status, "application/json", fmt.Sprintf(`{"success":false,"error":{"message":%s,"code":"refused"}}`,
		values.Encode(message)))
}

func respond(w http.ResponseWriter, status int, contentType, body string) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// bodyOf returns the body of a request, which stays readable.
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

// responding returns a middleware that responds in place of the server.
func responding(w when, status int, contentType, body string) middleware {
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

// asKeyed adds the key to a request.
func asKeyed(r *http.Request) { r.Header.Set("Authorization", "Bearer "+testKey) }

func asksKeyed(r *http.Request) bool { return r.Header.Get("Authorization") == "Bearer "+testKey }

// asTestWorkflow makes a request one for the workflow.
func asTestWorkflow(r *http.Request) { r.URL.Path, r.URL.RawPath = "/api/v1/run/"+testWorkflow, "" }

// asValid gives a change of a request to one with valid inputs.
func asValid(m *operation) func(*http.Request) {
	return func(r *http.Request) {
		setBody(r, m.body)
		r.Header.Set("Content-Type", m.contentType)
	}
}

// altering changes the responses that applies selects.
func altering(applies func(*http.Request, *httptest.ResponseRecorder) bool, change func(*http.Request,
	*httptest.ResponseRecorder)) middleware {
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

func hasStatus(code int) func(*http.Request, *httptest.ResponseRecorder) bool {
	return func(_ *http.Request, res *httptest.ResponseRecorder) bool { return res.Code == code }
}

func anyResponse(*http.Request, *httptest.ResponseRecorder) bool { return true }

func anError(_ *http.Request, res *httptest.ResponseRecorder) bool { return res.Code >= 400 }

// bodyTo changes the body of a response.
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

// field sets a field of a JSON object.
func field(name string, value any) func(*http.Request, *httptest.ResponseRecorder) {
	return bodyTo(func(body string) string {
		object, err := values.ParseObject([]byte(body))
		if err != nil {
			panic(err)
		}
		return string(object.With(name, values.Encode(value)).JSON())
	})
}

func headerTo(name, value string) func(*http.Request, *httptest.ResponseRecorder) {
	return func(_ *http.Request, res *httptest.ResponseRecorder) { res.Header().Set(name, value) }
}

func statusTo(code int) func(*http.Request, *httptest.ResponseRecorder) {
	return func(_ *http.Request, res *httptest.ResponseRecorder) { res.Code = code }
}

// otherInputs returns the contract with the inputs of another workflow, and no example of them.
func otherInputs(t *testing.T) *openapi3.T {
	t.Helper()
	document, err := openapi3.NewLoader().LoadFromData(api.Spec)
	require.NoError(t, err)
	m := testOperation(t, document)
	media := m.RequestBody.Value.Content.Get(m.contentType)
	media.Examples = nil
	atLeastOne := uint64(1)
	*media.Schema.Value = *openapi3.NewObjectSchema().
		WithProperty("topic", openapi3.NewStringSchema().WithMinLength(3)).
		WithProperty("level", openapi3.NewIntegerSchema().WithMin(1)).
		WithProperty("tone", openapi3.NewStringSchema().WithEnum("kind", "strict")).
		WithProperty("tags", &openapi3.Schema{
			Type: &openapi3.Types{"array"}, Items: openapi3.NewStringSchema().NewRef(), MinItems: atLeastOne,
		}).
		WithProperty("reader", openapi3.NewObjectSchema().WithProperty("age",
			openapi3.NewFloat64Schema()).WithRequired([]string{"age"})).
		WithProperty("note", openapi3.NewStringSchema().WithNullable()).
		WithRequired([]string{"topic", "level", "tone", "tags", "reader"})
	return document
}
