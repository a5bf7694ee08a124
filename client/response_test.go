package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/client/contract"
	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
	"github.com/aitutor-api/aitutor-go/gen"
)

func TestResponse_OfEachStatusAndVariant(t *testing.T) {
	t.Parallel()
	nested := func(code, message string) string {
		return fmt.Sprintf(`{"success":false,"error":{"message":%q,"code":%q}}`, message, code)
	}
	flat := func(code, message string) string {
		if code == "" {
			return fmt.Sprintf(`{"success":false,"error":%q}`, message)
		}
		return fmt.Sprintf(`{"success":false,"error":%q,"code":%q}`, message, code)
	}
	row := func(status int, does, body string, is error, says ...string) serverCase {
		c := serverCase{
			name:    fmt.Sprintf("responds with %d %s", status, does),
			handler: respondJSON(status, body), requests: 1, status: status, violation: status == 200, body: body,
			says: append([]string{strconv.Itoa(status)}, says...),
		}
		if is != nil {
			c.is = []error{is}
		}
		return c
	}
	limited := row(429, "without a Retry-After, every time", flat("", "Too many requests."), client.ErrRateLimited,
		"Too many requests: try again in 1s")
	limited.requests, limited.safe = 3, true
	limitedNested := row(429, "in the documented variant", nested("rate_limited", "Slow down"), client.ErrRateLimited,
		"Slow down")
	limitedNested.safe, limitedNested.opts = true, []client.Option{client.WithMaxRetries(0)}
	noServerError := row(500, "with a code that says unauthorized", nested("unauthorized", "No"), client.ErrUnauthorized)
	noServerError.isNot = []error{client.ErrServer}
	cases := []serverCase{
		row(400, "in the documented variant", nested("invalid_request", "Missing topic"), client.ErrInvalidRequest,
			"Missing topic", "invalid_request"),
		row(400, "in the deployed variant", flat("missing_input", "Missing input: topic"), client.ErrInvalidRequest,
			"Missing input: topic"),
		row(401, "in the documented variant", nested("unauthorized", "Invalid API key"), client.ErrUnauthorized,
			"check the API key"),
		row(401, "in the deployed variant", flat("", "Unauthorized."), client.ErrUnauthorized, "check the API key"),
		row(402, "for want of credits", flat("invalid_billing", "No credits"), client.ErrPaymentRequired, "credits"),
		row(402, "over the spend limit", flat("spend_limit_reached", "Too much"), client.ErrPaymentRequired, "spend limit"),
		row(404, "in the documented variant", nested("workflow_not_found", "Workflow not found"), client.ErrWorkflowNotFound,
			"check the workflow ID"),
		row(404, "in the deployed variant", flat("", "Workflow not found."), client.ErrWorkflowNotFound,
			"check the workflow ID"),
		limited, limitedNested,
		row(500, "with internal_server_error", flat("internal_server_error", "Sorry"), client.ErrServer,
			"may have been billed"),
		row(500, "with workflow_run_failed", flat("workflow_run_failed", "It failed"), client.ErrServer,
			"may have been billed"),
		noServerError,
		row(403, "with a new code", flat("forbidden_region", "Not here"), nil, "Not here", "forbidden_region"),
		row(200, "with an error in the documented variant", nested("unauthorized", "Invalid API key"), client.ErrUnauthorized,
			"Invalid API key"),
		row(200, "with an error in the deployed variant", flat("missing_input", "Missing input"), client.ErrInvalidRequest,
			"Missing input"),
	}
	for _, status := range []int{408, 409, 413, 418, 421, 425, 431, 451, 500, 502, 503, 504, 508, 599} {
		rows := []serverCase{
			row(status, "in the deployed variant", flat("", "Not now"), nil, "Not now"),
			{
				name:    fmt.Sprintf("responds with %d and a gateway's page", status),
				handler: respond(status, "text/html", "<h1>oops</h1>"), requests: 1, status: status, violation: status != 504,
				body: "<h1>oops</h1>",
				says: []string{"a gateway's page, not the service's response"},
			},
			{
				name: fmt.Sprintf("responds with %d and a gateway's text and an ID", status),
				handler: withHeader(respond(status, "text/plain; charset=utf-8", "upstream\ntimed out"), "X-Vercel-Id",
					"fra1::abc"),
				requests: 1, status: status,
				violation: !slices.Contains([]int{413, 500, 503, 504}, status), // those of the host are in the contract
				body:      "upstream\ntimed out", says: []string{"upstream timed out", "fra1::abc"},
			},
		}
		for _, c := range rows {
			if status >= 500 {
				c.is = []error{client.ErrServer}
			} else {
				c.isNot = []error{client.ErrServer}
			}
			cases = append(cases, c)
		}
	}
	runServerCases(t, cases)
}

// brokenRun returns a response under 200 that breaks the contract. Text is what can be read of it.
func brokenRun(name, body, text string, says ...string) serverCase {
	return serverCase{name: name, handler: respondJSON(200, body), requests: 1, violation: true, body: body, text: text,
		says: says}
}

// oddRun returns a response that keeps the contract, however odd it is.
func oddRun(name, body, text string) serverCase {
	return serverCase{name: name, handler: respondJSON(200, body), requests: 1, body: body, text: text}
}

// oddDocumentedRun returns a response in the documented variant that keeps the contract, however odd it is.
func oddDocumentedRun(name, body string) serverCase {
	c := oddRun(name, body, "")
	c.documented = true
	return c
}

func TestResponse_UnderStatus200(t *testing.T) {
	t.Parallel()
	without := func(name string) string {
		return documentedWith(func(run, _ map[string]any) { delete(run, name) }, "")
	}
	withOutput := func(output string) string {
		return documentedWith(func(run, _ map[string]any) { run["output"] = "@" }, output)
	}
	numericID := documentedWith(func(run, _ map[string]any) { run["run_id"] = 1 }, "")
	both := oddDocumentedRun("responds in both variants at once",
		documentedWith(func(run, _ map[string]any) { run["result"] = "b" }, ""))
	both.text = "b"
	example := readExample(t).Text
	if name := outputName(); name != "" {
		renamed := documentedWith(func(_, output map[string]any) {
			output["renamed"] = output[name]
			delete(output, name)
		}, "")
		null := documentedWith(func(_, output map[string]any) { output[name] = nil }, "")
		cases := []serverCase{
			brokenRun("responds with a renamed output", renamed, "", "/output/"+name),
			brokenRun("responds with an output that is null inside", null, "", "/output/"+name),
		}
		for _, c := range cases {
			c.anyText = true // the text may be that of another property
			t.Run(c.name, c.run)
		}
	}
	runServerCases(t, []serverCase{
		oddDocumentedRun("responds in the documented variant", documentedBody()),
		oddRun("responds in the deployed variant", runBody, runText),
		brokenRun("responds with an empty body", "", "", "is not JSON"),
		brokenRun("responds with white space", " \n", "", "is not JSON"),
		brokenRun("responds with null", "null", ""),
		brokenRun("responds with an array", `[{"success":true,"result":"x"}]`, ""),
		brokenRun("responds with a string", `"once"`, ""),
		brokenRun("responds with a number", `1`, ""),
		brokenRun("responds with NaN", `NaN`, "", "is not JSON"),
		brokenRun("responds with an empty object", `{}`, ""),
		brokenRun("responds with an error that is null", `{"success":true,"error":null}`, ""),
		brokenRun("responds with a success that is a string", `{"success":"true","result":"x"}`, "x", "/success"),
		brokenRun("responds with a success that is 1", `{"success":1,"result":"x"}`, "x", "/success"),
		brokenRun("responds without success", `{"result":"x"}`, "x", "/success"),
		brokenRun("responds with a result that is an object", `{"success":true,"result":{}}`, "", "/result"),
		brokenRun("responds with a result that is null", `{"success":true,"result":null}`, "", "/result"),
		brokenRun("responds with citations that are null", `{"success":true,"result":"x","citations":null}`, "x",
			"/citations"),
		brokenRun("responds with citations that are a string", `{"success":true,"result":"x","citations":"a"}`, "x",
			"/citations"),
		brokenRun("responds with a citation that is a number", `{"success":true,"result":"x","citations":["a",1]}`, "x",
			"/citations/1"),
		brokenRun("responds without a run ID", without("run_id"), example, "/run_id"),
		brokenRun("responds with a run ID that is a number", numericID, example, "/run_id"),
		brokenRun("responds with an output that is an array", withOutput("[]"), "", "/output"),
		brokenRun("responds with names in capitals", `{"Success":true,"Result":"x"}`, ""),
		both,
		oddRun("responds in the deployed variant with an output that is null",
			`{"success":true,"result":"once","output":null}`, "once"),
		oddRun("responds in the deployed variant with an output of its own",
			`{"success":true,"result":"once","output":{"tokens":5}}`, "once"),
		oddRun("responds in the deployed variant with a list as output", `{"success":true,"result":"once","output":["a"]}`,
			"once"),
		oddRun("responds in the deployed variant with an error that is null", `{"success":true,"result":"once","error":null}`,
			"once"),
		oddDocumentedRun("responds in the documented variant with citations that are null",
			documentedWith(func(run, _ map[string]any) { run["citations"] = nil }, "")),
	})
}

func TestResponse_OfBrokenJSON(t *testing.T) {
	t.Parallel()
	const depth = 100_000
	deep := strings.Repeat("[", depth) + strings.Repeat("]", depth)
	deepObjects := strings.Repeat(`{"a":`, depth) + "1" + strings.Repeat("}", depth)
	deepError := `{"success":false,"error":` + deepObjects + `}`
	deepOutput := documentedWith(func(_, output map[string]any) { output["new"] = "@" }, deepObjects)
	deepField := strings.Replace(runBody, "{", `{"new":`+deep+",", 1)
	lessDeep := strings.Replace(runBody, "{", `{"new":`+strings.Repeat("[", 5000)+strings.Repeat("]", 5000)+",", 1)
	twice := documentedWith(func(_, output map[string]any) { output["new"] = "@" }, `"a","new":"b"`)
	runServerCases(t, []serverCase{
		brokenRun("nests JSON 100,000 deep", deep, "", "is not JSON"),
		brokenRun("opens 100,000 arrays and no more", strings.Repeat("[", depth), "", "is not JSON"),
		brokenRun("opens 100,000 objects and no more", strings.Repeat(`{"a":`, depth), "", "is not JSON"),
		brokenRun("nests JSON 100,000 deep inside output", deepOutput, "", "is not JSON"),
		brokenRun("nests JSON 100,000 deep in a new field", deepField, "", "is not JSON"),
		{
			name: "nests JSON 100,000 deep in an error", handler: respondJSON(500, deepError),
			requests: 1, status: 500, violation: true, body: deepError, says: []string{"500"},
		},
		oddRun("nests JSON 5,000 deep in a new field", lessDeep, runText),
		brokenRun("responds with a duplicate name", `{"success":true,"result":"a","result":"b"}`, "b", "is not JSON",
			"duplicate"),
		brokenRun("responds with a duplicate name inside output", twice, readExample(t).Text, "duplicate"),
		brokenRun("responds with a duplicate name, once escaped", `{"success":true,"result":"a","\u0072esult":"b"}`, "b",
			"duplicate"),
		brokenRun("responds with invalid UTF-8", "{\"success\":true,\"result\":\"a\xff\"}", "a\uFFFD", "UTF-8"),
		brokenRun("responds with a byte order mark", "\uFEFF"+runBody, runText, "is not JSON"),
		brokenRun("responds with a second value", runBody+"{}", runText, "is not JSON"),
		brokenRun("responds with text after the JSON", runBody+" bye", runText, "is not JSON"),
		brokenRun("responds with a trailing comma", `{"success":true,"result":"a",}`, "a", "is not JSON"),
		brokenRun("responds with a comment", `{"success":true,/* */"result":"a"}`, "", "is not JSON"),
		brokenRun("responds with single quotes", `{'success':true,'result':'a'}`, "", "is not JSON"),
		brokenRun("responds with a number that JSON does not have", `{"success":true,"result":"a","n":01}`, "a",
			"is not JSON"),
		brokenRun("responds with Infinity", `{"success":true,"result":"a","n":Infinity}`, "a", "is not JSON"),
		brokenRun("responds with a newline in a string", "{\"success\":true,\"result\":\"a\nb\"}", "", "is not JSON"),
		brokenRun("responds with UTF-16", "{\x00}\x00", "", "is not JSON"),
		brokenRun("responds with JSON that is cut off, of the right length", runBody[:40], "", "is not JSON"),
		brokenRun("responds with a stream of events", "data: "+runBody+"\n\n", "", "is not JSON"),
		oddRun("responds with half of a surrogate pair", `{"success":true,"result":"a\ud83d"}`, "a\uFFFD"),
		oddRun("responds with a NUL in the text", `{"success":true,"result":"a\u0000b"}`, "a\x00b"),
		oddRun("responds with a number that no float64 holds", `{"success":true,"result":"a","cost":1e999}`, "a"),
		oddRun("responds with a number of 100,000 digits",
			`{"success":true,"result":"a","n":`+strings.Repeat("9", 100_000)+`}`, "a"),
		oddRun("responds with white space around the JSON", " \r\n\t"+runBody+" \r\n\t", runText),
		oddRun("responds with an empty text", `{"success":true,"result":""}`, ""),
	})
}

func TestResponse_WithOddHeadersOrAnotherStatus(t *testing.T) {
	t.Parallel()
	odd := func(name, header, value string) serverCase {
		return serverCase{name: name, handler: withHeader(respondJSON(200, runBody), header, value), requests: 1,
			text: runText, body: runBody}
	}
	typed := func(name, contentType string) serverCase {
		return serverCase{name: name, handler: respond(200, contentType, runBody), requests: 1, text: runText, body: runBody}
	}
	broken := func(c serverCase, says string) serverCase {
		c.violation, c.says = true, []string{says}
		return c
	}
	status := func(name string, status int, body, text string) serverCase {
		return serverCase{name: name, handler: respondJSON(status, body), requests: 1, violation: true, body: body,
			text: text}
	}
	runServerCases(t, []serverCase{
		typed("responds with a charset", "application/json; charset=utf-8"),
		typed("responds with a type in capitals", "Application/JSON"),
		broken(typed("responds without a content type", ""), "content-type"),
		broken(typed("responds with a run as text", "text/plain"), "content-type"),
		broken(typed("responds with a run as HTML", "text/html"), "content-type"),
		broken(typed("responds with a type that cannot be parsed", "application/;;"), "content-type"),
		broken(odd("responds with a rate limit that is no number", "X-Ratelimit-Limit", "many"), "x-ratelimit-limit"),
		broken(odd("responds with a rate limit below zero", "X-Ratelimit-Remaining", "-1"), "x-ratelimit-remaining"),
		broken(odd("responds with an empty rate limit", "X-Ratelimit-Limit", ""), "x-ratelimit-limit"),
		broken(odd("responds with a rate limit that no integer holds", "X-Ratelimit-Limit", strings.Repeat("9", 30)),
			"x-ratelimit-limit"),
		status("responds with 201 and a run", http.StatusCreated, runBody, runText),
		status("responds with 203 and a run", http.StatusNonAuthoritativeInfo, runBody, runText),
		status("responds with 206 and a run", http.StatusPartialContent, runBody, runText),
		status("responds with 204", http.StatusNoContent, "", ""),
		odd("sets a cookie", "Set-Cookie", "a=b; Path=/"),
		odd("asks to switch the protocol under 200", "Upgrade", "h2c"),
	})
}

// TestRun_IsFilledFromEitherVariant has the contract's examples of runs.
func TestRun_IsFilledFromEitherVariant(t *testing.T) {
	limits := http.Header{"X-Ratelimit-Limit": {"10"}, "X-Ratelimit-Remaining": {"0"}}
	for _, test := range []struct {
		name    string
		example string
		header  http.Header
		limit   *client.RateLimit
	}{
		{"documented", "CompletedRun", nil, nil},
		{"deployed", "TextRun", limits, &client.RateLimit{Limit: 10}},
		{"deployed, from the workflow's cache", "TextRun", nil, nil},
		{"deployed, of a model that searched the web", "TextRunWithCitations", nil, nil},
		{"deployed, of a workflow that responds in JSON", "TextRunOfJSON", nil, nil},
		{"deployed, with a rate limit of which a half is missing", "TextRun", http.Header{"X-Ratelimit-Limit": {"10"}}, nil},
	} {
		for how, call := range waysToRun(t) {
			t.Run(test.name+", "+how, func(t *testing.T) {
				body := example(t, test.example)
				var want struct {
					RunID     string        `json:"run_id"`
					Status    string        `json:"status"`
					Output    gen.RunOutput `json:"output"`
					Result    string        `json:"result"`
					Citations []string      `json:"citations"`
				}
				require.NoError(t, json.Unmarshal([]byte(body), &want))

				got, err := call(t.Context(), clientOf(t, reply{200, test.header, body}))
				require.NoError(t, err)
				assert.JSONEq(t, body, string(got.Body))
				assert.Equal(t, "application/json", got.Header.Get("Content-Type"))
				assert.Equal(t, want.RunID, got.ID)
				assert.Equal(t, want.Status, got.Status)
				assert.Equal(t, want.Output, got.Output)
				assert.Equal(t, want.Citations, got.Citations)
				assert.Equal(t, test.limit, got.RateLimit)
				if test.example == "CompletedRun" {
					assert.Equal(t, client.StatusCompleted, got.Status)
				} else {
					assert.Equal(t, want.Result, got.Text)
				}
			})
		}
	}
}

func TestRun_IsReadHoweverItIsWritten(t *testing.T) {
	long := strings.Repeat("He said: \"Come!\"\nShe went. a/b c\\d caf\u00e9 \U0001F436\t\u2028 ", 100)
	quoted, err := json.Marshal(long)
	require.NoError(t, err)
	documented := documentedRun(t, map[string]any{"run_id": "THE-ID"})
	for _, test := range []struct {
		name, body, text, id string
	}{
		{"white space", " {\r\n\t\"success\" : true ,\n\"result\" : \"x\" } ", "x", ""},
		{"escaped names", `{"succ\u0065ss":true,"r\u0065sult":"x"}`, "x", ""},
		{"half a surrogate pair", `{"success":true,"result":"x\ud83d"}`, "x\uFFFD", ""},
		{"half a surrogate pair in the documented variant", strings.Replace(documented, "THE-ID", `\udc36x`, 1), "",
			"\uFFFDx"},
		{"a long text", `{"success":true,"result":` + string(quoted) + `}`, long, ""},
		{"an escaped slash in a long text", `{"success":true,"result":"` + strings.Repeat(`a\/b`, 500) + `"}`,
			strings.Repeat("a/b", 500), ""},
		{"a long text beside one that is null", `{"success":true,"result":` + string(quoted) + `,"run_id":null}`, long, ""},
		{"a run ID in the deployed variant", `{"success":true,"result":"x","run_id":"r"}`, "x", "r"},
		{"other types for what the variant does not name",
			`{"success":true,"result":"x","run_id":5,"status":[],"output":"y"}`, "x", ""},
		{"citations of another type in the documented variant",
			strings.Replace(documented, "{", `{"citations":5,"result":null,`, 1), "", "THE-ID"},
		{"a name in capitals beside another type", `{"success":true,"result":"x","run_id":5,"RESULT":"y","Run_ID":"z"}`, "x",
			""},
		{"a name in capitals beside half a surrogate pair", `{"success":true,"result":"x\ud83d","RESULT":"y"}`, "x\uFFFD",
			""},
		{"an error and a code of other types", `{"success":true,"result":"x","run_id":5,"error":{"a":1e999},"code":1e999}`,
			"x", ""},
		{"an error and a code of other types beside half a surrogate pair",
			`{"success":true,"result":"x\ud83d","error":[1e999,{}],"code":{"a":[]}}`, "x\uFFFD", ""},
		{"fields that nobody knows", `{"success":true,"result":"x","more":{"result":["\"}",1e400,null]},"":"","RESULT":5}`,
			"x", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			run, err := runExample(t, clientOf(t, reply{200, nil, test.body}))
			require.NoError(t, err)
			if test.text != "" {
				assert.Equal(t, test.text, run.Text)
			}
			assert.Equal(t, test.id, run.ID)
			assert.Equal(t, test.body, string(run.Body))
		})
	}
}

// TestRun_ThatBreaksTheContractHasWhatCouldBeRead has a Run beside the error, and the same one without an error if the
// violation handler accepts it. outputOf returns what encoding/json makes of an output, right or wrong.
func outputOf(text string) (output gen.RunOutput) {
	_ = json.Unmarshal([]byte(text), &output)
	return output
}

func TestRun_ThatBreaksTheContractHasWhatCouldBeRead(t *testing.T) {
	html := http.Header{"Content-Type": {"text/html"}}
	for name, test := range map[string]struct {
		response reply
		want     client.Run
	}{
		"a duplicate name": {reply{200, nil, `{"success":true,"result":"Twice","result":"Once"}`},
			client.Run{Text: "Once"}},
		"data after it":     {reply{200, nil, `{"success":true,"result":"Once"} and more`}, client.Run{Text: "Once"}},
		"a byte order mark": {reply{200, nil, "\uFEFF" + `{"success":true,"result":"Once"}`}, client.Run{Text: "Once"}},
		"an added bad field": {reply{200, nil, `{"success":true,"result":"Once","citations":"none"}`},
			client.Run{Text: "Once"}},
		"citations of null": {reply{200, nil, `{"success":true,"result":"Once","citations":null}`},
			client.Run{Text: "Once"}},
		"a citation of a number": {reply{200, nil, `{"success":true,"result":"Once","citations":["a",1]}`},
			client.Run{Text: "Once", Citations: []string{"a", ""}}},
		"invalid UTF-8": {reply{200, nil, "{\"success\":true,\"result\":\"Once\xff\"}"},
			client.Run{Text: "Once\uFFFD"}},
		"another status":       {reply{201, nil, `{"success":true,"result":"Once"}`}, client.Run{Text: "Once"}},
		"another content type": {reply{200, html, `{"success":true,"result":"Once"}`}, client.Run{Text: "Once"}},
		"a bad rate limit":     {reply{200, http.Header{"X-Ratelimit-Limit": {"ten"}}, runBody}, client.Run{Text: runText}},
		"an ID of another type": {reply{200, nil, documentedRun(t, map[string]any{"run_id": 7, "output": 5})},
			client.Run{Status: client.StatusCompleted, Output: outputOf("5")}},
		"a page":       {reply{200, html, "<html>Log in</html>"}, client.Run{}},
		"nothing":      {reply{200, nil, ""}, client.Run{}},
		"cut-off JSON": {reply{200, nil, `{"success":true,"run_id":"r","result":"Once up`}, client.Run{ID: "r"}},
		"a null error": {reply{200, nil, `{"success":true,"error":null}`}, client.Run{}},
	} {
		t.Run(name, func(t *testing.T) {
			run, err := runExample(t, clientOf(t, test.response))
			var violation *contract.Error
			require.ErrorAs(t, err, &violation)
			assert.NotErrorAs(t, err, new(*client.APIError))
			assert.Equal(t, test.response.body, string(violation.Body))
			assertRead(t, test.response, test.want, run)

			asked := 0
			run, err = runExample(t, clientOf(t, test.response,
				client.WithViolationHandler(func(context.Context, *contract.Error) error {
					asked++
					return nil
				})))
			require.NoError(t, err)
			assert.Equal(t, 1, asked)
			assertRead(t, test.response, test.want, run)
		})
	}
}

func assertRead(t *testing.T, response reply, want client.Run, run *client.Run) {
	t.Helper()
	require.NotNil(t, run)
	assert.Equal(t, response.body, string(run.Body))
	assert.NotEmpty(t, run.Header)
	got := *run
	got.Body, got.Header = nil, nil
	assert.Equal(t, want, got)
}

func TestResponse_ThatIsNotARunIsAnAPIError(t *testing.T) {
	for _, test := range []struct {
		name     string
		status   int
		body     string
		is       error
		code     string
		message  string
		violates bool
	}{
		{"the service's code goes before the status", 400, example(t, "SpendLimitReachedFlat"), client.ErrPaymentRequired,
			"spend_limit_reached", "Spend limit exceeded. Please increase your spend limit to continue using the service.",
			false},
		{"a code that is not known leaves it to the status", 401, `{"success":false,"error":"no","code":"new_code"}`,
			client.ErrUnauthorized, "new_code", "no", false},
		{"an error under another status of success", 201, `{"success":false,"error":"no"}`, nil, "", "no", false},
		{"JSON that was cut off before it was sent", 401, `{"success":false,"error":{"message":"Invalid API key","co`,
			client.ErrUnauthorized, "", "Invalid API key", true},
		{"a failure with a result", 200, `{"success":false,"result":"x","error":"no"}`, nil, "", "no", true},
		{"a failure without an error", 200, `{"success":false,"result":"x"}`, nil, "", "", true},
		{"an error alone", 200, `{"error":{"message":"no","code":"new"}}`, nil, "new", "no", true},
		{"two errors, the last of which is a text", 500, `{"success":false,"error":{"message":"a","code":"b"},"error":"no"}`,
			client.ErrServer, "", "no", true},
		{"two errors, the last of which is cut off", 500,
			`{"success":false,"error":{"message":"no","code":"new"},"error":"mo`, client.ErrServer, "new", "no", true},
		{"two codes, the last of which is no JSON", 500, `{"success":false,"error":"no","code":"new","code":nul}`,
			client.ErrServer, "new", "no", true},
		{"two codes, the last of which is a text", 500, `{"success":false,"error":"no","code":5,"code":"new"}`,
			client.ErrServer, "new", "no", true},
		{"two errors, the last of which is an object", 500,
			`{"success":false,"error":[1e999],"error":{"message":5,"code":"new"}}`, client.ErrServer, "new", "", true},
		{"an error of a variant that breaks the contract", 400, `{"success":false,"error":{"message":"no"},"code":7}`,
			client.ErrInvalidRequest, "", "no", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			response := reply{test.status, http.Header{"X-Vercel-Id": {"iad1::abc"}}, test.body}
			assertAPIError(t, response, test.is, test.code, test.message, test.violates)
		})
	}
	t.Run("a gateway's text", func(t *testing.T) {
		text := reply{504, http.Header{"X-Vercel-Id": {"iad1::abc"}, "Content-Type": {"text/plain; charset=utf-8"}},
			"An error occurred\n\nFUNCTION_INVOCATION_TIMEOUT\n"}
		assertAPIError(t, text, client.ErrServer, client.CodeFunctionInvocationTimeout,
			"An error occurred\n\nFUNCTION_INVOCATION_TIMEOUT", false)
	})
	t.Run("a gateway's HTML", func(t *testing.T) {
		page := reply{502, http.Header{"X-Vercel-Id": {"iad1::abc"}, "Content-Type": {"text/html"}},
			"<html><body>504</body></html>"}
		assertAPIError(t, page, client.ErrServer, "", "", true)
	})
}

// TestResponse_OfARefusalIsAnAPIErrorOfItsKind has the contract's examples of refusals, under their status and under
// 200.
func TestResponse_OfARefusalIsAnAPIErrorOfItsKind(t *testing.T) {
	for _, test := range []struct {
		example string
		status  int
		is      error
		isUnder error // under status 200: of the code alone
	}{
		{"Unauthorized", 401, client.ErrUnauthorized, client.ErrUnauthorized},
		{"WorkflowNotFound", 404, client.ErrWorkflowNotFound, client.ErrWorkflowNotFound},
		{"InvalidRequest", 400, client.ErrInvalidRequest, client.ErrInvalidRequest},
		{"MissingInputFlat", 400, client.ErrInvalidRequest, client.ErrInvalidRequest},
		{"UnauthorizedFlat", 401, client.ErrUnauthorized, nil},
		{"InvalidBillingFlat", 402, client.ErrPaymentRequired, client.ErrPaymentRequired},
		{"NoCreditsFlat", 402, client.ErrPaymentRequired, client.ErrPaymentRequired},
		{"SpendLimitReachedFlat", 402, client.ErrPaymentRequired, client.ErrPaymentRequired},
		{"WorkflowNotFoundFlat", 404, client.ErrWorkflowNotFound, nil},
		{"RateLimitedFlat", 429, client.ErrRateLimited, nil},
		{"InternalServerErrorFlat", 500, client.ErrServer, nil},
	} {
		t.Run(test.example, func(t *testing.T) {
			body := example(t, test.example)
			message, code := errorOf(t, body)
			id := http.Header{"X-Vercel-Id": {"iad1::abc"}}
			assertAPIError(t, reply{test.status, id, body}, test.is, code, message, false)
			assertAPIError(t, reply{200, id, body}, test.isUnder, code, message, true)
		})
	}
}

// errorOf returns the message and the code of an error of either variant.
func errorOf(t *testing.T, body string) (message, code string) {
	t.Helper()
	var documented gen.Error
	if err := json.Unmarshal([]byte(body), &documented); err == nil {
		return documented.Error.Message, documented.Error.Code
	}
	var flat gen.FlatError
	require.NoError(t, json.Unmarshal([]byte(body), &flat))
	if flat.Code == nil {
		return flat.Error, ""
	}
	return flat.Error, *flat.Code
}

var sentinels = []error{
	client.ErrUnauthorized, client.ErrWorkflowNotFound, client.ErrInvalidRequest, client.ErrPaymentRequired,
	client.ErrRateLimited, client.ErrServer,
}

func assertAPIError(t *testing.T, response reply, is error, code, message string, violates bool) {
	t.Helper()
	run, err := runExample(t, clientOf(t, response))
	assert.Nil(t, run)
	var got *client.APIError
	require.ErrorAs(t, err, &got)
	assert.Equal(t, response.status, got.StatusCode)
	assert.Equal(t, code, got.Code)
	assert.Equal(t, message, got.Message)
	assert.Equal(t, "iad1::abc", got.RequestID)
	assert.Equal(t, "iad1::abc", got.Header.Get("X-Vercel-Id"))
	assert.Equal(t, response.body, string(got.Body))
	assertOneLine(t, err)
	assert.Contains(t, err.Error(), "run workflow wf_1: ")
	for _, sentinel := range sentinels {
		assert.Equal(t, errors.Is(sentinel, is), errors.Is(err, sentinel), "errors.Is(err, %v)", sentinel)
	}
	assert.Equal(t, response.status == 429, client.SafeToRetry(err))
	assert.NotErrorAs(t, err, new(*contract.Error), "no error is of both types")
	assert.Equal(t, violates, got.Violation != nil)
	if response.status == 200 && got.Code == "" {
		assert.Contains(t, err.Error(), "may have been billed")
	}
}

func TestResponse_TheRequestIDIsThatOfEitherHeader(t *testing.T) {
	id := http.Header{"X-Request-Id": {"req_1"}}
	_, err := runExample(t, clientOf(t, reply{500, id, example(t, "InternalServerErrorFlat")}))
	var got *client.APIError
	require.ErrorAs(t, err, &got)
	assert.Equal(t, "req_1", got.RequestID)
	run, err := runExample(t, clientOf(t, reply{200, id, runBody}))
	require.NoError(t, err)
	assert.Equal(t, "req_1", run.RequestID)
	run, err = runExample(t, clientOf(t,
		reply{200, http.Header{"X-Request-Id": {"req_1"}, "X-Vercel-Id": {"iad1::abc"}}, runBody}))
	require.NoError(t, err)
	assert.Equal(t, "iad1::abc", run.RequestID)
}

// readExample returns the run that the client reads from documentedBody.
func readExample(t *testing.T) *client.Run {
	t.Helper()
	c := newTestClient(t, "https://example.com", client.WithHTTPClient(&http.Client{Transport: roundTrip(
		func(req *http.Request) (*http.Response, error) {
			recorder := httptest.NewRecorder()
			respondJSON(200, documentedBody())(recorder, req)
			return recorder.Result(), nil
		})}))
	run, err := c.Run(t.Context(), testWorkflow, exampleInputs(t))
	require.NoError(t, err)
	return run
}

// outputName returns the name of a property that the output of the documented variant must have, and that is not null,
// or "".
var outputName = sync.OnceValue(func() string {
	schema := openapi.Merged(api.Document().Components.Schemas["RunOutput"].Value)
	i := slices.IndexFunc(schema.Required, func(name string) bool { return !schema.Properties[name].Value.Nullable })
	if i < 0 {
		return ""
	}
	return schema.Required[i]
})
