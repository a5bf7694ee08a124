package client

import (
	"cmp"
	"context"
	"encoding/json" // not v2: inputs and outputs are the caller's own types, which mean what the standard library makes of them
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	experiment "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"

	"github.com/aitutor-api/aitutor-go/client/contract"
	"github.com/aitutor-api/aitutor-go/client/internal/payload"
	"github.com/aitutor-api/aitutor-go/client/internal/printable"
	"github.com/aitutor-api/aitutor-go/gen"
)

// Run is the response of a run that is done. It prints, also through [slog], without its text.
//
// Everything in it but RateLimit comes from outside: the IDs, Output, Text and Citations may be anything.
// Code that is tested with a Run of its own sets the fields that it reads: [Run.Decode] reads Body, or else Text.
type Run struct {
	ID        string        // run_id; empty if the service gives none
	Status    string        // "completed"; empty if the service gives none
	Output    gen.RunOutput // the output of the documented variant
	Text      string        // the generated text, from either variant; empty for an output that the contract does not describe
	Citations []string      // the pages that the model read; only if it searched the web
	RateLimit *RateLimit    // nil if the service sent no rate-limit headers
	RequestID string        // the header x-vercel-id or x-request-id; empty if there is neither
	Header    http.Header
	Body      []byte // the response as received, up to the client's limit
}

// RateLimit is the state of the key's rate limit: requests in a window of one second.
type RateLimit struct{ Limit, Remaining int }

// Run runs a workflow with the inputs of the contract and waits for its response: seconds, up to two minutes. Every run
// that starts is billed, also if its response never arrives.
//
// The workflow ID is one path segment of letters, digits, "_" and "-". The errors:
//
//   - [ErrInvalidRequest]: the ID or the inputs break the contract. Nothing was sent.
//   - [*APIError]: the response is not a run.
//   - [*contract.Error]: the run breaks the contract. The *Run beside it has what could be read, and the whole Body.
//   - Any other error is the connection's or the context's, or says that the response is longer than the client's limit.
//     If a 2xx response had begun, the *Run beside it has its Header, and Body as far as it came.
func (c *Client) Run(ctx context.Context, workflowID string, in gen.RunRequest) (*Run, error) {
	inputs, err := encode(in)
	if err != nil {
		return nil, c.refuse(workflowID, "the inputs: "+printable.Line(err.Error()))
	}
	return c.run(ctx, workflowID, inputs, contract.Default)
}

// RunInputs runs a workflow with inputs of its own: anything that encoding/json encodes to a JSON object; anything else,
// nil included, is ErrInvalidRequest. Everything of the response is validated but the fields inside output, which are that
// workflow's own: [Run.Decode] decodes them. Its errors are those of [Client.Run].
func (c *Client) RunInputs(ctx context.Context, workflowID string, inputs any) (*Run, error) {
	encoded, err := json.Marshal(inputs)
	kind := jsontext.Value(encoded).Kind()
	switch {
	case err != nil:
		return nil, c.refuse(workflowID, "the inputs: "+printable.Line(err.Error()))
	case kind == '[':
		return nil, c.refuse(workflowID, "the inputs must encode to a JSON object, not to an array")
	case kind != '{':
		return nil, c.refuse(workflowID, "the inputs must encode to a JSON object, not to "+kind.String())
	}
	return c.run(ctx, workflowID, encoded, contract.AnyWorkflow)
}

// Decode decodes the workflow's output into v as encoding/json does: the output object if the response has one, else
// the JSON in the text. Fields that the output does not have leave v as it was.
func (r *Run) Decode(v any) error {
	output := payload.Decode(r.Body).OutputJSON()
	if output == nil {
		output = []byte(r.Text)
	}
	if !json.Valid(output) {
		return errors.New("decode the run's output: its text is not JSON: tell the workflow to respond in JSON, or use Text")
	}
	if err := json.Unmarshal(output, v); err != nil {
		return fmt.Errorf("decode the run's output: %w", err)
	}
	return nil
}

// String describes the run without its text.
func (r Run) String() string {
	return fmt.Sprintf("run %q %q: %d bytes of text", printable.Clip(r.ID), printable.Clip(r.Status), len(r.Text))
}

// GoString is String.
func (r Run) GoString() string { return r.String() }

// LogValue has the identifiers and sizes of the run, not its text.
func (r Run) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("id", printable.Clip(r.ID)),
		slog.String("status", printable.Clip(r.Status)),
		slog.String("request_id", printable.Clip(r.RequestID)),
		slog.Int("text_bytes", len(r.Text)),
		slog.Int("body_bytes", len(r.Body)),
	)
}

// encode encodes a generated type, whose omitempty is that of encoding/json.
func encode(v any) ([]byte, error) {
	return experiment.Marshal(v, jsonv1.OmitEmptyWithLegacySemantics(true))
}

// run runs a workflow with inputs, a JSON object.
func (c *Client) run(ctx context.Context, workflowID string, inputs []byte, validator func() *contract.Validator) (*Run, error) {
	switch {
	case ctx == nil:
		return nil, c.refuse(workflowID, "the context is nil")
	case !isSegment(workflowID):
		return nil, c.refuse(workflowID, `the workflow ID must be one path segment of letters, digits, "_" and "-"`)
	}
	call := &call{workflowID: workflowID, validator: validator}
	ctx = context.WithValue(ctx, callKey{}, call)
	res, err := c.API().RunWorkflowWithBody(ctx, workflowID, "application/json", newMemory(inputs)) //nolint:bodyclose // in memory
	if res == nil {
		return nil, err
	}
	return c.doer.runOf(call, res, err)
}

// refuse is the error of an argument that nothing was sent for.
func (c *Client) refuse(workflowID, problem string) error {
	key := cmp.Or(c.doer, unmade).key
	return key.Error(fmt.Errorf("%s: %w: %s", callName(key.Text(workflowID)), ErrInvalidRequest, problem))
}

func callName(workflowID string) string {
	if isSegment(workflowID) {
		return "run workflow " + printable.Clip(workflowID)
	}
	return fmt.Sprintf("run workflow %.64q", workflowID)
}

// isSegment reports whether a workflow ID is a path segment that no server and no proxy reads as anything else: the
// generated client resolves ".." against the path. It is the pattern of the contract's workflow_id.
func isSegment(id string) bool {
	for _, r := range id {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '-' {
			return false
		}
	}
	return id != ""
}
