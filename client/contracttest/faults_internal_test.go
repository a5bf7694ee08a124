package contracttest

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
)

// fault is what is wrong with a server that is sound otherwise.
type fault struct {
	name   string
	caught string // the checks that fail, and no others: names, * for a part of one
	server middleware
}

// faults are those of every group, and some that many groups catch.
func faults(m *material) []fault {
	return slices.Concat(faultsOfRuns(), faultsOfKeys(), faultsOfWorkflows(), faultsOfRequests(m), faultsOfMethods(), faultsEverywhere())
}

const keyed = "unauthorized/wrong-key* unauthorized/*-scheme unauthorized/key-*" // the checks that send some key, and get 401

func faultsOfRuns() []fault {
	failing := func(w when) middleware {
		return answering(w, http.StatusInternalServerError, "application/json", `{"success":false,"error":"it failed"}`)
	}
	long := bodyHas(strings.Repeat("a", 1000))
	ok := answered(http.StatusOK)
	return []fault{
		{"a run is answered with 201", "runs/*", altering(ok, statusTo(http.StatusCreated))},
		{"a run is answered with 204 and no body", "runs/*", altering(ok, func(r *http.Request, res *httptest.ResponseRecorder) {
			res.Code = http.StatusNoContent
			res.Body.Reset()
		})},
		{"a run is answered with a redirect", "runs/*", altering(ok, func(r *http.Request, res *httptest.ResponseRecorder) {
			res.Code = http.StatusTemporaryRedirect
			res.Header().Set("Location", "/elsewhere")
		})},
		{"a run is refused with 400", "runs/valid runs/extra-inputs", altering(ok, func(_ *http.Request, res *httptest.ResponseRecorder) {
			res.Code = http.StatusBadRequest
			res.Body = bytes.NewBufferString(`{"success":false,"error":"not today"}`)
		})},
		{"a run lacks a field", "runs/*", altering(ok, replacing(`"run_id"`, `"id"`))},
		{"a run's output is renamed", "runs/*", altering(ok, replacing(`"generated_story"`, `"text"`))},
		{"a run's field has another type", "runs/*", altering(ok, replacing(`"completed"`, `1`))},
		{"a run has a name twice", "runs/*", altering(ok, replacing(`{"output"`, `{"status":"completed","output"`))},
		{"a run is not UTF-8", "runs/*", altering(ok, replacing("Charlie", "Charli\xe9"))},
		{"a run has a byte order mark", "runs/*", altering(ok, bodyTo(func(body string) string { return "\ufeff" + body }))},
		{"a run has data after it", "runs/*", altering(ok, bodyTo(func(body string) string { return body + "{}" }))},
		{"a run is cut short", "runs/*", altering(ok, bodyTo(func(body string) string { return body[:len(body)/2] }))},
		{"a run is not said to be JSON", "runs/*", altering(ok, headerTo("Content-Type", "text/plain"))},
		{"a run is said to have failed", "runs/*", altering(ok, replacing(`"success":true`, `"success":false`))},
		{"a run's rate limit is no number", "runs/*", altering(ok, headerTo("X-Ratelimit-Limit", "ten"))},
		{"a run's body is shorter than its length says", "runs/*", altering(ok, headerTo("Content-Length", "100000"))},
		{"a run's body never ends", "runs/*", altering(ok, bodyTo(func(body string) string { return body + strings.Repeat(" ", maxAnswer) }))},
		{"a run breaks the connection", "runs/*", altering(ok, func(*http.Request, *httptest.ResponseRecorder) { panic(http.ErrAbortHandler) })},
		{"inputs that it does not have are refused", "runs/extra-inputs", answering(bodyHas("contracttest_"), http.StatusBadRequest, "application/json", `{"success":false,"error":"unknown input"}`)},
		{"a long text makes it fail", "runs/long-text", failing(long)},
		{"a long text is refused by its gateway", "runs/long-text", answering(long, http.StatusRequestEntityTooLarge, "text/html", "<html></html>")},
		{"a NUL makes it fail", "runs/unicode-text", failing(bodyHas(`\u0000`))},
		{"a character beyond 16 bits is answered in another charset", "runs/unicode-text", answering(bodyHas("\U0001f436"), http.StatusOK, "application/json", "{\"success\":true,\"result\":\"\xed\xa0\xbd\"}")},
		{"half of a surrogate pair makes it fail", "runs/lone-surrogate", failing(bodyHas(`\ud83d"`))},
		{"a run shows the key", "runs/*", altering(ok, replacing("Charlie", testKey))},
	}
}

func faultsOfKeys() []fault {
	unauthorized := answered(http.StatusUnauthorized)
	bearer := func(test func(key string) bool) when {
		return func(r *http.Request, _ string) bool {
			key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
			return ok && test(key)
		}
	}
	return []fault{
		{"no key is needed", "unauthorized/missing-key", taking(credentialIs(""), asKeyed)},
		{"an empty key is taken", "unauthorized/empty-key", taking(credentialIs("Bearer"), asKeyed)},
		{"any key is taken", "unauthorized/wrong-key* unauthorized/key-*", taking(bearer(func(string) bool { return true }), asKeyed)},
		{"the key is taken under another scheme", "unauthorized/other-scheme", taking(credentialIs("Basic "+testKey), asKeyed)},
		{"the key is taken without a scheme", "unauthorized/missing-scheme", taking(credentialIs(testKey), asKeyed)},
		{"the start of the key is taken", "unauthorized/key-cut-short", taking(bearer(func(key string) bool { return strings.HasPrefix(testKey, key) }), asKeyed)},
		{"the key is taken with more after it", "unauthorized/key-with-more", taking(bearer(func(key string) bool { return strings.HasPrefix(key, testKey) }), asKeyed)},
		{
			"the workflow is looked up before the key", "unauthorized/wrong-key-and-workflow unauthorized/*-scheme unauthorized/key-*",
			instead(func(r *http.Request, _ string) bool { return strings.HasSuffix(r.URL.Path, unknownWorkflow) },
				func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusNotFound, "no such workflow") }),
		},
		{"a wrong key learns whether a workflow exists", "unauthorized/wrong-key-and-workflow", answering(func(r *http.Request, _ string) bool {
			return strings.HasSuffix(r.URL.Path, unknownWorkflow) && r.Header.Get("Authorization") == "Bearer contracttest-wrong-key"
		}, http.StatusNotFound, "application/json", `{"success":false,"error":"no such workflow"}`)},
		{"a wrong key is answered with 403", "unauthorized/*", altering(unauthorized, statusTo(http.StatusForbidden))},
		{"a wrong key is answered under 200", "unauthorized/*", altering(unauthorized, statusTo(http.StatusOK))},
		{"a wrong key is answered in plain text", "unauthorized/*", altering(unauthorized, headerTo("Content-Type", "text/plain"))},
		{"a wrong key is answered without a body", "unauthorized/*", altering(unauthorized, bodyTo(func(string) string { return "" }))},
		{"a wrong key is answered without a code", "unauthorized/*", altering(unauthorized, replacing(`,"code":"refused"`, ``))},
		{"a wrong key is answered with success", "unauthorized/*", altering(unauthorized, replacing(`"success":false`, `"success":true`))},
		{"a wrong key makes it fail", "unauthorized/*", altering(unauthorized, statusTo(http.StatusInternalServerError))},
		{"a wrong key is redirected to a page", "unauthorized/*", altering(unauthorized, func(_ *http.Request, res *httptest.ResponseRecorder) {
			res.Code = http.StatusFound
			res.Header().Set("Location", "/login")
		})},
		{"a wrong key comes back in the message", keyed, altering(unauthorized, func(r *http.Request, res *httptest.ResponseRecorder) {
			replacing("no valid key", "no valid key: "+r.Header.Get("Authorization"))(r, res)
		})},
		{
			"the key comes back in a header", "runs/* unauthorized/wrong-key* unauthorized/*-scheme unauthorized/key-* workflow/* request/* method/*",
			altering(anyAnswer, func(r *http.Request, res *httptest.ResponseRecorder) {
				res.Header().Set("X-Debug", r.Header.Get("Authorization"))
			}),
		},
	}
}
