package clienttest_test

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/aitutor-api/aitutor-go/client/clienttest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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
			request := newRequest(t, server, http.MethodPost, runPath+server.WorkflowID, encode(t, specInputs(t))).WithContext(ctx)
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
