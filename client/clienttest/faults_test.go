package clienttest_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client/clienttest"
)

func do(t *testing.T, request *http.Request) (status int, body string) {
	t.Helper()
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { assert.NoError(t, response.Body.Close()) }()
	data, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(data)
}

func TestQueuedAnswersComeInOrderAndThenTheServersOwn(t *testing.T) {
	server := newServer(t)
	inputs := encode(t, specInputs(t))
	server.Answer(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusGatewayTimeout)
		_, _ = io.WriteString(w, "An error occurred")
	})
	server.Answer(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) })

	status, body := do(t, newRequest(t, server, http.MethodPost, runPath+server.WorkflowID, inputs))
	assert.Equal(t, http.StatusGatewayTimeout, status)
	assert.Equal(t, "An error occurred", body)
	assert.Zero(t, server.Runs(), "the server started no run")

	_, body = do(t, newRequest(t, server, http.MethodPost, runPath+server.WorkflowID, inputs))
	assert.Equal(t, inputs, body, "the handler reads the request's body")
	assert.Zero(t, server.Runs())

	got := post(t, server, server.WorkflowID, inputs, "CompletedRun")
	assert.Equal(t, http.StatusOK, got.status)
	assert.Equal(t, 1, server.Runs())
}

func TestAQueuedAnswerNoticesThatItsClientWent(t *testing.T) {
	server := newServer(t)
	arrived, gone := make(chan struct{}), make(chan struct{})
	server.Answer(func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
		close(gone)
	})
	ctx, cancel := context.WithCancel(t.Context())
	request := newRequest(t, server, http.MethodPost, runPath+server.WorkflowID, encode(t, specInputs(t))).WithContext(ctx)
	go func() {
		<-arrived
		cancel()
	}()
	_, err := http.DefaultClient.Do(request)
	require.ErrorIs(t, err, context.Canceled)
	<-gone
}

func TestWithDelayDelaysARun(t *testing.T) {
	const delay = 20 * time.Millisecond
	server := newServer(t, clienttest.WithDelay(delay))
	start := time.Now()
	post(t, server, server.WorkflowID, encode(t, specInputs(t)), "CompletedRun")
	assert.GreaterOrEqual(t, time.Since(start), delay)
}

func TestADelayedRunCountsAndEnds(t *testing.T) {
	for name, end := range map[string]func(server *clienttest.Server, cancel context.CancelFunc){
		"when its client goes":      func(_ *clienttest.Server, cancel context.CancelFunc) { cancel() },
		"when the server is closed": func(server *clienttest.Server, _ context.CancelFunc) { server.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			server := newServer(t, clienttest.WithDelay(time.Hour))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			request := newRequest(t, server, http.MethodPost, runPath+server.WorkflowID,
				encode(t, specInputs(t))).WithContext(ctx)
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				response, err := http.DefaultClient.Do(request)
				if err != nil {
					return
				}
				assert.NoError(t, response.Body.Close())
				assert.Equal(t, http.StatusInternalServerError, response.StatusCode)
			}()
			require.Eventually(t, func() bool { return server.Runs() == 1 }, 10*time.Second, time.Millisecond)
			end(server, cancel)
			<-ended
			server.Close()
			assert.Equal(t, 1, server.Runs())
		})
	}
}

// answerTo queues a handler and sends a valid request.
func answerTo(t *testing.T, server *clienttest.Server, h http.HandlerFunc) (*http.Response, []byte, error) {
	t.Helper()
	server.Answer(h)
	response, err := http.DefaultClient.Do(newRequest(t, server, http.MethodPost, runPath+server.WorkflowID,
		encode(t, specInputs(t))))
	if err != nil {
		return nil, nil, err
	}
	defer func() { assert.NoError(t, response.Body.Close()) }()
	body, err := io.ReadAll(response.Body)
	return response, body, err
}

func TestErrorIsTheSpecsExampleInTheServersVariant(t *testing.T) {
	for _, variant := range variants {
		for status, example := range map[int]map[string]string{
			http.StatusUnauthorized:    {"Error": "Unauthorized", "FlatError": "UnauthorizedFlat"},
			http.StatusPaymentRequired: {"FlatError": "InvalidBillingFlat"},
			http.StatusTooManyRequests: {"FlatError": "RateLimitedFlat"},
			http.StatusTeapot:          {},
		} {
			t.Run(variant.name+"/"+http.StatusText(status), func(t *testing.T) {
				server := newServer(t, variant.options...)
				server.Answer(clienttest.Error(status))
				got := post(t, server, server.WorkflowID, encode(t, specInputs(t)), variant.failure)
				assert.Equal(t, status, got.status)
				if name := example[variant.failure]; name != "" {
					assert.Equal(t, exampleOf(t, name), got.decode(t))
				}
				assert.Zero(t, server.Runs())
			})
		}
	}
}

func TestRateLimitedSaysWhenToComeBack(t *testing.T) {
	for wait, want := range map[time.Duration]string{0: "", time.Millisecond: "1", 3 * time.Second: "3"} {
		response, _, err := answerTo(t, newServer(t), clienttest.RateLimited(wait))
		require.NoError(t, err)
		assert.Equal(t, http.StatusTooManyRequests, response.StatusCode)
		assert.Equal(t, want, response.Header.Get("Retry-After"))
	}
}

func TestPagesOfTheHost(t *testing.T) {
	for _, test := range []struct {
		fault             http.HandlerFunc
		status            int
		contentType, code string
	}{
		{clienttest.GatewayTimeout(), http.StatusGatewayTimeout, "text/html", "FUNCTION_INVOCATION_TIMEOUT"},
		{clienttest.PayloadTooLarge(), http.StatusRequestEntityTooLarge, "text/plain", "FUNCTION_PAYLOAD_TOO_LARGE"},
		{clienttest.Throttled(), http.StatusServiceUnavailable, "text/plain", "FUNCTION_THROTTLED"},
	} {
		t.Run(test.code, func(t *testing.T) {
			response, body, err := answerTo(t, newServer(t), test.fault)
			require.NoError(t, err)
			assert.Equal(t, test.status, response.StatusCode)
			assert.Contains(t, response.Header.Get("Content-Type"), test.contentType)
			assert.NotEmpty(t, response.Header.Get("X-Vercel-Id"))
			assert.Contains(t, string(body), test.code)
		})
	}
}

func TestCutOffSendsAPartOfARun(t *testing.T) {
	_, body, err := answerTo(t, newServer(t), clienttest.CutOff())
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.NotEmpty(t, body)
}

func TestHangEndsWithTheClient(t *testing.T) {
	server := newServer(t)
	server.Answer(clienttest.Hang())
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	request := newRequest(t, server, http.MethodPost, runPath+server.WorkflowID, encode(t, specInputs(t))).WithContext(ctx)
	_, err := http.DefaultClient.Do(request)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestBrokenContractIsARunThatBreaksIt(t *testing.T) {
	for _, variant := range variants {
		t.Run(variant.name, func(t *testing.T) {
			response, body, err := answerTo(t, newServer(t, variant.options...), clienttest.BrokenContract())
			require.NoError(t, err)
			assert.Equal(t, http.StatusOK, response.StatusCode)
			schema := operation().Responses.Status(http.StatusOK).Value.Content.Get("application/json").Schema.Value
			assert.Error(t, schema.VisitJSON(answer{body: body}.decode(t)))
		})
	}
}

func TestAFaultServesAnotherServerToo(t *testing.T) {
	server := httptest.NewServer(clienttest.Error(http.StatusNotFound))
	defer server.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, http.NoBody)
	require.NoError(t, err)
	status, body := do(t, request)
	assert.Equal(t, http.StatusNotFound, status)
	assert.Contains(t, body, `"success":false`)
}

func TestErrorRefusesAStatusOfNoError(t *testing.T) {
	for _, status := range []int{0, 42, 200, 302, 399, 600} {
		assert.PanicsWithValue(t, fmt.Sprintf("clienttest: Error: %d is no status of an error: 400 to 599", status),
			func() { clienttest.Error(status) })
	}
}
