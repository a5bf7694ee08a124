package contracttest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Run checks the target, a subtest per check:
//
//	func TestContract(t *testing.T) {
//		url := os.Getenv("STAGING_URL") // https://staging.example.com
//		if url == "" {
//			t.Skip("STAGING_URL is not set")
//		}
//		contracttest.Run(t, contracttest.Target{
//			BaseURL:    url,
//			APIKey:     os.Getenv("AITUTOR_API_KEY"),
//			WorkflowID: os.Getenv("AITUTOR_WORKFLOW_ID"),
//			NoRuns:     true, // starts no run
//		})
//	}
//
// -run 'TestContract/runWorkflow/unauthorized/missing-key' selects one, and no other is sent. A subtest fails at
// LevelContract (with Target.Strict at LevelAdvice as well), logs advice, and is skipped if its result is unsure or
// known to fail. If the checks cannot be made, or too little of them says anything, as [Check] says it, t fails once.
func Run(t *testing.T, target Target) {
	t.Helper()
	r, err := open(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	var made []Result
	for rest := r.checks; len(rest) > 0; {
		operation, _, _ := strings.Cut(rest[0].name, "/")
		end := slices.IndexFunc(rest, func(c check) bool { return !strings.HasPrefix(c.name, operation+"/") })
		if end < 0 {
			end = len(rest)
		}
		t.Run(operation, func(t *testing.T) { r.subtests(t, rest[:end], &made) })
		rest = rest[end:]
	}
	r.abortIfShutOut(made)
	switch report := r.reportOf(made); {
	case r.aborted != nil:
		t.Fatal(r.aborted)
	case report.gate() != nil:
		t.Error(report.gate())
	}
	if target.Runs == nil || len(target.Only) > 0 {
		return
	}
	result := r.bill()
	t.Run(result.Check, func(t *testing.T) {
		if result.Err != nil && result.Known == "" && (result.Level == LevelContract || target.Strict) {
			t.Error(result.Err)
		}
	})
}

// subtests runs the checks of an operation that were selected: their subtests wait, being parallel, until all are
// known. It adds their results to those that were made.
func (r *runner) subtests(t *testing.T, checks []check, made *[]Result) {
	t.Helper()
	var selected []check
	var report *Report
	run := sync.OnceFunc(func() {
		report = r.reportOf(r.run(t.Context(), selected))
		*made = append(*made, report.Results...)
	})
	for _, c := range checks {
		_, name, _ := strings.Cut(c.name, "/")
		t.Run(name, func(t *testing.T) {
			i := len(selected)
			selected = append(selected, c)
			t.Parallel()
			run()
			result := report.Results[i]
			switch text := report.faults(result); {
			case report.fails(result):
				t.Errorf("%s: %s\nsee for yourself:\n%s", result.Check, text, clip(result.Curl))
			case result.Known != "":
				t.Skipf("known to fail: %s", result.Known)
			case result.Err != nil:
				t.Logf("%s: advice: %s", result.Check, text)
			case result.Unsure != nil:
				t.Skip(result.Unsure)
			}
		})
	}
}

// faults returns what a subtest says of a result: a fault that an earlier result has, in short.
func (r *Report) faults(result Result) string {
	var lines []string
	for _, g := range r.groups() {
		switch slices.IndexFunc(g.results, func(other Result) bool { return other.Check == result.Check }) {
		case -1:
		case 0:
			lines = append(lines, r.textOf(g))
		default:
			lines = append(lines, fmt.Sprintf("%s (as in %s)", g.cause, g.results[0].Check))
		}
	}
	return strings.Join(lines, "\n")
}
