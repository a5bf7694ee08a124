package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/client/contract"
)

// assertNoKey formats everything that a call returned, with every verb, in log records and as JSON, and looks for the key.
// A Body is what was received, and may hold it: it is emptied first.
func assertNoKey(t *testing.T, key string, run *client.Run, err error, others ...any) {
	t.Helper()
	shortenBodies(run, err)
	values := append([]any{err, run}, others...)
	for _, inner := range chainOf(err) {
		values = append(values, inner)
	}
	if run != nil {
		bare := *run
		bare.Body = nil
		values = append(values, run, *run, bare, run.ID, run.Status, run.RateLimit)
	}
	for _, inner := range chainOf(err) {
		switch inner := inner.(type) { //nolint:errorlint // each of the chain in turn
		case *client.APIError:
			bare := *inner
			bare.Body, bare.Violation = nil, nil
			values = append(values, *inner, bare, &bare, inner.Header, inner.Message, inner.Code, inner.RequestID, inner.Violation)
		case *contract.Error:
			bare := *inner
			bare.Body = nil
			values = append(values, *inner, bare, &bare, inner.Violations)
			for _, violation := range inner.Violations {
				values = append(values, violation, &violation)
			}
		}
	}
	for _, value := range values {
		for how, text := range printed(value) {
			assert.NotContains(t, strings.ToLower(text), strings.ToLower(key), "%T with %s", value, how)
		}
	}
}

// shortenBodies keeps a hundred megabytes from being printed in twenty ways.
func shortenBodies(run *client.Run, err error) {
	const enough = 4096
	if run != nil {
		run.Body = run.Body[:min(len(run.Body), enough)]
		run.Text = run.Text[:min(len(run.Text), enough)]
	}
	for _, inner := range chainOf(err) {
		switch inner := inner.(type) { //nolint:errorlint // each of the chain in turn
		case *client.APIError:
			inner.Body = inner.Body[:min(len(inner.Body), enough)]
		case *contract.Error:
			inner.Body = inner.Body[:min(len(inner.Body), enough)]
		}
	}
}

// printed returns value as every verb and every log handler prints it, by their name.
func printed(value any) map[string]string {
	texts := make(map[string]string)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T", "%10.200v"} {
		texts[verb] = fmt.Sprintf(verb, value)
	}
	// A Body's text may come with %s alone.
	for handler, record := range logged(value) {
		texts["slog "+handler] = record
	}
	if encoded, err := json.Marshal(value); err == nil {
		texts["JSON"] = string(encoded)
	}
	if v := reflect.ValueOf(value); v.IsValid() && v.CanInterface() {
		texts["in a slice, %v"] = fmt.Sprintf("%v", []any{value})
		texts["in a slice, %#v"] = fmt.Sprintf("%#v", []any{value})
	}
	return texts
}

// oddKeys have characters that some notation spells in its own way.
var oddKeys = map[string]string{
	"plain":     testKey,
	"of base64": "QWxhZGRpbjpvcGVu+c2VzYW1l/abc==",
	"quoted":    `Key"with\odd'signs<&>%41~1#?{}` + "`",
	"short":     "K7#",
}

// TestKey_IsInNothingThatPrints has servers echo keys everywhere and looks for them in all that comes of it.
func TestKey_IsInNothingThatPrints(t *testing.T) {
	t.Parallel()
	for name, key := range oddKeys {
		quoted, err := json.Marshal(key)
		require.NoError(t, err)
		inJSON := string(quoted[1 : len(quoted)-1])
		for does, handler := range map[string]http.HandlerFunc{
			"in a documented error": respondJSON(401, `{"success":false,"error":{"message":"no `+inJSON+`","code":"`+inJSON+`"}}`),
			"in a deployed error":   respondJSON(400, `{"success":false,"error":"`+inJSON+`","code":"`+inJSON+`"}`),
			"in plain text":         respond(502, "text/plain", key),
			"in HTML":               respond(502, "text/html", key),
			"in the content type":   respond(502, key, "x"),
			"in a header":           withHeader(respondJSON(500, "{}"), "X-Echo", key),
			"in the request's ID":   withHeader(respondJSON(500, "{}"), "X-Request-Id", "a"+key),
			"in a rate limit":       withHeader(respondJSON(200, runBody), "X-Ratelimit-Limit", key),
			"in a run":              respondJSON(200, documentedRun(t, map[string]any{"run_id": key, "status": key})),
			"as a duplicate name":   respondJSON(200, `{"success":true,"result":"","`+inJSON+`":1,"`+inJSON+`":2}`),
			"as a nested name":      respondJSON(500, `{"success":false,"`+inJSON+`":{"`+inJSON+`":[1,{"`+inJSON+`":}]}}`),
			"as a wrong value":      respondJSON(200, `{"success":"`+inJSON+`","result":["`+inJSON+`"]}`),
			"as a place to go":      withHeader(respond(302, "text/plain", key), "Location", "http://[::1/"+key),
		} {
			t.Run(name+" key "+does, func(t *testing.T) {
				t.Parallel()
				transport := &http.Transport{}
				t.Cleanup(transport.CloseIdleConnections)
				var records bytes.Buffer
				var handled []*contract.Error
				opts := []client.Option{
					client.WithBaseURL(serveHTTP(t, new(counter), handler)),
					client.WithHTTPClient(&http.Client{Transport: transport}),
					client.WithLogger(slog.New(slog.NewTextHandler(&records, &slog.HandlerOptions{Level: slog.LevelDebug}))),
					client.WithViolationHandler(func(_ context.Context, violation *contract.Error) error {
						handled = append(handled, violation)
						return violation
					}),
				}
				c, err := client.New(key, opts...)
				require.NoError(t, err)
				run, err := c.RunInputs(t.Context(), testWorkflow, map[string]string{"topic": "what nobody else may read"})
				values := []any{c, *c, opts, opts[0], contract.Default(), *contract.Default(), records.String()}
				for _, violation := range handled {
					values = append(values, violation.Violations, violation.Error(), violation.Path)
				}
				assertNoKey(t, key, run, err, values...)
				assert.Contains(t, records.String(), testWorkflow)
				assert.NotContains(t, records.String(), "nobody else may read")
			})
		}
	}
}

func TestKey_LeavesNoPartIfALongTextIsCut(t *testing.T) {
	key := strings.Repeat("+/=", 8)
	for name, spelling := range map[string]string{"the key": key, "the key in a URL": url.QueryEscape(key)} {
		transport := scripted(stepResponse(502, strings.Repeat("a", 4090-len(spelling)/2)+spelling, "Content-Type", "text/plain"))
		c, err := client.New(key, client.WithHTTPClient(&http.Client{Transport: transport}))
		require.NoError(t, err)
		_, err = runExample(t, c)
		var failure *client.APIError
		require.ErrorAs(t, err, &failure)
		assert.Regexp(t, "^a+$", failure.Message, name)
	}
}

func TestKey_IsInNoRefusal(t *testing.T) {
	t.Parallel()
	c, err := client.New(testKey)
	require.NoError(t, err)
	for name, call := range map[string]func() (*client.Run, error){
		"the key as workflow ID":     func() (*client.Run, error) { return c.Run(t.Context(), testKey, exampleInputs(t)) },
		"the key in an ID":           func() (*client.Run, error) { return c.Run(t.Context(), "wf/"+testKey, exampleInputs(t)) },
		"the key as ID of no object": func() (*client.Run, error) { return c.RunInputs(t.Context(), testKey, 5) },
		"the key as an input's name that does not encode": func() (*client.Run, error) {
			return c.RunInputs(t.Context(), testWorkflow, map[string]any{testKey: func() {}})
		},
		"an input whose error holds the key": func() (*client.Run, error) {
			return c.RunInputs(t.Context(), testWorkflow, failingInputs{})
		},
	} {
		run, err := call()
		require.ErrorIs(t, err, client.ErrInvalidRequest, name)
		assertNoKey(t, testKey, run, err)
	}
	for _, id := range []string{strings.Repeat("a", 285) + testKey, strings.Repeat("a", 45) + "/" + testKey} { // errors clip IDs
		_, err := c.Run(t.Context(), id, exampleInputs(t))
		require.ErrorIs(t, err, client.ErrInvalidRequest)
		assertNoKey(t, testKey[:10], nil, err)
		_, err = c.API().RunWorkflow(t.Context(), id, exampleInputs(t))
		require.ErrorIs(t, err, client.ErrInvalidRequest)
		assertNoKey(t, testKey[:10], nil, err)
	}
	for _, base := range []string{testKey, "https://" + testKey + "@host", "ftp://" + testKey, "http://" + testKey, "https://h/?" + testKey} {
		_, err := client.New(testKey, client.WithBaseURL(base))
		require.Error(t, err)
		assertNoKey(t, testKey, nil, err)
	}
	for _, option := range []client.Option{
		client.WithUserAgent(strings.Repeat("a", 50) + testKey + "\n"), client.WithBaseURL("ftp://h/" + strings.Repeat("a", 180) + testKey),
	} {
		_, err := client.New(testKey, option)
		require.Error(t, err)
		assertNoKey(t, testKey[:10], nil, err)
	}
	for _, key := range []string{testKey + "\n", testKey + " ", "\t" + testKey, testKey + "\x7f", testKey + "é"} {
		_, err := client.New(key)
		require.Error(t, err)
		assertNoKey(t, testKey, nil, err)
	}
}

// TestKey_IsInNoErrorOfATransport has a transport of the caller's own tell the whole request.
func TestKey_IsInNoErrorOfATransport(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]func(*http.Request) error{
		"as text":    func(req *http.Request) error { return fmt.Errorf("could not send %v", req.Header) },
		"quoted":     func(req *http.Request) error { return fmt.Errorf("could not send %q", req.Header) },
		"wrapped":    func(req *http.Request) error { return fmt.Errorf("wrapped: %w", fmt.Errorf("%v", req.Header)) },
		"joined":     func(req *http.Request) error { return errors.Join(io.EOF, fmt.Errorf("%v", req.Header)) },
		"as a value": func(req *http.Request) error { return tellingError{req.Header.Get("Authorization")} },
		"as a URL": func(req *http.Request) error {
			return &url.Error{Op: "Post", URL: req.Header.Get("Authorization"), Err: io.EOF}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, key := range oddKeys {
				c, err := client.New(key, client.WithHTTPClient(&http.Client{Transport: roundTrip(func(req *http.Request) (*http.Response, error) {
					return nil, failure(req)
				})}))
				require.NoError(t, err)
				run, err := runExample(t, c)
				require.Error(t, err)
				assertNoKey(t, key, run, err)
			}
		})
	}
}

func TestKey_IsNotPrintedWithAnErrorThatHoldsItButDoesNotSayIt(t *testing.T) {
	_, err := runExample(t, newClient(t, roundTrip(func(req *http.Request) (*http.Response, error) {
		return nil, silentError{req.Header}
	})))
	require.ErrorAs(t, err, new(silentError))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		assert.NotContains(t, fmt.Sprintf(verb, err), testKey, verb)
	}
}

type silentError struct{ Header http.Header }

func (silentError) Error() string { return "could not send" }

type tellingError struct{ Request string }

func (e tellingError) Error() string { return "could not send " + e.Request }

// Every case looks for the key in all that the client returns (assertNoKey). Here are the places that a server echoes it in.
func TestRedact_TakesAnEchoedKeyOutOfEverythingButBody(t *testing.T) {
	t.Parallel()
	const key = testKey
	response := func(name string, status int, contentType, body string, says ...string) serverCase {
		return serverCase{
			name: "echoes the key " + name, handler: respond(status, contentType, body), requests: 1, status: status,
			violation: contentType != "application/json", body: body, says: says,
		}
	}
	broken := func(c serverCase) serverCase {
		c.violation = true
		return c
	}
	headers := response("in the headers of an error", 500, "application/json", `{"success":false,"error":"x"}`, "(request ID id-[redacted])")
	headers.handler = withHeader(withHeader(withHeader(headers.handler, "X-Request-Id", "id-"+key), "X-Echo", key), "X-"+key, "name")
	contentType := response("in a content type", 502, "text/"+key, "")
	contentType.check = func(t *testing.T, _ *client.Run, err error) {
		t.Helper()
		apiError, ok := errors.AsType[*client.APIError](err)
		require.True(t, ok)
		assert.ErrorContains(t, apiError.Violation, "[redacted]")
	}
	raw := func(name, response string, says ...string) serverCase {
		return serverCase{name: "echoes the key " + name, raw: rawResponse(response), requests: 1, says: says}
	}
	reason := raw("as the reason of a status", "HTTP/1.1 500 "+key+"\r\nContent-Length: 0\r\n\r\n")
	reason.status, reason.violation = 500, true
	chunk := raw("as the length of a chunk", chunkedHead+key+"\r\n", "chunk")
	chunk.cut = true
	const run = `{"success":true,"result":"x"`
	runServerCases(t, []serverCase{
		response("in an error of the documented variant", 401, "application/json",
			`{"success":false,"error":{"message":"no key `+key+`","code":"bad_`+key+`"}}`, "no key [redacted]", "bad_[redacted]"),
		response("in an error of the deployed variant", 401, "application/json",
			`{"success":false,"error":"no key `+key+`","code":"`+key+`"}`, "no key [redacted]"),
		response("escaped", 401, "application/json", `{"success":false,"error":"\u004b`+key[1:]+`"}`, "[redacted]"),
		response("in a gateway's text", 502, "text/plain", "Authorization: Bearer "+key, "Bearer [redacted]"),
		response("in a gateway's page", 502, "text/html", "<pre>"+key+"</pre>"),
		contentType,
		response("in a content type that is not well formed", 502, `text/"`+key, ""),
		response("where a long text is cut", 502, "text/plain", strings.Repeat("a", 4090)+key),
		response("at the end of a line's length", 400, "application/json",
			`{"success":false,"error":"`+strings.Repeat("a", 295)+key+`"}`),
		broken(response("as the name of a duplicate field", 500, "application/json", `{"`+key+`":1,"`+key+`":2}`)),
		broken(response("as the name of fields in an error", 500, "application/json", `{"success":false,"error":{"`+key+`":{"code":1}}}`)),
		response("with a byte inside that is no text", 502, "text/plain", key[:6]+"\xff"+key[6:]+strings.Repeat(" a", 200)),
		headers,
		{
			name: "echoes the key in a run's ID and status", requests: 1, text: "x",
			handler: respondJSON(200, run+`,"run_id":"`+key+`","status":"`+key+`"}`),
		},
		brokenRun("echoes the key in a run that breaks the contract", `{"success":"`+key+`","result":"x"}`, "x"),
		brokenRun("echoes the key as a name in a run twice", run+`,"`+key+`":1,"`+key+`":1}`, "x", "[redacted]"),
		{
			name: "echoes the key in a rate limit", requests: 1, violation: true, text: runText, body: runBody,
			handler: withHeader(respondJSON(200, runBody), "X-Ratelimit-Limit", key),
		},
		{
			name: "echoes the key in the headers of a run", requests: 1, text: runText,
			handler: withHeader(withHeader(respondJSON(200, runBody), "X-Echo", "Bearer "+key), "X-"+key, "name"),
		},
		{
			name: "redirects to what is no URL and echoes the key", requests: 1, status: http.StatusTemporaryRedirect, body: "gone",
			handler: withHeader(respond(http.StatusTemporaryRedirect, "text/plain", "gone"), "Location", "http://[::1?k="+key),
			says:    []string{"redirects are not followed", "gone"},
		},
		raw("in the status line", "HTTP/1.1 "+key+"\r\n\r\n", "malformed HTTP"),
		raw("in place of HTTP", key+"\r\n\r\n", "malformed HTTP"),
		raw("in a header without a colon", "HTTP/1.1 200 OK\r\nBearer "+key+"\r\n\r\n", "malformed"),
		raw("as an encoding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: "+key+"\r\n\r\n", "[redacted]"),
		raw("as a length", "HTTP/1.1 200 OK\r\nContent-Length: "+key+"\r\n\r\n", "[redacted]"),
		reason,
		chunk,
	})
}
