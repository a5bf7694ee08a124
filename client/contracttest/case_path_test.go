package contracttest

import (
	"net/http"
	"net/http/httptest"
	"strings"
)

func faultsOfWorkflows() []fault {
	failing := func(part string) middleware {
		return responding(pathHas(part), http.StatusInternalServerError, "application/json",
			`{"success":false,"error":"it failed"}`)
	}
	return []fault{
		{"any workflow is run",
			"unauthorized/other-workflow workflow/unknown workflow/other-case workflow/cut-short workflow/with-more workflow/space-after workflow/nul-after workflow/percent workflow/encoded* workflow/not-utf-8 workflow/long workflow/constructor workflow/proto workflow/id-in-query workflow/id-in-body", taking(func(r *http.Request, _ string) bool {
				return r.Header.Get("Authorization") == "Bearer "+testKey
			}, func(r *http.Request) {
				r.URL.Path, r.URL.RawPath = "/api/v1/run/"+testWorkflow, ""
			})},
		{"an unknown workflow gets 400", "workflow/unknown workflow/id-in-body",
			instead(func(r *http.Request, body string) bool { return pathHas(unknownWorkflow)(r, body) && body != "{}" },
				func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusBadRequest, "no such workflow") })},
		{"encoded slashes make it fail", "workflow/encoded-slashes workflow/encoded-traversal", failing("%2f")},
		{"encoded slashes are taken for slashes", againstAdvice + "workflow/encoded-slashes workflow/encoded-traversal",
			responding(pathHas("%2F"), http.StatusNotFound, "text/plain", "404 page not found")},
		{"encoded dots are redirected", againstAdvice + "workflow/encoded-dots", instead(pathHas("/%2E%2e"),
			func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "/api/v1/", http.StatusTemporaryRedirect)
			})},
		{"encoded dots with slashes give a file", "workflow/encoded-traversal", responding(pathHas("..%2F..%2f"),
			http.StatusOK, "text/plain", "root:x:0:0")},
		{"an encoded NUL makes it fail", "workflow/encoded-control-characters workflow/nul-after", failing("%00")},
		{"an ID comes back as it is", againstAdvice + "workflow/not-utf-8", instead(pathHas("%FF"),
			func(w http.ResponseWriter, r *http.Request) {
				respond(w, http.StatusNotFound, "application/json", `{"success":false,"error":"no workflow `+r.URL.Path+`"}`)
			})},
		{"a long ID is refused by its gateway", againstAdvice + "workflow/long", responding(pathHas(strings.Repeat("a",
			5000)), http.StatusRequestURITooLong, "text/html", "<html></html>")},
		{"an ID in another case is run", "workflow/other-case", taking(pathHas("/WF_TEST"), asTestWorkflow)},
		{"the start of an ID is run", "workflow/cut-short", taking(func(r *http.Request,
			_ string) bool {
			return strings.HasSuffix(r.URL.Path, "/wf_tes")
		}, asTestWorkflow)},
		{"an ID with more after it is run", "workflow/with-more", taking(pathHas("/wf_testx"), asTestWorkflow)},
		{"an ID is trimmed", "workflow/space-after", taking(pathHas("/wf_test%20"), asTestWorkflow)},
		{"the inputs are checked before the workflow", againstAdvice + "workflow/unknown-and-inputs",
			instead(func(r *http.Request, body string) bool {
				return pathHas(unknownWorkflow)(r, body) && body == "{}"
			}, func(w http.ResponseWriter, _ *http.Request) {
				refuse(w, http.StatusBadRequest, "a missing input")
			})},
		{"an unknown workflow gets no success",
			"unauthorized/scheme-in-lower-case unauthorized/other-account unauthorized/other-workflow workflow/unknown workflow/other-case workflow/cut-short workflow/with-more workflow/unknown-and-inputs workflow/constructor workflow/proto workflow/id-in-query workflow/id-in-body", altering(func(r *http.Request, res *httptest.ResponseRecorder) bool {
				return res.Code == http.StatusNotFound
			}, replacing(`"success":false,`, ``))},
	}
}
