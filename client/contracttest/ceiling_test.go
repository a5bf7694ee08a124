package contracttest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// lenient is a server that runs whatever a valid key sends to a workflow that exists, as the service does today. Each
// run is counted.
type lenient struct {
	runs atomic.Int64
	// hides is a request that is run and gets 400.
	hides when
}

func (l *lenient) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := string(bodyOf(r))
	failure := func(status int, message string) {
		respond(w, status, "application/json", fmt.Sprintf(`{"success":false,"error":%q}`, message))
	}
	switch {
	case !strings.HasPrefix(r.URL.Path, "/api/v1/run/"):
		failure(http.StatusNotFound, "No such path")
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		failure(http.StatusMethodNotAllowed, "No such method")
	case !slices.Contains([]string{"Bearer " + testKey, "bearer " + testKey}, r.Header.Get("Authorization")):
		failure(http.StatusUnauthorized, "No valid key")
	case r.URL.EscapedPath() != "/api/v1/run/"+testWorkflow:
		failure(http.StatusNotFound, "Workflow not found")
	default:
		l.runs.Add(1)
		if l.hides != nil && l.hides(r, body) {
			failure(http.StatusBadRequest, "Missing input")
			return
		}
		respond(w, http.StatusOK, "application/json", `{"success":true,"result":"Once upon a time"}`)
	}
}

func (l *lenient) target() Target {
	target := testTarget()
	target.OtherAPIKey, target.OtherWorkflowID = "", ""
	target.Handler = l
	target.Runs = func() int { return int(l.runs.Load()) }
	return target
}

func TestNoRunsStartsNoneOnALenientServer(t *testing.T) {
	t.Parallel()
	server := &lenient{}
	target := server.target()
	target.NoRuns = true
	report, err := Check(t.Context(), target)
	require.NoError(t, err)
	assert.Empty(t, report.Failures())
	assert.Zero(t, server.runs.Load())
	assert.Zero(t, report.Runs)
	assert.Greater(t, len(report.Results)-len(report.Skipped()), 60, "most checks start none")
}

func TestTheCeilingIsNeverExceeded(t *testing.T) {
	t.Parallel()
	unlimited := (&lenient{}).target()
	unlimited.MaxRuns = 1000
	all, err := Check(t.Context(), unlimited)
	require.NoError(t, err)
	for _, greatest := range []int{1, 2, 5, min(20, all.Runs-1)} { // a workflow without texts needs fewer than 20
		t.Run(strconv.Itoa(greatest), func(t *testing.T) {
			t.Parallel()
			server := &lenient{}
			target := server.target()
			target.MaxRuns = greatest
			report, err := Check(t.Context(), target)
			require.NoError(t, err)
			assert.EqualValues(t, greatest, server.runs.Load())
			assert.Equal(t, greatest, report.Runs)
			for _, result := range report.Results {
				if strings.Contains(result.Check, "/unauthorized/") || strings.Contains(result.Check, "/workflow/") {
					assert.NotContains(t, fmt.Sprint(result.Unsure), "ceiling", "%s starts no run", result.Check)
				}
				if result.Check == "runWorkflow/runs/valid" {
					require.NoError(t, result.Unsure, "it comes first")
				}
			}
			used := slices.ContainsFunc(report.Skipped(), func(res Result) bool {
				return strings.Contains(res.Unsure.Error(), fmt.Sprintf("the ceiling of %d runs is used up", greatest))
			})
			assert.True(t, used)
		})
	}
	t.Run("by a server that runs any workflow", func(t *testing.T) {
		t.Parallel()
		server := &lenient{}
		target := server.target()
		target.MaxRuns = 3
		target.Handler = taking(func(r *http.Request, _ string) bool { return asksKeyed(r) }, asTestWorkflow)(server)
		report, err := Check(t.Context(), target)
		require.NoError(t, err)
		assert.LessOrEqual(t, server.runs.Load(), int64(3))
		assert.NotEmpty(t, report.Failures())
	})
	t.Run("below zero is no ceiling", func(t *testing.T) {
		t.Parallel()
		target := testTarget()
		target.Handler, target.MaxRuns = http.NotFoundHandler(), -1
		_, err := Check(t.Context(), target)
		require.ErrorContains(t, err, "MaxRuns is -1")
	})
}

func TestKnownFailures(t *testing.T) {
	t.Parallel()
	const empty, valid, skipped = "runWorkflow/request/empty-body", "runWorkflow/runs/valid", "runWorkflow/runs/gzip"
	server := &lenient{}
	target := server.target()
	target.Only = []string{empty, valid, skipped, "runWorkflow/request/null-for-object"}
	target.Skip = []string{skipped}
	target.Known = []string{empty + " the service runs it", valid, skipped}
	report, err := Check(t.Context(), target)
	require.NoError(t, err)
	outcomes := map[string]string{}
	for _, result := range report.Results {
		outcomes[result.Check] = result.Outcome()
	}
	assert.Equal(t, map[string]string{
		empty: "known", valid: "fail", skipped: "skip", "runWorkflow/request/null-for-object": "fail",
	}, outcomes)
	require.Len(t, report.Known(), 1)
	assert.Equal(t, "the service runs it", report.Known()[0].Known)
	require.Len(t, report.Failures(), 2)
	assert.ErrorContains(t, report.Failures()[0].Err, "it no longer fails: take it out")
	var junit strings.Builder
	require.NoError(t, report.WriteJUnit(&junit))
	assert.Contains(t, junit.String(), `<skipped message="known: the service runs it">`)

	target.Known = []string{"runs/none"}
	_, err = Check(t.Context(), target)
	require.ErrorContains(t, err, `Known names "runs/none", which is no check`)
}

func TestTheBillIsChecked(t *testing.T) {
	t.Parallel()
	bill := func(server *lenient) Result {
		report, err := Check(t.Context(), server.target())
		require.NoError(t, err)
		last := report.Results[len(report.Results)-1]
		require.Equal(t, billCheck, last.Check)
		return last
	}
	require.NoError(t, bill(&lenient{}).Err)
	surplus := &lenient{hides: func(_ *http.Request, body string) bool { return body == "" || body == "null" }}
	surplus.runs.Store(100) // of others, before
	require.ErrorContains(t, bill(surplus).Err, "2 runs were started by requests that were refused")
}
