package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/client/contract"
)

// TestRun_Returns walks the design's table "What a call returns".
func TestRun_Returns(t *testing.T) {
	const half = `{"success":true,"result":"some`
	type outcome struct {
		isAPIError  bool
		isViolation bool
		is          error // another error, which the text of says
		says        string
		hasRun      bool
		text        string // of the Run
		body        string // of the Run, or of the error
	}
	for _, test := range []struct {
		name    string
		handler http.HandlerFunc
		opts    []client.Option
		want    outcome
	}{
		// A run that keeps the contract.
		{"a run", respondJSON(200, runBody), nil, outcome{hasRun: true, text: runText, body: runBody}},

		// A 2xx response that breaks the contract, or is no JSON.
		{"a run with a bad field", respondJSON(200, `{"success":true,"result":"The text of the run.","citations":null}`), nil,
			outcome{
				isViolation: true, says: "/citations", hasRun: true, text: runText,
				body: `{"success":true,"result":"The text of the run.","citations":null}`,
			}},
		{"neither a run nor an error", respondJSON(200, `{"success":true}`), nil,
			outcome{isViolation: true, hasRun: true, body: `{"success":true}`}},
		{"an error of null", respondJSON(200, `{"success":true,"error":null}`), nil,
			outcome{isViolation: true, hasRun: true, body: `{"success":true,"error":null}`}},
		{"a page under 200", respond(200, "text/html", "<html>"), nil,
			outcome{isViolation: true, says: "content-type", hasRun: true, body: "<html>"}},
		{"an empty body", respondJSON(200, ""), nil, outcome{isViolation: true, hasRun: true}},
		{"JSON that was cut off before it was sent", respondJSON(200, half), nil,
			outcome{isViolation: true, says: "not JSON", hasRun: true, body: half}},
		{"a run under 201", respondJSON(201, runBody), nil,
			outcome{isViolation: true, hasRun: true, text: runText, body: runBody}},
		{"204", respondJSON(204, ""), nil, outcome{isViolation: true, hasRun: true}},

		// A 2xx response that was cut off, or is too long.
		{"a run that is cut off", withHeader(respondJSON(200, half), "Content-Length", "90"), nil, outcome{
			is: io.ErrUnexpectedEOF, says: "200 OK: the response was cut off after 30 bytes", hasRun: true, body: half,
		}},
		{"a run that is too long", respondJSON(200, runBody), []client.Option{client.WithMaxResponseBytes(30)}, outcome{
			says: "200 OK: the response is longer than 30 bytes (WithMaxResponseBytes)", hasRun: true, body: runBody[:30],
		}},
		{"a run that does not end", stalling(200, half), []client.Option{client.WithTimeout(300 * time.Millisecond)}, outcome{
			is: context.DeadlineExceeded, says: "timed out: no whole response within 300ms (WithTimeout)", hasRun: true,
			body: half,
		}},

		// Anything else that is a response: not 2xx, or an error envelope under 2xx.
		{"a refusal", respondJSON(401, `{"success":false,"error":"no"}`), nil,
			outcome{isAPIError: true, is: client.ErrUnauthorized, body: `{"success":false,"error":"no"}`}},
		{"a gateway's page", respond(502, "text/html", "<html>"), nil, outcome{
			isAPIError: true, is: client.ErrServer, says: "a gateway's page, not the service's response", body: "<html>",
		}},
		{"an error under 200", respondJSON(200, `{"success":false,"error":"no"}`), nil,
			outcome{isAPIError: true, body: `{"success":false,"error":"no"}`}},
		{"an error alone under 200", respondJSON(200, `{"error":{"message":"no","code":"new"}}`), nil,
			outcome{isAPIError: true, body: `{"error":{"message":"no","code":"new"}}`}},
		{"an error under 201", respondJSON(201, `{"success":false,"error":"no"}`), nil,
			outcome{isAPIError: true, body: `{"success":false,"error":"no"}`}},
		{"a failure with a result", respondJSON(200, `{"success":false,"result":"x"}`), nil,
			outcome{isAPIError: true, body: `{"success":false,"result":"x"}`}},
		{"a run under 500", respondJSON(500, runBody), nil, outcome{isAPIError: true, is: client.ErrServer, body: runBody}},
		{"a run under 429", respondJSON(429, runBody), nil,
			outcome{isAPIError: true, is: client.ErrRateLimited, body: runBody}},
		{"an error that is cut off", withHeader(respondJSON(500, half), "Content-Length", "90"), nil, outcome{
			isAPIError: true, is: io.ErrUnexpectedEOF,
			says: "500 Internal Server Error (request ID req_1): the response was cut off after 30 bytes", body: half,
		}},
		{"an error that is too long", respondJSON(500, runBody), []client.Option{client.WithMaxResponseBytes(30)}, outcome{
			isAPIError: true, says: "the response is longer than 30 bytes (WithMaxResponseBytes)", body: runBody[:30],
		}},
		{"an error that does not end", stalling(500, half), []client.Option{client.WithTimeout(300 * time.Millisecond)},
			outcome{
				isAPIError: true, is: context.DeadlineExceeded, says: "timed out", body: half,
			}},

		// No response.
		{"a connection that is closed", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, nil,
			outcome{
				is: io.EOF, says: "the connection was closed without a response",
			}},
		{"silence", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
			[]client.Option{client.WithTimeout(300 * time.Millisecond)}, outcome{
				is: context.DeadlineExceeded, says: "timed out: no whole response within 300ms (WithTimeout)",
			}},
	} {
		for how, call := range waysToRun(t) {
			t.Run(test.name+", "+how, func(t *testing.T) {
				t.Parallel()
				seen := new(counter)
				c := newTestClient(t, serveHTTP(t, seen, withHeader(test.handler, "X-Request-Id", "req_1")), test.opts...)
				run, err := call(t.Context(), c)
				assert.Equal(t, 1, seen.count(), "runs that the server saw")

				failure, isAPIError := errors.AsType[*client.APIError](err)
				violation, isViolation := errors.AsType[*contract.Error](err)
				assert.Equal(t, test.want.isAPIError, isAPIError, "the error is an *APIError: %v", err)
				assert.Equal(t, test.want.isViolation, isViolation, "the error is a *contract.Error: %v", err)
				if test.want.hasRun {
					require.NotNil(t, run)
					assert.Equal(t, test.want.text, run.Text)
					assert.Equal(t, test.want.body, string(run.Body))
					assert.Equal(t, "req_1", run.Header.Get("X-Request-Id"))
					assert.Equal(t, "req_1", run.RequestID)
				} else {
					assert.Nil(t, run)
				}
				if isAPIError {
					assert.Equal(t, test.want.body, string(failure.Body))
					assert.Equal(t, "req_1", failure.RequestID)
				}
				if isViolation {
					assert.Equal(t, test.want.body, string(violation.Body))
					assert.ErrorContains(t, err, "the run was billed; see Run and WithViolationHandler")
				}
				if test.want.is != nil || test.want.says != "" || isAPIError || isViolation {
					require.Error(t, err)
					assert.True(t, strings.HasPrefix(err.Error(), "run workflow wf_1: "), "%v", err)
					assert.ErrorContains(t, err, test.want.says)
					assert.False(t, client.SafeToRetry(err))
				} else {
					require.NoError(t, err)
				}
				if test.want.is != nil {
					require.ErrorIs(t, err, test.want.is)
				}
			})
		}
	}
}

// stalling sends part of a response, and no more.
func stalling(status int, part string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		respondJSON(status, part)(w, r)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
}

func TestRun_RefusesBadArgumentsBeforeAnythingIsSent(t *testing.T) {
	transport := scripted(stepResponse(200, runBody))
	c := newClient(t, transport)
	ctx, inputs := t.Context(), exampleInputs(t)
	for name, test := range map[string]struct {
		run  func() (*client.Run, error)
		says string
	}{
		"an ID with a slash": {func() (*client.Run, error) { return c.Run(ctx, "wf/1", inputs) }, "workflow ID"},
		"an empty ID": {func() (*client.Run, error) { return c.RunInputs(ctx, "", map[string]any{}) },
			"workflow ID"},
		"the key in place of the ID": {func() (*client.Run, error) { return c.Run(ctx, testKey, inputs) },
			"holds the API key"},
		"no context":                  {func() (*client.Run, error) { return c.Run(nil, testWorkflow, inputs) }, "the context is nil"},       //nolint:staticcheck // on purpose
		"no context for other inputs": {func() (*client.Run, error) { return c.RunInputs(nil, testWorkflow, inputs) }, "the context is nil"}, //nolint:staticcheck // on purpose
		"no inputs": {func() (*client.Run, error) { return c.RunInputs(ctx, testWorkflow, nil) },
			"JSON object, not to null"},
		"inputs that are an array": {func() (*client.Run, error) { return c.RunInputs(ctx, testWorkflow, []string{"a"}) },
			"JSON object, not to an array"},
		"inputs that are a text": {func() (*client.Run, error) { return c.RunInputs(ctx, testWorkflow, "text") },
			"JSON object"},
		"inputs that do not encode": {func() (*client.Run, error) { return c.RunInputs(ctx, testWorkflow, func() {}) },
			"unsupported type"},
		"inputs without an end": {func() (*client.Run, error) { return c.RunInputs(ctx, testWorkflow, cycle()) }, "cycle"},
		"broken raw JSON": {func() (*client.Run, error) {
			return c.RunInputs(ctx, testWorkflow,
				json.RawMessage(`{"a":`))
		}, "unexpected end"},
		"raw JSON that is not UTF-8": {func() (*client.Run, error) {
			return c.RunInputs(ctx, testWorkflow, json.RawMessage("{\"a\":\"\xff\"}"))
		}, "UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			run, err := test.run()
			require.ErrorIs(t, err, client.ErrInvalidRequest)
			assert.Nil(t, run)
			assert.Contains(t, err.Error(), test.says)
			assertOneLine(t, err)
			assert.NotContains(t, err.Error(), testKey)
			assert.False(t, client.SafeToRetry(err))
		})
	}
	assert.Empty(t, transport.inputs)
}

func TestRunInputs_RefusesInputsOrSendsThemAsTheyAre(t *testing.T) {
	t.Parallel()
	type inputs struct {
		Topic string `json:"topic"`
	}
	for name, test := range map[string]struct {
		inputs any
		sent   string // empty: refused
	}{
		"nil":                     {nil, ""},
		"a typed nil map":         {map[string]any(nil), ""},
		"a typed nil pointer":     {(*inputs)(nil), ""},
		"an empty map":            {map[string]any{}, `{}`},
		"an empty struct":         {struct{}{}, `{}`},
		"a pointer":               {&inputs{"x"}, `{"topic":"x"}`},
		"a pointer to a pointer":  {func() any { s := &inputs{"x"}; return &s }(), `{"topic":"x"}`},
		"raw null":                {json.RawMessage("null"), ""},
		"raw nothing":             {json.RawMessage(""), ""},
		"raw text":                {json.RawMessage("hello"), ""},
		"raw cut JSON":            {json.RawMessage(`{"topic":"x"`), ""},
		"a raw object":            {json.RawMessage(` { "topic" : "x" } `), `{"topic":"x"}`},
		"bytes":                   {[]byte(`{"topic":"x"}`), ""},
		"a string of JSON":        {`{"topic":"x"}`, ""},
		"an array":                {[]inputs{{"x"}}, ""},
		"a number":                {5, ""},
		"a bool":                  {true, ""},
		"a channel":               {make(chan int), ""},
		"a func":                  {func() {}, ""},
		"not a number":            {map[string]any{"n": math.NaN()}, ""},
		"a cycle":                 {cycle(), ""},
		"an error in marshaling":  {failingInputs{}, ""},
		"a text that is no UTF-8": {map[string]string{"topic": "a\xffb"}, ""},
		"a name that is no UTF-8": {map[string]string{"a\xffb": "x"}, ""},
		"a replacement character": {map[string]string{"topic": "a\uFFFDb"}, "{\"topic\":\"a\uFFFDb\"}"},
		"a backslash and ufffd":   {map[string]string{"topic": `\ufffd`}, `{"topic":"\\ufffd"}`},
		"a raw replacement":       {json.RawMessage(`{"topic":"\ufffd"}`), `{"topic":"\ufffd"}`},
		"deep": {map[string]any{"n": json.RawMessage(strings.Repeat("[", 9000) +
			strings.Repeat("]", 9000))}, "deep"},
		"too deep": {json.RawMessage(strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000)), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			transport := scripted(stepResponse(200, runBody))
			run, err := newClient(t, transport).RunInputs(t.Context(), testWorkflow, test.inputs)
			if test.sent == "" {
				require.ErrorIs(t, err, client.ErrInvalidRequest)
				assert.Nil(t, run)
				assertOneLine(t, err)
				assert.Empty(t, transport.inputs)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, runText, run.Text)
			if test.sent != "deep" {
				assert.Equal(t, []string{test.sent}, transport.inputs)
			}
		})
	}
}

func cycle() any {
	inputs := map[string]any{}
	inputs["again"] = inputs
	return inputs
}

func TestRunInputs_LeavesTheOutputsFieldsToTheWorkflow(t *testing.T) {
	type output struct{ Questions []string }
	for name, test := range map[string]struct {
		change   map[string]any // of the contract's example of a run
		pointers []string       // of the violations
	}{
		"an output of its own":        {map[string]any{"output": map[string]any{"questions": []string{"Why?"}}}, nil},
		"an output that is no object": {map[string]any{"output": []any{}}, []string{"/output"}},
		"a run ID of another type": {map[string]any{"output": map[string]any{}, "run_id": 5},
			[]string{"/run_id"}},
		"an output of other types for the contract's names": {map[string]any{"output": ofOtherTypes(t)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			run, err := clientOf(t, reply{200, nil, documentedRun(t, test.change)}).
				RunInputs(t.Context(), testWorkflow, map[string]any{"topic": "dogs", "level": 3})
			require.NotNil(t, run)
			if test.pointers == nil {
				require.NoError(t, err)
				assert.NotEmpty(t, run.ID)
				var got output
				require.NoError(t, run.Decode(&got))
				assert.Equal(t, []string{"Why?"}, got.Questions)
				return
			}
			assert.Equal(t, test.pointers, pointersOf(t, err))
		})
	}
}

// ofOtherTypes returns an output with the names that the contract's example has, of other types.
func ofOtherTypes(t *testing.T) map[string]any {
	t.Helper()
	var run struct{ Output map[string]any }
	require.NoError(t, json.Unmarshal([]byte(example(t, "CompletedRun")), &run))
	for name, value := range run.Output {
		if _, isNumber := value.(float64); isNumber {
			run.Output[name] = "text"
		} else {
			run.Output[name] = 7
		}
	}
	run.Output["questions"] = []string{"Why?"}
	return run.Output
}

// pointersOf returns the pointers of the violations in an error.
func pointersOf(t *testing.T, err error) []string {
	t.Helper()
	var violation *contract.Error
	require.ErrorAs(t, err, &violation)
	var pointers []string
	for _, v := range violation.Violations {
		pointers = append(pointers, v.Pointer)
	}
	return pointers
}

func TestRunInputs_ValidatesTheRestBesideAHugeOutput(t *testing.T) {
	t.Parallel()
	body := `{"success":true,"run_id":5,"status":"completed","output":{"chapters":[` + strings.Repeat(`"a",`, 100_001) +
		`"z"]}}`
	c := clientOf(t, reply{200, nil, body})
	for range 3 {
		_, err := c.RunInputs(t.Context(), testWorkflow, map[string]any{"topic": "dogs"})
		require.ErrorContains(t, err, "/run_id")
	}
}

func TestDecode(t *testing.T) {
	const charlie = `{"title":"Charlie"}`
	for _, test := range []struct {
		name string
		run  client.Run
		want string
		err  string
	}{
		{"the output object", client.Run{Body: []byte(`{"output":{"title":"Charlie"}}`)}, "Charlie", ""},
		{"the JSON that the text holds", client.Run{Text: ` {"title":"Charlie"} `}, "Charlie", ""},
		{"the text, beside an output that is null",
			client.Run{Text: charlie, Body: []byte(`{"run_id":"r","output":null,"result":""}`)}, "Charlie", ""},
		{"the text, beside an output that is another",
			client.Run{Text: charlie, Body: []byte(`{"run_id":"r","output":"","result":""}`)}, "Charlie", ""},
		{"the output object, beside a text",
			client.Run{Text: "x", Body: []byte(`{"output":{"title":"Charlie"},"result":"x"}`)}, "Charlie", ""},
		{"the output object, beside a result that is null",
			client.Run{Body: []byte(`{"output":{"title":"Charlie"},"result":null}`)}, "Charlie", ""},
		{"the text, beside an output in capitals",
			client.Run{Text: charlie, Body: []byte(`{"Run_ID":"r","OUTPUT":{"title":"x"},"result":""}`)}, "Charlie", ""},
		{"the output object after a byte order mark", client.Run{Body: []byte("\uFEFF" + `{"output":{"title":"Charlie"}}`)},
			"Charlie", ""},
		{"the output object, with data after the response", client.Run{Body: []byte(`{"output":{"title":"Charlie"}} x`)},
			"Charlie", ""},
		{"an output of another shape", client.Run{Body: []byte(`{"output":["Charlie"]}`)}, "", "cannot unmarshal array"},
		{"a text that is not JSON", client.Run{Text: "hello"}, "", "is not JSON"},
		{"no text at all", client.Run{}, "", "is not JSON"},
		{"a text of another shape", client.Run{Text: `["Charlie"]`}, "", "cannot unmarshal array"},
		{"an output with half an emoji", client.Run{Body: []byte(`{"output":{"title":"Charlie","end":"\ud83d"}}`)}, "Charlie",
			""},
		{"a text with a duplicate name", client.Run{Text: `{"title":"Charly","title":"Charlie"}`}, "Charlie", ""},
		{"the JSON in a fence", client.Run{Text: "```\n" + charlie + "\n```"}, "Charlie", ""},
		{"the JSON in a fence that says so", client.Run{Text: " ```json\n" + charlie + "\n```\n"}, "Charlie", ""},
		{"a JSON string of JSON", client.Run{Text: `"{\"title\":\"Charlie\"}"`}, "Charlie", ""},
		{"a JSON string of JSON in a fence", client.Run{Text: "```json\n" + `"{\"title\":\"Charlie\"}"` + "\n```"}, "Charlie",
			""},
		{"a JSON string of a JSON string of JSON", client.Run{Text: `"\"{}\""`}, "", "cannot unmarshal string"},
		{"a JSON string of a text", client.Run{Text: `"Charlie"`}, "", "cannot unmarshal string"},
		{"two fences", client.Run{Text: "```json\n" + charlie + "\n```\n```json\n{}\n```"}, "", "is not JSON"},
		{"a fence with text before it", client.Run{Text: "Here:\n```json\n" + charlie + "\n```"}, "", "is not JSON"},
		{"a fence that is not closed", client.Run{Text: "```json\n" + charlie}, "", "is not JSON"},
		{"a fence of another language", client.Run{Text: "```yaml\n" + charlie + "\n```"}, "", "is not JSON"},
		{"an output with a fence, which is no text", client.Run{Body: []byte(`{"output":"~~~"}`)}, "",
			"cannot unmarshal string"},
		{"a text with data after the JSON", client.Run{Text: `{"title":"Charlie"} there`}, "", "is not JSON"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got struct {
				Title string `json:"title"`
			}
			err := test.run.Decode(&got)
			if test.err != "" {
				require.ErrorContains(t, err, test.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, test.want, got.Title)
		})
	}
}

func TestRun_PrintsAsOneShortLineWithoutItsText(t *testing.T) {
	huge := strings.Repeat("an ID\n", 1<<20/6)
	run := client.Run{ID: huge, Status: huge, RequestID: huge, Text: "the text", Body: []byte("the body " + testKey)}
	for name, text := range printed(&run) {
		if strings.HasSuffix(name, "%d") || name == "JSON" {
			continue // a verb that asks no String; encoding/json encodes the whole Run
		}
		assert.NotContains(t, strings.TrimSuffix(text, "\n"), "\n", name)
		assert.Less(t, len(text), 3000, name)
		for _, part := range []string{"the text", "the body", testKey, "dGhlIGJvZHk"} {
			assert.NotContains(t, text, part, name)
		}
	}
	assert.Contains(t, run.String(), "8 bytes of text")
	assert.Contains(t, logged(&run)["JSON"], `"text_bytes":8`)
	assert.Less(t, len(run.String()), 1000)
}

func TestRun_SendsNothingForAWorkflowIDThatIsNotOnePathSegment(t *testing.T) {
	t.Parallel()
	assertRefusesIDs(t, map[string]func(context.Context, *client.Client, string) (*client.Run, error){
		"Run": func(ctx context.Context, c *client.Client, id string) (*client.Run, error) {
			return c.Run(ctx, id, exampleInputs(t))
		},
		"RunInputs": func(ctx context.Context, c *client.Client, id string) (*client.Run, error) {
			return c.RunInputs(ctx, id, map[string]any{"topic": "dogs"})
		},
		"RunInputs, null": func(ctx context.Context, c *client.Client, id string) (*client.Run, error) {
			return c.RunInputs(ctx, id, nil)
		},
	})
}

// assertRefusesIDs checks that each way to run a workflow refuses an ID that is not one path segment.
func assertRefusesIDs(t *testing.T,
	calls map[string]func(context.Context, *client.Client, string) (*client.Run, error)) {
	t.Helper()
	for name, id := range map[string]string{
		"is empty":                         "",
		"is a slash":                       "/",
		"has a slash":                      "a/b",
		"has a slash at its end":           "wf_1/",
		"has a backslash":                  `a\b`,
		"is a dot":                         ".",
		"is two dots":                      "..",
		"climbs":                           "../../admin",
		"climbs from a segment":            "a/../b",
		"has a dot":                        "a.b",
		"has an escaped slash":             "a%2Fb",
		"has escaped dots":                 "%2e%2e",
		"has a twice escaped slash":        "a%252Fb",
		"has a percent sign":               "a%",
		"has a query":                      "a?b=c",
		"has a fragment":                   "a#b",
		"has a path parameter":             "a;b=c",
		"has a space":                      "a b",
		"is a space":                       " ",
		"has a plus":                       "a+b",
		"has an @":                         "user@evil.example",
		"has a colon":                      "a:b",
		"has a newline":                    "a\nb",
		"has a newline at its end":         "wf_1\n",
		"injects a header":                 "a HTTP/1.1\r\nX-Evil: 1\r\n\r\n",
		"has a NUL":                        "a\x00b",
		"has a DEL":                        "a\x7fb",
		"is not ASCII":                     "wörkflow",
		"has a digit that is not ASCII":    "wf_１",
		"has a letter that folds to ASCII": "wf_\u212A",
		"has a fullwidth slash":            "a／b",
		"is not UTF-8":                     "a\xffb",
		"has a zero width space":           "wf\u200b1",
		"is a URL":                         "http://evil.example",
		"is a host":                        "//evil.example",
		"is a template":                    "{workflow_id}",
		"is very long and has a slash":     strings.Repeat("a", 1<<20) + "/",
		"is the key":                       testKey,
		"holds the key":                    "wf-" + testKey + "-1",
		"is short and would be a path of the server": "..%2f",
	} {
		t.Run("an ID that "+name, func(t *testing.T) {
			t.Parallel()
			for method, call := range calls {
				requests := new(counter)
				c := newTestClient(t, serveHTTP(t, requests, respondJSON(200, runBody)))
				run, err := call(t.Context(), c, id)
				assert.Nil(t, run)
				require.ErrorIs(t, err, client.ErrInvalidRequest, method)
				assert.False(t, client.SafeToRetry(err))
				assert.Zero(t, requests.count(), "requests that reached the server")
				assert.NotContains(t, err.Error(), "\n")
				assert.Less(t, len(err.Error()), 500)
				assertNoKey(t, testKey, run, err, c)
			}
		})
	}
}
