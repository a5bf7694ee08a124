package client_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/client/contract"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestErrors_ReadAsInTheGoldenFile has every error that a user meets. Read testdata/errors.txt line by line after
// go test ./client -run GoldenFile -update.
func TestErrors_ReadAsInTheGoldenFile(t *testing.T) {
	const key = "sk_test_in_the_golden_file"
	var text strings.Builder
	port := regexp.MustCompile(`127\.0\.0\.1:\d+`)
	add := func(name string, err error) {
		require.Error(t, err, name)
		fmt.Fprintf(&text, "# %s\n%s\n\n", name, port.ReplaceAllString(err.Error(), "127.0.0.1:PORT"))
	}
	run := func(name string, ctx context.Context, base string, inputs any, opts ...client.Option) {
		c, err := client.New(key, append([]client.Option{client.WithBaseURL(base), client.WithMaxRetries(0)}, opts...)...)
		require.NoError(t, err)
		_, err = c.RunInputs(ctx, "wf_1", inputs)
		add(name, err)
		c.CloseIdleConnections()
	}
	serve := func(handler http.HandlerFunc) string {
		server := httptest.NewServer(handler)
		t.Cleanup(server.Close)
		return server.URL
	}
	respond := func(status int, contentType, body string, header ...string) string {
		return serve(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		})
	}
	inputs := map[string]any{"topic": "dogs"}
	const (
		json = "application/json"
		run1 = `{"success":true,"result":"Once upon a time"}`
	)

	text.WriteString("## Making a client\n\n")
	for _, row := range []struct {
		name, key string
		opts      []client.Option
	}{
		{"no key", "", nil},
		{"a key with a line end", "sk_test\n", nil},
		{"no base URL", key, []client.Option{client.WithBaseURL("")}},
		{"a base URL without a scheme", key, []client.Option{client.WithBaseURL("example.com")}},
		{"a base URL over plain http", key, []client.Option{client.WithBaseURL("http://example.com")}},
		{"a base URL with a password", key, []client.Option{client.WithBaseURL("https://me:secret@example.com")}},
		{"a base URL that is none", key, []client.Option{client.WithBaseURL("https://example.com:port")}},
		{"a base URL with a query", key, []client.Option{client.WithBaseURL("https://example.com?a=b")}},
		{"no HTTP client", key, []client.Option{client.WithHTTPClient(nil)}},
		{"a negative timeout", key, []client.Option{client.WithTimeout(-time.Second)}},
		{"a negative number of retries", key, []client.Option{client.WithMaxRetries(-1)}},
		{"a limit of zero", key, []client.Option{client.WithMaxResponseBytes(0)}},
		{"a user agent with a line end", key, []client.Option{client.WithUserAgent("a\nb")}},
		{"no option", key, []client.Option{nil}},
	} {
		_, err := client.New(row.key, row.opts...)
		add(row.name, err)
	}

	text.WriteString("## Bad arguments\n\n")
	c, err := client.New(key, client.WithBaseURL("https://example.com"))
	require.NoError(t, err)
	for _, id := range []string{"", "a/b", "..", key} {
		_, err = c.RunInputs(t.Context(), id, inputs)
		add(fmt.Sprintf("the workflow ID %q", strings.ReplaceAll(id, key, "KEY")), err)
	}
	run("inputs that are no object", t.Context(), "https://example.com", []int{1})
	run("no inputs", t.Context(), "https://example.com", nil)
	run("inputs that JSON does not have", t.Context(), "https://example.com", map[string]any{"n": math.NaN()})
	_, err = new(client.Client).RunInputs(t.Context(), "wf_1", inputs)
	add("a Client that New did not make", err)
	_, err = new(client.Client).API().RunWorkflowWithBodyWithResponse(t.Context(), "wf_1", json, strings.NewReader("{}"))
	add("a Client that New did not make, through API", err)
	_, err = c.API().RunWorkflowWithBodyWithResponse(t.Context(), "a/b", json, bytes.NewReader(requestExample()))
	add("a workflow ID through API", err)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	run("a context that has ended", cancelled, "https://example.com", inputs)

	text.WriteString("## Responses that are no run\n\n")
	run("400", t.Context(), respond(400, json, `{"success":false,"error":"Missing input: topic","code":"missing_input"}`),
		inputs)
	run("401", t.Context(), respond(401, json,
		`{"success":false,"error":{"message":"Invalid API key","code":"unauthorized"}}`), inputs)
	run("402", t.Context(), respond(402, json,
		`{"success":false,"error":"No credits remaining. Please add credits to continue using the service.","code":"invalid_billing"}`), inputs)
	run("404", t.Context(), respond(404, json, `{"success":false,"error":"Workflow not found"}`), inputs)
	run("429", t.Context(), respond(429, json, `{"success":false,"error":"Rate limit exceeded"}`), inputs)
	run("429 with a Retry-After", t.Context(),
		respond(429, json, `{"success":false,"error":"Rate limit exceeded"}`, "Retry-After", "90"), inputs)
	run("500", t.Context(), respond(500, json,
		`{"success":false,"error":"Failed to run workflow","code":"internal_server_error"}`), inputs)
	run("a gateway's text", t.Context(),
		respond(504, "text/plain", "An error occurred\n\nFUNCTION_INVOCATION_TIMEOUT\n", "X-Vercel-Id", "fra1::abc"), inputs)
	run("a gateway's page", t.Context(), respond(502, "text/html", "<html>Bad Gateway</html>"), inputs)
	run("a redirect", t.Context(), respond(302, "text/html", "", "Location", "https://example.com/"), inputs)
	run("an error under 200", t.Context(),
		respond(200, json, `{"success":false,"error":"Unauthorized.","code":"unauthorized"}`), inputs)
	run("an error that breaks the contract", t.Context(), respond(500, json, `{"success":false,"error":5}`), inputs)
	run("an echo of the key", t.Context(), respond(401, json, `{"success":false,"error":"no such key: `+key+`"}`), inputs)
	run("an error that is cut off", t.Context(),
		respond(500, json, `{"success":false,"error":{"message":"It`, "Content-Length", "90"), inputs)

	text.WriteString("## Runs that break the contract\n\n")
	run("one violation", t.Context(), respond(200, json, `{"success":true,"result":"Once","citations":5}`), inputs)
	run("two violations", t.Context(), respond(200, json, `{"success":true,"result":7,"citations":[1]}`), inputs)
	run("no variant", t.Context(), respond(200, json, `{"success":true}`), inputs)
	run("a page", t.Context(), respond(200, "text/html", "<html>Log in</html>"), inputs)
	run("broken JSON", t.Context(), respond(200, json, `{"success":true,"result":"Once`), inputs)
	run("another status", t.Context(), respond(201, json, run1), inputs)
	run("refused by the handler", t.Context(), respond(201, json, run1), inputs,
		client.WithViolationHandler(func(context.Context,
			*contract.Error) error {
			return errors.New("no violations in this house")
		}))
	through, err := client.New(key, client.WithBaseURL(respond(200, json, `{"success":true}`)))
	require.NoError(t, err)
	_, err = through.API().RunWorkflowWithBodyWithResponse(t.Context(), "wf_1", json, bytes.NewReader(requestExample()))
	add("through API", err)

	text.WriteString("## No whole response\n\n")
	run("cut off", t.Context(), respond(200, json, run1[:30], "Content-Length", "90"), inputs)
	run("too long", t.Context(), respond(200, json, run1), inputs, client.WithMaxResponseBytes(10))
	silent := serve(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.ReadAll(r.Body); <-r.Context().Done() })
	run("too slow", t.Context(), silent, inputs, client.WithTimeout(20*time.Millisecond))
	soon, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	run("too slow for the context", soon, silent, inputs)
	half := serve(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		w.Header().Set("Content-Type", json)
		_, _ = io.WriteString(w, run1[:30])
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	run("too slow in the middle", t.Context(), half, inputs, client.WithTimeout(20*time.Millisecond))
	run("closed without a response", t.Context(),
		serve(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), inputs)
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	run("refused", t.Context(), "http://"+listener.Addr().String(), inputs)
	untrusted := httptest.NewUnstartedServer(nil)
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	untrusted.StartTLS()
	defer untrusted.Close()
	run("an untrusted certificate", t.Context(), untrusted.URL, inputs)

	golden := "testdata/errors.txt"
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(text.String()), 0o600))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	assert.Equal(t, string(want), text.String())
	assert.NotContains(t, text.String(), key)
}

func TestSafeToRetry_OfOtherErrors(t *testing.T) {
	for name, err := range map[string]error{
		"no error":                               nil,
		"another package's error":                io.EOF,
		"a bad argument":                         client.ErrInvalidRequest,
		"the sentinel of 429, but cancelled":     errors.Join(context.Canceled, client.ErrRateLimited),
		"an error that says that it may be sent": fmt.Errorf("limiter: %w", notSentError(false)),
		"an error of a call that was sent, in one that says otherwise": errors.Join(notSentError(true),
			&client.APIError{StatusCode: 500}),
		"a violation":               &contract.Error{StatusCode: 429},
		"a cancelled context":       context.Canceled,
		"a deadline":                context.DeadlineExceeded,
		"500":                       &client.APIError{StatusCode: 500, Code: "rate_limited"},
		"429, but cancelled":        errors.Join(context.Canceled, &client.APIError{StatusCode: 429}),
		"a dial error that is bare": errNoConnection,
	} {
		assert.False(t, client.SafeToRetry(err), name)
	}
}

// notSentError is the error of a fake or of a transport that says whether its request was sent.
type notSentError bool

func (notSentError) Error() string   { return "over the limit" }
func (e notSentError) NotSent() bool { return bool(e) }

func TestSafeToRetry_IsTrueOfAFakesErrors(t *testing.T) {
	for name, err := range map[string]error{
		"the sentinel of 429":          client.ErrRateLimited,
		"the sentinel of 429, wrapped": fmt.Errorf("job 7: %w", client.ErrRateLimited),
		"an APIError of 429":           &client.APIError{StatusCode: 429},
		"an error that is not sent":    fmt.Errorf("job 7: %w", notSentError(true)),
	} {
		assert.True(t, client.SafeToRetry(err), name)
	}
}

func TestArgumentError_HasTheFieldAndTheReason(t *testing.T) {
	c := newClient(t, scripted(stepResponse(200, runBody)))
	run := func(id string, inputs any) error {
		_, err := c.RunInputs(t.Context(), id, inputs)
		return err
	}
	_, broken := c.API().RunWorkflowWithBody(t.Context(), testWorkflow, "application/json", strings.NewReader("5"))
	for name, test := range map[string]struct {
		err           error
		field, reason string
	}{
		"an ID": {run("a/b", map[string]any{}), "workflowID",
			`the workflow ID must be one path segment of letters, digits, "_" and "-"`},
		"inputs of no JSON": {run(testWorkflow, 5), "inputs", "the inputs must encode to a JSON object, not to number"},
		"a body of API":     {broken, "", "value must be an object"},
		"the key as ID":     {run(testKey, map[string]any{}), "", "the URL holds the API key"},
	} {
		var problem *client.ArgumentError
		require.ErrorAs(t, test.err, &problem, name)
		assert.Equal(t, test.field, problem.Field, name)
		assert.Equal(t, test.reason, problem.Reason, name)
		require.ErrorIs(t, test.err, client.ErrInvalidRequest, name)
		assert.ErrorContains(t, test.err, problem.Reason, name)
	}
}

func TestAPIError_HasTheHostsCodeAndSaysWhatItMeans(t *testing.T) {
	for _, test := range []struct {
		status            int
		contentType, body string
		code, says        string
	}{
		{504, "text/plain", "An error occurred\n\nFUNCTION_INVOCATION_TIMEOUT\n\nfra1::x\n",
			client.CodeFunctionInvocationTimeout, "the run may have been billed"},
		{504, "text/html", "<p>504: FUNCTION_INVOCATION_TIMEOUT</p>", client.CodeFunctionInvocationTimeout,
			"the run may have been billed"},
		{413, "text/plain", "Request Entity Too Large\n\nFUNCTION_PAYLOAD_TOO_LARGE", client.CodeFunctionPayloadTooLarge,
			"takes 4.5 MB): nothing ran"},
		{413, "text/plain", "too large", "", "takes 4.5 MB): nothing ran"},
		{500, "text/plain", "FUNCTION_RESPONSE_PAYLOAD_TOO_LARGE", client.CodeFunctionResponsePayloadTooLarge,
			"the run was billed"},
		{503, "text/plain", "FUNCTION_THROTTLED", client.CodeFunctionThrottled, "started nothing"},
		{500, "application/json", `{"success":false,"error":"FUNCTION_THROTTLED"}`, "", "may have been billed"},
	} {
		_, err := runExample(t, clientOf(t,
			reply{test.status, http.Header{"Content-Type": {test.contentType}, "Retry-After": {"1.5"}}, test.body}))
		var failure *client.APIError
		require.ErrorAs(t, err, &failure)
		assert.Equal(t, test.code, failure.Code, test.body)
		require.ErrorContains(t, err, test.says)
		assert.Equal(t, 2*time.Second, failure.RetryAfter)
		assert.False(t, client.SafeToRetry(err))
	}
}

func TestErrors_OfNilPrintAndLogAsNil(t *testing.T) {
	for name, value := range map[string]any{"a Run": (*client.Run)(nil), "an APIError": (*client.APIError)(nil)} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			assert.Equal(t, "<nil>", fmt.Sprintf(verb, value), name+" with "+verb)
		}
		for handler, record := range logged(value) {
			assert.NotContains(t, record, "PANIC", name+" in "+handler)
			assert.NotContains(t, record, "panicked", name+" in "+handler)
		}
	}
	assert.False(t, client.SafeToRetry((*client.APIError)(nil)))
	assert.NotErrorIs(t, error((*client.APIError)(nil)), client.ErrServer)
}

func TestSafeToRetry_OfJoinedErrorsIsThatOfEach(t *testing.T) {
	limited := &client.APIError{StatusCode: 429}
	assert.True(t, client.SafeToRetry(limited))
	assert.True(t, client.SafeToRetry(errors.Join(io.EOF, fmt.Errorf("twice: %w; %w", limited, limited))))
	for _, sent := range []error{
		&client.APIError{StatusCode: 500}, &client.APIError{StatusCode: 200},
		&contract.Error{StatusCode: 200},
	} {
		assert.False(t, client.SafeToRetry(errors.Join(limited, sent)))
		assert.False(t, client.SafeToRetry(errors.Join(sent, limited)))
		assert.False(t, client.SafeToRetry(fmt.Errorf("first: %w; second: %w", limited, fmt.Errorf("again: %w", sent))))
	}
}

func TestAPIError_SaysLittleOfALongMessage(t *testing.T) {
	message := strings.Repeat("a ", 1<<20)
	_, err := runExample(t, clientOf(t, reply{500, nil, `{"success":false,"error":"` + message + `"}`}))
	var failure *client.APIError
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, message, failure.Message)
	var text string
	took := allocated(func() { text = failure.Error() })
	assert.Less(t, len(text), 1000)
	assert.Less(t, took, uint64(1<<20), "bytes allocated")
}

func TestAPIError_IsLoggedWithoutItsHeaderAndBody(t *testing.T) {
	body := `{"success":false,"error":"no such key","code":"unauthorized","echo":"` + testKey + `"}`
	_, err := runExample(t, clientOf(t,
		reply{401, http.Header{"X-Vercel-Id": {"iad1::abc"}, "X-Echo": {"in a header"}}, body}))
	var failure *client.APIError
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, body, string(failure.Body))
	for name, record := range logged(failure) {
		for _, part := range []string{"401", "unauthorized", "no such key", "iad1::abc"} {
			assert.Contains(t, record, part, name)
		}
		for _, part := range []string{testKey, "echo", "in a header", "success"} {
			assert.NotContains(t, record, part, name)
		}
	}
}

func TestError_OfTenThousandViolationsIsShort(t *testing.T) {
	t.Parallel()
	body := `{"success":true,"result":"x","citations":[` + strings.Repeat("1,", 10_000) + `1]}`
	run, err := runExample(t, clientOf(t, reply{200, nil, body}))
	var violation *contract.Error
	require.ErrorAs(t, err, &violation)
	assert.Len(t, violation.Violations, 1000)
	assert.Less(t, len(err.Error()), 10_000)
	assert.ErrorContains(t, err, "and 950 more")
	require.NotNil(t, run)
	assert.Equal(t, "x", run.Text)
}

// logged returns the record of a value, by the name of the handler.
func logged(value any) map[string]string {
	var text, object bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("record", "value", value)
	slog.New(slog.NewJSONHandler(&object, nil)).Info("record", "value", value)
	return map[string]string{"text": text.String(), "JSON": object.String()}
}

func TestError_OfErrorsThatAreJoinedIsOneLine(t *testing.T) {
	_, err := runExample(t, newClient(t, roundTrip(func(*http.Request) (*http.Response, error) {
		return nil, errors.Join(errors.New("the first gateway is down"), errors.New("and so is the second"))
	})))
	require.EqualError(t, err,
		"run workflow wf_1: the first gateway is down; and so is the second: the run may have been billed")
}
