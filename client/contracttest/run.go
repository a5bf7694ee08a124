package contracttest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aitutor-api/aitutor-go/client/contract"
	"github.com/aitutor-api/aitutor-go/client/contracttest/internal/wire"
	"github.com/aitutor-api/aitutor-go/client/internal/exchange"
)

const restartTime = 10 * time.Second

// runner runs the checks of a target.
type runner struct {
	*suite
	checks  []check
	judge   *judge
	sender  *wire.Sender
	ceiling *ceiling
	restart time.Duration  // how long to wait for a server that has stopped
	served  func()         // stops the server of the target's Handler
	billed  int            // runs that the server had started before
	unknown *wire.Response // to the preflight's request for what does not exist

	made []Result // by subtests

	aborted error // why the checks say nothing
	stopped error // why no more checks are made
}

// open checks the target, serves its handler, and makes sure that the checks can be made.
func open(ctx context.Context, target Target) (*runner, error) {
	r, err := newRunner(target)
	if err != nil {
		return nil, fmt.Errorf("contracttest: %w", err)
	}
	if target.Handler != nil {
		if err := r.serve(ctx, target.Handler); err != nil {
			return nil, fmt.Errorf("contracttest: serve the handler: %w", err)
		}
	}
	if err := r.preflight(ctx); err != nil {
		r.close()
		return nil, fmt.Errorf("contracttest: %w", err)
	}
	return r, nil
}

func newRunner(target Target) (*runner, error) {
	if (target.BaseURL == "") == (target.Handler == nil) {
		return nil, errors.New("the target needs a BaseURL or a Handler, and not both")
	}
	if target.Handler == nil {
		if _, err := exchange.ParseBaseURL(target.BaseURL); err != nil {
			return nil, fmt.Errorf("the target's %w", err)
		}
	}
	if target.MaxRuns < 0 {
		return nil, fmt.Errorf("the target's MaxRuns is %d: it must be 0 (any number) or more", target.MaxRuns)
	}
	document, err := documentOf(target)
	if err != nil {
		return nil, err
	}
	s, err := newSuite(document, target)
	if err != nil {
		return nil, err
	}
	validator, err := s.validator()
	if err != nil {
		return nil, err
	}
	r := &runner{
		suite: s, judge: newJudge(s, validator), sender: wire.NewSender(target.BaseURL, target.HTTPClient, target.keys()),
		ceiling: &ceiling{greatest: target.MaxRuns},
		restart: restartTime, served: func() {},
	}
	if r.checks, err = s.selected(); err != nil {
		return nil, err
	}
	if target.Runs != nil {
		r.billed = target.Runs()
	}
	return r, nil
}

func (s *suite) validator() (*contract.Validator, error) {
	switch {
	case len(s.target.Spec) > 0:
		return contract.New(s.target.Spec)
	case s.customInputs:
		return contract.AnyWorkflow(), nil
	}
	return contract.Default(), nil
}

// serve serves the handler on loopback until the runner is closed.
func (r *runner) serve(ctx context.Context, handler http.Handler) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener) // ends with ErrServerClosed
	}()
	r.sender.Base = "http://" + listener.Addr().String()
	r.served = func() {
		// Handlers may finish what they are at; one that never does is left behind.
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = server.Shutdown(ctx)
		_ = server.Close()
		<-served
	}
	return nil
}

func (r *runner) close() {
	r.sender.Close()
	r.served()
}

// preflight makes sure that the server is there, asks for a key, takes the target's, and serves the document's paths.
func (r *runner) preflight(ctx context.Context) error {
	op := r.operations[0]
	for _, candidate := range r.operations {
		if candidate.OperationID == runOperation || op.missing != nil {
			op = candidate
		}
	}
	if op.missing != nil {
		return nil //nolint:nilerr // nothing can be asked; the report says what is missing
	}
	without, err := r.ask(ctx, op, op.without(op.valid()))
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil && !wire.IsThere(err):
		return fmt.Errorf("the target at %s cannot be reached: %w", r.sender.Redact(r.sender.Base, wire.Request{}), err)
	case err == nil && op.Secured() && op.looksTaken(without):
		return fmt.Errorf(
			"the target responded to a request without a key with %s: it does not ask for a key, "+
				"and any check could start a run",
			without,
		)
	}
	if !op.Secured() || err != nil && !errors.Is(err, wire.ErrRateLimited) || !op.safe() && !op.hasPath() {
		return nil
	}
	requests := []wire.Request{op.forUnknown()}
	if !r.target.NoRuns && op.schema != nil { // 401 may be a faulty server's way to say that something does not exist
		requests = append(requests, op.with(op.invalidBody()))
	}
	var keyed *wire.Response
	for _, req := range requests {
		keyed, err = r.ask(ctx, op, req)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			return nil //nolint:nilerr // a check will show it
		}
		if keyed.Status != http.StatusUnauthorized && keyed.Status != http.StatusForbidden {
			break
		}
	}
	r.unknown = keyed
	switch {
	case keyed.Status == http.StatusUnauthorized || keyed.Status == http.StatusForbidden:
		return fmt.Errorf("the target refuses its own key (Target.APIKey): it responded with %s", keyed)
	case keyed.Status == http.StatusPaymentRequired:
		return fmt.Errorf("the target's account may not run anything: it responded with %s", keyed)
	case without != nil && r.isNowhere(op, without) && r.isNowhere(op, keyed):
		return fmt.Errorf("the target at %s does not serve %s %s: it responded with %s; is the base URL right?",
			r.sender.Redact(r.sender.Base, wire.Request{}), op.Method, op.Path, keyed)
	}
	return nil
}

// isNowhere reports whether a response is one of a server that does not know the path: with a body that is no error of
// the document, or, if no run may be started to find out, any.
func (r *runner) isNowhere(op *operation, res *wire.Response) bool {
	if res.Status == http.StatusNotFound || res.Status == http.StatusMethodNotAllowed || res.Status/100 == 3 {
		return r.target.NoRuns || len(r.judge.violations(op, res)) > 0
	}
	return res.Status/100 == 2 && !op.looksTaken(res)
}

// ask sends a request of the preflight.
func (r *runner) ask(ctx context.Context, op *operation, req wire.Request) (*wire.Response, error) {
	res, _, err := r.exchange(ctx, op.finish(check{name: "preflight", request: req}))
	return res, err
}

// exchange sends the request of a check within the rate limit and the number of runs.
func (r *runner) exchange(ctx context.Context, c check) (res *wire.Response, elapsed time.Duration, err error) {
	if c.billed() {
		ok, err := r.ceiling.reserve(ctx)
		if err != nil {
			return nil, 0, err
		}
		if !ok {
			return nil, 0, fmt.Errorf("%w: the ceiling of %d runs is used up", ErrSkipped, r.target.MaxRuns)
		}
		defer func() {
			isRun := res != nil && (res.Status/100 == 2 && c.request.Method == c.op.Method || c.op.looksTaken(res))
			r.ceiling.end(isRun, res == nil && err != nil && c.mayRun() && !wire.IsRefused(err))
		}()
	}
	if c.cookies {
		c.request = r.sender.WithCookies(c.request)
	}
	res, elapsed, err = r.sender.Exchange(ctx, c.request, c.mayRun(), c.before...)
	if errors.Is(err, wire.ErrBefore) {
		err = fmt.Errorf("%w: %w", ErrSkipped, err)
	}
	return res, elapsed, err
}

// run makes the checks, some at a time, and returns their results in the same order. A server that stops is waited for,
// and what was under way then is made again, one at a time, to find what stops it.
func (r *runner) run(ctx context.Context, checks []check) []Result {
	results := make([]Result, len(checks))
	reporter := &reporter{results: results, ended: make([]bool, len(checks)), report: r.target.OnResult}
	var queue []int
	for i := range checks {
		queue = append(queue, i)
	}
	if first := slices.IndexFunc(queue, func(i int) bool { return checks[i].success }); first >= 0 &&
		r.target.MaxRuns != 1 {
		i := queue[first]
		r.some(ctx, checks, []int{i}, results, reporter)
		r.abortAfter(checks[i], results[i])
		queue = slices.DeleteFunc(queue, func(j int) bool { return j == i })
	}
	var left []int
	for _, phase := range r.phases(checks, queue) {
		for len(phase) > 0 && ctx.Err() == nil && r.aborted == nil && r.stopped == nil {
			var lost []int
			lost, phase = r.some(ctx, checks, phase, results, reporter)
			r.recover(ctx, checks, lost, results, reporter)
		}
		left = append(left, phase...)
	}
	for _, i := range left {
		reason := r.stopped
		if r.aborted != nil {
			reason = r.aborted
		}
		if ctx.Err() == nil && reason != nil {
			results[i] = r.result(checks[i], reason)
			reporter.end(i)
		}
	}
	return results
}

// phases splits a queue of checks into what is made before the rest: if the number of runs is limited, what must be
// refused, then what needs a run, then what may start one.
func (r *runner) phases(checks []check, queue []int) [][]int {
	if r.target.MaxRuns == 0 {
		return [][]int{queue}
	}
	phases := make([][]int, phaseMayRun+1)
	for _, i := range queue {
		phase := checks[i].phase()
		phases[phase] = append(phases[phase], i)
	}
	if success := phases[phaseSuccess]; len(success) > 1 { // the simplest comes first
		phases = slices.Insert(phases, phaseSuccess, success[:1])
		phases[phaseSuccess+1] = success[1:]
	}
	return phases
}

// abortAfter sets why no further check would say anything, if the response to the first valid request says so.
func (r *runner) abortAfter(c check, result Result) {
	switch {
	case c.op.OperationID != runOperation:
	case result.status == http.StatusNotFound:
		r.aborted = fmt.Errorf(
			"the target has no workflow %q (Target.WorkflowID), or its base URL is wrong: a valid request got 404",
			r.target.WorkflowID,
		)
	case result.status == http.StatusPaymentRequired:
		r.aborted = errors.New("the target's account has no credits: a valid request got 402")
	}
}

// some makes checks until the server stops accepting connections. It returns those that were under way then, and those
// that were not sent.
func (r *runner) some(ctx context.Context, checks []check, queue []int, results []Result, reporter *reporter) (lost,
	unsent []int) {
	var mu sync.Mutex
	var wait sync.WaitGroup
	slots := make(chan struct{}, wire.AtOnce)
	down := false
	isDown := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return down
	}
	for at, i := range queue {
		if err := r.skipped(checks[i]); err != nil {
			results[i] = r.result(checks[i], err)
			reporter.end(i)
			continue
		}
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
		}
		if isDown() || ctx.Err() != nil {
			mu.Lock()
			unsent = append(unsent, queue[at:]...)
			mu.Unlock()
			break
		}
		wait.Go(func() {
			defer func() { <-slots }()
			result, err := r.do(ctx, checks[i])
			if err != nil && ctx.Err() == nil && gotNoResponse(err) && r.sender.IsGone(ctx, err) {
				mu.Lock()
				defer mu.Unlock()
				down = true
				if wire.IsRefused(err) {
					unsent = append(unsent, i)
				} else {
					lost = append(lost, i)
				}
				return
			}
			results[i] = result
			reporter.end(i)
		})
	}
	wait.Wait()
	slices.Sort(lost)
	if down && len(lost) == 0 { // it stopped by itself
		lost = []int{}
	}
	return lost, unsent
}

func gotNoResponse(err error) bool { return !errors.Is(err, wire.ErrNotFinished) }

// recover waits for a server that has stopped, makes the checks that were under way one at a time, and names what stops
// it.
func (r *runner) recover(ctx context.Context, checks []check, lost []int, results []Result, reporter *reporter) {
	if lost == nil || ctx.Err() != nil {
		return
	}
	const gone = "the server stopped accepting connections"
	fail := func(i int, text string) {
		result := r.result(checks[i], nil)
		result.setFindings([]finding{{level: LevelContract, cause: text}})
		r.know(&result)
		results[i] = result
		reporter.end(i)
	}
	killer := func(i int) {
		fail(i, "the request of this check stops the server: it accepts no connection after it")
		r.stopped = fmt.Errorf("%s: %s stops it", gone, checks[i].name)
	}
	var underWay []string
	for _, i := range lost {
		underWay = append(underWay, checks[i].name)
	}
	r.stopped = errors.New(gone)
	if len(lost) > 0 {
		r.stopped = fmt.Errorf("%s while these checks were under way: %s", gone, strings.Join(underWay, ", "))
	}
	alone := len(lost) == 1
	if !r.sender.IsBack(ctx, r.restart) {
		for _, i := range lost {
			if alone {
				killer(i)
			} else {
				fail(i, fmt.Sprintf("%s, and did not come back, while these checks were under way: %s", gone,
					strings.Join(underWay, ", ")))
			}
		}
		return
	}
	r.stopped = nil
	if alone && checks[lost[0]].mayRun() { // not sent again, as it may start a run
		killer(lost[0])
		r.stopped = nil
		return
	}
	for at, i := range lost {
		result, err := r.do(ctx, checks[i])
		if err == nil || !gotNoResponse(err) || !r.sender.IsGone(ctx, err) {
			results[i] = result
			reporter.end(i)
			continue
		}
		killer(i)
		if !r.sender.IsBack(ctx, r.restart) {
			for _, rest := range lost[at+1:] {
				results[rest] = r.result(checks[rest], r.stopped)
				reporter.end(rest)
			}
			return
		}
		r.stopped = nil
	}
}

// reporter hands results out in order, each as soon as those before it have ended.
type reporter struct {
	mu      sync.Mutex
	results []Result
	ended   []bool
	next    int
	report  func(Result)
}

func (r *reporter) end(i int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended[i] = true
	for ; r.next < len(r.ended) && r.ended[r.next]; r.next++ {
		if r.report != nil {
			r.report(r.results[r.next])
		}
	}
}

// result returns the result of a check that is not made, or not yet.
func (r *runner) result(c check, unsure error) Result {
	result := Result{Check: c.name, Level: c.levelOrContract(), Rule: c.fullRule(), Unsure: unsure, valid: c.success}
	if r.target.Handler != nil {
		result.Curl = c.request.Text()
	} else {
		result.Curl = c.request.Curl(r.sender.Base)
	}
	return result
}

// do makes one check. Its error is that of the exchange.
func (r *runner) do(ctx context.Context, c check) (Result, error) {
	result := r.result(c, nil)
	res, elapsed, err := r.exchange(ctx, c)
	result.Duration = elapsed
	if res != nil {
		result.status = res.Status
	}
	switch {
	case errors.Is(err, wire.ErrRateLimited):
		result.Unsure = err
		if res != nil {
			r.judge.receive(c, res)
			result.setFindings(r.judge.invariants(c, res))
		}
		err = nil
	case errors.Is(err, ErrSkipped):
		result.Unsure, err = err, nil
		if r.unknown != nil && r.unknown.Status/100 == 2 && c.want != nil && strings.HasSuffix(c.name, "/unknown") {
			result.setFindings(r.judge.judge(c, r.unknown)) // the preflight has sent this, and it took a run
		}
	case err == nil && c.inputFirst && res.Status == http.StatusBadRequest:
		result.Unsure = fmt.Errorf("%w by Target.NoRuns: the body is not valid, and the server checks it first", ErrSkipped)
	case err != nil:
		level := LevelContract
		if _, tooLong := errors.AsType[*exchange.TooLongError](err); tooLong && c.mayFail {
			level = LevelAdvice
		}
		result.setFindings([]finding{{level: level, cause: c.rule(), came: "no response: " +
			r.sender.Redact(err.Error(), c.request)}})
	default:
		result.setFindings(r.judge.judge(c, res))
	}
	r.know(&result)
	return result, err
}

// know marks a result that Target.Known lists.
func (r *runner) know(result *Result) {
	for _, entry := range r.target.Known {
		name, reason := cutKnown(entry)
		switch {
		case name != result.Check || result.Unsure != nil:
		case result.Err != nil:
			result.Known = reason
		default:
			result.setFindings([]finding{{level: LevelContract, cause: "it no longer fails: take it out of the known failures"}})
		}
	}
}

// bill compares the runs that the server has started with the responses of success.
func (r *runner) bill() Result {
	started, unknown := r.ceiling.counts()
	result := Result{Check: billCheck, Level: LevelContract,
		Rule: "as many runs must be started as there are responses of success"}
	switch surplus := r.target.Runs() - r.billed - started; {
	case slices.Contains(r.target.Skip, billCheck):
		result.Unsure = fmt.Errorf("%w by Target.Skip", ErrSkipped)
	case surplus > unknown:
		result.setFindings([]finding{{level: LevelContract,
			cause: fmt.Sprintf("%d runs were started by requests that were refused", surplus-unknown)}})
	case surplus < 0:
		result.setFindings([]finding{{level: LevelAdvice,
			cause: fmt.Sprintf("%d responses of success were no run of the server's", -surplus)}})
	}
	r.know(&result)
	return result
}

// report runs all checks.
func (r *runner) report(ctx context.Context) (*Report, error) {
	results := r.run(ctx, r.checks)
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

func (r *runner) reportOf(results []Result) *Report {
	started, unknown := r.ceiling.counts()
	return &Report{Results: results, Runs: started + unknown, strict: r.target.Strict,
		unseen: r.judge.unseen(r.operations)}
}
