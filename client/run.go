package client

import (
	"context"
	"encoding/json" // not v2: inputs and outputs are the caller's own types, which mean what the standard library makes of them
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/aitutor-api/aitutor-go/client/contract"
	"github.com/aitutor-api/aitutor-go/client/internal/printable"
	"github.com/aitutor-api/aitutor-go/gen"
)

// Run is the answer of a run that is done. It prints without its text, which may be anything.
type Run struct {
	ID        string        // run_id; empty where the service gives none
	Status    string        // "completed"; empty where the service gives none
	Output    gen.RunOutput // the documented form's output
	Text      string        // the generated text, from either form; empty for an output that the contract does not describe
	Citations []string      // the pages that the model read; only when it searched the web
	RateLimit *RateLimit    // nil where the service sent no rate-limit headers
	Header    http.Header
	Body      []byte // the answer, as received
}

// RateLimit is the state of the key's rate limit: requests in a window of one second.
type RateLimit struct{ Limit, Remaining int }

// Run runs a workflow with the contract's inputs, in, and waits for its answer: seconds, up to two minutes. Every run
// that starts is billed, also when its answer never arrives.
//
// The workflow ID is one path segment of letters, digits, "_" and "-". Errors: [ErrInvalidRequest] before anything is
// sent, for an ID or inputs that break the contract; [*APIError] for every answer that is not a run;
// [*contract.Error] for a run that breaks the contract, which has the body. Any other error is of the connection, or of a
// contract that names no server or no such operation.
func (c *Client) Run(ctx context.Context, workflowID string, in gen.RunRequest) (*Run, error) {
	inputs, err := marshal(in)
	if err != nil {
		return nil, c.refuse(workflowID, "the inputs: "+c.key.redact(printable.Line(err.Error())))
	}
	return c.run(ctx, &call{workflowID: workflowID, inputs: inputs, validator: contract.Default()})
}

// RunInputs runs a workflow with inputs of its own: anything that encodes to a JSON object, as encoding/json does it;
// anything else, nil included, is ErrInvalidRequest.
// Everything of the answer is validated but the fields inside output, which are that workflow's own: [Run.Decode] is the
// way to them. Its errors are those of [Client.Run].
func (c *Client) RunInputs(ctx context.Context, workflowID string, inputs any) (*Run, error) {
	encoded, err := json.Marshal(inputs)
	if err != nil {
		return nil, c.refuse(workflowID, "the inputs: "+c.key.redact(printable.Line(err.Error())))
	}
	if kind := jsontext.Value(encoded).Kind(); kind != '{' {
		return nil, c.refuse(workflowID, "the inputs must encode to a JSON object, not to "+kind.String())
	}
	return c.run(ctx, &call{workflowID: workflowID, inputs: encoded, validator: contract.AnyWorkflow()})
}

// Decode decodes the workflow's output into v as encoding/json does it: the output object where the answer has one, else
// the JSON that the text holds. Fields that the output does not have leave v as it was.
func (r *Run) Decode(v any) error {
	var answer struct {
		Output jsontext.Value `json:"output"`
		Result jsontext.Value `json:"result"`
	}
	decodeFitting(r.Body, &answer)
	output := []byte(r.Text)
	kind := jsonKind(answer.Output.Kind())
	if kind == '{' || kind.isPresent() && !jsonKind(answer.Result.Kind()).isPresent() {
		output = answer.Output
	}
	if !json.Valid(output) {
		return errors.New("decode the run's output: its text is not JSON: tell the workflow to answer in JSON, or use Text")
	}
	if err := json.Unmarshal(output, v); err != nil {
		return fmt.Errorf("decode the run's output: %w", err)
	}
	return nil
}

// String tells of the run without its text.
func (r Run) String() string {
	return fmt.Sprintf("run %q %s: %d bytes of text", r.ID, r.Status, len(r.Text))
}

// GoString is String, so that %#v does not print the text either.
func (r Run) GoString() string { return r.String() }

// call is one call of Run: what every attempt of it sends, and how its answer is held against the contract.
type call struct {
	server     string
	workflowID string
	inputs     []byte // a JSON object
	validator  *contract.Validator
}

// run checks the workflow ID and sends the call, and sends it again as long as the run certainly did not start.
func (c *Client) run(ctx context.Context, call *call) (*Run, error) {
	if ctx == nil {
		return nil, c.refuse(call.workflowID, "the context is nil")
	}
	if !isSegment(call.workflowID) {
		return nil, c.refuse(call.workflowID, `the workflow ID must be one path segment of letters, digits, "_" and "-"`)
	}
	if key := c.key.key(); call.workflowID == key || len(key) >= 16 && strings.Contains(call.workflowID, key) {
		return nil, c.refuse(call.workflowID, "the workflow ID holds the API key") // a short key may be in one by chance
	}
	to, err := c.server()
	if err != nil {
		return nil, fmt.Errorf("run workflow %.64q: %w", c.key.redact(call.workflowID), err)
	}
	call.server = to
	req, err := c.newRequest(ctx, call, &oneSend{})
	if err == nil {
		err = call.validator.ValidateRequest(req)
	}
	var broken *contract.Error
	switch {
	case errors.As(err, &broken):
		lines := make([]string, len(broken.Violations))
		for i, violation := range broken.Violations {
			lines[i] = violation.String()
		}
		return nil, c.refuse(call.workflowID, "the inputs: "+c.key.redact(printable.Line(strings.Join(lines, "; "))))
	case err != nil:
		return nil, fmt.Errorf("run workflow %.64q: %w", c.key.redact(call.workflowID), c.key.redactError(err))
	}
	return c.retry(ctx, call)
}

// isSegment reports whether a workflow ID is a path segment that no server and no proxy reads as anything else. It is
// the pattern of the contract's workflow_id.
func isSegment(id string) bool {
	for i := range len(id) {
		switch b := id[i]; {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9', b == '_', b == '-':
		default:
			return false
		}
	}
	return id != ""
}

// refuse is the error of a call whose arguments are wrong: nothing was sent.
func (c *Client) refuse(workflowID, problem string) error {
	return fmt.Errorf("run workflow %.64q: %w: %s", c.key.redact(workflowID), ErrInvalidRequest, problem)
}
