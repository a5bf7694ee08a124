package contracttest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/api"
	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/client/contract"
)

const (
	atOnce = 8 // requests

	// The service stops a run at 120 s.
	runTimeout  = 150 * time.Second
	timeout     = 30 * time.Second
	restartTime = 10 * time.Second
)

// runner runs the checks of a target.
type runner struct {
	*suite
	base     string
	client   *http.Client
	validate func(*http.Response) error
	checks   []check
	secrets  []redactor
	slots    chan struct{}
	pacer    pacer
	timeout  func(check) time.Duration
	restart  time.Duration // how long to wait for a server that a check has killed
	pause    func(context.Context, time.Duration) error
	close    func()

	mu       sync.Mutex
	received map[string]bool // "runWorkflow 402"
	runIDs   map[string]bool
	stopped  error // why no more checks are made
}

// open checks the target, serves its handler, and makes sure that the checks can be made.
func open(ctx context.Context, document *openapi3.T, target Target) (*runner, error) {
	r, err := newRunner(document, target)
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

func newRunner(document *openapi3.T, target Target) (*runner, error) {
	if (target.BaseURL == "") == (target.Handler == nil) {
		return nil, errors.New("the target needs a BaseURL or a Handler, and not both")
	}
	if target.Handler == nil { // the client's rules for a base URL
		if _, err := client.New("unused", client.WithBaseURL(target.BaseURL)); err != nil {
			return nil, fmt.Errorf("the target's BaseURL: %w", err)
		}
	}
	s, err := newSuite(document, target)
	if err != nil {
		return nil, err
	}
	validator, err := s.validator(document)
	if err != nil {
		return nil, err
	}
	r := &runner{
		suite: s, base: strings.TrimRight(target.BaseURL, "/"), validate: validator.ValidateResponse, checks: s.checks(),
		secrets: []redactor{newRedactor(target.APIKey), newRedactor(target.OtherAPIKey)}, slots: make(chan struct{}, atOnce), pause: pause,
		timeout: func(c check) time.Duration {
			if c.runs {
				return runTimeout
			}
			return timeout
		},
		restart:  restartTime,
		received: map[string]bool{}, runIDs: map[string]bool{},
	}
	if err := checkNames(document, target, r.checks); err != nil {
		return nil, err
	}
	// A connection is dropped before a server closes it as idle, with a request on its way.
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: atOnce, IdleConnTimeout: time.Second,
		DisableCompression: true, ExpectContinueTimeout: time.Second,
	}
	r.close = transport.CloseIdleConnections
	own := *cmp.Or(target.HTTPClient, &http.Client{Transport: transport})
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	r.client = &own
	return r, nil
}

func (s *suite) validator(document *openapi3.T) (*contract.Validator, error) {
	switch {
	case document != api.Document():
		data, err := document.MarshalJSON()
		if err != nil {
			return nil, err
		}
		return contract.New(data)
	case s.customInputs:
		return contract.AnyWorkflow(), nil
	}
	return contract.Default(), nil
}

// checkNames refuses a name in Skip that no check has, of this target or of one with the contract's example inputs.
func checkNames(document *openapi3.T, target Target, checks []check) error {
	if len(target.Skip) == 0 {
		return nil
	}
	all := names(checks)
	own := target
	own.Inputs = nil
	if s, err := newSuite(document, own); err == nil {
		all = append(all, names(s.checks())...)
	}
	for _, name := range target.Skip {
		if !slices.Contains(all, name) {
			return fmt.Errorf("the target's Skip names %q, which is no check; the checks are: %s", name, strings.Join(names(checks), ", "))
		}
	}
	return nil
}

// serve serves the handler on loopback until the runner is closed.
func (r *runner) serve(ctx context.Context, handler http.Handler) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: timeout}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener) // ends with ErrServerClosed
	}()
	r.base = "http://" + listener.Addr().String()
	closeClient := r.close
	r.close = func() {
		closeClient()
		// Handlers may finish what they are at; one that never does is left behind.
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = server.Shutdown(ctx)
		_ = server.Close()
		<-served
	}
	return nil
}

// preflight makes sure that the server is there, asks for a key, and takes the target's.
func (r *runner) preflight(ctx context.Context) error {
	op := r.operations[0]
	for _, candidate := range r.operations {
		if candidate.OperationID == runOperation {
			op = candidate
		}
	}
	without := op.attempt(check{request: op.valid()}).request
	without.credential = credential{}
	res, err := r.send(ctx, without, timeout)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil && !answers(err):
		return fmt.Errorf("the target at %s cannot be reached: %w", r.redact(r.base, ""), err)
	case err == nil && op.Secured() && res.status/100 == 2:
		return fmt.Errorf("the target answered a request without a key with %s: it does not ask for a key, and any check could start a run", res)
	}
	if !op.Secured() {
		return nil
	}
	// Of a workflow that does not exist first: 401 may be a faulty server's way to say that.
	requests := []request{op.elsewhere(), op.valid()}
	for i := range requests {
		if op.schema == nil && !op.safe() {
			return nil
		}
		if op.schema != nil {
			requests[i].body = op.invalidBody()
		}
		res, err = r.send(ctx, requests[i], timeout)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			return nil //nolint:nilerr // a check will show it
		}
		if res.status != http.StatusUnauthorized && res.status != http.StatusForbidden {
			return nil
		}
	}
	return fmt.Errorf("the target refuses its own key (Target.APIKey): it answered with %s", res)
}

// answers reports whether an error of an exchange is a server's that is there, however it behaves.
func answers(err error) bool {
	var op *net.OpError
	var dns *net.DNSError
	dial := errors.As(err, &op) && op.Op == "dial" || errors.As(err, &dns)
	return !dial && !strings.HasPrefix(err.Error(), "not finished after")
}

// skipped says why a check is left out, or nil.
func (r *runner) skipped(c check) error {
	switch {
	case slices.Contains(r.target.Skip, c.name):
		return fmt.Errorf("%w by Target.Skip", ErrSkipped)
	case r.target.NoRuns && c.runs:
		return fmt.Errorf("%w by Target.NoRuns: a server could take it for valid", ErrSkipped)
	case c.missing != nil:
		return fmt.Errorf("%w: %w", ErrSkipped, c.missing)
	}
	return nil
}

// run makes the checks, some at a time, and returns their results in the same order.
func (r *runner) run(ctx context.Context, checks []check) []Result {
	results := make([]Result, len(checks))
	reporter := &reporter{results: results, ended: make([]bool, len(checks)), report: r.target.OnResult}
	var mu sync.Mutex
	var suspects []int // checks under way when the server stopped
	var wait sync.WaitGroup
	for i, c := range checks {
		if err := r.skipped(c); err != nil {
			results[i] = r.unsure(c, err)
			reporter.end(i)
			continue
		}
		select {
		case r.slots <- struct{}{}:
		case <-ctx.Done():
			continue
		}
		wait.Go(func() {
			defer func() { <-r.slots }()
			if err := r.whyStopped(); err != nil {
				mu.Lock()
				defer mu.Unlock()
				suspects = append(suspects, -1-i) // not sent
				return
			}
			var sendErr error
			results[i], sendErr = r.do(ctx, c)
			if sendErr != nil && ctx.Err() == nil && r.refused(ctx, sendErr) {
				r.stop(errors.New("the server stopped accepting connections"))
				mu.Lock()
				defer mu.Unlock()
				if isRefused(sendErr) {
					i = -1 - i
				}
				suspects = append(suspects, i)
				return
			}
			reporter.end(i)
		})
	}
	wait.Wait()
	if len(suspects) > 0 && ctx.Err() == nil {
		r.findKiller(ctx, checks, results, suspects, reporter)
	}
	return results
}

// findKiller makes the checks that were under way when the server stopped, one at a time, and names the one that stops
// it. An index below zero is that of a check that was not sent.
func (r *runner) findKiller(ctx context.Context, checks []check, results []Result, stopped []int, reporter *reporter) {
	slices.Sort(stopped)
	var underWay []string
	for _, i := range stopped {
		if i >= 0 {
			underWay = append(underWay, checks[i].name)
		}
	}
	killer := ""
	gone := false
	for _, i := range stopped {
		if i < 0 {
			continue
		}
		if len(underWay) > 1 {
			if gone = gone || !r.back(ctx); gone {
				r.fail(&results[i], "the server stopped accepting connections, and did not come back, while these checks were under way: "+
					strings.Join(underWay, ", "))
				continue
			}
			var err error
			results[i], err = r.do(ctx, checks[i])
			if err == nil || !r.refused(ctx, err) {
				continue
			}
		}
		killer = checks[i].name
		r.fail(&results[i], "the request of this check stops the server: it accepts no connection after it")
	}
	reason := "the server stopped accepting connections while these checks were under way: " + strings.Join(underWay, ", ")
	if killer != "" {
		reason = "the server stopped accepting connections: " + killer + " stops it"
	}
	r.setStopped(errors.New(reason))
	for _, i := range stopped {
		if i < 0 {
			i = -1 - i
			results[i] = r.unsure(checks[i], errors.New(reason))
		}
		reporter.end(i)
	}
}

// fail replaces what a check found.
func (r *runner) fail(result *Result, text string) {
	result.Level, result.Unsure = LevelContract, nil
	result.findings = []finding{{level: LevelContract, cause: text}}
	result.Err = errors.New(text)
}

// refused reports whether the server, which did not answer a request, accepts no connection any more.
func (r *runner) refused(ctx context.Context, err error) bool {
	if isRefused(err) {
		return true
	}
	_, err = r.send(ctx, request{method: http.MethodGet, path: "/"}, timeout)
	return isRefused(err)
}

func isRefused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

// back waits until the server accepts connections again.
func (r *runner) back(ctx context.Context) bool {
	for began := time.Now(); time.Since(began) < r.restart; {
		if !r.refused(ctx, errNotAsked) {
			return true
		}
		if r.pause(ctx, 100*time.Millisecond) != nil {
			return false
		}
	}
	return false
}

var errNotAsked = errors.New("not asked")

func (r *runner) whyStopped() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stopped
}

func (r *runner) stop(reason error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped == nil {
		r.stopped = reason
	}
}

func (r *runner) setStopped(reason error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopped = reason
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

func (r *runner) unsure(c check, err error) Result {
	return Result{Check: c.name, Level: c.levelOrContract(), Rule: c.fullRule(), Unsure: err, Curl: r.curl(c.request)}
}

// do makes one check. Its error is that of the exchange.
func (r *runner) do(ctx context.Context, c check) (Result, error) {
	result := r.unsure(c, nil)
	res, elapsed, err := r.sendPaced(ctx, c)
	result.Duration = elapsed
	switch {
	case errors.Is(err, errRateLimited):
		result.Unsure = err
		return result, nil
	case err == nil && c.inputFirst && res.status == http.StatusBadRequest:
		result.status = res.status
		result.Unsure = errors.New("with Target.NoRuns the body is not valid, and the server checks it first")
		return result, nil
	case err != nil:
		result.findings = []finding{{LevelContract, c.rule, "no response: " + err.Error()}}
	default:
		result.status = res.status
		result.findings = r.judge(c, res)
	}
	var lines []error
	for _, level := range []Level{LevelContract, LevelAdvice} {
		for i, f := range result.findings {
			if f.level != level {
				continue
			}
			f.cause, f.came = r.redact(f.cause, c.request.credential.key), r.redact(f.came, c.request.credential.key)
			result.findings[i] = f
			if len(lines) == 0 {
				result.Level = level
			}
			lines = append(lines, errors.New(f.String()))
		}
	}
	result.Err = errors.Join(lines...)
	return result, err
}

// judge lists the faults of a response.
func (r *runner) judge(c check, res *response) []finding {
	r.receive(c, res)
	var findings []finding
	wanted := true
	if c.want != nil && !c.want(res) {
		wanted = false
		findings = append(findings, finding{LevelContract, c.rule, res.String()})
	}
	if c.advise != nil && wanted {
		if advice := c.advise(res); advice != "" {
			if strings.HasPrefix(advice, "expected") {
				advice = c.rule + ": " + advice
			}
			findings = append(findings, finding{LevelAdvice, advice, res.String()})
		}
	}
	return append(findings, r.invariants(c, res)...)
}

// receive notes which response of the contract came.
func (r *runner) receive(c check, res *response) {
	if c.request.method != c.op.Method {
		return
	}
	code := strconv.Itoa(res.status)
	if !c.op.has(res.status) {
		code = "default"
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.received[c.op.name()+" "+code] = true
}

// unseen lists the responses of the contract that did not come.
func (r *runner) unseen() []string {
	var list []string
	for _, op := range r.operations {
		for code := range op.Responses.Map() {
			if name := op.name() + " " + code; !r.received[name] {
				list = append(list, name)
			}
		}
	}
	slices.Sort(list)
	return list
}
