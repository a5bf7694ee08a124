package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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
	_, err = c.API().RunWorkflow(t.Context(), testWorkflow, exampleInputs(t), func(_ context.Context, req *http.Request) error {
		req.Header.Set("Authorization", "Bearer another")
		return nil
	})
	require.NoError(t, err)
	check(example(t, "RunRequest"))
}

func TestRequest_GoesToTheContractsServerByDefault(t *testing.T) {
	t.Parallel()
	c := newClient(t, roundTrip(func(req *http.Request) (*http.Response, error) {
		assert.Equal(t, "https://aitutor-api.vercel.app/api/v1/run/wf_1", req.URL.String())
		assert.Equal(t, []string{"Bearer " + testKey}, req.Header["Authorization"])
		req.Header.Del("Authorization")
		assertNoKey(t, testKey, nil, nil, req.Header, req.URL)
		return stepResponse(200, runBody)(req)
	}))
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
				"Accept": {"application/json"}, "Authorization": {"Bearer " + testKey},
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
		"another URL":              func(req *http.Request) { req.URL = &url.URL{Scheme: "https", Host: "evil.example", Path: req.URL.Path} },
		"another Host":             func(req *http.Request) { req.Host = "evil.example" },
		"an opaque URL":            func(req *http.Request) { req.URL.Opaque = "//evil.example/" },
		"the key in the query":     func(req *http.Request) { req.URL.RawQuery = "key=" + testKey },
	} {
		t.Run(name, func(t *testing.T) {
			res, err := c.API().RunWorkflowWithResponse(t.Context(), testWorkflow, exampleInputs(t), func(_ context.Context, req *http.Request) error {
				edit(req)
				return nil
			})
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
	_, err := newClient(t, transport).API().RunWorkflow(t.Context(), testWorkflow, exampleInputs(t), func(_ context.Context, req *http.Request) error {
		req.Header = nil
		return nil
	})
	require.ErrorIs(t, err, client.ErrInvalidRequest)
	assert.Empty(t, transport.inputs, "nothing was sent")
}

// TestCall_ThatAnotherCallsErrorCancelsIsNotOfItsType cancels as errgroup does: the cause is the error of the first call.
func TestCall_ThatAnotherCallsErrorCancelsIsNotOfItsType(t *testing.T) {
	t.Parallel()
	for name, another := range map[string]reply{
		"an APIError":   {503, nil, example(t, "Unauthorized")},
		"a 401":         {401, nil, example(t, "Unauthorized")},
		"a broken run":  {200, nil, `{"success":true,"result":5}`},
		"a run cut off": {200, http.Header{"Content-Length": {"90"}}, runBody},
	} {
		_, cause := runExample(t, clientOf(t, another))
		require.Error(t, cause)
		for when, begun := range map[string]string{"before the headers": "", "in the body": head(len(runBody))} {
			t.Run(name+", "+when, func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithCancelCause(t.Context())
				c := newTestClient(t, serveRaw(t, new(counter), func(conn *net.TCPConn, _ *http.Request, _ int) {
					_, _ = io.WriteString(conn, begun)
					cancel(cause)
					_, _ = io.Copy(io.Discard, conn)
				}))
				_, err := c.Run(ctx, testWorkflow, exampleInputs(t))
				require.ErrorIs(t, err, context.Canceled)
				assert.NotErrorIs(t, err, client.ErrUnauthorized)
				_, isAPIError := errors.AsType[*client.APIError](err)
				assert.False(t, isAPIError, "%v", err)
				_, isViolation := errors.AsType[*contract.Error](err)
				assert.False(t, isViolation, "%v", err)
				assertOneLine(t, err)
				assert.False(t, client.SafeToRetry(err))
			})
		}
	}
}

// TestCall_ThatIsCancelledReturnsAndLeavesNothing cancels at every point of a call. TestMain sees that no goroutine is
// left, the server that no connection is.
func TestCall_ThatIsCancelledReturnsAndLeavesNothing(t *testing.T) {
	t.Parallel()
	errCause := errors.New("the user went home")
	const part = 20
	for name, test := range map[string]struct {
		responding func(net.Conn)
		begun      bool // a 2xx response may have come by then
	}{
		"before the headers":           {func(net.Conn) {}, false},
		"in the middle of the headers": {func(conn net.Conn) { _, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Le") }, false},
		"before the body":              {func(conn net.Conn) { _, _ = io.WriteString(conn, head(len(runBody))) }, true},
		"in the middle of the body":    {func(conn net.Conn) { _, _ = io.WriteString(conn, head(len(runBody))+runBody[:part]) }, true},
		"in an error's body": {func(conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 500 Sorry\r\nContent-Length: 9\r\n\r\nsorr")
		}, false},
		"in a 429's body": {func(conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 429 Slow\r\nContent-Length: 9\r\n\r\nslow")
		}, false},
	} {
		for how, cause := range map[string]error{"": nil, ", with a cause": errCause} {
			t.Run(name+how, func(t *testing.T) {
				t.Parallel()
				seen := new(counter)
				ctx, cancel := context.WithCancelCause(t.Context())
				gone := make(chan struct{})
				c := newTestClient(t, serveRaw(t, seen, func(conn *net.TCPConn, _ *http.Request, _ int) {
					test.responding(conn)
					cancel(cause)
					_, _ = io.Copy(io.Discard, conn) // until the client has closed the connection
					close(gone)
				}))
				run, err := c.Run(ctx, testWorkflow, exampleInputs(t))
				<-gone
				if run != nil {
					assert.True(t, test.begun, "a Run without a 2xx response")
					assert.Equal(t, "application/json", run.Header.Get("Content-Type"))
					assert.True(t, strings.HasPrefix(runBody[:part], string(run.Body)))
				}
				require.ErrorIs(t, err, context.Canceled)
				if cause != nil {
					require.ErrorIs(t, err, cause)
				}
				assert.False(t, client.SafeToRetry(err))
				assert.Equal(t, 1, seen.count())
				assert.NotContains(t, err.Error(), "WithTimeout")
				assertNoKey(t, testKey, run, err)
			})
		}
	}
}

func TestCall_WithAContextThatHasEndedSendsNothing(t *testing.T) {
	t.Parallel()
	seen := new(counter)
	c := newTestClient(t, serveHTTP(t, seen, respondJSON(200, runBody)))
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	for name, ctx := range map[string]context.Context{"cancelled": cancelled, "too late": late} {
		run, err := c.Run(ctx, testWorkflow, exampleInputs(t))
		require.ErrorIs(t, err, ctx.Err(), name)
		assert.Nil(t, run)
		assert.NotContains(t, err.Error(), "billed")
	}
	assert.Zero(t, seen.count(), "runs that the server saw")
}

// TestTimeout_IsCalledByItsName has each of the times that may be up.
func TestTimeout_IsCalledByItsName(t *testing.T) {
	t.Parallel()
	const short = 300 * time.Millisecond
	for name, test := range map[string]struct {
		context    time.Duration // 0: no deadline
		httpClient time.Duration
		timeout    time.Duration
		says       string
	}{
		"the deadline of the context":               {short, 0, time.Minute, "the time of the context was up"},
		"WithTimeout":                               {0, 0, short, "no whole response within 300ms (WithTimeout)"},
		"WithTimeout below that of the http.Client": {0, time.Minute, short, "no whole response within 300ms (WithTimeout)"},
		"the Timeout of the http.Client":            {0, short, time.Minute, "no whole response within 300ms (http.Client.Timeout)"},
		"the Timeout of the http.Client alone":      {0, short, 0, "no whole response within 300ms (http.Client.Timeout)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seen := new(counter)
			base := serveHTTP(t, seen, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
			transport := &http.Transport{}
			t.Cleanup(transport.CloseIdleConnections)
			own := &http.Client{Transport: transport, Timeout: test.httpClient}
			ctx := t.Context()
			if test.context > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, test.context)
				defer cancel()
			}
			_, err := newTestClient(t, base, client.WithHTTPClient(own), client.WithTimeout(test.timeout)).Run(ctx, testWorkflow, exampleInputs(t))
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.ErrorContains(t, err, test.says)
			assert.Equal(t, strings.Contains(test.says, "WithTimeout"), strings.Contains(err.Error(), "WithTimeout"))
			assert.False(t, client.SafeToRetry(err))
			assert.Equal(t, 1, seen.count())
		})
	}
}

func TestTimeout_OfADialIsSafeToRetry(t *testing.T) {
	t.Parallel()
	// The transport lets a dial go on when the call that wanted it is over: the end of the test ends it.
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		<-t.Context().Done()
		return nil, t.Context().Err()
	}}
	c := newTestClient(t, "https://127.0.0.1:1", client.WithHTTPClient(&http.Client{Transport: transport}),
		client.WithTimeout(20*time.Millisecond), client.WithMaxRetries(0))
	_, err := runExample(t, c)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.True(t, client.SafeToRetry(err), "%v", err)
	assert.ErrorContains(t, err, "no whole response within 20ms (WithTimeout)")
	assert.NotContains(t, err.Error(), "billed")
}

func TestViolation_HasEveryViolationAndTheBody(t *testing.T) {
	broken := reply{200, http.Header{"X-Ratelimit-Limit": {"ten"}}, documentedRun(t, map[string]any{"run_id": 7, "output": 5})}
	run, err := runExample(t, clientOf(t, broken))
	var got *contract.Error
	require.ErrorAs(t, err, &got)
	assert.ElementsMatch(t, []string{"x-ratelimit-limit", "/output", "/run_id"}, pointersOf(t, err))
	assert.Equal(t, broken.body, string(got.Body))
	assert.Equal(t, 200, got.StatusCode)
	assert.Equal(t, "POST", got.Method)
	assert.Equal(t, "/api/v1/run/wf_1", got.Path)
	assert.False(t, client.SafeToRetry(err))
	assert.True(t, strings.HasPrefix(err.Error(), "run workflow wf_1: response 200 to POST /api/v1/run/wf_1 breaks the contract: 3 violations\n"), err)
	assert.True(t, strings.HasSuffix(err.Error(), "\n\tthe run was billed; see Run and WithViolationHandler"), err)
	assert.Contains(t, err.Error(), "\n\tbody /run_id: ")
	require.NotNil(t, run)
	assert.Equal(t, broken.body, string(run.Body))
}

func TestViolationHandler(t *testing.T) {
	body := documentedRun(t, map[string]any{"run_id": 7, "output": map[string]any{"questions": "Why?"}})
	broken := reply{200, http.Header{"X-Ratelimit-Limit": {"ten"}}, body}
	handled := func(t *testing.T, response reply, handle func(*contract.Error) error) (run *client.Run, asked *contract.Error, err error) {
		t.Helper()
		var all []*contract.Error
		run, err = runExample(t, clientOf(t, response, client.WithViolationHandler(func(_ context.Context, v *contract.Error) error {
			all = append(all, v)
			return handle(v)
		})))
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
			_, err := runExample(t, newClient(t, transport, client.WithViolationHandler(func(_ context.Context, v *contract.Error) error {
				asked++
				assert.Equal(t, 200, v.StatusCode)
				return nil
			})))
			require.NoError(t, err)
			assert.Equal(t, 1, asked)
			assert.Len(t, transport.asked, 3)
		})
	})
	t.Run("may use API with the context that it is given", func(t *testing.T) {
		inner := clientOf(t, reply{200, nil, `{"inner":true}`})
		outer := clientOf(t, reply{502, nil, `{"outer":true}`}, client.WithViolationHandler(func(ctx context.Context, _ *contract.Error) error {
			_, err := inner.API().RunWorkflowWithResponse(ctx, "wf_inner", exampleInputs(t))
			require.ErrorContains(t, err, "wf_inner")
			assert.NotContains(t, err.Error(), "run workflow "+testWorkflow)
			return nil
		}))
		_, err := runExample(t, outer)
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

func TestLog_HasARecordPerAttempt(t *testing.T) {
	contract.Default()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		logger := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		transport := scripted(
			stepError(&net.OpError{Op: "dial", Net: "tcp", Err: errors.New("no route\nfor " + testKey + strings.Repeat(" x", 1000))}),
			stepResponse(429, `{"success":false,"error":"slow down, `+testKey+`"}`),
			stepResponse(200, documentedRun(t, map[string]any{"run_id": "run_1"})),
		)
		_, err := newClient(t, transport, client.WithLogger(logger)).RunInputs(t.Context(), testWorkflow, map[string]string{"topic": "a secret topic"})
		require.NoError(t, err)
		assert.NotContains(t, log.String(), testKey)
		assert.NotContains(t, log.String(), "a secret topic")

		records := recordsOf(t, log.Bytes())
		require.Len(t, records, 3)
		problem, _ := records[0]["error"].(string)
		assert.Contains(t, problem, "dial tcp: no route for [redacted] x", "one line")
		assert.Less(t, len(problem), 400)
		records[0]["error"] = "..."
		want := map[string]any{"level": "DEBUG", "msg": "aitutor: request", "method": "POST", "path": "/api/v1/run/wf_1"}
		for i, own := range []map[string]any{
			{"attempt": 1.0, "status": 0.0, "run_id": "", "error": "..."},
			{"attempt": 2.0, "status": 429.0, "run_id": "", "error": ""},
			{"attempt": 3.0, "status": 200.0, "run_id": "run_1", "error": ""},
		} {
			for name, value := range want {
				assert.Equal(t, value, records[i][name], "record %d: %s", i, name)
			}
			for name, value := range own {
				if value == "" && records[i][name] == nil {
					continue // an attribute without a value may be left out
				}
				assert.Equal(t, value, records[i][name], "record %d: %s", i, name)
			}
			assert.Contains(t, records[i], "duration")
		}
	})
}

func TestLog_HasTheErrorOfAResponseThatIsCutOff(t *testing.T) {
	var log bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	_, err := runExample(t, clientOf(t, reply{200, http.Header{"Content-Length": {"90"}}, runBody}, client.WithLogger(logger)))
	require.Error(t, err)
	records := recordsOf(t, log.Bytes())
	require.Len(t, records, 1)
	assert.EqualValues(t, 200, records[0]["status"])
	assert.Contains(t, records[0]["error"], "the response was cut off after")
	assert.NotContains(t, log.String(), runText)
}

func recordsOf(t *testing.T, log []byte) []map[string]any {
	t.Helper()
	var records []map[string]any
	for line := range bytes.Lines(log) {
		var record map[string]any
		require.NoError(t, json.Unmarshal(line, &record))
		records = append(records, record)
	}
	return records
}

func TestDoer_WaitsNoLongerThanWithTimeout(t *testing.T) {
	t.Parallel()
	const limit = "no whole response within 1s (WithTimeout)"
	bounded := []client.Option{client.WithTimeout(time.Second)}
	row := func(name string, handler http.HandlerFunc) serverCase {
		return serverCase{
			name: name, handler: handler, requests: 1, opts: bounded,
			is: []error{context.DeadlineExceeded}, says: []string{"the time was up", limit, "may have been billed"},
		}
	}
	cut := func(name, body string, handler http.HandlerFunc) serverCase {
		c := row(name, handler)
		c.cut, c.body = true, body
		return c
	}
	until := func(r *http.Request) { <-r.Context().Done() }
	thenSilent := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			respondJSON(200, body)(w, r)
			_ = http.NewResponseController(w).Flush()
			until(r)
		}
	}
	dripped := cut("drips a body byte by byte", "", drip(200, strings.Repeat(" ", 1000)))
	dripped.bodySize = anySize
	drippedError := dripped
	drippedError.name, drippedError.handler = "drips an error byte by byte", drip(500, strings.Repeat(" ", 1000))
	drippedError.cut, drippedError.status = false, 500
	drippedHeaders := row("drips headers line by line", nil)
	drippedHeaders.raw = func(conn *net.TCPConn, _ *http.Request, _ int) {
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
		pace := time.NewTicker(time.Millisecond)
		defer pace.Stop()
		for range pace.C {
			if _, err := io.WriteString(conn, "X-Drip: 1\r\n"); err != nil {
				return
			}
		}
	}
	runServerCases(t, []serverCase{
		row("never responds", func(_ http.ResponseWriter, r *http.Request) { until(r) }),
		cut("sends the headers and falls silent", "", thenSilent("")),
		cut("sends half a body and falls silent", runBody[:40], thenSilent(runBody[:40])),
		cut("sends a whole run and never ends it", runBody, thenSilent(runBody)),
		dripped,
		drippedError,
		drippedHeaders,
	})
}

// drip responds with text again and again, a byte at a time.
func drip(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		pace := time.NewTicker(time.Millisecond)
		defer pace.Stop()
		for i := 0; ; i++ {
			if _, err := io.WriteString(w, text[i%len(text):i%len(text)+1]); err != nil {
				return
			}
			_ = http.NewResponseController(w).Flush()
			select {
			case <-pace.C:
			case <-r.Context().Done():
				return
			}
		}
	}
}
