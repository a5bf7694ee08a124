package contracttest

import (
	"net/http"
	"net/http/httptest"
	"strings"
)

func faultsOfMethods(op *operation) []fault {
	refused := hasStatus(http.StatusMethodNotAllowed)
	list := []fault{
		{"405 lacks Allow", againstAdvice + "method/*", altering(refused, func(_ *http.Request,
			res *httptest.ResponseRecorder) {
			res.Header().Del("Allow")
		})},
		{"405 allows what it refuses", againstAdvice + "method/*", altering(refused, func(r *http.Request,
			res *httptest.ResponseRecorder) {
			res.Header().Set("Allow", "POST, "+r.Method)
		})},
		{"405 allows another method", againstAdvice + "method/*", altering(refused, headerTo("Allow", "PURGE"))},
		{"another method gets 404", "", altering(refused, statusTo(http.StatusNotFound))},
		{"405 gets plain text", "", altering(refused, headerTo("Content-Type", "text/plain"))},
		{"OPTIONS gets the response of a CORS middleware", "",
			instead(methodIs(http.MethodOptions), func(w http.ResponseWriter,
				_ *http.Request) {
				w.WriteHeader(http.StatusNoContent)
			})},
		{"X-HTTP-Method-Override is taken", "method/override", taking(func(r *http.Request,
			_ string) bool {
			return r.Header.Get("X-Http-Method-Override") != ""
		},
			func(r *http.Request) { r.Method = http.MethodPost })},
		{"an unknown method is taken", "method/unknown", taking(methodIs("CONTRACTTEST"),
			func(r *http.Request) { r.Method = http.MethodPost })},
		{"an unknown method gets 501", "", instead(methodIs("CONTRACTTEST"), func(w http.ResponseWriter,
			_ *http.Request) {
			w.WriteHeader(http.StatusNotImplemented)
		})},
		{"OPTIONS has a body of its own", "", responding(methodIs(http.MethodOptions), http.StatusOK, "application/json",
			`{"name":"runs"}`)},
		{"HEAD is run", "method/head", taking(methodIs(http.MethodHead), func(r *http.Request) {
			r.Method = http.MethodPost
			asValid(op)(r)
		})},
		{"HEAD fails", "method/head", altering(func(r *http.Request,
			_ *httptest.ResponseRecorder) bool {
			return r.Method == http.MethodHead
		},
			statusTo(http.StatusInternalServerError))},
		{"OPTIONS fails", "method/options", altering(func(r *http.Request,
			_ *httptest.ResponseRecorder) bool {
			return r.Method == http.MethodOptions
		},
			statusTo(http.StatusInternalServerError))},
		{"TRACE sends the request back", "method/trace", instead(methodIs(http.MethodTrace), func(w http.ResponseWriter,
			r *http.Request) {
			w.Header().Set("Content-Type", "message/http")
			_ = r.Write(w)
		})},
	}
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		caught := "method/" + strings.ToLower(method)
		if method == http.MethodGet {
			caught += " method/override"
		}
		list = append(list, fault{method + " is taken for POST", caught, taking(methodIs(method),
			func(r *http.Request) { r.Method = http.MethodPost })})
	}
	return list
}
