package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/client/clienttest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// setenv points the program at a server. Every test sets all three variables, so that none of the user's own is met.
func setenv(t *testing.T, baseURL, key, workflowID string) {
	t.Helper()
	t.Setenv("AITUTOR_BASE_URL", baseURL)
	t.Setenv("AITUTOR_API_KEY", key)
	t.Setenv("AITUTOR_WORKFLOW_ID", workflowID)
}

func TestWithoutAKeyItRunsOnATestServer(t *testing.T) {
	setenv(t, "", "", "")
	var stdout, stderr bytes.Buffer
	require.NoError(t, run(t.Context(), nil, &stdout, &stderr))
	assert.Equal(t, "Once upon a time, there was a friendly dog named Charlie...\n", stdout.String())
	assert.Contains(t, stderr.String(), "AITUTOR_API_KEY and AITUTOR_WORKFLOW_ID")
	assert.Equal(t, 1, bytes.Count(stderr.Bytes(), []byte("\n")))
}

func TestWithAKeyItRunsTheService(t *testing.T) {
	for _, test := range []struct {
		name   string
		args   []string
		prompt string
		form   []clienttest.Option
	}{
		{"with a prompt of its own", nil, "a story about a dog named charlie", nil},
		{"with the arguments as the prompt", []string{"a", "cat  and", "a hat"}, "a cat  and a hat", nil},
		{"with answers in the deployed form", nil, "a story about a dog named charlie", []clienttest.Option{clienttest.WithTextResults()}},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := clienttest.NewServer(append(test.form, clienttest.WithWorkflow("wf_test", func(_ context.Context, inputs map[string]any) (map[string]any, error) {
				assert.Equal(t, map[string]any{"story": test.prompt}, inputs)
				return map[string]any{"generated_story": "The end."}, nil
			}))...)
			defer server.Close()
			setenv(t, server.URL, server.APIKey, "wf_test")
			var stdout, stderr bytes.Buffer
			require.NoError(t, run(t.Context(), test.args, &stdout, &stderr))
			assert.Equal(t, "The end.\n", stdout.String())
			assert.Empty(t, stderr.String())
			assert.Equal(t, 1, server.Runs())
		})
	}
}

func TestFailures(t *testing.T) {
	server := clienttest.NewServer()
	defer server.Close()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, test := range []struct {
		name            string
		key, workflowID string
		ctx             context.Context
		args            []string
		want            error
		text            string
	}{
		{name: "no key", workflowID: server.WorkflowID, text: "AITUTOR_API_KEY is not set"},
		{name: "no workflow", key: server.APIKey, text: "AITUTOR_WORKFLOW_ID is not set"},
		{name: "a wrong key", key: "sk_other", workflowID: server.WorkflowID, want: client.ErrUnauthorized},
		{name: "an unknown workflow", key: server.APIKey, workflowID: "wf_other", want: client.ErrWorkflowNotFound},
		{name: "a blank prompt", key: server.APIKey, workflowID: server.WorkflowID, args: []string{" "}, want: client.ErrInvalidRequest},
		{name: "a cancelled context", key: server.APIKey, workflowID: server.WorkflowID, ctx: cancelled, want: context.Canceled},
	} {
		t.Run(test.name, func(t *testing.T) {
			setenv(t, server.URL, test.key, test.workflowID)
			ctx := test.ctx
			if ctx == nil {
				ctx = t.Context()
			}
			var stdout bytes.Buffer
			err := run(ctx, test.args, &stdout, io.Discard)
			require.Error(t, err)
			if test.want != nil {
				require.ErrorIs(t, err, test.want)
			}
			assert.Contains(t, err.Error(), test.text)
			assert.Empty(t, stdout.String())
		})
	}
	assert.Zero(t, server.Runs())
}

func TestAnAnswerThatBreaksTheContractIsReportedInOneLine(t *testing.T) {
	server := clienttest.NewServer()
	defer server.Close()
	server.Answer(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"success":true,"output":{}}`)
	})
	setenv(t, server.URL, server.APIKey, server.WorkflowID)
	err := run(t.Context(), nil, io.Discard, io.Discard)
	require.Error(t, err)
	assert.NotContains(t, oneLine(err), "\n")
	assert.Equal(t, "a b", oneLine(errors.New("a\n\tb")))
}
