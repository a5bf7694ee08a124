// Package contracttest checks that a server keeps the contract of the AI Tutor API: the service itself, a proxy, a
// stand-in, a new version. [Run] does it in a Go test, a subtest per check; [Check] does it without a test, for monitors
// and command lines.
//
// The checks are made from api/openapi.yaml: for each operation from its own security, parameters, body and responses.
// A changed contract changes the checks. Each check sends one request. Its response must be what the check asks for, and
// it must keep the contract (status, content type, headers, schema, strict JSON), be no redirect and no 5xx, and be
// without the key. The documented variant and the deployed variant of a response both pass.
//
// There are two levels. [LevelContract]: the contract demands it. [LevelAdvice]: good practice that the contract does
// not demand, such as a 405 for other methods. What a framework or a gateway returns for a request that never reached the
// application (413, 414, 415, 431, or a 400 for a path that no application sees) needs no particular body.
//
// Some checks start a run, and a faulty server may start, and bill, more: [Target.NoRuns] leaves them out. A response of
// 429, which is never billed, is waited out and the request is sent again, a few times.
package contracttest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aitutor-api/aitutor-go/api"
)

// Target is a server to check.
type Target struct {
	// BaseURL is the address of a running server, with its path prefix if it has one: https, or http on a loopback host.
	BaseURL string
	// Handler, in place of BaseURL, is served on loopback while the checks run.
	Handler http.Handler
	// HTTPClient sends the requests. It is copied, never changed, and follows no redirect. Default: a client of its own.
	HTTPClient *http.Client
	// APIKey is a valid key of an account that may run the workflow. No error and no curl command shows it, but one of
	// fewer than eight characters counts as a placeholder and is not looked for in responses.
	APIKey string
	// WorkflowID is a workflow of that account. It is the value of the path parameter workflow_id.
	WorkflowID string
	// OtherAPIKey is a valid key of another account. Without it the check that such a key cannot run WorkflowID is skipped.
	OtherAPIKey string
	// OtherWorkflowID is a workflow of another account. Without it the check that APIKey cannot run it is skipped.
	OtherWorkflowID string
	// PathParameters are values for the other path parameters, by name. Default: the contract's examples.
	PathParameters map[string]string
	// Inputs is a valid body of runWorkflow, anything that encodes to a JSON object. Default: the contract's example. If
	// it does not fit the contract's schema, the workflow is another one: the checks that the schema makes
	// (request/missing-..., request/...-is-null) are then left out, and the run's output may be any object.
	Inputs any
	// Skip names checks to leave out, as Checks lists them. An unknown name is an error.
	Skip []string
	// NoRuns leaves out every request but GET and HEAD that the server could accept as valid. Checks of keys and
	// workflows are then made with a body that is not valid.
	NoRuns bool
	// Strict makes advice fail.
	Strict bool
	// OnResult is called with the result of each check as it ends, in the order of Checks, one call at a time.
	OnResult func(Result)
}

// Level says how much a check, or what it found, weighs.
type Level string

// The levels.
const (
	LevelContract Level = "contract" // the contract demands it
	LevelAdvice   Level = "advice"   // good practice that the contract does not demand
)

// Result is what one check found. If Err and Unsure are both nil, the check passed.
type Result struct {
	Check    string        // "runWorkflow/unauthorized/missing-key"
	Level    Level         // of Err; of the check if Err is nil
	Rule     string        // what must hold, one sentence, and where the contract says so
	Err      error         // nil: kept; else one line per fault, with what was expected and what came
	Unsure   error         // why it is not known: skipped (errors.Is ErrSkipped), rate limited, or the server stopped
	Curl     string        // the exchange as a shell command, with $AITUTOR_API_KEY for the key
	Duration time.Duration // of the exchange, without waits

	findings []finding
	status   int // of the response; 0: none
}

// ErrSkipped is wrapped by Result.Unsure if the target leaves the check out: Skip, NoRuns, or a field that is not set.
var ErrSkipped = errors.New("skipped")

// Check checks the target. Its error is not about one check: a target that is not complete or cannot be reached, that
// returns 2xx to a request without a key or refuses its own key, an unknown name in Skip, or a ctx that ended before the
// last check.
func Check(ctx context.Context, target Target) (*Report, error) {
	r, err := open(ctx, api.Document(), target)
	if err != nil {
		return nil, err
	}
	defer r.close()
	return r.report(ctx)
}

// report runs all checks.
func (r *runner) report(ctx context.Context) (*Report, error) {
	results := r.run(ctx, r.checks)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("contracttest: stopped before the last check: %w", context.Cause(ctx))
	}
	return &Report{Results: results, strict: r.target.Strict, unseen: r.unseen()}, nil
}

// Checks lists the names of all checks, in their order: what Target.Skip may name.
func Checks() []string {
	s, err := newSuite(api.Document(), Target{APIKey: "placeholder-key", WorkflowID: "wf_placeholder"})
	if err != nil {
		panic("contracttest: the embedded contract: " + err.Error())
	}
	return names(s.checks())
}
