package contracttest

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/api"
	"github.com/aitutor-api/aitutor-go/client/contracttest/internal/values"
	"github.com/aitutor-api/aitutor-go/client/contracttest/internal/wire"
	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
)

func TestAResponseThatSwitchesProtocolsBreaksTheContract(t *testing.T) {
	t.Parallel()
	target := testTarget()
	target.Handler = http.NotFoundHandler()
	r, err := newRunner(target)
	require.NoError(t, err)
	findings := r.judge.judge(r.checks[0], &wire.Response{Status: http.StatusSwitchingProtocols, Method: http.MethodPost})
	assert.Equal(t, LevelContract, findings[0].level)
}

func TestA429IsJudgedEvenIfTheRequestIsSentAgain(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, contentType, body, want string
	}{
		{"that keeps the contract", "application/json", `{"success":false,"error":"too many"}`, ""},
		{"of a gateway", "text/html", "<html></html>", "content-type"},
		{"without an error", "application/json", `{"success":false}`, "error"},
		{"with the key", "application/json", `{"success":false,"error":"too many for ` + testKey + `"}`, "the key in it"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var once sync.Once
			report, err := checkSome(t, api.Document(), instead(func(r *http.Request, _ string) bool {
				limited := false
				if asksKeyed(r) && strings.HasSuffix(r.URL.Path, testWorkflow) {
					once.Do(func() { limited = true })
				}
				return limited
			}, func(w http.ResponseWriter, _ *http.Request) {
				respond(w, http.StatusTooManyRequests, test.contentType, test.body)
			})(sound(t, api.Document())), runOperation+"/runs/")
			require.NoError(t, err)
			assert.NotContains(t, report.Unseen(), "runWorkflow 429")
			assert.Empty(t, report.Unsure())
			if test.want == "" {
				assert.Empty(t, report.Failures())
				return
			}
			require.Len(t, report.Failures(), 1)
			assert.Contains(t, report.Failures()[0].Err.Error(), test.want)
			assert.Contains(t, report.Failures()[0].Err.Error(), "429 Too Many Requests")
		})
	}
}

// faultsOfPractice returns those that are against good practice and keep the contract.
func faultsOfPractice() []fault {
	unauthorized, ok := hasStatus(http.StatusUnauthorized), hasStatus(http.StatusOK)
	return []fault{
		{"an error has the code of another", againstAdvice + unauthorizedChecks, altering(unauthorized,
			replacing(`"refused"`, `"workflow_not_found"`))},
		{"an error shows a stack trace", againstAdvice + unauthorizedChecks, altering(unauthorized,
			replacing("no valid key", "panic: no valid key, goroutine 1 [running]"))},
		{"an error shows SQL", againstAdvice + unauthorizedChecks, altering(unauthorized, replacing("no valid key",
			"no rows: SELECT id FROM accounts"))},
		{"a run has an empty ID", againstAdvice + "runs/*", altering(ok, field("run_id", ""))},
		{"an error has no message", againstAdvice + unauthorizedChecks, altering(unauthorized, replacing("no valid key",
			" "))},
		{"an error in the deployed variant has no message", againstAdvice + unauthorizedChecks, altering(unauthorized,
			bodyTo(func(string) string { return `{"success":false,"error":""}` }))},
		{"a run's content type does not parse", againstAdvice + "runs/*", altering(ok, headerTo("Content-Type",
			"application/json; charset"))},
		{"a run has more requests left than there are", againstAdvice + "runs/*", altering(ok, func(_ *http.Request,
			res *httptest.ResponseRecorder) {
			res.Header().Set("X-Ratelimit-Limit", "10")
			res.Header().Set("X-Ratelimit-Remaining", "11")
		})},
		{"a run is said to be in another charset", againstAdvice + "runs/*", altering(ok, headerTo("Content-Type",
			"application/json; charset=iso-8859-1"))},
	}
}

// faultsOfResponses returns those found in responses that were received for other checks.
func faultsOfResponses(op *operation) []fault {
	unauthorized, ok := hasStatus(http.StatusUnauthorized), hasStatus(http.StatusOK)
	errorText := func(text string) func(*http.Request, *httptest.ResponseRecorder) {
		return field("error", map[string]any{"message": text, "code": "refused"})
	}
	list := []fault{
		{"a run may be shared by caches", "runs/*", altering(ok, headerTo("Cache-Control", "public, max-age=60"))},
		{"a 401 may be shared by caches", unauthorizedChecks + " spelling/parameter spelling/extension spelling/no-id",
			altering(unauthorized, headerTo("Cache-Control", "s-maxage=60"))},
		{"an error shows the address that it was asked at", "", altering(anError, func(r *http.Request,
			res *httptest.ResponseRecorder) {
			replacing("no valid key", "no valid key for http://"+r.Host+r.URL.Path)(r, res)
		})},
		{"a run is open to every origin with credentials", "runs/*", altering(ok, func(_ *http.Request,
			res *httptest.ResponseRecorder) {
			res.Header().Set("Access-Control-Allow-Origin", "*")
			res.Header().Set("Access-Control-Allow-Credentials", "true")
		})},
		{"a run has an error beside its success", wholeRuns, altering(ok, field("error", "none"))},
		{"a run shows the key in a trailer", "runs/*", altering(ok, func(_ *http.Request, res *httptest.ResponseRecorder) {
			res.Header().Set(http.TrailerPrefix+"X-Debug", testKey)
		})},
		{"errors are of another variant than runs", againstAdvice + "unauthorized/key-of-null",
			instead(credentialIs("Bearer null"), func(w http.ResponseWriter, _ *http.Request) {
				respond(w, http.StatusUnauthorized, "application/json", `{"success":false,"error":"no valid key"}`)
			})},
	}
	for _, text := range []string{"", "undefined", "None", "NaN", "[object Object]", "[object Promise]", " "} {
		if body := runWithText(op, text); body != "" {
			list = append(list, fault{"a run's text is " + strconv.Quote(text), againstAdvice + "runs/*",
				altering(ok, bodyTo(func(string) string { return body }))})
		}
	}
	for name, text := range map[string]string{
		".NET":              `System.NullReferenceException: Object reference not set. at Tutor.Run() in /src/Run.cs:line 12`,
		"PHP":               `PHP Fatal error: Uncaught Error: no in /var/www/index.php on line 12`,
		"Rust":              `thread 'main' panicked at src/main.rs:12:5`,
		"Python":            `File "/app/main.py", line 12, in run`,
		"MySQL":             `You have an error in your SQL syntax; check the manual`,
		"PostgreSQL":        `duplicate key value violates unique constraint "runs_pkey"`,
		"Prisma":            "Invalid `prisma.workflow.findUnique()` invocation",
		"Mongo":             `MongoServerError: E11000 duplicate key error collection`,
		"Elixir":            "** (MatchError) no match of right hand side value",
		"Perl":              `Can't locate Run at lib/Run.pm line 12.`,
		"Swift":             `Unexpectedly found nil: file Run.swift, line 12`,
		"C++":               `terminate called after throwing an instance of 'std::out_of_range'`,
		"SQLite":            `SQLITE_CONSTRAINT: UNIQUE constraint failed`,
		"a path":            `ENOENT: open '/home/tutor/app/.env'`,
		"a path of Windows": `no such file: C:\inetpub\web.config`,
		"a private address": `connect to 10.0.3.17 failed`,
		"metadata":          `GET http://169.254.169.254/latest failed`,
		"IPv6":              `dial tcp [fd12:3456::1]:5432`,
		"a name of a host":  `lookup db.prod.internal`,
		"a local port":      `dial 127.0.0.1:5432`,
	} {
		list = append(list, fault{"an error shows " + name, againstAdvice + "unauthorized/key-of-null",
			altering(func(r *http.Request, _ *httptest.ResponseRecorder) bool {
				return r.Header.Get("Authorization") == "Bearer null"
			}, errorText(text))})
	}
	return list
}

func faultsEverywhere() []fault {
	withBody := "workflow/constructor workflow/proto workflow/id-in-query workflow/id-in-body unauthorized/* workflow/unknown workflow/other-case workflow/cut-short workflow/with-more workflow/unknown-and-inputs request/empty-* request/json-* " +
		"request/*-object request/array-of-inputs request/missing-* request/other-case-* request/*-is-* request/*-has-* request/*-breaks-* request/blank-* request/*-fits-no-variant"
	return []fault{
		{"every error has a success", withBody, altering(anError, replacing(`"success":false`, `"success":true`))},
		{"every error has a name twice", withBody, altering(anError, replacing(`{"success":false`,
			`{"success":false,"success":false`))},
		{"every error has data after it", withBody, altering(anError, bodyTo(func(body string) string {
			return body +
				"\n{}"
		}))},
		{"every error has no message", withBody, altering(anError, replacing(`"message"`, `"text"`))},
	}
}

// runWithText returns the contract's example of a run with a text in its output, or "" if the contract does not allow
// it one.
func runWithText(op *operation, text string) string {
	_, media := openapi.JSON(op.Responses.Status(http.StatusOK).Value.Content)
	value, _ := openapi.ForResponses(op.suite.document).Example(media)
	run, _ := value.(map[string]any)
	output, isObject := run["output"].(map[string]any)
	changed, more := maps.Clone(run), maps.Clone(output)
	if !isObject {
		return ""
	}
	changed["output"] = more
	for _, name := range append(slices.Sorted(maps.Keys(output)), "contracttest_text") {
		more[name] = text
		if op.fits(media.Schema.Value, changed) {
			return string(values.Encode(changed))
		}
		more[name] = output[name]
	}
	return ""
}
