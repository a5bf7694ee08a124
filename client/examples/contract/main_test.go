package main

import (
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
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
	report, err := contracttest.Check(t.Context(), contracttest.Target{
		BaseURL: server.URL, APIKey: server.APIKey, WorkflowID: server.WorkflowID,
	})
	require.NoError(t, err)
	all, skipped := len(contracttest.Checks()), len(report.Skipped())
	last := func(skipped int) string {
		const line = "\nThe contract is kept: %d passed, 0 failed, 0 advice, 0 known, %d skipped, 0 unsure; runs started: "
		return fmt.Sprintf(line, all-skipped, skipped)
	}
	for _, test := range []struct {
		name string
		args []string
		want []string
		last string
	}{
		{"passes", nil, []string{"pass   runWorkflow/runs/valid\n", "pass   runWorkflow/method/trace\n",
			"\nnot seen, and so not checked: ", "runWorkflow 402"}, last(skipped)},
		{
			"skips what it is told to skip", []string{"-skip", "runWorkflow/method/get, runWorkflow/method/put"},
			[]string{"skip   runWorkflow/method/get: skipped by Target.Skip\n", "skip   runWorkflow/method/put: "},
			last(skipped + 2),
		},
		{"skips what may be billed", []string{"-no-runs"},
			[]string{"skip   runWorkflow/runs/valid: skipped by Target.NoRuns", "pass   runWorkflow/workflow/unknown\n"},
			" skipped, 0 unsure; runs started: 0\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			failed, err := run(t.Context(), &out, io.Discard, environment(server.APIKey, server.WorkflowID),
				append([]string{"-v", "-url", server.URL}, test.args...))
			require.NoError(t, err)
			assert.Zero(t, failed)
			for _, want := range test.want {
				assert.Contains(t, out.String(), want)
			}
			assert.Contains(t, out.String(), test.last)
			assert.NotContains(t, out.String(), server.APIKey)
		})
	}
}

// newProxy passes on to a server, and changes responses.
func newProxy(t *testing.T, to string, change func(*http.Response)) string {
	t.Helper()
	upstream, err := url.Parse(to)
	require.NoError(t, err)
	proxy := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite:        func(r *httputil.ProxyRequest) { r.SetURL(upstream) },
		ModifyResponse: func(res *http.Response) error { change(res); return nil },
	})
	t.Cleanup(proxy.Close)
	return proxy.URL
}

func TestWhatFailsIsGroupedAndWritten(t *testing.T) {
	t.Parallel()
	server := clienttest.NewServer()
	t.Cleanup(server.Close)
	proxy := newProxy(t, server.URL, func(res *http.Response) {
		if res.StatusCode == http.StatusNotFound {
			res.StatusCode = http.StatusForbidden
		}
		if res.StatusCode == http.StatusMethodNotAllowed {
			res.Header.Del("Allow")
		}
	})
	junit, jsonFile := filepath.Join(t.TempDir(), "junit.xml"), filepath.Join(t.TempDir(), "report.json")
	var out strings.Builder
	failed, err := run(t.Context(), &out, io.Discard, environment(server.APIKey, server.WorkflowID),
		[]string{"-url", proxy, "-junit", junit, "-json", jsonFile})
	require.NoError(t, err)
	assert.Positive(t, failed)
	for _, want := range []string{
		"The contract is not kept: ", "\n       runWorkflow/workflow/unknown\n", "\n       runWorkflow/method/get\n",
		"\nfail   a request for a workflow that does not exist must get 404: got 403 Forbidden, application/json, {",
		"\n       curl ", `'Authorization: Bearer '"$AITUTOR_API_KEY"`,
	} {
		assert.Contains(t, out.String(), want)
	}
	for _, file := range []string{junit, jsonFile} {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Contains(t, string(data), "runWorkflow/workflow/unknown")
		assert.NotContains(t, string(data), server.APIKey)
	}
}

func TestStrictMakesAdviceFail(t *testing.T) {
	t.Parallel()
	server := clienttest.NewServer()
	t.Cleanup(server.Close)
	proxy := newProxy(t, server.URL, func(res *http.Response) { res.Header.Del("Allow") })
	for _, test := range []struct {
		args   []string
		failed bool
	}{{[]string{"-url", proxy}, false}, {[]string{"-url", proxy, "-strict"}, true}} {
		failed, err := run(t.Context(), io.Discard, io.Discard, environment(server.APIKey, server.WorkflowID), test.args)
		require.NoError(t, err)
		assert.Equal(t, test.failed, failed > 0)
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
		{"inputs in JSON", "key", "wf_test", []string{"-inputs", "dogs"}, "not JSON"},
		{"a check of that name", "key", "wf_test", []string{"-url", "https://example.com", "-skip", "runs/none"},
			`"runs/none"`},
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

func TestKnownFailuresAreWrittenAndRead(t *testing.T) {
	t.Parallel()
	server := clienttest.NewServer()
	t.Cleanup(server.Close)
	proxy := newProxy(t, server.URL, func(res *http.Response) {
		if res.StatusCode == http.StatusNotFound {
			res.StatusCode = http.StatusForbidden
		}
	})
	known := filepath.Join(t.TempDir(), "known.txt")
	try := func(url string, args ...string) (failed int, out string) {
		var text strings.Builder
		failed, err := run(t.Context(), &text, io.Discard, environment(server.APIKey, server.WorkflowID),
			append([]string{"-url", url, "-only", "runWorkflow/workflow"}, args...))
		require.NoError(t, err)
		return failed, text.String()
	}
	failed, _ := try(proxy, "-write-known", known)
	require.Positive(t, failed)
	listed := failed
	failed, out := try(proxy, "-known", known)
	assert.Zero(t, failed)
	assert.Contains(t, out,
		"\nknown  runWorkflow/workflow/unknown: a request for a workflow that does not exist must get 404")
	failed, out = try(server.URL, "-known", known)
	assert.Equal(t, listed, failed)
	assert.Contains(t, out, "it no longer fails: take it out of the known failures")
}

func TestAnErrorLeavesNoOldReport(t *testing.T) {
	t.Parallel()
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusUnauthorized)
	}))
	t.Cleanup(refusing.Close)
	junit := filepath.Join(t.TempDir(), "junit.xml")
	require.NoError(t, os.WriteFile(junit, []byte("old"), 0o600))
	_, err := run(t.Context(), io.Discard, io.Discard, environment("test-key-of-nobody", "wf_test"), []string{"-url",
		refusing.URL, "-junit", junit})
	require.ErrorContains(t, err, "the target refuses its own key")
	assert.NoFileExists(t, junit)
}

func TestAnotherDocument(t *testing.T) {
	t.Parallel()
	spec := filepath.Join(t.TempDir(), "spec.yaml")
	require.NoError(t, os.WriteFile(spec, []byte(`
openapi: 3.0.3
info: {title: Notes, version: "1"}
security: [{note-key: []}]
paths:
  /notes: {get: {operationId: listNotes, responses: {"200": {description: Notes.}, "401": {description: No key.}}}}
components: {securitySchemes: {note-key: {type: apiKey, in: header, name: X-Note-Key}}}
`), 0o600))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path != "/notes" || r.Method != http.MethodGet:
			w.WriteHeader(http.StatusNotFound)
		case r.Header.Get("X-Note-Key") != "note-key-123":
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	t.Cleanup(server.Close)
	var out strings.Builder
	getenv := func(name string) string { return map[string]string{"NOTE_KEY": "note-key-123"}[name] }
	failed, err := run(t.Context(), &out, io.Discard, getenv, []string{"-url", server.URL, "-spec", spec,
		"-credential", "note-key", "-v"})
	require.NoError(t, err)
	assert.Zero(t, failed, out.String())
	assert.Contains(t, out.String(), "pass   listNotes/valid/example\n")
	_, err = run(t.Context(), &out, io.Discard, getenv, []string{"-url", server.URL, "-spec", spec, "-credential",
		"other-key"})
	require.ErrorContains(t, err, "OTHER_KEY is not set in the environment")
}
