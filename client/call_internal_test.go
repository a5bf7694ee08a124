package client

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client/contract"
	"github.com/aitutor-api/aitutor-go/client/internal/operation"
	"github.com/aitutor-api/aitutor-go/gen"
)

func TestRunWorkflow_CallsTheGeneratedMethodWhateverItsParameters(t *testing.T) {
	type params struct{ Wait *bool }
	want := &http.Response{}
	check := func(id, contentType string, body io.Reader) *http.Response {
		data, err := io.ReadAll(body)
		require.NoError(t, err)
		assert.Equal(t, []string{"wf_1", "application/json", "{}"}, []string{id, contentType, string(data)})
		return want
	}
	for name, method := range map[string]any{
		"as it is": func(_ context.Context, id gen.WorkflowID, contentType string, body io.Reader,
			_ ...gen.RequestEditorFn) (*http.Response, error) {
			return check(id, contentType, body), nil
		},
		"with parameters": func(_ context.Context, id string, p *params, contentType string, body io.Reader,
			_ ...gen.RequestEditorFn) (*http.Response, error) {
			assert.Nil(t, p)
			return check(id, contentType, body), nil
		},
	} {
		res, err := runWorkflow(t.Context(), method, "wf_1", []byte("{}"))
		require.NoError(t, err, name)
		assert.Same(t, want, res, name)
	}
}

type carry func(*http.Request) (*http.Response, error)

func (f carry) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// The contract has no stream of events: the operation is that of another one.
func TestAttempt_LeavesAStreamToTheCaller(t *testing.T) {
	reader, writer := io.Pipe()
	c, err := New("test-key", WithHTTPClient(&http.Client{Transport: carry(func(req *http.Request) (*http.Response, error) {
		assert.Empty(t, req.Header.Get("Accept-Encoding"), "net/http decompresses a stream as it arrives")
		header := http.Header{"Content-Type": {operation.EventStream}}
		return &http.Response{StatusCode: http.StatusOK, Header: header, Body: reader, Request: req}, nil
	})}))
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://example.com", nil)
	require.NoError(t, err)
	got := c.attempt(req, nil, 1, true)
	require.NoError(t, got.err)
	require.True(t, got.streams)
	event := make([]byte, 100)
	for _, want := range []string{"data: 1\n\n", "data: 2\n\n"} {
		go func() { _, _ = io.WriteString(writer, want) }()
		n, err := got.res.Body.Read(event)
		require.NoError(t, err)
		assert.Equal(t, want, string(event[:n]), "it comes as it arrives")
	}
	require.NoError(t, got.res.Body.Close())
}

func TestCall_SaysBilledOfRunsOnly(t *testing.T) {
	c, err := New("test-key")
	require.NoError(t, err)
	for method, op := range map[string]struct {
		isRun bool
		says  string
	}{
		http.MethodPost: {true, "POST /x: broken: the run may have been billed"},
		http.MethodPut:  {false, "PUT /x: broken: the request may have been carried out"},
		http.MethodGet:  {false, "GET /x: broken"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), method, "https://example.com/x", nil)
		require.NoError(t, err)
		call := &call{config: c.config, validator: contract.Default, op: operation.Operation{IsRun: op.isRun}}
		assert.EqualError(t, call.cutOff(req, outcome{err: errors.New("broken")}), op.says)
	}
}
