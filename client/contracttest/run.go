package contracttest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aitutor-api/aitutor-go/client/contracttest/internal/wire"
	"github.com/aitutor-api/aitutor-go/client/internal/exchange"
)

// runner runs the checks of a target.
type runner struct {
	*suite
	checks  []check
	judge   *judge
	sender  *wire.Sender
	ceiling *ceiling
	restart time.Duration                  // how long to wait for a server that has stopped
	known   map[string]string              // reasons of checks that are known to fail
	served  func()                         // stops the server of the target's Handler
	billed  int                            // runs that the server had started before
	unknown *wire.Response                 // to the preflight's request for what does not exist
	again   func() (*wire.Response, error) // sends that request again

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
	document, err := documentOf(target)
	if err == nil {
		err = target.validate(document)
	}
	if err != nil {
		return nil, err
	}
	s, err := newSuite(document, target)
	if err != nil {
		return nil, err
	}
	r := &runner{suite: s, sender: wire.NewSender(target.BaseURL, target.HTTPClient, target.keys()),
		ceiling: newCeiling(target.MaxRuns), restart: 10 * time.Second, known: target.known(),
		served: func() {}}
	if r.judge, err = newJudge(s); err != nil {
		return nil, err
	}
	if r.checks, err = s.selected(); err != nil {
		return nil, err
	}
	if target.Runs != nil {
		r.billed = target.Runs()
	}
	return r, nil
}

// serve serves the handler on loopback until the runner is closed.
func (r *runner) serve(ctx context.Context, handler http.Handler) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }() // until the server is closed
	r.sender.Base = "http://" + listener.Addr().String()
	r.served = func() {
		// Handlers may finish what they are at; one that never does is left behind.
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = server.Shutdown(ctx)
		_ = server.Close()
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
	ask := func(req wire.Request) (*wire.Response, error) {
		res, _, err := r.exchange(ctx, op.finish(check{name: "preflight", request: req}))
		return res, err
	}
	base := r.sender.Redact(r.sender.Base, wire.Request{})
	without, err := ask(op.bare(op.values))
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil && !wire.IsThere(err):
		return fmt.Errorf("the target at %s cannot be reached: %w", base, err)
	case err == nil && op.Secured() && op.looksTaken(without):
		return fmt.Errorf("the target responded to a request without a key with %s: it does not ask for a key, "+
			"and any check could start a run", without)
	}
	if !op.Secured() || err != nil && !errors.Is(err, wire.ErrRateLimited) || !op.safe() && op.what() == "" {
		return nil
	}
	requests := []wire.Request{op.keyed(op.bareUnknown())}
	if !op.noRuns && op.schema != nil { // 401 may be a faulty server's way to say that something does not exist
		requests = append(requests, op.with(op.invalidBody()))
	}
	for _, req := range requests {
		r.again = func() (*wire.Response, error) { return ask(req) }
		r.unknown, err = r.again()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			return nil //nolint:nilerr // a check will show it
		}
		if !isUnauthorized(r.unknown) {
			break
		}
	}
	switch {
	case isUnauthorized(r.unknown):
		return fmt.Errorf("the target refuses its own key (Target.APIKey): it responded with %s", r.unknown)
	case r.unknown.Status == http.StatusPaymentRequired:
		return fmt.Errorf("the target's account may not run anything: it responded with %s", r.unknown)
	case without != nil && r.isNowhere(op, without) && r.isNowhere(op, r.unknown):
		return fmt.Errorf("the target at %s does not serve %s %s: it responded with %s; is the base URL right?",
			base, op.Method, op.Path, r.unknown)
	}
	return nil
}

func isUnauthorized(res *wire.Response) bool {
	return res.Status == http.StatusUnauthorized || res.Status == http.StatusForbidden
}

// isNowhere reports whether a response is one of a server that does not know the path: with a body that is no error of
// the document, or, if no run may be started to find out, any.
func (r *runner) isNowhere(op *operation, res *wire.Response) bool {
	if res.Status == http.StatusNotFound || res.Status == http.StatusMethodNotAllowed || res.Status/100 == 3 {
		return op.noRuns || len(r.judge.violations(op, res)) > 0
	}
	return res.Status/100 == 2 && !op.looksTaken(res)
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
		result.Unsure, err = err, nil
		if res != nil {
			result.setFindings(r.judge.invariants(c, res))
		}
	case errors.Is(err, ErrSkipped):
		result.Unsure, err = err, nil
		if r.unknown != nil && r.unknown.Status/100 == 2 && strings.HasSuffix(c.name, "/unknown") && c.must.met != nil {
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

// result returns the result of a check that is not made, or not yet.
func (r *runner) result(c check, unsure error) Result {
	result := c.result(unsure)
	if r.target.Handler != nil {
		result.Curl = c.request.Text()
	} else {
		result.Curl = c.request.Curl(r.sender.Base)
	}
	return result
}

// exchange sends the request of a check within the rate limit and the number of runs.
func (r *runner) exchange(ctx context.Context, c check) (res *wire.Response, elapsed time.Duration, err error) {
	if !c.op.safe() { // a server with a fault could start a run
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
	res, elapsed, err = r.sender.Exchange(ctx, c.request, c.mayRun(), c.before...)
	if errors.Is(err, wire.ErrBefore) {
		err = fmt.Errorf("%w: %w", ErrSkipped, err)
	}
	return res, elapsed, err
}

// know marks a result that Target.Known lists.
func (r *runner) know(result *Result) {
	reason, isKnown := r.known[result.Check]
	switch {
	case !isKnown || result.Unsure != nil:
	case result.Err != nil:
		result.Known = reason
	default:
		result.fail(LevelContract, "it no longer fails: take it out of the known failures")
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
		result.fail(LevelContract, fmt.Sprintf("%d runs were started by requests that were refused", surplus-unknown))
	case surplus < 0:
		result.fail(LevelAdvice, fmt.Sprintf("%d responses of success were no run of the server's", -surplus))
	}
	r.know(&result)
	return result
}
