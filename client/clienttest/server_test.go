package clienttest_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/aitutor-api/aitutor-go/client/clienttest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRequestsAreWhatTheServerReceived(t *testing.T) {
	server := newServer(t)
	inputs := encode(t, specInputs(t))
	server.Answer(clienttest.Throttled())
	for _, path := range []string{runPath + server.WorkflowID, runPath + "wf_other?a=b"} {
		response, err := server.Client().Do(newRequest(t, server, http.MethodPost, path, inputs))
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
	}
	got := server.Requests()
	require.Len(t, got, 2)
	assert.Equal(t, http.MethodPost, got[0].Method)
	assert.Equal(t, runPath+server.WorkflowID, got[0].URL.Path)
	assert.Equal(t, "application/json", got[0].Header.Get("Content-Type"))
	assert.Equal(t, inputs, string(got[0].Body))
	assert.NotContains(t, fmt.Sprint(got), server.APIKey)
	assert.Equal(t, runPath+"wf_other?a=b", got[1].URL.String())
}

func TestOldRequestsAreForgotten(t *testing.T) {
	server := newServer(t)
	body := strings.Repeat("a", 16<<20)
	for i := range 5 {
		response, err := server.Client().Do(newRequest(t, server, http.MethodPost, fmt.Sprint("/", i), body))
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
	}
	got := server.Requests()
	assert.Equal(t, "/4", got[len(got)-1].URL.Path)
	assert.Less(t, len(got), 5)
}

func TestSeveralAnswersAtOnce(t *testing.T) {
	server := newServer(t)
	server.Answer(clienttest.Error(http.StatusPaymentRequired), clienttest.Throttled())
	for _, want := range []int{http.StatusPaymentRequired, http.StatusServiceUnavailable, http.StatusOK} {
		status, _ := do(t, newRequest(t, server, http.MethodPost, runPath+server.WorkflowID, encode(t, specInputs(t))))
		assert.Equal(t, want, status)
	}
}

func TestCloseDoesNotWaitForTheRestOfABody(t *testing.T) {
	server := clienttest.NewServer()
	address := strings.TrimPrefix(server.URL, "http://")
	connection, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	require.NoError(t, err)
	defer func() { _ = connection.Close() }()
	_, err = io.WriteString(connection, "POST "+runPath+server.WorkflowID+" HTTP/1.1\r\nHost: "+address+
		"\r\nAuthorization: Bearer "+server.APIKey+
		"\r\nContent-Type: application/json\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n")
	require.NoError(t, err)
	line := make([]byte, len("HTTP/1.1 100 Continue"))
	_, err = io.ReadFull(connection, line) // the server reads the body
	require.NoError(t, err)
	_, err = io.WriteString(connection, "half")
	require.NoError(t, err)
	server.Close()
	assert.Zero(t, server.Runs())
}
