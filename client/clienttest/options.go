package clienttest

import (
	"context"
	"fmt"
	"time"
)

// An Option changes what a server does.
type Option func(*service)

// WithWorkflow adds a workflow with other inputs: any JSON object reaches run, which returns the workflow's output.
// With the ID of the spec's example (Server.WorkflowID) it replaces the workflow that every server has, and the spec's
// inputs are no longer required of it.
//
// The output is the object output of the response. With WithTextResults it is the text result: the string if the
// output holds one string and nothing else, and the output as JSON text otherwise. An error of run, or an output that
// does not encode to JSON, is a 500 with the code workflow_run_failed and the error's text; the run counts. The
// context of run ends when the client goes away or the server is closed. Run is called for many requests at once.
//
// NewServer panics if the ID breaks the spec's rule for one (letters, digits, _ and -) or run is nil.
func WithWorkflow(
	id string,
	run func(ctx context.Context, inputs map[string]any) (output map[string]any, err error),
) Option {
	return func(s *service) {
		if err := s.contract.visit(s.contract.workflowIDSchema, id); err != nil {
			panic(fmt.Sprintf("clienttest: WithWorkflow: %q is not a workflow ID: "+
				"the spec allows one path segment of letters, digits, _ and -", id))
		}
		if run == nil {
			panic(fmt.Sprintf("clienttest: WithWorkflow: the function of %q is nil", id))
		}
		s.workflows[id] = workflow{run: func(ctx context.Context, inputs map[string]any) (any, error) {
			output, err := run(ctx, inputs)
			if err != nil {
				return nil, err
			}
			return s.runResponse(output)
		}}
	}
}

// WithTextResults makes the server respond in the deployed variant: runs as TextRun and errors as FlatError. Without it
// the server responds in the documented variant: CompletedRun and Error.
func WithTextResults() Option {
	return func(s *service) { s.textResults = true }
}

// WithCitations makes runs respond with citations, the addresses of pages that the model read, and implies
// [WithTextResults]: the documented variant has none. Without addresses they are those of the spec's example.
func WithCitations(citations ...string) Option {
	return func(s *service) { s.textResults, s.cites, s.citations = true, true, citations }
}

// Lenient makes the server run whatever a valid key sends to a workflow that exists, as the service does: the content
// type and the inputs are not looked at, and a body that is no JSON object is an empty one. It is for tests of code
// that must not rely on a 400.
func Lenient() Option {
	return func(s *service) { s.lenient = true }
}

// WithDelay makes each run take d longer. A run ends early when its client goes away or the server is closed; it
// counts all the same. NewServer panics if d is negative.
func WithDelay(d time.Duration) Option {
	return func(s *service) {
		if d < 0 {
			panic(fmt.Sprintf("clienttest: WithDelay: %v is negative", d))
		}
		s.delay = d
	}
}

// WithAddress makes the server listen on a host and port, such as 127.0.0.1:8080, instead of a free port of the
// loopback interface. NewServer panics if it cannot.
func WithAddress(address string) Option {
	return func(s *service) { s.address = address }
}
