package contracttest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/aitutor-api/aitutor-go/client/contracttest/internal/wire"
)

// Check checks the target. Its error is not about one check: a target that is not complete or cannot be reached, that
// returns 2xx to a request without a key or refuses its own, an unknown name in Skip, or a ctx that ended before the
// last check. If it wraps ErrUnsure, the report is there too: too little was checked to say that the contract is kept.
func Check(ctx context.Context, target Target) (*Report, error) {
	r, err := open(ctx, target)
	if err != nil {
		return nil, err
	}
	defer r.close()
	return r.report(ctx)
}

// report runs all checks.
func (r *runner) report(ctx context.Context) (*Report, error) {
	results := r.run(ctx, r.checks)
	r.abortIfShutOut(results)
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("contracttest: stopped before the last check: %w", context.Cause(ctx))
	case r.aborted != nil:
		return nil, fmt.Errorf("contracttest: %w", r.aborted)
	}
	if r.target.Runs != nil && len(r.target.Only) == 0 {
		results = append(results, r.bill())
		if r.target.OnResult != nil {
			r.target.OnResult(results[len(results)-1])
		}
	}
	report := r.reportOf(results)
	if err := report.gate(); err != nil {
		return report, fmt.Errorf("contracttest: %w", err)
	}
	return report, nil
}

// abortIfShutOut sets why the checks say nothing if the key, or its account, that had been let in no longer is: what
// was refused may have been so for that reason.
func (r *runner) abortIfShutOut(results []Result) {
	isShutOut := func(status int) bool {
		return status == http.StatusUnauthorized || status == http.StatusPaymentRequired || status == http.StatusForbidden
	}
	isSuspect := func(result Result) bool { return result.Err != nil && isShutOut(result.status) }
	if r.unknown == nil || isShutOut(r.unknown.Status) || r.aborted != nil || !slices.ContainsFunc(results, isSuspect) {
		return
	}
	if res, err := r.again(); err == nil && isShutOut(res.Status) {
		r.aborted = fmt.Errorf("the target's key was let in before, and no longer is: it responded with %s", res)
	}
}

func (r *runner) reportOf(results []Result) *Report {
	started, unknown := r.ceiling.counts()
	return &Report{Results: results, Runs: started + unknown, strict: r.target.Strict,
		unseen: r.judge.unseen(r.operations)}
}

// queue makes checks, some at a time, and hands their results out in their order, each as soon as those before it have
// ended. It knows a check by its index.
type queue struct {
	*runner
	checks []check
	first  int // the simplest valid request; -1 if none is made

	mu      sync.Mutex
	results []Result
	ended   []bool
	next    int
}

// run makes the checks and returns their results in the same order. A server that stops is waited for, and what was
// under way then is made again, one at a time, to find what stops it.
func (r *runner) run(ctx context.Context, checks []check) []Result {
	q := &queue{runner: r, checks: checks, results: make([]Result, len(checks)), ended: make([]bool, len(checks)),
		first: slices.IndexFunc(checks, func(c check) bool { return c.success })}
	var left []int
	for _, phase := range q.phases() {
		for len(phase) > 0 && ctx.Err() == nil && r.aborted == nil && r.stopped == nil {
			lost, unsent, isGone := q.some(ctx, phase)
			if isGone && ctx.Err() == nil {
				unsent = append(q.recover(ctx, lost), unsent...)
			}
			q.abortAfterFirst()
			phase = unsent
		}
		left = append(left, phase...)
	}
	reason := r.stopped
	if r.aborted != nil {
		reason = r.aborted
	}
	for _, i := range left {
		if ctx.Err() == nil && reason != nil {
			q.end(i, r.result(checks[i], reason))
		}
	}
	return q.results
}

// phases splits the checks into what is made before the rest: the simplest valid request; then, if the number of runs
// is limited, what must be refused, what needs a run, and what may start one. Of a single run, what is refused gives it
// back before it is needed.
func (q *queue) phases() [][]int {
	phases := make([][]int, phaseMayRun+1)
	for i, c := range q.checks {
		phase := c.phase()
		if q.target.MaxRuns == 0 {
			phase = 0
		}
		if i != q.first {
			phases[phase] = append(phases[phase], i)
		}
	}
	switch {
	case q.first < 0:
		return phases
	case q.target.MaxRuns == 1:
		return slices.Insert(phases, phaseSuccess, []int{q.first})
	}
	return slices.Insert(phases, 0, []int{q.first})
}

// abortAfterFirst sets why no further check would say anything, if the response to the simplest valid request says so.
func (q *queue) abortAfterFirst() {
	if q.first < 0 || q.checks[q.first].op.OperationID != runOperation {
		return
	}
	switch q.results[q.first].status {
	case http.StatusNotFound:
		q.aborted = fmt.Errorf(
			"the target has no workflow %q (Target.WorkflowID), or its base URL is wrong: a valid request got 404",
			q.target.WorkflowID)
	case http.StatusPaymentRequired:
		q.aborted = errors.New("the target's account has no credits: a valid request got 402")
	}
}

// end sets the result of a check.
func (q *queue) end(i int, result Result) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.results[i], q.ended[i] = result, true
	for ; q.next < len(q.ended) && q.ended[q.next]; q.next++ {
		if q.target.OnResult != nil {
			q.target.OnResult(q.results[q.next])
		}
	}
}

// some makes checks until the server stops accepting connections. It returns those that were under way then, and those
// that were not sent.
func (q *queue) some(ctx context.Context, list []int) (lost, unsent []int, isGone bool) {
	var mu sync.Mutex
	var wait sync.WaitGroup
	slots := make(chan struct{}, wire.AtOnce)
	for _, i := range list {
		if err := q.skipped(q.checks[i]); err != nil {
			q.end(i, q.result(q.checks[i], err))
			continue
		}
		slots <- struct{}{} // an exchange ends when ctx does
		wait.Go(func() {
			defer func() { <-slots }()
			mu.Lock()
			isOver := isGone || ctx.Err() != nil
			mu.Unlock()
			var err error
			if !isOver {
				err = q.try(ctx, i)
			}
			mu.Lock()
			defer mu.Unlock()
			switch {
			case isOver, wire.IsRefused(err):
				unsent = append(unsent, i)
			case err != nil:
				lost = append(lost, i)
			}
			isGone = isGone || err != nil
		})
	}
	wait.Wait()
	slices.Sort(lost)
	slices.Sort(unsent)
	return lost, unsent, isGone
}

// try makes a check. If the server is gone after that, it returns the error of the exchange, and the check has no
// result.
func (q *queue) try(ctx context.Context, i int) error {
	result, err := q.do(ctx, q.checks[i])
	if err != nil && ctx.Err() == nil && !errors.Is(err, wire.ErrNotFinished) && q.sender.IsGone(ctx, err) {
		return err
	}
	q.end(i, result)
	return nil
}

// recover waits for a server that has stopped, makes the checks that were under way one at a time, and names what stops
// it. It returns those that are not made.
func (q *queue) recover(ctx context.Context, lost []int) (left []int) {
	const gone = "the server stopped accepting connections"
	stops := func(i int, isBack bool) {
		q.fail(i, "the request of this check stops the server: it accepts no connection after it")
		if !isBack {
			q.stopped = fmt.Errorf("%s: %s stops it", gone, q.checks[i].name)
		}
	}
	var underWay []string
	for _, i := range lost {
		underWay = append(underWay, q.checks[i].name)
	}
	all := strings.Join(underWay, ", ")
	switch isBack := q.sender.IsBack(ctx, q.restart); {
	case len(lost) == 1 && (!isBack || q.checks[lost[0]].mayRun()): // not sent again, as it may start a run
		stops(lost[0], isBack)
		return nil
	case len(lost) == 0 && !isBack:
		q.stopped = errors.New(gone)
		return nil
	case !isBack:
		q.stopped = fmt.Errorf("%s while these checks were under way: %s", gone, all)
		for _, i := range lost {
			q.fail(i, gone+", and did not come back, while these checks were under way: "+all)
		}
		return nil
	}
	for at, i := range lost {
		if q.try(ctx, i) == nil {
			continue
		}
		if stops(i, q.sender.IsBack(ctx, q.restart)); q.stopped != nil {
			return lost[at+1:]
		}
	}
	return nil
}

// fail ends a check whose response does not count.
func (q *queue) fail(i int, cause string) {
	result := q.result(q.checks[i], nil)
	result.fail(LevelContract, cause)
	q.know(&result)
	q.end(i, result)
}
