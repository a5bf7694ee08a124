package contracttest

import (
	"bytes"
	"encoding/base64"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"

	"github.com/aitutor-api/aitutor-go/client/contracttest/internal/values"
	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
)

// wholeRuns are the checks of runs whose response cannot be a framework's.
const wholeRuns = "runs/valid runs/gzip runs/charset runs/extra-inputs runs/fairly-long-text runs/long-text runs/unicode-text runs/odd-text"

func faultsOfRuns(op *operation) []fault {
	valid := string(op.body)
	failing := func(w when) middleware {
		return responding(w, http.StatusInternalServerError, "application/json", `{"success":false,"error":"it failed"}`)
	}
	veryLong, long := bodyHas(strings.Repeat("a", 1000)), bodyHas(values.FairlyLong()[:1500])
	ok := hasStatus(http.StatusOK)
	list := []fault{
		{"the simplest run fails", "runs/valid", instead(func(r *http.Request, body string) bool {
			return asksKeyed(r) && bodyIs(valid)(r, body) && strings.HasSuffix(r.URL.Path, testWorkflow) &&
				r.Header.Get("Content-Type") == "application/json" && r.Header.Get("Accept-Encoding") != "gzip"
		}, func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusInternalServerError, "it failed") })},
		{"a run gets 201", "runs/*", altering(ok, statusTo(http.StatusCreated))},
		{"a run gets 204 and no body", "runs/*", altering(ok, func(r *http.Request,
			res *httptest.ResponseRecorder) {
			res.Code = http.StatusNoContent
			res.Body.Reset()
		})},
		{"a run gets a redirect", "runs/*", altering(ok, func(r *http.Request, res *httptest.ResponseRecorder) {
			res.Code = http.StatusTemporaryRedirect
			res.Header().Set("Location", "/elsewhere")
		})},
		{"a run is refused with 400",
			"runs/valid runs/gzip runs/charset runs/extra-inputs runs/fairly-long-text runs/long-text runs/unicode-text",
			altering(ok, func(_ *http.Request, res *httptest.ResponseRecorder) {
				res.Code = http.StatusBadRequest
				res.Body = bytes.NewBufferString(`{"success":false,"error":"not today"}`)
			})},
		{"a run lacks a field", wholeRuns, altering(ok, replacing(`"run_id"`, `"id"`))},
		{"a run's field has another type", wholeRuns, altering(ok, replacing(`"completed"`, `1`))},
		{"a run has a name twice", wholeRuns, altering(ok, replacing(`{"output"`, `{"status":"completed","output"`))},
		{"a run is not UTF-8", wholeRuns, altering(ok, replacing("completed", "complet\xe9d"))},
		{"a run has a byte order mark", wholeRuns, altering(ok, bodyTo(func(body string) string { return "\ufeff" + body }))},
		{"a run has data after it", wholeRuns, altering(ok, bodyTo(func(body string) string { return body + "{}" }))},
		{"a run is cut short", wholeRuns, altering(ok, bodyTo(func(body string) string { return body[:len(body)/2] }))},
		{"a run is not said to be JSON", wholeRuns, altering(ok, headerTo("Content-Type", "text/plain"))},
		{"a run is said to have failed", wholeRuns, altering(ok, replacing(`"success":true`, `"success":false`))},
		{"a run's rate limit is no number", wholeRuns, altering(ok, headerTo("X-Ratelimit-Limit", "ten"))},
		{"a run's body is shorter than its length says", "runs/*", altering(ok, headerTo("Content-Length", "100000"))},
		{"a run's body never ends", "runs/*", altering(ok, bodyTo(func(body string) string {
			return body +
				strings.Repeat(" ", 10<<20)
		}))},
		{"a run breaks the connection", "runs/*", altering(ok, func(*http.Request,
			*httptest.ResponseRecorder) {
			panic(http.ErrAbortHandler)
		})},
		{"inputs that it does not have are refused", "runs/extra-inputs", responding(bodyHas("contracttest_"),
			http.StatusBadRequest, "application/json", `{"success":false,"error":"unknown input"}`)},
		{"a long text makes it fail", "runs/long-text", failing(veryLong)},
		{"a long text is refused", "runs/long-text", responding(veryLong, http.StatusBadRequest, "application/json",
			`{"success":false,"error":"too long"}`)},
		{"a fairly long text is refused", "runs/fairly-long-text", responding(long, http.StatusRequestEntityTooLarge,
			"application/json", `{"success":false,"error":"too long"}`)},
		{"a charset is refused", "runs/charset", instead(func(r *http.Request, _ string) bool {
			return strings.Contains(r.Header.Get("Content-Type"), "charset")
		}, func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusUnsupportedMediaType, "no charset") })},
		{"what is not UTF-8 makes it fail", "runs/not-utf-8", failing(bodyHas("\xff"))},
		{"a run is compressed", "runs/*", altering(ok, headerTo("Content-Encoding", "gzip"))},
		{"a run has a header twice", wholeRuns, altering(ok, func(_ *http.Request, res *httptest.ResponseRecorder) {
			res.Header()["X-Ratelimit-Limit"] = []string{"10", "10"}
		})},
		{"a run has two content types", wholeRuns, altering(ok, func(_ *http.Request, res *httptest.ResponseRecorder) {
			res.Header()["Content-Type"] = []string{"application/json", "text/html"}
		})},
		{"a run's rate limit is negative", wholeRuns, altering(ok, headerTo("X-Ratelimit-Remaining", "-1"))},
		{"a long text is refused by its gateway", againstAdvice + "runs/long-text", responding(veryLong,
			http.StatusRequestEntityTooLarge, "text/html", "<html></html>")},
		{"a NUL makes it fail", "runs/odd-text", failing(bodyHas(`\u0000`))},
		{"a character beyond 16 bits gets another charset", "runs/unicode-text",
			responding(bodyHas("\U0001f436"), http.StatusOK, "application/json",
				"{\"success\":true,\"result\":\"\xed\xa0\xbd\"}")},
		{"half of a surrogate pair makes it fail", "runs/lone-surrogate", failing(bodyHas(`\ud83d"`))},
		{"a run shows the key", "runs/*", altering(ok, replacing("completed", testKey))},
		{"a run shows the key escaped", "runs/*", altering(ok, replacing("completed", `\u0074`+testKey[1:]))},
		{"a run shows the key in base64", "runs/*", altering(ok, replacing("completed",
			base64.StdEncoding.EncodeToString([]byte("key="+testKey))))},
		{"a run shows the key in the name of a header", "runs/*", altering(ok, headerTo("X-"+testKey, "1"))},
	}
	if name := outputName(op); name != "" {
		renamed := altering(ok, replacing(`"`+name+`"`, `"another"`))
		list = append(list, fault{"a run's output is renamed", wholeRuns, renamed})
	}
	return list
}

// outputName returns the name of a field that the output of the contract's run must have, or "" if it need have none.
func outputName(op *operation) string {
	_, media := openapi.JSON(op.Responses.Status(http.StatusOK).Value.Content)
	value, _ := openapi.ForResponses(op.suite.document).Example(media)
	run, _ := value.(map[string]any)
	output, _ := run["output"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(output)) {
		without, changed := maps.Clone(output), maps.Clone(run)
		delete(without, name)
		changed["output"] = without
		if !op.fits(media.Schema.Value, changed) {
			return name
		}
	}
	return ""
}
