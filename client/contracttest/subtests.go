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
	eachGroup(r.ordered(), func(operation string, groups [][]check) {
		t.Run(operation, func(t *testing.T) {
			for _, group := range groups {
				t.Run(group[0].group(), func(t *testing.T) { r.runGroup(t, group) })
			}
		})
	})
	switch report := r.reportOf(r.made); {
	case r.aborted != nil:
		t.Fatal(r.aborted)
	case report.gate() != nil:
		t.Error(report.gate())
	}
	if target.Runs == nil || len(target.Only) > 0 {
		return
	}
	t.Run(billCheck, func(t *testing.T) {
		if result := r.bill(); result.Err != nil && result.Known == "" && (result.Level == LevelContract || target.Strict) {
			t.Error(result.Err)
		}
	})
}

// ordered returns the checks, those of one group together, in the order in which groups are made.
func (r *runner) ordered() []check {
	if r.target.MaxRuns == 0 {
		return r.checks
	}
	phases := map[string]int{}
	for _, c := range r.checks {
		name := c.op.name() + "/" + c.group()
		phases[name] = max(phases[name], c.phase())
	}
	checks := slices.Clone(r.checks)
	slices.SortStableFunc(checks, func(a, b check) int {
		if a.op != b.op {
			return slices.Index(r.operations, a.op) - slices.Index(r.operations, b.op)
		}
		return phases[a.op.name()+"/"+a.group()] - phases[b.op.name()+"/"+b.group()]
	})
	return checks
}

// runGroup runs the checks of a group that were selected: their subtests wait, being parallel, until all are known.
func (r *runner) runGroup(t *testing.T, group []check) {
	t.Helper()
	var selected []check
	var report *Report
	var shown sync.Map // causes
	run := sync.OnceFunc(func() {
		results := r.run(t.Context(), selected)
		report = r.reportOf(results)
		r.made = append(r.made, results...)
	})
	for _, c := range group {
		t.Run(c.leaf(), func(t *testing.T) {
			i := len(selected)
			selected = append(selected, c)
			t.Parallel()
			run()
			result := report.Results[i]
			switch text := report.textOf(result, &shown); {
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

// textOf returns the error of a result, with a cause that another result has shown in short.
func (r *Report) textOf(result Result, shown *sync.Map) string {
	if result.Err == nil {
		return ""
	}
	var lines []string
	for _, g := range r.groups() {
		for _, f := range result.findings {
			if f.cause != g.cause || outcomeOf(f.level) != g.outcome {
				continue
			}
			first, again := shown.LoadOrStore(g.outcome+g.cause, result.Check)
			switch {
			case len(g.results) == 1:
				lines = append(lines, f.String())
			case again && first != result.Check:
				lines = append(lines, fmt.Sprintf("%s (as in %s)", f.cause, first))
			default:
				lines = append(lines, g.text)
			}
		}
	}
	return strings.Join(lines, "\n")
}

// eachGroup calls f for each operation, with its checks by group.
func eachGroup(checks []check, f func(operation string, groups [][]check)) {
	for i := 0; i < len(checks); {
		op := checks[i].op
		var groups [][]check
		for ; i < len(checks) && checks[i].op == op; i++ {
			if len(groups) == 0 || groups[len(groups)-1][0].group() != checks[i].group() {
				groups = append(groups, nil)
			}
			groups[len(groups)-1] = append(groups[len(groups)-1], checks[i])
		}
		f(op.name(), groups)
	}
}
