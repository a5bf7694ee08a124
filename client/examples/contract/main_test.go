package main

import (
	"flag"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/aitutor-api/aitutor-go/client/clienttest"
	"github.com/aitutor-api/aitutor-go/client/contracttest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// environment gives variables in place of the process's.
func environment(key, workflowID string) func(string) string {
	return func(name string) string {
		return map[string]string{"AITUTOR_API_KEY": key, "AITUTOR_WORKFLOW_ID": workflowID}[name]
	}
}

func TestALineACheck(t *testing.T) {
	t.Parallel()
	server := clienttest.NewServer()
	t.Cleanup(server.Close)
	all := len(contracttest.Checks())
	for _, test := range []struct {
		name, key string
		args      []string
		failed    bool
		want      []string
		last      string
	}{
		{"passes", server.APIKey, nil, false, []string{"pass runs/valid\n", "pass method/trace\n"}, fmt.Sprintf("%d passed, 0 failed, 0 skipped\n", all)},
		{
			"passes with inputs of one's own", server.APIKey,
			[]string{"-inputs", `{"story":"of a cat"}`},
			false, nil, fmt.Sprintf("%d passed, 0 failed, 0 skipped\n", all),
		},
		{
			"skips what it is told to skip", server.APIKey,
			[]string{"-skip", "method/get, method/put"},
			false,
			[]string{"skip method/get\n", "skip method/put\n"}, fmt.Sprintf("%d passed, 0 failed, 2 skipped\n", all-2),
		},
		{"skips what may be billed", server.APIKey, []string{"-no-runs"}, false, []string{"skip runs/valid\n", "pass workflow/unknown\n"}, " skipped\n"},
		{
			"shows what failed, and how to see it again", "a-key-that-is-refused", nil, true,
			[]string{
				"fail runs/valid\n    a valid request must be answered with 200: got 401 Unauthorized", "\n    curl ",
				`"Authorization: Bearer $AITUTOR_API_KEY"`, "pass unauthorized/missing-key\n",
			},
			" skipped\n",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			failed, err := run(t.Context(), &out, io.Discard, environment(test.key, server.WorkflowID), append([]string{"-url", server.URL}, test.args...))
			require.NoError(t, err)
			assert.Equal(t, test.failed, failed > 0)
			for _, want := range test.want {
				assert.Contains(t, out.String(), want)
			}
			assert.True(t, strings.HasSuffix(out.String(), test.last), out.String())
			assert.NotContains(t, out.String(), test.key)
		})
	}
}

func TestWhatIsMissingIsNamed(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, key, workflowID string
		args                  []string
		want                  string
	}{
		{"the URL", "key", "wf_test", nil, "set -url"},
		{"the key", "", "wf_test", []string{"-url", "https://example.com"}, "AITUTOR_API_KEY is not set"},
		{"the workflow", "key", "", []string{"-url", "https://example.com"}, "AITUTOR_WORKFLOW_ID is not set"},
		{"inputs in JSON", "key", "wf_test", []string{"-inputs", "story"}, "not JSON"},
		{"a check of that name", "key", "wf_test", []string{"-url", "https://example.com", "-skip", "runs/none"}, `"runs/none"`},
		{"the place of an argument", "key", "wf_test", []string{"https://example.com"}, "unexpected argument"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := run(t.Context(), io.Discard, io.Discard, environment(test.key, test.workflowID), test.args)
			assert.ErrorContains(t, err, test.want)
		})
	}
	var usage strings.Builder
	_, err := run(t.Context(), io.Discard, &usage, environment("", ""), []string{"-h"})
	require.ErrorIs(t, err, flag.ErrHelp)
	assert.Contains(t, usage.String(), "-no-runs")
}
