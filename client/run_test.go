package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/api"
	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/client/clienttest"
	"github.com/aitutor-api/aitutor-go/client/contract"
	"github.com/aitutor-api/aitutor-go/gen"
)

// example is a named example of the contract, as JSON.
func example(tb testing.TB, name string) string {
	tb.Helper()
	ref := api.Document().Components.Examples[name]
	require.NotNil(tb, ref, "the contract has no example %s", name)
	data, err := json.Marshal(ref.Value.Value)
	require.NoError(tb, err)
	return string(data)
}

// reply is what a server answers to everything.
type reply struct {
	status int
	header http.Header
	body   string
}

// answering is a client of a server that gives one answer to everything.
func answering(t *testing.T, a reply, options ...client.Option) *client.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if a.header.Get("Content-Type") == "" {
			w.Header().Set("Content-Type", "application/json")
		}
		maps.Copy(w.Header(), a.header)
		w.WriteHeader(a.status)
		_, _ = io.WriteString(w, a.body)
	}))
	t.Cleanup(server.Close)
	c, err := client.New("sk_test", append([]client.Option{client.WithBaseURL(server.URL), client.WithMaxRetries(0)}, options...)...)
	require.NoError(t, err)
	return c
}

func TestARunOfEitherFormGivesItsText(t *testing.T) {
	limits := http.Header{"X-Ratelimit-Limit": {"10"}, "X-Ratelimit-Remaining": {"0"}}
	const story = "Once upon a time, there was a friendly dog named Charlie..."
	tests := []struct {
		name    string
		example string
		header  http.Header
		want    client.Run
	}{
		{"documented", "CompletedRun", nil, client.Run{
			ID: "run_abc123xyz", Status: client.StatusCompleted, Text: story, Output: gen.RunOutput{GeneratedStory: story},
		}},
		{"deployed", "TextRun", limits, client.Run{Text: story, RateLimit: &client.RateLimit{Limit: 10}}},
		{"deployed, from the workflow's cache", "TextRun", nil, client.Run{Text: story}},
		{"deployed, of a model that searched the web", "TextRunWithCitations", nil, client.Run{
			Text:      "Dogs were the first animals to live with people.",
			Citations: []string{"https://example.com/dogs", "https://example.com/history-of-dogs"},
		}},
		{"deployed, of a workflow that answers in JSON", "TextRunOfJSON", nil, client.Run{
			Text: `{"title":"Charlie","generated_story":"` + story + `"}`,
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			body := example(t, test.example)
			c := answering(t, reply{200, test.header, body})
			for how, run := range map[string]func() (*client.Run, error){
				"Run":       func() (*client.Run, error) { return c.Run(t.Context(), "wf_1", gen.RunRequest{Story: "a dog"}) },
				"RunStory":  func() (*client.Run, error) { return c.RunStory(t.Context(), "wf_1", "a dog") },
				"RunInputs": func() (*client.Run, error) { return c.RunInputs(t.Context(), "wf_1", map[string]any{"x": 1}) },
			} {
				got, err := run()
				require.NoError(t, err, how)
				assert.JSONEq(t, body, string(got.Body), how)
				assert.Equal(t, "application/json", got.Header.Get("Content-Type"), how)
				got.Body, got.Header = nil, nil
				assert.Equal(t, test.want, *got, how)
			}
		})
	}
}

func TestAValidRunIsReadHoweverItIsWritten(t *testing.T) {
	const prose = "He said: \"Come!\"\nShe went. a/b c\\d "
	const other = "caf\u00e9 \U0001F436\t\u2028 "
	long := strings.Repeat(prose, 100)
	longest := strings.Repeat(prose+other, 100)
	quote := func(text string) string {
		quoted, err := json.Marshal(text)
		require.NoError(t, err)
		return string(quoted)
	}
	tests := []struct {
		name, body, text, id string
	}{
		{"white space", " {\r\n\t\"success\" : true ,\n\"result\" : \"x\" } ", "x", ""},
		{"escaped names", `{"succ\u0065ss":true,"r\u0065sult":"x"}`, "x", ""},
		{"half a surrogate pair", `{"success":true,"result":"x\ud83d"}`, "x\uFFFD", ""},
		{"half a surrogate pair in the documented form", `{"success":true,"run_id":"r","status":"completed","output":{"generated_story":"\udc36x"}}`, "\uFFFDx", "r"},
		{"a long text", `{"success":true,"result":` + quote(long) + `}`, long, ""},
		{"a long text in the documented form", `{"success":true,"run_id":"r","status":"completed","output":{"generated_story":` + quote(longest) + `}}`, longest, "r"},
		{"an escaped slash in a long text", `{"success":true,"result":"` + strings.Repeat(`a\/b`, 500) + `"}`, strings.Repeat("a/b", 500), ""},
		{"a long text beside one that is null", `{"success":true,"result":` + quote(long) + `,"run_id":null}`, long, ""},
		{"a run ID in the deployed form", `{"success":true,"result":"x","run_id":"r"}`, "x", "r"},
		{"other types for what the form does not name", `{"success":true,"result":"x","run_id":5,"status":[],"output":"y"}`, "x", ""},
		{"citations of another type in the documented form", `{"success":true,"run_id":"r","status":"completed","output":{"generated_story":"x"},"citations":5,"result":null}`, "x", "r"},
		{"a name in capitals beside another type", `{"success":true,"result":"x","run_id":5,"RESULT":"y","Run_ID":"z"}`, "x", ""},
		{"a name in capitals beside half a surrogate pair", `{"success":true,"result":"x\ud83d","RESULT":"y"}`, "x\uFFFD", ""},
		{"an error and a code of other types", `{"success":true,"result":"x","run_id":5,"error":{"a":1e999},"code":1e999}`, "x", ""},
		{"an error and a code of other types beside half a surrogate pair", `{"success":true,"result":"x\ud83d","error":[1e999,{}],"code":{"a":[]}}`, "x\uFFFD", ""},
		{"fields that nobody knows", `{"success":true,"result":"x","more":{"result":["\"}",1e400,null]},"":"","RESULT":5}`, "x", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			run, err := answering(t, reply{200, nil, test.body}).RunStory(t.Context(), "wf_1", "a dog")
			require.NoError(t, err)
			assert.Equal(t, test.text, run.Text)
			assert.Equal(t, test.id, run.ID)
			assert.Equal(t, test.body, string(run.Body))
		})
	}
}

func TestAnAnswerThatIsNotARunIsAnAPIError(t *testing.T) {
	id := http.Header{"X-Vercel-Id": {"iad1::abc"}}
	tests := []struct {
		name     string
		answer   reply
		is       error
		code     string
		message  string
		violates bool
	}{
		{"documented: a wrong key", reply{401, id, example(t, "Unauthorized")}, client.ErrUnauthorized, "unauthorized", "Invalid API key", false},
		{"documented: no such workflow", reply{404, id, example(t, "WorkflowNotFound")}, client.ErrWorkflowNotFound, "workflow_not_found", "Workflow not found", false},
		{"documented: a missing input", reply{400, id, example(t, "InvalidRequest")}, client.ErrInvalidRequest, "invalid_request", "Missing required parameter: story", false},
		{"documented, under status 200: a wrong key", reply{200, id, example(t, "Unauthorized")}, client.ErrUnauthorized, "unauthorized", "Invalid API key", true},
		{"documented, under status 200: no such workflow", reply{200, id, example(t, "WorkflowNotFound")}, client.ErrWorkflowNotFound, "workflow_not_found", "Workflow not found", true},
		{"documented, under status 200: a missing input", reply{200, id, example(t, "InvalidRequest")}, client.ErrInvalidRequest, "invalid_request", "Missing required parameter: story", true},
		{"deployed, 400: a missing input", reply{400, id, example(t, "MissingInputFlat")}, client.ErrInvalidRequest, "missing_input", "Missing input: story", false},
		{"deployed, 401: no key, or a wrong one", reply{401, id, example(t, "UnauthorizedFlat")}, client.ErrUnauthorized, "", "Unauthorized. Please provide a valid secret key.", false},
		{"deployed, 402: no credits", reply{402, id, example(t, "InvalidBillingFlat")}, client.ErrPaymentRequired, "invalid_billing", "No credits are left. Please check your billing.", false},
		{"deployed, 402: the spend limit", reply{402, id, example(t, "SpendLimitReachedFlat")}, client.ErrPaymentRequired, "spend_limit_reached", "The spend limit is reached.", false},
		{"deployed, 404: no such workflow", reply{404, id, example(t, "WorkflowNotFoundFlat")}, client.ErrWorkflowNotFound, "", "Workflow not found.", false},
		{"deployed, 429: over the rate limit", reply{429, id, example(t, "RateLimitedFlat")}, client.ErrRateLimited, "", "Too many requests. Please try again later.", false},
		{"deployed, 500: the service failed", reply{500, id, example(t, "InternalServerErrorFlat")}, nil, "internal_server_error", "Internal server error.", false},
		{"deployed, 500: the run failed", reply{500, id, example(t, "WorkflowRunFailedFlat")}, nil, "workflow_run_failed", "The workflow run failed.", false},
		{"deployed, under status 200: an error", reply{200, id, example(t, "MissingInputFlat")}, client.ErrInvalidRequest, "missing_input", "Missing input: story", true},
		{"the service's code goes before the status", reply{400, id, example(t, "SpendLimitReachedFlat")}, client.ErrPaymentRequired, "spend_limit_reached", "The spend limit is reached.", false},
		{"a code that is not known leaves it to the status", reply{401, id, `{"success":false,"error":"no","code":"new_code"}`}, client.ErrUnauthorized, "new_code", "no", false},
		{"a gateway's text", reply{504, http.Header{"X-Vercel-Id": {"iad1::abc"}, "Content-Type": {"text/plain; charset=utf-8"}}, "An error occurred\n\nFUNCTION_INVOCATION_TIMEOUT\n"}, nil, "", "An error occurred\n\nFUNCTION_INVOCATION_TIMEOUT", true},
		{"a gateway's HTML", reply{504, http.Header{"X-Vercel-Id": {"iad1::abc"}, "Content-Type": {"text/html"}}, "<html><body>504</body></html>"}, nil, "", "", true},
		{"a page under status 200", reply{200, http.Header{"X-Vercel-Id": {"iad1::abc"}, "Content-Type": {"text/html"}}, "<html>Log in</html>"}, nil, "", "", true},
		{"an error under another status of success", reply{201, id, `{"success":false,"error":"no"}`}, nil, "", "no", false},
		{"JSON that was cut off", reply{401, id, `{"success":false,"error":{"message":"Invalid API key","co`}, client.ErrUnauthorized, "", "Invalid API key", true},
		{"a run that was cut off", reply{200, id, `{"success":true,"result":"Once up`}, nil, "", "", true},
		{"an empty answer", reply{200, id, ""}, nil, "", "", true},
		{"a failure with a result", reply{200, id, `{"success":false,"result":"x","error":"no"}`}, nil, "", "no", true},
		{"an error that is null", reply{200, id, `{"success":true,"error":null}`}, nil, "", "", true},
		{"two errors, the last of which is a text", reply{500, id, `{"success":false,"error":{"message":"a","code":"b"},"error":"no"}`}, nil, "", "no", true},
		{"two errors, the last of which is cut off", reply{500, id, `{"success":false,"error":{"message":"no","code":"new"},"error":"mo`}, nil, "new", "no", true},
		{"two codes, the last of which is no JSON", reply{500, id, `{"success":false,"error":"no","code":"new","code":nul}`}, nil, "new", "no", true},
		{"two codes, the last of which is a text", reply{500, id, `{"success":false,"error":"no","code":5,"code":"new"}`}, nil, "new", "no", true},
		{"two errors, the last of which is an object", reply{500, id, `{"success":false,"error":[1e999],"error":{"message":5,"code":"new"}}`}, nil, "new", "", true},
		{"an error of a form that breaks the contract", reply{400, id, `{"success":false,"error":{"message":"no"},"code":7}`}, client.ErrInvalidRequest, "", "no", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := answering(t, test.answer).RunStory(t.Context(), "wf_1", "a dog")
			var got *client.APIError
			require.ErrorAs(t, err, &got)
			assert.Equal(t, test.answer.status, got.StatusCode)
			assert.Equal(t, test.code, got.Code)
			assert.Equal(t, test.message, got.Message)
			assert.Equal(t, "iad1::abc", got.RequestID)
			assert.Equal(t, "iad1::abc", got.Header.Get("X-Vercel-Id"))
			assert.Equal(t, test.answer.body, string(got.Body))
			assert.NotContains(t, err.Error(), "\n")
			assert.Contains(t, err.Error(), "run workflow wf_1")
			for _, sentinel := range sentinels {
				assert.Equal(t, errors.Is(sentinel, test.is), errors.Is(err, sentinel), "errors.Is(err, %v)", sentinel)
			}
			assert.Equal(t, test.answer.status == 429, client.SafeToRetry(err))
			var violation *contract.Error
			assert.Equal(t, test.violates, errors.As(err, &violation))
			assert.Equal(t, test.violates, got.Violation != nil)
		})
	}
}

var sentinels = []error{
	client.ErrUnauthorized, client.ErrWorkflowNotFound, client.ErrInvalidRequest, client.ErrPaymentRequired, client.ErrRateLimited,
}

func TestTheRequestIDIsThatOfEitherHeader(t *testing.T) {
	c := answering(t, reply{500, http.Header{"X-Request-Id": {"req_1"}}, example(t, "WorkflowRunFailedFlat")})
	_, err := c.RunStory(t.Context(), "wf_1", "a dog")
	var got *client.APIError
	require.ErrorAs(t, err, &got)
	assert.Equal(t, "req_1", got.RequestID)
}

func TestARunThatBreaksTheContract(t *testing.T) {
	broken := reply{200, http.Header{"X-Ratelimit-Limit": {"ten"}}, `{"success":true,"run_id":7,"status":"completed","output":{"story":"Once"}}`}
	want := []contract.Violation{
		{In: "header", Pointer: "x-ratelimit-limit", Message: "an invalid integer"},
		{In: "body", Pointer: "/output/generated_story", Message: `property "generated_story" is missing`},
		{In: "body", Pointer: "/run_id", Message: "value must be a string"},
	}

	t.Run("fails the call with every violation and the body", func(t *testing.T) {
		_, err := answering(t, broken).RunStory(t.Context(), "wf_1", "a dog")
		var got *contract.Error
		require.ErrorAs(t, err, &got)
		assert.Equal(t, want, got.Violations)
		assert.Equal(t, broken.body, string(got.Body))
		assert.Equal(t, 200, got.StatusCode)
		assert.Equal(t, "POST", got.Method)
		assert.Equal(t, "/api/v1/run/wf_1", got.Path)
		assert.False(t, client.SafeToRetry(err))
		assert.Equal(t, "answer 200 to POST /api/v1/run/wf_1 breaks the contract: 3 violations\n"+
			"\theader x-ratelimit-limit: an invalid integer\n"+
			"\tbody /output/generated_story: property \"generated_story\" is missing\n"+
			"\tbody /run_id: value must be a string", err.Error())
	})
	t.Run("is returned where the handler accepts it", func(t *testing.T) {
		var asked *contract.Error
		c := answering(t, broken, client.WithViolationHandler(func(_ context.Context, v *contract.Error) error {
			asked = v
			return nil
		}))
		run, err := c.RunStory(t.Context(), "wf_1", "a dog")
		require.NoError(t, err)
		assert.Equal(t, want, asked.Violations)
		assert.Equal(t, client.StatusCompleted, run.Status, "what fits is read")
		assert.Empty(t, run.ID)
		assert.Equal(t, broken.body, string(run.Body))
		var output map[string]string
		require.NoError(t, run.Decode(&output))
		assert.Equal(t, map[string]string{"story": "Once"}, output)
	})
	t.Run("fails with the handler's own error, and the body", func(t *testing.T) {
		errStrict := errors.New("no violations in this house")
		c := answering(t, broken, client.WithViolationHandler(func(context.Context, *contract.Error) error { return errStrict }))
		_, err := c.RunStory(t.Context(), "wf_1", "a dog")
		require.ErrorIs(t, err, errStrict)
		var got *contract.Error
		require.ErrorAs(t, err, &got)
		assert.Equal(t, broken.body, string(got.Body))
	})
	t.Run("fails once where the handler hands back what it got", func(t *testing.T) {
		c := answering(t, broken, client.WithViolationHandler(func(_ context.Context, v *contract.Error) error { return v }))
		_, err := c.RunStory(t.Context(), "wf_1", "a dog")
		var want *contract.Error
		require.ErrorAs(t, err, &want)
		assert.Equal(t, want.Error(), err.Error())
	})
	for name, body := range map[string]string{
		"a duplicate name":   `{"success":true,"result":"Twice","result":"Once"}`,
		"data after it":      `{"success":true,"result":"Once"} and more`,
		"a byte order mark":  "\uFEFF" + `{"success":true,"result":"Once"}`,
		"an added bad field": `{"success":true,"result":"Once","citations":"none"}`,
	} {
		t.Run("is read in spite of "+name, func(t *testing.T) {
			asked := 0
			c := answering(t, reply{200, nil, body}, client.WithViolationHandler(func(context.Context, *contract.Error) error {
				asked++
				return nil
			}))
			run, err := c.RunStory(t.Context(), "wf_1", "a dog")
			require.NoError(t, err)
			assert.Equal(t, "Once", run.Text)
			assert.Equal(t, 1, asked)
		})
	}
	for name, body := range map[string]string{
		"a page":          "<html>Log in</html>",
		"nothing":         "",
		"cut-off JSON":    `{"success":true,"result":"Once up`,
		"an error, alone": `{"error":{"message":"no","code":"new"}}`,
		"a null error":    `{"success":true,"error":null}`,
		"a failure":       `{"success":false,"result":"x"}`,
	} {
		t.Run("is not one where it is "+name+", whatever the handler says", func(t *testing.T) {
			accept := client.WithViolationHandler(func(context.Context, *contract.Error) error { return nil })
			_, err := answering(t, reply{200, nil, body}, accept).RunStory(t.Context(), "wf_1", "a dog")
			var got *client.APIError
			require.ErrorAs(t, err, &got)
			assert.Equal(t, body, string(got.Body))
			assert.NotNil(t, got.Violation)
			assert.Contains(t, err.Error(), "may have been billed")
		})
	}
	t.Run("is not one where it is an error, whatever the handler says", func(t *testing.T) {
		asked := 0
		c := answering(t, reply{200, nil, example(t, "Unauthorized")}, client.WithViolationHandler(func(context.Context, *contract.Error) error {
			asked++
			return nil
		}))
		_, err := c.RunStory(t.Context(), "wf_1", "a dog")
		require.ErrorIs(t, err, client.ErrUnauthorized)
		assert.Equal(t, 1, asked)
	})
}

func TestRunInputsLeavesTheOutputsFieldsToTheWorkflow(t *testing.T) {
	tests := []struct {
		name, body string
		violations []string
	}{
		{"an output of its own", `{"success":true,"run_id":"run_1","status":"completed","output":{"questions":["Why?"]}}`, nil},
		{"an output with the contract's field of another type", `{"success":true,"run_id":"run_1","status":"completed","output":{"generated_story":7,"questions":["Why?"]}}`, nil},
		{"an output that is no object", `{"success":true,"run_id":"run_1","status":"completed","output":[]}`, []string{"body /output: value must be an object"}},
		{"a run without its ID", `{"success":true,"status":"completed","output":{"questions":[]}}`, []string{`body /run_id: property "run_id" is missing`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			run, err := answering(t, reply{200, nil, test.body}).RunInputs(t.Context(), "wf_1", map[string]any{"topic": "dogs", "level": 3})
			if test.violations == nil {
				require.NoError(t, err)
				assert.Equal(t, "run_1", run.ID)
				var output struct{ Questions []string }
				require.NoError(t, run.Decode(&output))
				assert.Equal(t, []string{"Why?"}, output.Questions)
				return
			}
			var got *contract.Error
			require.ErrorAs(t, err, &got)
			var lines []string
			for _, v := range got.Violations {
				lines = append(lines, v.String())
			}
			assert.Equal(t, test.violations, lines)
		})
	}
}

func TestDecode(t *testing.T) {
	type output struct {
		Title string `json:"title"`
	}
	const charlie = `{"title":"Charlie"}`
	tests := []struct {
		name string
		run  client.Run
		want string
		err  string
	}{
		{"the output object", client.Run{Body: []byte(`{"output":{"title":"Charlie"}}`)}, "Charlie", ""},
		{"the JSON that the text holds", client.Run{Text: ` {"title":"Charlie"} `}, "Charlie", ""},
		{"the text, beside an output that is null", client.Run{Text: charlie, Body: []byte(`{"run_id":"r","output":null,"result":""}`)}, "Charlie", ""},
		{"the text, beside an output that is another", client.Run{Text: charlie, Body: []byte(`{"run_id":"r","output":"","result":""}`)}, "Charlie", ""},
		{"the output object, beside a text", client.Run{Text: "x", Body: []byte(`{"output":{"title":"Charlie"},"result":"x"}`)}, "Charlie", ""},
		{"the output object, beside a result that is null", client.Run{Body: []byte(`{"output":{"title":"Charlie"},"result":null}`)}, "Charlie", ""},
		{"the text, beside an output in capitals", client.Run{Text: charlie, Body: []byte(`{"Run_ID":"r","OUTPUT":{"title":"x"},"result":""}`)}, "Charlie", ""},
		{"the output object after a byte order mark", client.Run{Body: []byte("\uFEFF" + `{"output":{"title":"Charlie"}}`)}, "Charlie", ""},
		{"the output object, with data after the answer", client.Run{Body: []byte(`{"output":{"title":"Charlie"}} x`)}, "Charlie", ""},
		{"an output of another shape", client.Run{Body: []byte(`{"output":["Charlie"]}`)}, "", "cannot unmarshal array"},
		{"a text that is not JSON", client.Run{Text: "Once upon a time"}, "", "is not JSON"},
		{"no text at all", client.Run{}, "", "is not JSON"},
		{"a text of another shape", client.Run{Text: `["Charlie"]`}, "", "cannot unmarshal array"},
		{"an output with half an emoji", client.Run{Body: []byte(`{"output":{"title":"Charlie","end":"\ud83d"}}`)}, "Charlie", ""},
		{"a text with a duplicate name", client.Run{Text: `{"title":"Charly","title":"Charlie"}`}, "Charlie", ""},
		{"a text with data after the JSON", client.Run{Text: `{"title":"Charlie"} there`}, "", "is not JSON"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got output
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

func TestArgumentsAreRefusedBeforeAnythingIsSent(t *testing.T) {
	server := clienttest.NewServer()
	defer server.Close()
	c, err := client.New(server.APIKey, client.WithBaseURL(server.URL))
	require.NoError(t, err)
	ctx := t.Context()
	cyclic := map[string]any{}
	cyclic["self"] = cyclic
	tests := []struct {
		name    string
		run     func() (*client.Run, error)
		message string
	}{
		{"an ID with a slash", func() (*client.Run, error) { return c.RunStory(ctx, "wf/1", "a dog") }, "workflow ID"},
		{"an empty ID", func() (*client.Run, error) { return c.RunInputs(ctx, "", map[string]any{}) }, "workflow ID"},
		{"the key in place of the ID", func() (*client.Run, error) { return c.RunStory(ctx, server.APIKey, "a dog") }, "holds the API key"},
		{"a blank story", func() (*client.Run, error) { return c.RunStory(ctx, server.WorkflowID, " \n\t\u00a0") }, "the story is blank"},
		{"a blank input", func() (*client.Run, error) { return c.Run(ctx, server.WorkflowID, gen.RunRequest{Story: " "}) }, "/story"},
		{"an input that is not UTF-8", func() (*client.Run, error) { return c.RunStory(ctx, server.WorkflowID, "a \xff") }, "UTF-8"},
		{"no context", func() (*client.Run, error) { return c.RunStory(nil, server.WorkflowID, "a dog") }, "the context is nil"}, //nolint:staticcheck // on purpose
		{"no inputs", func() (*client.Run, error) { return c.RunInputs(ctx, server.WorkflowID, nil) }, "JSON object, not to null"},
		{"inputs that are an array", func() (*client.Run, error) { return c.RunInputs(ctx, server.WorkflowID, []string{"a"}) }, "JSON object"},
		{"inputs that are a text", func() (*client.Run, error) { return c.RunInputs(ctx, server.WorkflowID, "a dog") }, "JSON object"},
		{"inputs that do not encode", func() (*client.Run, error) { return c.RunInputs(ctx, server.WorkflowID, func() {}) }, "unsupported type"},
		{"inputs without an end", func() (*client.Run, error) { return c.RunInputs(ctx, server.WorkflowID, cyclic) }, "cycle"},
		{"broken raw JSON", func() (*client.Run, error) { return c.RunInputs(ctx, server.WorkflowID, json.RawMessage(`{"a":`)) }, "unexpected end"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := test.run()
			require.ErrorIs(t, err, client.ErrInvalidRequest)
			assert.Contains(t, err.Error(), test.message)
			assert.NotContains(t, err.Error(), "\n")
			assert.NotContains(t, err.Error(), server.APIKey)
			assert.False(t, client.SafeToRetry(err))
		})
	}
	assert.Zero(t, server.Runs())
}

func TestTheLogHasARecordOfEachAttempt(t *testing.T) {
	server := clienttest.NewServer()
	defer server.Close()
	server.Answer(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = io.WriteString(w, `{"success":false,"error":"slow down, `+server.APIKey+`"}`)
	})
	var log bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	c, err := client.New(server.APIKey, client.WithBaseURL(server.URL), client.WithLogger(logger))
	require.NoError(t, err)
	run, err := c.RunStory(t.Context(), server.WorkflowID, "a story about a dog named charlie")
	require.NoError(t, err)

	var records []map[string]any
	for line := range bytes.Lines(log.Bytes()) {
		var record map[string]any
		require.NoError(t, json.Unmarshal(line, &record))
		assert.Equal(t, "DEBUG", record["level"])
		assert.Contains(t, record, "duration")
		for _, name := range []string{"time", "level", "msg", "duration"} {
			delete(record, name)
		}
		records = append(records, record)
	}
	path := "/api/v1/run/" + server.WorkflowID
	assert.Equal(t, []map[string]any{
		{"method": "POST", "path": path, "status": 429.0, "run_id": ""},
		{"method": "POST", "path": path, "status": 200.0, "run_id": run.ID},
	}, records)
}
