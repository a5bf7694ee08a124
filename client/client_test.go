package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/client/clienttest"
	"github.com/aitutor-api/aitutor-go/client/contract"
	"github.com/aitutor-api/aitutor-go/gen"
)

// TestMain fails if a test leaves a goroutine behind: a connection that is still being read, say.
func TestMain(m *testing.M) { goleak.VerifyTestMain(closingMain{m}) }

// closingMain closes the idle connections of the default transport, which all Clients share, after the tests.
type closingMain struct{ m *testing.M }

func (c closingMain) Run() int {
	_ = flag.Set("test.parallel", "8") // most tests wait, for a retry or a timeout
	code := c.m.Run()
	if shared, err := client.New("test-key"); err == nil {
		shared.CloseIdleConnections()
	}
	return code
}

func TestNew_RefusesABadKey(t *testing.T) {
	for name, test := range map[string]struct{ key, says string }{
		"empty":                         {"", "the API key is empty"},
		"with a newline":                {"sk_test\n", "the API key holds"},
		"with a space":                  {"sk test", "the API key holds"},
		"with a character beyond ASCII": {"sk_tést", "the API key holds"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := client.New(test.key)
			require.ErrorContains(t, err, test.says)
			assert.Nil(t, c)
			assertOneLine(t, err)
		})
	}
}

// A program that makes a Client and runs nothing does not pay for the parsed contract. This process may have parsed it
// before: another one makes the Client.
func TestNew_ParsesNothing(t *testing.T) {
	const inAnother = "AITUTOR_TEST_NEW"
	if os.Getenv(inAnother) == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestNew_ParsesNothing$", "-test.v")
		cmd.Env = append(os.Environ(), inAnother+"=1")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		t.Logf("%s", out)
		return
	}
	made := allocated(func() {
		_, err := client.New("sk_test")
		assert.NoError(t, err)
	})
	parsed := allocated(func() { contract.Default() })
	t.Logf("New: %d bytes allocated; the parsed contract: %d", made, parsed)
	assert.Less(t, 10*made, parsed)
}

func TestFromEnv(t *testing.T) {
	server := clienttest.NewServer()
	defer server.Close()

	t.Run("reads the key and the base URL", func(t *testing.T) {
		t.Setenv("AITUTOR_API_KEY", server.APIKey)
		t.Setenv("AITUTOR_BASE_URL", server.URL)
		c, err := client.FromEnv()
		require.NoError(t, err)
		_, err = c.Run(t.Context(), server.WorkflowID, exampleInputs(t))
		require.NoError(t, err)
		assert.Equal(t, 1, server.Runs())
	})
	t.Run("names the variable that is missing", func(t *testing.T) {
		t.Setenv("AITUTOR_API_KEY", "")
		_, err := client.FromEnv()
		require.ErrorContains(t, err, "AITUTOR_API_KEY is not set")
	})
	t.Run("names the variable that is wrong", func(t *testing.T) {
		t.Setenv("AITUTOR_API_KEY", "sk_test")
		t.Setenv("AITUTOR_BASE_URL", "http://example.com")
		_, err := client.FromEnv()
		require.ErrorContains(t, err, "AITUTOR_BASE_URL")
	})
	t.Run("lets an option have the last word", func(t *testing.T) {
		t.Setenv("AITUTOR_API_KEY", server.APIKey)
		t.Setenv("AITUTOR_BASE_URL", "https://unused.example")
		c, err := client.FromEnv(client.WithBaseURL(server.URL))
		require.NoError(t, err)
		_, err = c.Run(t.Context(), server.WorkflowID, exampleInputs(t))
		require.NoError(t, err)
	})
}

func TestClient_ThatNewDidNotMakeGivesAClearError(t *testing.T) {
	const says = "the Client was not made by New or FromEnv"
	var c client.Client
	for name, run := range waysToRun(t) {
		got, err := run(t.Context(), &c)
		require.ErrorContains(t, err, says, name)
		assert.Nil(t, got)
		assert.False(t, client.SafeToRetry(err))
	}
	_, err := c.Run(t.Context(), "no/id", gen.RunRequest{})
	require.ErrorIs(t, err, client.ErrInvalidRequest)
	_, err = c.API().RunWorkflowWithResponse(t.Context(), testWorkflow, exampleInputs(t))
	require.ErrorContains(t, err, says)
	c.CloseIdleConnections()
}

// TestAPI_GivesADocumentedResponseAsItsType has all examples of responses that the contract has.
func TestAPI_GivesADocumentedResponseAsItsType(t *testing.T) {
	for _, test := range []struct {
		example string
		status  int
		typed   func(*gen.RunWorkflowResponse) any
	}{
		{"CompletedRun", 200, func(res *gen.RunWorkflowResponse) any { return res.JSON200 }},
		{"TextRun", 200, func(res *gen.RunWorkflowResponse) any { return res.JSON200 }},
		{"InvalidRequest", 400, func(res *gen.RunWorkflowResponse) any { return res.JSON400 }},
		{"UnauthorizedFlat", 401, func(res *gen.RunWorkflowResponse) any { return res.JSON401 }},
		{"Unauthorized", 401, func(res *gen.RunWorkflowResponse) any { return res.JSON401 }},
		{"InvalidBillingFlat", 402, func(res *gen.RunWorkflowResponse) any { return res.JSON402 }},
		{"WorkflowNotFound", 404, func(res *gen.RunWorkflowResponse) any { return res.JSON404 }},
		{"RateLimitedFlat", 429, func(res *gen.RunWorkflowResponse) any { return res.JSON429 }},
		{"InternalServerErrorFlat", 500, func(res *gen.RunWorkflowResponse) any { return res.JSON500 }},
		{"Unauthorized", 418, func(res *gen.RunWorkflowResponse) any { return res.JSONDefault }},
	} {
		t.Run(test.example, func(t *testing.T) {
			body := example(t, test.example)
			c := clientOf(t, reply{test.status, nil, body})
			res, err := c.API().RunWorkflowWithResponse(t.Context(), testWorkflow, exampleInputs(t))
			require.NoError(t, err)
			assert.Equal(t, test.status, res.StatusCode())
			assert.JSONEq(t, body, string(res.Body))
			require.NotNil(t, test.typed(res))
			typed, err := json.Marshal(test.typed(res))
			require.NoError(t, err)
			assert.JSONEq(t, body, string(typed))
		})
	}
}

func TestAPI_GivesTheErrorOfAResponseThatBreaksTheContract(t *testing.T) {
	for name, broken := range map[string]reply{
		"a run":          {200, nil, `{"success":true}`},
		"a page":         {200, http.Header{"Content-Type": {"text/html"}}, "<html>"},
		"a refusal":      {401, nil, `{"success":"no"}`},
		"another status": {201, nil, runBody},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := clientOf(t, broken).API().RunWorkflowWithResponse(t.Context(), testWorkflow, exampleInputs(t))
			var violation *contract.Error
			require.ErrorAs(t, err, &violation)
			assert.Equal(t, broken.body, string(violation.Body))
			assert.Equal(t, broken.status, violation.StatusCode)
			assert.False(t, client.SafeToRetry(err))

			accept := client.WithViolationHandler(func(context.Context, *contract.Error) error { return nil })
			c := clientOf(t, broken, accept)
			res, err := c.API().RunWorkflow(t.Context(), testWorkflow, exampleInputs(t))
			require.NoError(t, err, "the handler accepts it")
			body, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			assert.Equal(t, broken.body, string(body))
			assert.Equal(t, broken.status, res.StatusCode)
		})
	}
}

// What the handler accepts and generated code cannot decode is the violation, which has the body.
func TestAPI_GivesTheViolationOfAnAcceptedResponseThatIsNoJSON(t *testing.T) {
	const half = `{"success":true,"result":"half a te`
	accept := client.WithViolationHandler(func(context.Context, *contract.Error) error { return nil })
	_, err := clientOf(t, reply{200, nil, half}, accept).API().RunWorkflowWithResponse(t.Context(), testWorkflow,
		exampleInputs(t))
	var violation *contract.Error
	require.ErrorAs(t, err, &violation)
	assert.Contains(t, string(violation.Body), half)
	assert.Len(t, violation.Body, len(half))
	run, err := runExample(t, clientOf(t, reply{200, nil, half}, accept))
	require.NoError(t, err)
	assert.Contains(t, string(run.Body), half)
	assert.Len(t, run.Body, len(half))
}

func TestAPI_RefusesARequestThatBreaksTheContract(t *testing.T) {
	transport := scripted(stepResponse(200, runBody))
	api := newClient(t, transport).API()
	for name, test := range map[string]struct{ id, contentType, body string }{
		"an ID with a slash":     {"a/b", "application/json", example(t, "RunRequest")},
		"two dots as ID":         {"..", "application/json", example(t, "RunRequest")},
		"the key as ID":          {testKey, "application/json", example(t, "RunRequest")},
		"a body of another type": {testWorkflow, "text/plain", example(t, "RunRequest")},
		"a body that is no JSON": {testWorkflow, "application/json", "{"},
		"a body of a number":     {testWorkflow, "application/json", "5"},
		"no body":                {testWorkflow, "application/json", ""},
	} {
		t.Run(name, func(t *testing.T) {
			res, err := api.RunWorkflowWithBodyWithResponse(t.Context(), test.id, test.contentType, strings.NewReader(test.body))
			require.ErrorIs(t, err, client.ErrInvalidRequest)
			assert.Nil(t, res)
			assertOneLine(t, err)
			assertNoKey(t, testKey, nil, err)
			assert.False(t, client.SafeToRetry(err))
		})
	}
	assert.Empty(t, transport.inputs, "nothing was sent")
}

func TestAPI_IsSentAgainAsRunIs(t *testing.T) {
	server := clienttest.NewServer()
	defer server.Close()
	c, err := client.New(server.APIKey, client.WithBaseURL(server.URL), client.WithMaxRetries(1))
	require.NoError(t, err)
	server.Answer(respondJSON(429, limitedBody))
	res, err := c.API().RunWorkflowWithResponse(t.Context(), server.WorkflowID, exampleInputs(t))
	require.NoError(t, err)
	assert.NotNil(t, res.JSON200)
	server.Answer(respondJSON(500, `{"success":false,"error":"no"}`))
	res, err = c.API().RunWorkflowWithResponse(t.Context(), server.WorkflowID, exampleInputs(t))
	require.NoError(t, err)
	assert.NotNil(t, res.JSON500)
	assert.Equal(t, 1, server.Runs())
}

func TestAPI_GivesAResponseThatWasCutOffBesideTheError(t *testing.T) {
	c := clientOf(t, reply{200, http.Header{"Content-Length": {"90"}}, runBody})
	res, err := c.API().RunWorkflow(t.Context(), testWorkflow, exampleInputs(t))
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.NotNil(t, res)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	assert.Len(t, body, len(runBody))
	assert.True(t, bytes.Equal([]byte(runBody), body))
	_, err = c.API().RunWorkflowWithResponse(t.Context(), testWorkflow, exampleInputs(t))
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

func TestAPI_HasNoKeyInTheRequestOfItsResponse(t *testing.T) {
	c := clientOf(t, reply{200, http.Header{"X-Echo": {"Bearer " + testKey}}, runBody})
	res, err := c.API().RunWorkflowWithResponse(t.Context(), testWorkflow, exampleInputs(t))
	require.NoError(t, err)
	request := res.HTTPResponse.Request
	require.NotNil(t, request)
	assert.Empty(t, request.Header.Get("Authorization"))
	assert.Equal(t, "application/json", request.Header.Get("Content-Type"))
	assertNoKey(t, testKey, nil, nil, res.HTTPResponse.Header, request.Header, request.URL, c.API())
}

func TestAPI_HasNoKeyInTheStatusLineAndTheTrailerOfItsResponse(t *testing.T) {
	c := newTestClient(t, serveRaw(t, new(counter),
		rawResponse("HTTP/1.1 200 "+testKey+"\r\nContent-Type: application/json\r\n"+
			"Trailer: X-Echo\r\nTransfer-Encoding: chunked\r\n\r\n"+
			fmt.Sprintf("%x\r\n%s\r\n0\r\nX-Echo: %s\r\n\r\n", len(runBody), runBody, testKey))))
	res, err := c.API().RunWorkflowWithResponse(t.Context(), testWorkflow, exampleInputs(t))
	require.NoError(t, err)
	assert.Equal(t, "200 [redacted]", res.Status())
	assert.Equal(t, "[redacted]", res.HTTPResponse.Trailer.Get("X-Echo"))
}

func TestAPI_FollowsNoRedirect(t *testing.T) {
	elsewhere := new(counter)
	other := serveHTTP(t, elsewhere, respondJSON(200, runBody))
	c := clientOf(t, reply{307, http.Header{"Location": {other}}, `{"success":false,"error":"not here"}`})
	res, err := c.API().RunWorkflowWithResponse(t.Context(), testWorkflow, exampleInputs(t))
	require.NoError(t, err)
	assert.Equal(t, 307, res.StatusCode())
	assert.NotNil(t, res.JSONDefault)
	assert.Zero(t, elsewhere.count(), "requests that the target saw")
}

func TestCloseIdleConnections_BreaksNoCall(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	t.Parallel()
	seen := new(counter)
	c := newTestClient(t, serveHTTP(t, seen, respondJSON(200, runBody)))
	stop := make(chan struct{})
	var closing, calling sync.WaitGroup
	closing.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				c.CloseIdleConnections()
			}
		}
	})
	inputs := exampleInputs(t)
	for range 8 {
		calling.Go(func() {
			for range 15 {
				_, err := c.Run(t.Context(), testWorkflow, inputs)
				assert.NoError(t, err)
			}
		})
	}
	calling.Wait()
	close(stop)
	closing.Wait()
	assert.Equal(t, 120, seen.count())
}

// TestClient_ServesManyGoroutines shares a client between goroutines, each of which gets its own responses.
func TestClient_ServesManyGoroutines(t *testing.T) {
	t.Parallel()
	seen := new(counter)
	c := newTestClient(t, serveEcho(t, seen))
	const goroutines, calls = 64, 20
	var all sync.WaitGroup
	for g := range goroutines {
		all.Go(func() {
			for i := range calls {
				text := strings.Repeat("x", g) + strings.Repeat("y", i+1)
				run, err := c.RunInputs(t.Context(), testWorkflow, map[string]string{"text": text})
				switch {
				case g%4 == 3:
					assert.ErrorIs(t, err, client.ErrPaymentRequired)
					assert.ErrorContains(t, err, text)
				case assert.NoError(t, err):
					assert.Equal(t, text, run.Text)
					assert.Error(t, run.Decode(new(map[string]any)), "a text that is no JSON")
				}
				if i == calls/2 {
					c.CloseIdleConnections()
				}
			}
		})
	}
	all.Wait()
	assert.Equal(t, goroutines*calls, seen.count(), "runs that the server saw")
}

// serveEcho returns a run's text input, under 402 if it has 3 x more than a multiple of 4.
func serveEcho(t *testing.T, seen *counter) string {
	t.Helper()
	return serveUnread(t, func(w http.ResponseWriter, r *http.Request) {
		seen.add()
		var inputs struct {
			Text string `json:"text"`
		}
		body, _ := io.ReadAll(r.Body)
		_ = json.Unmarshal(body, &inputs)
		if strings.Count(inputs.Text, "x")%4 == 3 {
			respondJSON(402, `{"success":false,"error":"`+inputs.Text+`"}`)(w, r)
			return
		}
		respondJSON(200, `{"success":true,"result":"`+inputs.Text+`"}`)(w, r)
	})
}
