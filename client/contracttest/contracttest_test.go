package contracttest_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/api"
	"github.com/aitutor-api/aitutor-go/client/clienttest"
	"github.com/aitutor-api/aitutor-go/client/contracttest"
	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
)

// targetOf returns clienttest's server as a target.
func targetOf(t *testing.T, options ...clienttest.Option) (contracttest.Target, *clienttest.Server) {
	t.Helper()
	server := clienttest.NewServer(options...)
	t.Cleanup(server.Close)
	return contracttest.Target{BaseURL: server.URL, APIKey: server.APIKey, WorkflowID: server.WorkflowID}, server
}

func TestClienttestKeepsTheContract(t *testing.T) {
	t.Parallel()
	t.Run("in the documented variant", func(t *testing.T) {
		t.Parallel()
		target, _ := targetOf(t)
		contracttest.Run(t, target)
	})
	t.Run("in the deployed variant", func(t *testing.T) {
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
	assert.Equal(t, contracttest.Checks(), namesOf(report.Results))
	assert.Positive(t, server.Runs())
	for _, result := range report.Results {
		assert.Contains(t, result.Curl, server.URL+"/", result.Check)
		assert.NotContains(t, result.Curl, server.APIKey, result.Check)
	}
}

func namesOf(results []contracttest.Result) []string {
	var names []string
	for _, result := range results {
		names = append(names, result.Check)
	}
	return names
}

// A proxy that forgets what it is asked for: whatever the key and the workflow, it runs.
func newForgetfulProxy(t *testing.T, upstream *clienttest.Server) http.Handler {
	t.Helper()
	to, err := url.Parse(upstream.URL)
	require.NoError(t, err)
	return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Header.Set("Authorization", "Bearer "+upstream.APIKey)
		r.Out.Method = http.MethodPost
		r.Out.URL.Path, r.Out.URL.RawPath = "/api/v1/run/"+upstream.WorkflowID, ""
	}}
}

func TestNoRunsStartsNoRunOnAServerThatIgnoresKeyWorkflowAndMethod(t *testing.T) {
	t.Parallel()
	upstream := clienttest.NewServer()
	t.Cleanup(upstream.Close)
	report, err := contracttest.Check(t.Context(), contracttest.Target{
		Handler: newForgetfulProxy(t, upstream), APIKey: upstream.APIKey, WorkflowID: upstream.WorkflowID, NoRuns: true,
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
	unsure := namesOf(report.Skipped())
	for _, name := range []string{"unauthorized/missing-key", "workflow/unknown", "method/get"} {
		assert.NotContains(t, unsure, "runWorkflow/"+name)
	}
	for _, name := range []string{"runs/valid", "request/empty-body", "request/other-content-type",
		"request/json-with-more", "request/form"} {
		if slices.Contains(contracttest.Checks(), "runWorkflow/"+name) { // a workflow without required inputs has no form
			assert.Contains(t, unsure, "runWorkflow/"+name)
		}
	}
}

func TestAServerThatTakesEveryRequestIsNotCheckedFurther(t *testing.T) {
	t.Parallel()
	upstream := clienttest.NewServer()
	t.Cleanup(upstream.Close)
	report, err := contracttest.Check(t.Context(), contracttest.Target{
		Handler: newForgetfulProxy(t, upstream), APIKey: upstream.APIKey, WorkflowID: upstream.WorkflowID,
	})
	require.ErrorContains(t, err, "responded to a request without a key with 200 OK")
	assert.Nil(t, report)
	assert.LessOrEqual(t, upstream.Runs(), 1)
}

func TestAKeyThatIsRefusedIsOneError(t *testing.T) {
	t.Parallel()
	target, server := targetOf(t)
	target.APIKey = "test-key-that-is-refused"
	report, err := contracttest.Check(t.Context(), target)
	require.ErrorContains(t, err, "the target refuses its own key (Target.APIKey): it responded with 401 Unauthorized")
	assert.NotContains(t, err.Error(), target.APIKey)
	assert.Nil(t, report)
	assert.Zero(t, server.Runs())
}

func TestSkipLeavesOutTheChecksItNames(t *testing.T) {
	t.Parallel()
	target, _ := targetOf(t)
	target.Skip = []string{"runWorkflow/method/options", "runWorkflow/runs/valid"}
	report, err := contracttest.Check(t.Context(), target)
	require.NoError(t, err)
	assert.Len(t, report.Results, len(contracttest.Checks()))
	assert.Subset(t, namesOf(report.Skipped()), target.Skip)
	for _, result := range report.Skipped() {
		assert.ErrorIs(t, result.Unsure, contracttest.ErrSkipped)
	}
}

func TestResultsComeAsChecksEndInTheirOrder(t *testing.T) {
	t.Parallel()
	target, _ := targetOf(t)
	var seen []contracttest.Result
	target.OnResult = func(result contracttest.Result) { seen = append(seen, result) }
	report, err := contracttest.Check(t.Context(), target)
	require.NoError(t, err)
	assert.Equal(t, report.Results, seen)
}

// specInputs returns the spec's example of a run's inputs.
func specInputs(t *testing.T) any {
	t.Helper()
	_, media := runWorkflow(t).Body()
	require.NotNil(t, media)
	value, err := openapi.ForRequests(api.Document()).Example(media)
	require.NoError(t, err)
	return value
}

func runWorkflow(t *testing.T) openapi.Operation {
	t.Helper()
	for _, op := range openapi.Operations(api.Document()) {
		if op.OperationID == "runWorkflow" {
			return op
		}
	}
	require.FailNow(t, "the spec has no runWorkflow")
	return openapi.Operation{}
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
		{"that fit the contract have all checks", specInputs(t), true, false},
		{"of another workflow lack the checks of the schema, and have an output of their own",
			map[string]any{"topic": "dogs", "level": 2}, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			target, _ := targetOf(t, clienttest.WithWorkflow("wf_other", output))
			if _, media := runWorkflow(t).Body(); !test.allChecks && media.Schema.Value.VisitJSON(test.inputs) == nil {
				t.Skip("the spec allows these inputs")
			}
			if !test.allChecks {
				target.WorkflowID = "wf_other"
				target.Skip = []string{contracttest.Checks()[0]}
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
		{"a base URL without a scheme", func(t *contracttest.Target) { t.BaseURL = "localhost:80" },
			"the scheme must be https"},
		{"a base URL in plain http", func(t *contracttest.Target) { t.BaseURL = "http://example.com" }, "use https"},
		{"a base URL with a password", func(t *contracttest.Target) { t.BaseURL = "https://me:secret@example.com" },
			"it must not contain a user"},
		{"no key", func(t *contracttest.Target) { t.APIKey = "" }, "no APIKey"},
		{"a key with a line break", func(t *contracttest.Target) { t.APIKey = "my\nkey" }, "APIKey has a character"},
		{"no workflow", func(t *contracttest.Target) { t.WorkflowID = "" }, "no WorkflowID"},
		{"inputs that are no object", func(t *contracttest.Target) { t.Inputs = []string{"inputs"} }, "JSON object"},
		{"inputs that do not encode", func(t *contracttest.Target) { t.Inputs = func() {} }, "Inputs"},
		{"a wrong name in Skip", func(t *contracttest.Target) {
			t.Skip = []string{"runWorkflow/runs/valid",
				"runs/none"}
		}, `"runs/none", which is no check`},
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
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		switch requests.Add(1) {
		case 1: // the first two make sure that the server can be checked
			w.WriteHeader(http.StatusUnauthorized)
		case 2:
			w.WriteHeader(http.StatusNotFound)
		case 3:
			cancel(stop)
		default:
			<-ctx.Done()
		}
	})
	report, err := contracttest.Check(ctx, contracttest.Target{Handler: handler, APIKey: "test-key-of-nobody",
		WorkflowID: "wf_test"})
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
	assert.GreaterOrEqual(t, requests.Load(), int64(len(report.Results)-len(report.Skipped())))
	assert.Nil(t, target.HTTPClient.CheckRedirect)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestFaulty fails in its subtests: the next test runs it in another process.
func TestFaulty(t *testing.T) {
	if os.Getenv("CONTRACTTEST_FAULTY") == "" {
		t.Skip("fails: TestRunFailsByTheNameOfTheCheck runs it")
	}
	target, _ := targetOf(t)
	next := target.BaseURL
	target.BaseURL, target.Handler = "", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer "+wrongKey {
			w.Header().Set("X-Debug", target.APIKey)
			w.WriteHeader(http.StatusForbidden)
			return
		}
		newProxy(next).ServeHTTP(w, r)
	})
	target.Skip = []string{"runWorkflow/method/get"}
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
	assert.Contains(t, all, "--- FAIL: TestFaulty/runWorkflow/unauthorized/wrong-key")
	assert.Contains(t, all, "must get 401: got 403 Forbidden, no body")
	assert.Contains(t, all, "Authorization: Bearer contracttest-wrong-key")
	assert.Contains(t, all, "--- PASS: TestFaulty/runWorkflow/unauthorized/missing-key")
	assert.Contains(t, all, "--- SKIP: TestFaulty/runWorkflow/method/get")
	assert.Regexp(t, `3 of \d+ errors: no response may have the key in it`, all)
	assert.Contains(t, all,
		"no response may have the key in it: it is in the header X-Debug (as in runWorkflow/unauthorized/")
	assert.NotContains(t, all, "sk_test_clienttest")

	one := fails("^TestFaulty$/^runWorkflow$/^unauthorized$/^wrong-key$")
	assert.Equal(t, 1, strings.Count(one, "--- FAIL: TestFaulty/runWorkflow/unauthorized/"))
	assert.NotContains(t, one, "runs/valid")
}

const wrongKey = "contracttest-wrong-key"
