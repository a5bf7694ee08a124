package contracttest

import (
	"net/http"
	"net/http/httptest"
	"strings"
)

func faultsOfWorkflows() []fault {
	failing := func(part string) middleware {
		return answering(pathHas(part), http.StatusInternalServerError, "application/json", `{"success":false,"error":"it failed"}`)
	}
	return []fault{
		{"any workflow is run", "workflow/*", taking(func(r *http.Request, _ string) bool {
			return r.Header.Get("Authorization") == "Bearer "+testKey
		}, func(r *http.Request) {
			r.URL.Path, r.URL.RawPath = "/api/v1/run/"+testWorkflow, ""
		})},
		{"an unknown workflow is answered with 400", "workflow/unknown", instead(pathHas(unknownWorkflow), func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusBadRequest, "no such workflow") })},
		{"encoded slashes make it fail", "workflow/encoded-slashes workflow/encoded-traversal", failing("%2f")},
		{"encoded slashes are taken for slashes", "workflow/encoded-slashes workflow/encoded-traversal", answering(pathHas("%2F"), http.StatusNotFound, "text/plain", "404 page not found")},
		{"encoded dots are redirected", "workflow/encoded-dots", instead(pathHas("/%2E%2e"), func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/api/v1/", http.StatusTemporaryRedirect)
		})},
		{"encoded dots with slashes give a file", "workflow/encoded-traversal", answering(pathHas("..%2F..%2f"), http.StatusOK, "text/plain", "root:x:0:0")},
		{"an encoded NUL makes it fail", "workflow/encoded-control-characters", failing("%00")},
		{"an ID comes back as it is", "workflow/not-utf-8", instead(pathHas("%FF"), func(w http.ResponseWriter, r *http.Request) {
			respond(w, http.StatusNotFound, "application/json", `{"success":false,"error":"no workflow `+r.URL.Path+`"}`)
		})},
		{"a long ID is refused by its gateway", "workflow/long", answering(pathHas(strings.Repeat("a", 5000)), http.StatusRequestURITooLong, "text/html", "<html></html>")},
		{"an unknown workflow is answered without success", "workflow/*", altering(func(r *http.Request, res *httptest.ResponseRecorder) bool {
			return res.Code == http.StatusNotFound
		}, replacing(`"success":false,`, ``))},
	}
}

func faultsOfRequests(m *material) []fault {
	valid := string(m.inputs.object())
	taken := func(name, check string, body when) fault {
		return fault{name + " is run", "request/" + check, taking(body, asValid(m))}
	}
	bad := answered(http.StatusBadRequest)
	everyBad := "request/*-body request/json-* request/*-object request/nested-deep request/missing-* request/*-is-* request/blank-*"
	list := []fault{
		taken("an empty body", "empty-body", bodyIs("")),
		taken("JSON cut short", "json-cut-short", bodyIs(valid[:len(valid)-1])),
		taken("JSON with more after it", "json-with-more", bodyHas("} x")),
		taken("JSON in single quotes", "json-in-single-quotes", bodyHas("{'")),
		taken("an array", "array-for-object", bodyIs("[]")),
		taken("a string", "string-for-object", bodyIs(`"inputs"`)),
		taken("a number", "number-for-object", bodyIs("1")),
		taken("a boolean", "boolean-for-object", bodyIs("true")),
		taken("null", "null-for-object", bodyIs("null")),
		taken("another content type", "other-content-type", func(r *http.Request, _ string) bool { return r.Header.Get("Content-Type") == "text/plain" }),
		{"deep nesting makes it fail", "request/nested-deep", answering(bodyHas("[[[["), http.StatusInternalServerError, "application/json", `{"success":false,"error":"stack overflow"}`)},
		{"deep nesting breaks the connection", "request/nested-deep", instead(bodyHas("[[[["), func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })},
		{"a bad body makes it fail", everyBad, altering(bad, statusTo(http.StatusInternalServerError))},
		{"a bad body is answered with another's error schema", everyBad, altering(bad, bodyTo(func(string) string { return `{"detail":"bad"}` }))},
	}
	for _, name := range m.required() {
		list = append(list,
			fault{"a missing " + name + " is not named", "request/missing-" + name, altering(bad, replacing(name, "input"))},
			fault{"a missing " + name + " is answered with 422", "request/missing-" + name, instead(bodyIs(string(m.inputs.without(name).object())), func(w http.ResponseWriter, _ *http.Request) {
				refuse(w, http.StatusUnprocessableEntity, name+" is missing")
			})},
		)
	}
	for _, c := range m.perInput() {
		check := strings.TrimPrefix(c.name, "request/")
		list = append(list, taken("the request of "+check, check, bodyIs(string(c.request.body))))
	}
	return list
}

func faultsOfMethods() []fault {
	refused := answered(http.StatusMethodNotAllowed)
	list := []fault{
		{"405 lacks Allow", "method/*", altering(refused, func(_ *http.Request, res *httptest.ResponseRecorder) { res.Header().Del("Allow") })},
		{"405 allows what it refuses", "method/*", altering(refused, func(r *http.Request, res *httptest.ResponseRecorder) { res.Header().Set("Allow", "POST, "+r.Method) })},
		{"405 allows another method", "method/*", altering(refused, headerTo("Allow", "PURGE"))},
		{"another method is answered with 404", "method/*", altering(refused, statusTo(http.StatusNotFound))},
		{"405 is answered in plain text", "method/get method/put method/patch method/delete method/options method/trace", altering(refused, headerTo("Content-Type", "text/plain"))},
		{"OPTIONS is answered by a CORS middleware", "method/options", instead(methodIs(http.MethodOptions), func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })},
		{"TRACE sends the request back", "method/trace", instead(methodIs(http.MethodTrace), func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "message/http")
			_ = r.Write(w)
		})},
	}
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		list = append(list, fault{method + " is taken for POST", "method/" + strings.ToLower(method), taking(methodIs(method), func(r *http.Request) { r.Method = http.MethodPost })})
	}
	return list
}

func faultsEverywhere() []fault {
	withBody := "unauthorized/* workflow/* request/* method/get method/put method/patch method/delete method/options method/trace"
	return []fault{
		{"everything is answered with a page", "runs/* unauthorized/* workflow/* request/* method/*", answering(always, http.StatusOK, "text/html", "<html></html>")},
		{"everything is over the rate limit", "runs/valid runs/extra-inputs unauthorized/* workflow/unknown request/missing-* request/blank-* method/*", answering(always, http.StatusTooManyRequests, "application/json", `{"success":false,"error":"too many"}`)},
		{"every error has a success", withBody, altering(anError, replacing(`"success":false`, `"success":true`))},
		{"every error has a name twice", withBody, altering(anError, replacing(`{"success":false`, `{"success":false,"success":false`))},
		{"every error has data after it", withBody, altering(anError, bodyTo(func(body string) string { return body + "\n{}" }))},
		{"every error has no message", withBody, altering(anError, replacing(`"message"`, `"text"`))},
	}
}
