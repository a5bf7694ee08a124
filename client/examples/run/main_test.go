package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/api"
	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/client/clienttest"
)

// setenv points the program at a server. Every test sets all three variables, so that none of the user's own counts.
func setenv(t *testing.T, baseURL, key, workflowID string) {
	t.Helper()
	t.Setenv("AITUTOR_BASE_URL", baseURL)
	t.Setenv("AITUTOR_API_KEY", key)
	t.Setenv("AITUTOR_WORKFLOW_ID", workflowID)
}

func TestRun_WithoutAKeyUsesATestServer(t *testing.T) {
	setenv(t, "", "", "")
	var stdout, stderr bytes.Buffer
	require.NoError(t, run(t.Context(), nil, &stdout, &stderr))
	assert.NotEmpty(t, bytes.TrimSpace(stdout.Bytes()))
	assert.Contains(t, stderr.String(), "AITUTOR_API_KEY and AITUTOR_WORKFLOW_ID")
	assert.Equal(t, 1, bytes.Count(stderr.Bytes(), []byte("\n")))
}

func TestRun_SendsTheInputs(t *testing.T) {
	example := func() map[string]any {
		in, err := exampleInputs()
		require.NoError(t, err)
		return in.values
	}
	type row struct {
		name   string
		args   []string
		inputs map[string]any
	}
	rows := []row{
		{"of the example", nil, example()},
		{"that are given as JSON", []string{`{"topic": "dogs", "level": 3}`}, map[string]any{"topic": "dogs", "level": 3.0}},
	}
	prompted, err := exampleInputs()
	require.NoError(t, err)
	// The workflow has a text for it, and the text may be this long.
	if prompted.setPrompt("a cat  and a hat") == nil &&
		api.Document().Components.Schemas["RunRequest"].Value.VisitJSON(prompted.values) == nil {
		assert.NotEqual(t, example(), prompted.values)
		rows = append(rows, row{"of the example, with the arguments as the prompt", []string{"a", "cat  and", "a hat"},
			prompted.values})
	}
	for _, test := range rows {
		for variant, options := range map[string][]clienttest.Option{"documented": nil,
			"deployed": {clienttest.WithTextResults()}} {
			t.Run(test.name+", "+variant, func(t *testing.T) {
				server := clienttest.NewServer(append(options,
					clienttest.WithWorkflow("wf_test", func(_ context.Context, inputs map[string]any) (map[string]any, error) {
						assert.Equal(t, test.inputs, inputs)
						return map[string]any{"text": "The end."}, nil
					}))...)
				defer server.Close()
				setenv(t, server.URL, server.APIKey, "wf_test")
				var stdout, stderr bytes.Buffer
				err := run(t.Context(), test.args, &stdout, &stderr)
				if variant == "deployed" {
					require.NoError(t, err)
					assert.Equal(t, "The end.\n", stdout.String())
				}
				assert.Contains(t, stdout.String(), "The end.", "what was paid for is printed, also beside an error")
				assert.Empty(t, stderr.String())
				assert.Equal(t, 1, server.Runs())
			})
		}
	}
}

func TestRun_ReadsFlagsAsFlags(t *testing.T) {
	server := clienttest.NewServer()
	defer server.Close()
	setenv(t, server.URL, server.APIKey, server.WorkflowID)
	for _, args := range [][]string{{"-h"}, {"--help"}, {"-help"}, {"a", "dog", "--help"}} {
		var stderr bytes.Buffer
		require.ErrorIs(t, run(t.Context(), args, io.Discard, &stderr), flag.ErrHelp)
		assert.Contains(t, stderr.String(), "PROMPT")
	}
	for _, args := range [][]string{{"-x"}, {"--verbose"}, {"-n=3", "a"}, {"a", "-n"}} {
		err := run(t.Context(), args, io.Discard, io.Discard)
		require.ErrorAs(t, err, new(usageError))
		assert.Contains(t, err.Error(), "--")
	}
	assert.Zero(t, server.Runs())
	for i, args := range [][]string{{"--", "--help"}, {"-"}, {"- a dog\n- a cat"}, {"a", "--", "-x"}} {
		err := run(t.Context(), args, io.Discard, io.Discard)
		if errors.Is(err, errNoText) || errors.Is(err, client.ErrInvalidRequest) {
			t.Skip("the workflow does not take any text: ", err)
		}
		require.NoError(t, err)
		assert.Equal(t, i+1, server.Runs())
	}
}

func TestRun_Fails(t *testing.T) {
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
		{name: "inputs that are no JSON", key: server.APIKey, workflowID: server.WorkflowID, args: []string{"{"},
			want: client.ErrInvalidRequest},
		{name: "a cancelled context", key: server.APIKey, workflowID: server.WorkflowID, ctx: cancelled,
			want: context.Canceled},
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

func TestRun_ReportsAResponseThatBreaksTheContractInOneLine(t *testing.T) {
	server := clienttest.NewServer()
	defer server.Close()
	server.Answer(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"success":true,"output":{}}`)
	})
	setenv(t, server.URL, server.APIKey, server.WorkflowID)
	var stdout bytes.Buffer
	err := run(t.Context(), nil, &stdout, io.Discard)
	require.Error(t, err)
	assert.NotContains(t, oneLine(err), "\n")
	assert.Equal(t, "a b", oneLine(errors.New("a\n\tb")))
	assert.Contains(t, stdout.String(), `{"success":true,"output":{}}`, "what was paid for is printed")
}
