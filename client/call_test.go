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
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/api"
	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/client/contract"
)

func TestRequest_IsTheDocumentedOne(t *testing.T) {
	var got *http.Request
	var body []byte
	c := newTestClient(t, serveUnread(t, func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		respondJSON(200, runBody)(w, r)
	}), client.WithUserAgent("tutor/1.0"))
	check := func(want string) {
		assert.Equal(t, http.MethodPost, got.Method)
		assert.Equal(t, "/api/v1/run/wf_1", got.URL.EscapedPath())
		assert.Empty(t, got.URL.RawQuery)
		assert.Equal(t, []string{"Bearer " + testKey}, got.Header["Authorization"])
		assert.Equal(t, []string{"application/json"}, got.Header["Content-Type"])
		assert.Equal(t, []string{"application/json"}, got.Header["Accept"])
		assert.Equal(t, []string{"tutor/1.0"}, got.Header["User-Agent"])
		assert.JSONEq(t, want, string(body))
	}
	_, err := runExample(t, c)
	require.NoError(t, err)
	check(example(t, "RunRequest"))
	_, err = c.RunInputs(t.Context(), testWorkflow, map[string]string{"topic": `a "dog" named Zoë`})
	require.NoError(t, err)
	check(`{"topic":"a \"dog\" named Zoë"}`)
	another := func(_ context.Context, req *http.Request) error {
		req.Header.Set("Authorization", "Bearer another")
		return nil
	}
	_, err = c.API().RunWorkflow(t.Context(), testWorkflow, exampleInputs(t), another)
	require.NoError(t, err)
	check(example(t, "RunRequest"))
}

func TestRequest_GoesToTheContractsServerByDefault(t *testing.T) {
	t.Parallel()
	server := api.Document().Servers[0]
	want := server.URL
	for name, variable := range server.Variables {
		want = strings.ReplaceAll(want, "{"+name+"}", variable.Default)
	}
	c, err := client.New(testKey, client.WithHTTPClient(&http.Client{Transport: roundTrip(func(req *http.Request) (*http.Response, error) {
		assert.Equal(t, want+"/api/v1/run/wf_1", req.URL.String())
		assert.Equal(t, []string{"Bearer " + testKey}, req.Header["Authorization"])
		req.Header.Del("Authorization")
		assertNoKey(t, testKey, nil, nil, req.Header, req.URL)
		return stepResponse(200, runBody)(req)
	})}))
	require.NoError(t, err)
	for range 2 { // the second as the first, whatever a transport does to the request that it is given
		_, err := runExample(t, c)
		require.NoError(t, err)
	}
}

// TestRequest_HasAHeaderOfItsOwnPerAttempt has a transport that masks the values of the headers for its log, in place.
func TestRequest_HasAHeaderOfItsOwnPerAttempt(t *testing.T) {
	contract.Default()
	synctest.Test(t, func(t *testing.T) {
		var sent []http.Header
		statuses := []int{429, 200, 200}
		masking := roundTrip(func(req *http.Request) (*http.Response, error) {
			sent = append(sent, req.Header.Clone())
			for _, values := range req.Header {
				for i := range values {
					values[i] = "***"
				}
			}
			return stepResponse(statuses[(len(sent)-1)%3], textRunOrLimited(statuses[(len(sent)-1)%3]))(req)
		})
		first, second := newClient(t, masking), newClient(t, masking)
		for _, c := range []*client.Client{first, second} {
			for range 2 {
				_, err := runExample(t, c)
				require.NoError(t, err)
			}
		}
		res, err := first.API().RunWorkflow(t.Context(), testWorkflow, exampleInputs(t))
		require.NoError(t, err)
		assert.Equal(t, []string{"application/json"}, res.Request.Header["Content-Type"])
		require.Len(t, sent, 8)
		for _, header := range sent {
			assert.Equal(t, http.Header{
				"Accept": {"application/json"}, "Accept-Encoding": {"gzip"}, "Authorization": {"Bearer " + testKey},
				"Content-Type": {"application/json"}, "User-Agent": {"aitutor-go"},
			}, header)
		}
	})
}

func textRunOrLimited(status int) string {
	if status == 429 {
		return limitedBody
	}
	return runBody
}

func TestRequest_ThatAnEditorSendsElsewhereIsRefused(t *testing.T) {
	transport := scripted(stepResponse(200, runBody))
	c := newClient(t, transport, client.WithBaseURL("https://example.com/v2"))
	for name, edit := range map[string]func(*http.Request){
		"another host":             func(req *http.Request) { req.URL.Host = "evil.example" },
		"another port":             func(req *http.Request) { req.URL.Host = "example.com:8443" },
		"a host that begins alike": func(req *http.Request) { req.URL.Host = "example.com.evil.example" },
		"plain http":               func(req *http.Request) { req.URL.Scheme = "http" },
		"another URL": func(req *http.Request) {
			req.URL = &url.URL{Scheme: "https", Host: "evil.example",
				Path: req.URL.Path}
		},
		"another Host":         func(req *http.Request) { req.Host = "evil.example" },
		"an opaque URL":        func(req *http.Request) { req.URL.Opaque = "//evil.example/" },
		"the key in the query": func(req *http.Request) { req.URL.RawQuery = "key=" + testKey },
	} {
		t.Run(name, func(t *testing.T) {
			editor := func(_ context.Context, req *http.Request) error {
				edit(req)
				return nil
			}
			res, err := c.API().RunWorkflowWithResponse(t.Context(), testWorkflow, exampleInputs(t), editor)
			require.ErrorIs(t, err, client.ErrInvalidRequest)
			assert.Nil(t, res)
			assertOneLine(t, err)
			assertNoKey(t, testKey, nil, err)
		})
	}
	assert.Empty(t, transport.inputs, "nothing was sent")
}

func TestRequest_WithoutItsHeadersIsRefused(t *testing.T) {
	transport := scripted(stepResponse(200, runBody))
	bare := func(_ context.Context, req *http.Request) error {
		req.Header = nil
		return nil
	}
	_, err := newClient(t, transport).API().RunWorkflow(t.Context(), testWorkflow, exampleInputs(t), bare)
	require.ErrorIs(t, err, client.ErrInvalidRequest)
	assert.Empty(t, transport.inputs, "nothing was sent")
}

func TestViolation_HasEveryViolationAndTheBody(t *testing.T) {
	body := documentedRun(t, map[string]any{"run_id": 7, "output": 5})
	broken := reply{200, http.Header{"X-Ratelimit-Limit": {"ten"}}, body}
	run, err := runExample(t, clientOf(t, broken))
	var got *contract.Error
	require.ErrorAs(t, err, &got)
	assert.ElementsMatch(t, []string{"x-ratelimit-limit", "/output", "/run_id"}, pointersOf(t, err))
	assert.Equal(t, broken.body, string(got.Body))
	assert.Equal(t, 200, got.StatusCode)
	assert.Equal(t, "POST", got.Method)
	assert.Equal(t, "/api/v1/run/wf_1", got.Path)
	assert.False(t, client.SafeToRetry(err))
	const first = "run workflow wf_1: response 200 to POST /api/v1/run/wf_1 breaks the contract: 3 violations\n"
	assert.True(t, strings.HasPrefix(err.Error(), first), err)
	assert.True(t, strings.HasSuffix(err.Error(), "\n\tthe run was billed; see Run and WithViolationHandler"), err)
	assert.Contains(t, err.Error(), "\n\tbody /run_id: ")
	require.NotNil(t, run)
	assert.Equal(t, broken.body, string(run.Body))
}

func TestViolationHandler(t *testing.T) {
	body := documentedRun(t, map[string]any{"run_id": 7, "output": map[string]any{"questions": "Why?"}})
	broken := reply{200, http.Header{"X-Ratelimit-Limit": {"ten"}}, body}
	handled := func(
		t *testing.T, response reply, handle func(*contract.Error) error,
	) (run *client.Run, asked *contract.Error, err error) {
		t.Helper()
		var all []*contract.Error
		handler := client.WithViolationHandler(func(_ context.Context, v *contract.Error) error {
			all = append(all, v)
			return handle(v)
		})
		run, err = runExample(t, clientOf(t, response, handler))
		require.Len(t, all, 1, "it is asked once")
		return run, all[0], err
	}
	accept := func(*contract.Error) error { return nil }

	t.Run("that returns nil accepts the run", func(t *testing.T) {
		run, asked, err := handled(t, broken, accept)
		require.NoError(t, err)
		assert.Subset(t, pointersOf(t, asked), []string{"x-ratelimit-limit", "/run_id"})
		assert.Equal(t, client.StatusCompleted, run.Status, "what fits is read")
		assert.Empty(t, run.ID)
		assert.Equal(t, broken.body, string(run.Body))
		var output map[string]string
		require.NoError(t, run.Decode(&output))
		assert.Equal(t, map[string]string{"questions": "Why?"}, output)
	})
	t.Run("that returns an error fails the call with it, and the body", func(t *testing.T) {
		errStrict := errors.New("no violations in this house")
		run, asked, err := handled(t, broken, func(*contract.Error) error { return errStrict })
		require.ErrorIs(t, err, errStrict)
		require.ErrorContains(t, err, "run workflow wf_1: no violations in this house: response 200 to POST")
		var got *contract.Error
		require.ErrorAs(t, err, &got)
		assert.Same(t, asked, got)
		assert.Equal(t, broken.body, string(got.Body))
		require.NotNil(t, run)
		assert.Equal(t, broken.body, string(run.Body))
	})
	t.Run("that returns what it got fails the call with one text", func(t *testing.T) {
		_, asked, err := handled(t, broken, func(v *contract.Error) error { return v })
		_, want := runExample(t, clientOf(t, broken))
		assert.Equal(t, want.Error(), err.Error())
		assert.Equal(t, 1, strings.Count(err.Error(), "breaks the contract"))
		require.ErrorIs(t, err, asked)
	})
	for name, response := range map[string]reply{
		"an error under 200":                 {200, nil, example(t, "Unauthorized")},
		"an error alone":                     {200, nil, `{"error":{"message":"no","code":"new"}}`},
		"a failure":                          {200, nil, `{"success":false,"result":"x"}`},
		"a refusal that breaks the contract": {401, nil, `{"success":"no"}`},
		"a gateway's page":                   {502, http.Header{"Content-Type": {"text/html"}}, "<html>"},
		"a 429 that breaks the contract":     {429, nil, `{}`},
	} {
		t.Run("does not make a run of "+name, func(t *testing.T) {
			run, asked, err := handled(t, response, accept)
			assert.Nil(t, run)
			var got *client.APIError
			require.ErrorAs(t, err, &got)
			assert.Equal(t, response.body, string(got.Body))
			assert.Same(t, asked, got.Violation)
		})
	}
	t.Run("is asked about the last of several responses", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			asked := 0
			transport := scripted(stepResponse(429, "{}"), stepResponse(429, "{}"), stepResponse(200, "{}"))
			handler := client.WithViolationHandler(func(_ context.Context, v *contract.Error) error {
				asked++
				assert.Equal(t, 200, v.StatusCode)
				return nil
			})
			_, err := runExample(t, newClient(t, transport, handler))
			require.NoError(t, err)
			assert.Equal(t, 1, asked)
			assert.Len(t, transport.asked, 3)
		})
	})
	t.Run("may use API with the context that it is given", func(t *testing.T) {
		inner := clientOf(t, reply{200, nil, `{"inner":true}`})
		handler := client.WithViolationHandler(func(ctx context.Context, _ *contract.Error) error {
			_, err := inner.API().RunWorkflowWithResponse(ctx, "wf_inner", exampleInputs(t))
			require.ErrorContains(t, err, "wf_inner")
			assert.NotContains(t, err.Error(), "run workflow "+testWorkflow)
			return nil
		})
		_, err := runExample(t, clientOf(t, reply{502, nil, `{"outer":true}`}, handler))
		failure, ok := errors.AsType[*client.APIError](err)
		require.True(t, ok, "%v", err)
		require.NotNil(t, failure.Violation)
		assert.JSONEq(t, `{"outer":true}`, string(failure.Violation.Body))
	})
	t.Run("is not asked about a response that is cut off, nor without a violation", func(t *testing.T) {
		never := client.WithViolationHandler(func(context.Context, *contract.Error) error {
			t.Error("it was asked")
			return nil
		})
		_, err := runExample(t, clientOf(t, reply{200, http.Header{"Content-Length": {"90"}}, runBody}, never))
		require.Error(t, err)
		_, err = runExample(t, clientOf(t, reply{401, nil, example(t, "Unauthorized")}, never))
		require.ErrorIs(t, err, client.ErrUnauthorized)
		_, err = runExample(t, clientOf(t, reply{200, nil, runBody}, never))
		require.NoError(t, err)
	})
}

// assertNoKey formats everything that a call returned, with every verb, in log records and as JSON, and looks for the
// key. A Body is what was received, and may hold it: it is emptied first.
func assertNoKey(t *testing.T, key string, run *client.Run, err error, others ...any) {
	t.Helper()
	shortenBodies(run, err)
	values := append([]any{err, run}, others...)
	for _, inner := range chainOf(err) {
		values = append(values, inner)
	}
	if run != nil {
		values = append(values, run.ID, run.Status, run.Header, run.RateLimit)
	}
	for _, inner := range chainOf(err) {
		switch inner := inner.(type) { //nolint:errorlint // each of the chain in turn
		case *client.APIError:
			bare := *inner
			bare.Body, bare.Violation = nil, nil
			values = append(values, &bare, inner.Header, inner.Message, inner.Code, inner.RequestID, inner.Violation)
		case *contract.Error:
			bare := *inner
			bare.Body = nil
			values = append(values, &bare, inner.Violations)
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
}

// TestKey_IsInNothingThatPrints has servers echo keys everywhere and looks for them in all that comes of it.
func TestKey_IsInNothingThatPrints(t *testing.T) {
	t.Parallel()
	for name, key := range oddKeys {
		quoted, err := json.Marshal(key)
		require.NoError(t, err)
		inJSON := string(quoted[1 : len(quoted)-1])
		for does, handler := range map[string]http.HandlerFunc{
			"in a documented error": respondJSON(401,
				`{"success":false,"error":{"message":"no `+inJSON+`","code":"`+inJSON+`"}}`),
			"in a deployed error": respondJSON(400, `{"success":false,"error":"`+inJSON+`","code":"`+inJSON+`"}`),
			"in plain text":       respond(502, "text/plain", key),
			"in HTML":             respond(502, "text/html", key),
			"in the content type": respond(502, key, "x"),
			"in a header":         withHeader(respondJSON(500, "{}"), "X-Echo", key),
			"in the request's ID": withHeader(respondJSON(500, "{}"), "X-Request-Id", "a"+key),
			"in a rate limit":     withHeader(respondJSON(200, runBody), "X-Ratelimit-Limit", key),
			"in a run":            respondJSON(200, documentedRun(t, map[string]any{"run_id": key, "status": key})),
			"as a duplicate name": respondJSON(200, `{"success":true,"result":"","`+inJSON+`":1,"`+inJSON+`":2}`),
			"as a nested name":    respondJSON(500, `{"success":false,"`+inJSON+`":{"`+inJSON+`":[1,{"`+inJSON+`":}]}}`),
			"as a wrong value":    respondJSON(200, `{"success":"`+inJSON+`","result":["`+inJSON+`"]}`),
			"as a place to go":    withHeader(respond(302, "text/plain", key), "Location", "http://[::1/"+key),
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
		text := strings.Repeat("a", 4090-len(spelling)/2) + spelling
		transport := scripted(stepResponse(502, text, "Content-Type", "text/plain"))
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
		"the key as workflow ID": func() (*client.Run, error) { return c.Run(t.Context(), testKey, exampleInputs(t)) },
		"the key in an ID": func() (*client.Run, error) {
			return c.Run(t.Context(), "wf/"+testKey,
				exampleInputs(t))
		},
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
	clipped := []string{strings.Repeat("a", 285) + testKey, strings.Repeat("a", 45) + "/" + testKey}
	for _, id := range clipped {
		_, err := c.Run(t.Context(), id, exampleInputs(t))
		require.ErrorIs(t, err, client.ErrInvalidRequest)
		assertNoKey(t, testKey[:10], nil, err)
		_, err = c.API().RunWorkflow(t.Context(), id, exampleInputs(t))
		require.ErrorIs(t, err, client.ErrInvalidRequest)
		assertNoKey(t, testKey[:10], nil, err)
	}
	for _, base := range []string{
		testKey, "https://" + testKey + "@host", "ftp://" + testKey, "http://" + testKey, "https://h/?" + testKey,
	} {
		_, err := client.New(testKey, client.WithBaseURL(base))
		require.Error(t, err)
		assertNoKey(t, testKey, nil, err)
	}
	for _, option := range []client.Option{
		client.WithUserAgent(strings.Repeat("a", 50) + testKey + "\n"),
		client.WithBaseURL("ftp://h/" + strings.Repeat("a", 180) + testKey),
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

// Every case looks for the key in all that the client returns (assertNoKey). Here are the places that a server echoes
// it in.
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
	headers := response("in the headers of an error", 500, "application/json", `{"success":false,"error":"x"}`,
		"(request ID id-[redacted])")
	headers.handler = withHeader(headers.handler, "X-Request-Id", "id-"+key)
	headers.handler = withHeader(withHeader(headers.handler, "X-Echo", key), "X-"+key, "name")
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
			`{"success":false,"error":{"message":"no key `+key+`","code":"bad_`+key+`"}}`, "no key [redacted]",
			"bad_[redacted]"),
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
		broken(response("as the name of fields in an error", 500, "application/json",
			`{"success":false,"error":{"`+key+`":{"code":1}}}`)),
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
			name: "redirects to what is no URL and echoes the key", requests: 1, body: "gone",
			status: http.StatusTemporaryRedirect, violation: true,
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

// dump is a test whose failures are kept: testify prints values by reflection, with all that they point at.
type dump struct{ bytes.Buffer }

func (d *dump) Errorf(format string, args ...any) { fmt.Fprintf(d, format, args...) }

func TestKey_IsInNoDumpOfTheClient(t *testing.T) {
	base := serveHTTP(t, new(counter), respondJSON(200, runBody))
	byDefault, err := client.New(testKey, client.WithBaseURL(base))
	require.NoError(t, err)
	for name, c := range map[string]*client.Client{
		"with an http.Client": newTestClient(t, base), "by default": byDefault,
	} {
		_, err := runExample(t, c)
		require.NoError(t, err)
		var dumped dump
		assert.Equal(&dumped, &client.Client{}, c)
		assert.Equal(&dumped, new(client.Client).API(), c.API())
		assert.Contains(t, dumped.String(), "maxRetries", "a dump by reflection")
		assert.NotContains(t, dumped.String(), testKey, name)
		assert.NotContains(t, fmt.Sprintf("%#v %+v", c, *c), testKey, name)
	}
}

func TestKey_ThatIsShortIsNotLookedFor(t *testing.T) {
	body := documentedRun(t, map[string]any{"run_id": "run_test_a1"})
	transport := scripted(stepResponse(200, body, "X-Request-Id", "req_test_1"))
	c, err := client.New("test", client.WithHTTPClient(&http.Client{Transport: transport}))
	require.NoError(t, err)
	run, err := runExample(t, c)
	require.NoError(t, err)
	assert.Equal(t, "run_test_a1", run.ID)
	assert.Equal(t, "req_test_1", run.RequestID)
}

// A key may be what the contract wants of a header: the header is validated as it came.
func TestKey_InAHeaderIsValidatedAsItCame(t *testing.T) {
	transport := scripted(stepResponse(200, runBody, "X-Ratelimit-Limit", "12345678", "X-Ratelimit-Remaining", "1"))
	c, err := client.New("12345678", client.WithHTTPClient(&http.Client{Transport: transport}))
	require.NoError(t, err)
	_, err = runExample(t, c)
	require.NoError(t, err)
}

// chainOf lists an error and all that it wraps.
func chainOf(err error) []error {
	if err == nil {
		return nil
	}
	chain := append([]error{err}, chainOf(errors.Unwrap(err))...)
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, inner := range many.Unwrap() {
			chain = append(chain, chainOf(inner)...)
		}
	}
	return chain
}
