package client

import (
	"bytes"
	"context"
	"encoding/json" // not v2: inputs and outputs are the caller's types, with the usual meaning
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"reflect"

	experiment "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"

	"github.com/aitutor-api/aitutor-go/client/contract"
	"github.com/aitutor-api/aitutor-go/client/internal/payload"
	"github.com/aitutor-api/aitutor-go/client/internal/printable"
	"github.com/aitutor-api/aitutor-go/client/internal/redact"
	"github.com/aitutor-api/aitutor-go/gen"
)

// Run is the response of a run that is done. A *Run prints, also through [slog], without its text; a copy, which is no
// pointer, prints with it.
//
// Everything in it but RateLimit comes from outside: treat the IDs, Output, Text and Citations as untrusted, and escape
// them before HTML, SQL or a shell. Code that is tested with its own Run sets the fields that it reads: [Run.Decode]
// reads Body, or else Text.
type Run struct {
	ID        string        // run_id; empty if the service gives none
	Status    string        // "completed"; empty if the service gives none
	Output    gen.RunOutput // the output of the documented variant
	Text      string        // the generated text, from either variant; empty for an undescribed output
	Citations []string      // the pages that the model read; only if it searched the web
	RateLimit *RateLimit    // nil if the service sent no rate-limit headers
	RequestID string        // the header x-vercel-id or x-request-id; empty if there is neither
	Header    http.Header
	Body      []byte // the response as received, up to the client's limit
}

// RateLimit is the state of the key's rate limit: requests in a window of one second.
type RateLimit struct{ Limit, Remaining int }

// Run runs a workflow with the inputs of the contract and waits for its response: seconds, up to five minutes. Every
// run that starts is billed, even if its response never arrives.
//
// The workflow ID is one path segment of letters, digits, "_" and "-". The errors:
//
//   - [*ArgumentError]: the ID or the inputs break the contract. Nothing was sent. It is an [ErrInvalidRequest].
//   - [*APIError]: the response is not a run.
//   - [*contract.Error]: the run breaks the contract. The *Run beside it has what could be read, and the whole Body.
//   - Any other error is the connection's or the context's, or says that the response is longer than the
//     client's limit.
//     If a 2xx response had begun, the *Run beside it has its Header, and Body as far as it came.
func (c *Client) Run(ctx context.Context, workflowID string, in gen.RunRequest) (*Run, error) {
	inputs, err := encode(in)
	if err != nil {
		return nil, c.refuse(workflowID, "inputs", "the inputs: "+printable.Line(err.Error()))
	}
	return c.run(ctx, workflowID, inputs, contract.Default)
}

// RunInputs runs a workflow with its own inputs: anything that encoding/json encodes to a JSON object; anything else,
// nil included, is ErrInvalidRequest. Everything of the response is validated but the fields inside output, which are
// that workflow's own: [Run.Decode] decodes them. Its errors are those of [Client.Run].
func (c *Client) RunInputs(ctx context.Context, workflowID string, inputs any) (*Run, error) {
	encoded, err := encodeCustom(inputs)
	kind := jsontext.Value(encoded).Kind()
	switch {
	case err != nil:
		return nil, c.refuse(workflowID, "inputs", "the inputs: "+printable.Line(err.Error()))
	case kind == '[':
		return nil, c.refuse(workflowID, "inputs", "the inputs must encode to a JSON object, not to an array")
	case kind != '{':
		return nil, c.refuse(workflowID, "inputs", "the inputs must encode to a JSON object, not to "+kind.String())
	}
	return c.run(ctx, workflowID, encoded, contract.AnyWorkflow)
}

// Decode decodes the workflow's output into v as encoding/json does: the output object if the response has one, else
// the JSON in the text. The text may have the JSON in one fence of three backticks, as models write it, or be a JSON
// string that holds an object or an array. Fields that the output does not have leave v as it was.
func (r *Run) Decode(v any) error {
	output := payload.Decode(r.Body).OutputJSON()
	if output == nil {
		output = unfenced([]byte(r.Text))
		if inner, ok := innerJSON(output); ok {
			output = inner
		}
	}
	if !json.Valid(output) {
		return errors.New("decode the run's output: its text is not JSON: tell the workflow to respond in JSON, or use Text")
	}
	if err := json.Unmarshal(output, v); err != nil {
		return fmt.Errorf("decode the run's output: %w", err)
	}
	return nil
}

// unfenced returns what stands in the one fence that text is, or text.
func unfenced(text []byte) []byte {
	inner, opened := bytes.CutPrefix(bytes.TrimSpace(text), []byte("```"))
	inner, closed := bytes.CutSuffix(inner, []byte("```"))
	if !opened || !closed {
		return text
	}
	return bytes.TrimPrefix(inner, []byte("json"))
}

// innerJSON returns the object or array that a JSON string holds.
func innerJSON(text []byte) ([]byte, bool) {
	var inner string
	if json.Unmarshal(text, &inner) != nil {
		return nil, false
	}
	output := unfenced([]byte(inner))
	kind := jsontext.Value(output).Kind()
	return output, (kind == '{' || kind == '[') && json.Valid(output)
}

// String describes the run without its text.
func (r *Run) String() string {
	if r == nil {
		return "<nil>"
	}
	return fmt.Sprintf("run %q %q: %d bytes of text", printable.Clip(r.ID), printable.Clip(r.Status), len(r.Text))
}

// GoString returns String.
func (r *Run) GoString() string { return r.String() }

// LogValue has the identifiers and sizes of the run, not its text.
func (r *Run) LogValue() slog.Value {
	if r == nil {
		return slog.Value{}
	}
	return slog.GroupValue(
		slog.String("id", printable.Clip(r.ID)),
		slog.String("status", printable.Clip(r.Status)),
		slog.String("request_id", printable.Clip(r.RequestID)),
		slog.Int("text_bytes", len(r.Text)),
		slog.Int("body_bytes", len(r.Body)),
	)
}

// run runs a workflow with inputs, a JSON object.
func (c *Client) run(
	ctx context.Context, workflowID string, inputs []byte, validator func() *contract.Validator,
) (*Run, error) {
	switch {
	case ctx == nil:
		return nil, c.refuse(workflowID, "ctx", "the context is nil")
	case !isSegment(workflowID):
		const reason = `the workflow ID must be one path segment of letters, digits, "_" and "-"`
		return nil, c.refuse(workflowID, "workflowID", reason)
	}
	call := &call{config: c.config, validator: validator, workflowID: workflowID, inputs: inputs}
	res, err := runWorkflow(ctx, c.generated(call).RunWorkflowWithBody, workflowID, inputs) //nolint:bodyclose // in memory
	if res == nil {
		return nil, err
	}
	return call.runOf(res, err)
}

type runMethod = func(
	context.Context, gen.WorkflowID, string, io.Reader, ...gen.RequestEditorFn,
) (*http.Response, error)

// runWorkflow calls gen's RunWorkflowWithBody. If the contract gives the operation parameters, other than the
// workflow's ID, the method has one more argument for them, which is nil here: API sends them.
func runWorkflow(ctx context.Context, method any, workflowID string, inputs []byte) (*http.Response, error) {
	const contentType = "application/json"
	body := bytes.NewReader(inputs)
	if run, ok := method.(runMethod); ok {
		return run(ctx, workflowID, contentType, body)
	}
	run := reflect.ValueOf(method)
	out := run.Call([]reflect.Value{
		reflect.ValueOf(ctx), reflect.ValueOf(workflowID), reflect.Zero(run.Type().In(2)),
		reflect.ValueOf(contentType), reflect.ValueOf(body),
	})
	res, _ := reflect.TypeAssert[*http.Response](out[0])
	err, _ := reflect.TypeAssert[error](out[1])
	return res, err
}

// encode encodes a generated type, whose omitempty is that of encoding/json.
func encode(v any) ([]byte, error) {
	return experiment.Marshal(v, jsonv1.OmitEmptyWithLegacySemantics(true))
}

// encodeCustom encodes inputs as encoding/json does, but returns an error for a text that is no UTF-8, which
// encoding/json replaces without a word.
func encodeCustom(inputs any) ([]byte, error) {
	encoded, err := json.Marshal(inputs)
	if err != nil || !bytes.Contains(encoded, []byte(`\ufffd`)) { // as which it writes such a text, and seldom another
		return encoded, err
	}
	_, err = experiment.Marshal(inputs, jsonv1.DefaultOptionsV1(), jsontext.AllowInvalidUTF8(false))
	return encoded, err
}

// refuse returns the error of an argument that nothing was sent for.
func (c *Client) refuse(workflowID, field, reason string) error {
	var key redact.Secret
	if c.config != nil {
		key = c.key
	}
	return (&ArgumentError{Field: field, Reason: reason}).of(callName(key.Text(workflowID)), key)
}
