// Package contracttest holds any server against the contract of the AI Tutor API: the service itself, a proxy, a
// stand-in, a new version. One call, [Run], in a Go test finds every way in which a server breaks the contract; [Check]
// does the same without a test, for monitors and command lines.
//
// The requests are made from api/openapi.yaml, its example and its schema of the inputs: a changed contract changes the
// checks. Each check sends one request. Whatever a check is about, its answer must keep the contract (status, content
// type, headers, schema, JSON without faults), its success must agree with its status, and it must be no redirect, no
// 5xx, and without the key. The documented form and the deployed form of an answer both pass.
//
// Some checks start a run, and a server with a fault may start, and bill, more: [Target.NoRuns] leaves them out. An
// answer of 429, which is never billed, is waited out and asked for again, a few times.
package contracttest

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	"github.com/aitutor-api/aitutor-go/api"
)

// Target is a server to hold against the contract.
type Target struct {
	// BaseURL is where a running server is, with a path prefix where it has one: https, or http on a loopback host.
	BaseURL string
	// Handler, in place of BaseURL, is served on loopback while the checks run.
	Handler http.Handler
	// HTTPClient sends the requests. It is copied, never changed, and follows no redirect. Default: a client of the kit's own.
	HTTPClient *http.Client
	// APIKey is a valid key of an account that may run the workflow. No error and no curl command shows it, but one of
	// fewer than eight characters is taken for a placeholder and not looked for in answers.
	APIKey string
	// WorkflowID is a workflow of that account.
	WorkflowID string
	// Inputs is a valid request, anything that encodes to a JSON object. Default: the contract's example. Inputs that
	// do not fit the contract's schema are another workflow's: the checks that the schema says something for
	// (request/missing-..., request/...-is-null) are then left out, and the fields inside output, which are that
	// workflow's own, may be anything.
	Inputs any
	// Skip names checks to leave out, as Checks lists them. A name that is no check's is an error.
	Skip []string
	// NoRuns leaves out every check that a server might bill: each with a valid key, the workflow, and a body that
	// could pass for its inputs.
	NoRuns bool
}

// Report is what the checks of a target found.
type Report struct {
	Results []Result // in the order of Checks; without the checks that were left out
}

// Result is what one check found.
type Result struct {
	Check string // "unauthorized/missing-key"
	Err   error  // nil: kept; else a line for each fault, with what was expected and what came
	Curl  string // the exchange as a shell command, $AITUTOR_API_KEY in the key's place
}

// Failures are the results with an error.
func (r *Report) Failures() []Result {
	var failures []Result
	for _, result := range r.Results {
		if result.Err != nil {
			failures = append(failures, result)
		}
	}
	return failures
}

// Check holds target against the contract. Its error is not about the contract: a target that is not complete or
// cannot be reached, a wrong name in Skip, or a ctx that ended before the last check.
func Check(ctx context.Context, target Target) (*Report, error) {
	k, err := open(ctx, api.Document(), target)
	if err != nil {
		return nil, err
	}
	defer k.close()
	return k.run(ctx)
}

// Checks lists the names of all checks, in their order: what Target.Skip may name.
func Checks() []string {
	m, err := newMaterial(api.Document(), Target{APIKey: "key", WorkflowID: unknownWorkflow})
	if err != nil {
		panic("contracttest: the embedded contract: " + err.Error())
	}
	return names(m.checks())
}

// run does every check that is not left out.
func (k *kit) run(ctx context.Context) (*Report, error) {
	var checks []check
	for _, c := range k.checks {
		if k.leftOut(c) == "" {
			checks = append(checks, c)
		}
	}
	results := make([]Result, len(checks))
	var wait sync.WaitGroup
	for i, c := range checks {
		wait.Go(func() { results[i] = k.do(ctx, c) })
	}
	wait.Wait()
	if ctx.Err() != nil {
		return nil, fmt.Errorf("contracttest: stopped before the last check: %w", context.Cause(ctx))
	}
	return &Report{Results: results}, nil
}
