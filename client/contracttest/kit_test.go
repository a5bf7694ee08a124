package contracttest_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client/clienttest"
	"github.com/aitutor-api/aitutor-go/client/contracttest"
	"github.com/aitutor-api/aitutor-go/gen"
)

// targetOf is clienttest's server as a target.
func targetOf(t *testing.T, options ...clienttest.Option) (contracttest.Target, *clienttest.Server) {
	t.Helper()
	server := clienttest.NewServer(options...)
	t.Cleanup(server.Close)
	return contracttest.Target{BaseURL: server.URL, APIKey: server.APIKey, WorkflowID: server.WorkflowID}, server
}

func TestClienttestKeepsTheContract(t *testing.T) {
	t.Parallel()
	t.Run("in the documented form", func(t *testing.T) {
		t.Parallel()
		target, _ := targetOf(t)
		contracttest.Run(t, target)
	})
	t.Run("in the deployed form", func(t *testing.T) {
		t.Parallel()
		target, _ := targetOf(t, clienttest.WithTextResults())
		contracttest.Run(t, target)
	})
}

func TestCheckReportsEveryCheckInOrder(t *testing.T) {
	t.Parallel()
	target, server := targetOf(t)
	target.BaseURL += "/"
	report, err := contracttest.Check(t.Context(), target)
	require.NoError(t, err)
	assert.Empty(t, report.Failures())
	assert.Equal(t, contracttest.Checks(), namesOf(report))
	assert.Positive(t, server.Runs())
	for _, result := range report.Results {
		assert.Contains(t, result.Curl, server.URL+"/api/v1/run/", result.Check)
		assert.NotContains(t, result.Curl, server.APIKey, result.Check)
	}
}

func namesOf(report *contracttest.Report) []string {
	var names []string
	for _, result := range report.Results {
		names = append(names, result.Check)
	}
	return names
}

func TestNoRunsStartsNoRunWhereAProxyForgetsTheKey(t *testing.T) {
	upstream := clienttest.NewServer()
	defer upstream.Close()
	forward := newProxy(upstream.URL)
	proxy := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+upstream.APIKey) // whoever asks
		forward.ServeHTTP(w, r)
	})
	report, err := contracttest.Check(t.Context(), contracttest.Target{
		Handler: proxy, APIKey: upstream.APIKey, WorkflowID: upstream.WorkflowID, NoRuns: true,
	})
	require.NoError(t, err)
	assert.NotEmpty(t, report.Failures())
	assert.Zero(t, upstream.Runs())
}

func TestNoRunsStartsNoRun(t *testing.T) {
	t.Parallel()
	target, server := targetOf(t)
	target.NoRuns = true
	report, err := contracttest.Check(t.Context(), target)
	require.NoError(t, err)
	assert.Empty(t, report.Failures())
	assert.Zero(t, server.Runs())
	names := namesOf(report)
	assert.Subset(t, names, []string{"unauthorized/missing-key", "workflow/unknown", "request/empty-body", "method/get"})
	for _, name := range []string{"runs/valid", "request/other-content-type", "request/json-with-more", "request/missing-story", "request/story-is-null"} {
		assert.NotContains(t, names, name)
	}
}

func TestSkipLeavesOutTheChecksItNames(t *testing.T) {
	t.Parallel()
	target, _ := targetOf(t)
	target.Skip = []string{"method/options", "runs/valid"}
	report, err := contracttest.Check(t.Context(), target)
	require.NoError(t, err)
	assert.Len(t, report.Results, len(contracttest.Checks())-2)
	assert.NotContains(t, namesOf(report), "method/options")
	assert.NotContains(t, namesOf(report), "runs/valid")
}

func TestInputsOfTheTarget(t *testing.T) {
	t.Parallel()
	output := func(context.Context, map[string]any) (map[string]any, error) { return map[string]any{"score": 3}, nil }
	for _, test := range []struct {
		name      string
		inputs    any
		allChecks bool
		failures  bool
	}{
		{"that fit the contract have all checks", gen.RunRequest{Story: "another story"}, true, false},
		{"of another workflow lack the checks of the schema, and have an output of their own", map[string]any{"topic": "dogs", "level": 2}, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			target, _ := targetOf(t, clienttest.WithWorkflow("wf_other", output))
			if !test.allChecks {
				target.WorkflowID = "wf_other"
				target.Skip = []string{"request/missing-story"} // the contract's, so a name that may be said
			}
			target.Inputs = test.inputs
			report, err := contracttest.Check(t.Context(), target)
			require.NoError(t, err)
			assert.Empty(t, report.Failures())
			assert.Equal(t, test.allChecks, len(report.Results) == len(contracttest.Checks()))
		})
	}
}

func TestATargetThatIsNotCompleteFailsAsThat(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
	t.Cleanup(server.Close)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for _, test := range []struct {
		name   string
		change func(*contracttest.Target)
		want   string
	}{
		{"no base URL and no handler", func(t *contracttest.Target) { t.BaseURL = "" }, "needs a BaseURL or a Handler"},
		{"a base URL and a handler", func(t *contracttest.Target) { t.Handler = http.NotFoundHandler() }, "not both"},
		{"a base URL that does not parse", func(t *contracttest.Target) { t.BaseURL = "http://[" }, "missing ']' in host"},
		{"a base URL without a scheme", func(t *contracttest.Target) { t.BaseURL = "localhost:80" }, "the scheme must be https"},
		{"a base URL in plain http", func(t *contracttest.Target) { t.BaseURL = "http://example.com" }, "use https"},
		{"a base URL with a password", func(t *contracttest.Target) { t.BaseURL = "https://me:secret@example.com" }, "a user does not belong in it"},
		{"no key", func(t *contracttest.Target) { t.APIKey = "" }, "no APIKey"},
		{"a key with a line break", func(t *contracttest.Target) { t.APIKey = "my\nkey" }, "APIKey has a character"},
		{"no workflow", func(t *contracttest.Target) { t.WorkflowID = "" }, "no WorkflowID"},
		{"inputs that are no object", func(t *contracttest.Target) { t.Inputs = []string{"story"} }, "JSON object"},
		{"inputs that do not encode", func(t *contracttest.Target) { t.Inputs = func() {} }, "Inputs"},
		{"a wrong name in Skip", func(t *contracttest.Target) { t.Skip = []string{"runs/valid", "runs/none"} }, `"runs/none", which is no check`},
		{"a server that is not there", func(t *contracttest.Target) { t.BaseURL = gone.URL }, "cannot be reached"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			target := contracttest.Target{BaseURL: server.URL, APIKey: "test-key-of-nobody", WorkflowID: "wf_test"}
			test.change(&target)
			report, err := contracttest.Check(t.Context(), target)
			require.ErrorContains(t, err, test.want)
			assert.Nil(t, report)
			assert.NotContains(t, err.Error(), "secret")
		})
	}
	t.Cleanup(func() { assert.Zero(t, requests.Load(), "nothing is sent before the target is checked") })
}

func TestCheckEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	var requests atomic.Int64
	stop := errors.New("enough")
	handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if requests.Add(1) == 3 {
			cancel(stop)
		}
		if requests.Load() > 1 { // the first one reaches the target
			<-ctx.Done()
		}
	})
	report, err := contracttest.Check(ctx, contracttest.Target{Handler: handler, APIKey: "test-key-of-nobody", WorkflowID: "wf_test"})
	require.ErrorIs(t, err, stop)
	assert.Nil(t, report)
}

func TestTheClientOfTheTargetIsUsedAndNotChanged(t *testing.T) {
	t.Parallel()
	target, _ := targetOf(t)
	var requests atomic.Int64
	target.HTTPClient = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		requests.Add(1)
		return http.DefaultTransport.RoundTrip(r)
	})}
	report, err := contracttest.Check(t.Context(), target)
	require.NoError(t, err)
	assert.Empty(t, report.Failures())
	assert.GreaterOrEqual(t, requests.Load(), int64(len(report.Results)))
	assert.Nil(t, target.HTTPClient.CheckRedirect)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestFaulty is what the next test runs in another process: its subtests fail.
func TestFaulty(t *testing.T) {
	if os.Getenv("CONTRACTTEST_FAULTY") == "" {
		t.Skip("fails: TestRunFailsByTheNameOfTheCheck runs it")
	}
	target, _ := targetOf(t)
	target.APIKey = "test-key-that-is-refused"
	target.Skip = []string{"method/get"}
	contracttest.Run(t, target)
}

func TestRunFailsByTheNameOfTheCheck(t *testing.T) {
	t.Parallel()
	fails := func(pattern string) string {
		binary, err := filepath.Abs(os.Args[0])
		require.NoError(t, err)
		command := exec.CommandContext(t.Context(), binary, "-test.v", "-test.run", pattern)
		command.Env = append(os.Environ(), "CONTRACTTEST_FAULTY=1")
		out, _ := command.CombinedOutput()
		return string(out)
	}
	all := fails("^TestFaulty$")
	assert.Contains(t, all, "--- FAIL: TestFaulty/runs/valid")
	assert.Contains(t, all, "runs/valid: a valid request must be answered with 200: got 401 Unauthorized")
	assert.Contains(t, all, `"Authorization: Bearer $AITUTOR_API_KEY"`)
	assert.Contains(t, all, "--- PASS: TestFaulty/unauthorized/missing-key")
	assert.Contains(t, all, "--- SKIP: TestFaulty/method/get")
	assert.NotContains(t, all, "test-key-that-is-refused")

	one := fails("^TestFaulty$/^workflow$/^unknown$")
	assert.Equal(t, 1, strings.Count(one, "--- FAIL: TestFaulty/workflow/"))
	assert.NotContains(t, one, "runs/valid")
}
