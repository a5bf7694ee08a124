package client

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/aitutor-api/aitutor-go/client/contract"
)

// answer makes a Run of a whole answer that is one, and an error of any other.
func (c *Client) answer(ctx context.Context, call *call, req *http.Request, res *http.Response, body []byte, cut error) (*Run, error) {
	var fields runFields
	strict := cut == nil && json.Unmarshal(body, &fields) == nil
	violation := c.violation(req, res, call.validator, body, cut)
	whole := cut == nil && res.StatusCode/100 == 2
	if whole && strict && violation == nil && fields.areOfRun() {
		return c.newRun(res, &fields, body), nil
	}
	object, unread := readEnvelope(body) // what the contract does not call JSON may be readable
	whole = whole && (unread == nil || errors.Is(unread, errTrailingData))
	if !whole || !object.isRun() {
		if violation != nil && c.onViolation != nil && cut == nil {
			_ = c.onViolation(ctx, violation) // which has no say in it: there is no run to return
		}
		return nil, c.apiError(call, res, body, object, violation, cut)
	}
	if violation != nil {
		if c.onViolation == nil {
			return nil, violation
		}
		if err := c.onViolation(ctx, violation); err != nil {
			return nil, &refusal{err, violation}
		}
	}
	fields = runFields{}
	decodeFitting(body, &fields) // the output of another workflow may have fields of another type
	return c.newRun(res, &fields, body), nil
}

// newRun makes a Run of an answer that is one, of which fields could be read.
func (c *Client) newRun(res *http.Response, fields *runFields, body []byte) *Run {
	run := &Run{
		ID: c.key.redact(fields.RunID), Status: c.key.redact(fields.Status), Citations: fields.Citations,
		RateLimit: rateLimit(res.Header), Header: c.key.redactHeader(res.Header), Body: body,
	}
	if fields.Output != nil {
		run.Output, run.Text = *fields.Output, outputText(*fields.Output)
	}
	if fields.Result != nil {
		run.Text = cmp.Or(run.Text, *fields.Result)
	}
	return run
}

func rateLimit(header http.Header) *RateLimit {
	limit, err := strconv.Atoi(header.Get("X-Ratelimit-Limit"))
	remaining, err2 := strconv.Atoi(header.Get("X-Ratelimit-Remaining"))
	if err != nil || err2 != nil {
		return nil
	}
	return &RateLimit{Limit: limit, Remaining: remaining}
}

// violation is how a response breaks the contract, or nil where it does not.
func (c *Client) violation(req *http.Request, res *http.Response, v *contract.Validator, body []byte, cut error) *contract.Error {
	seen := *res
	seen.Request, seen.Body = req, inMemory{bytes.NewReader(body), body}
	var broken *contract.Error
	if !errors.As(v.ValidateResponse(&seen), &broken) {
		return nil
	}
	broken.Path, broken.Body = c.key.redact(broken.Path), body
	for i := range broken.Violations {
		broken.Violations[i].Pointer = c.key.redact(broken.Violations[i].Pointer)
		broken.Violations[i].Message = c.key.redact(broken.Violations[i].Message)
	}
	return broken
}

// inMemory is a body that the Validator need not copy.
type inMemory struct {
	*bytes.Reader
	data []byte
}

func (inMemory) Close() error    { return nil }
func (b inMemory) Bytes() []byte { return b.data }

// apiError is the error of an answer that is not a run, of which object is what could be read.
func (c *Client) apiError(call *call, res *http.Response, body []byte, object *envelope, violation *contract.Error, cut error) *APIError {
	code, message := "", c.gatewayText(res.Header, body)
	if object != nil {
		code, message = object.describe()
	}
	header := c.key.redactHeader(res.Header)
	return &APIError{
		StatusCode: res.StatusCode,
		Code:       c.key.redact(code),
		Message:    c.key.redact(message),
		RequestID:  cmp.Or(header.Get("x-vercel-id"), header.Get("x-request-id")),
		Header:     header,
		Body:       body,
		Violation:  violation,
		workflowID: c.key.redact(call.workflowID),
		hasOutput:  object.hasOutput(),
		cause:      cut,
	}
}

// gatewayText is the text, or the beginning of it, that a gateway answers in the service's place.
func (c *Client) gatewayText(header http.Header, body []byte) string {
	if mediaType, _, _ := mime.ParseMediaType(header.Get("Content-Type")); mediaType != "text/plain" {
		return ""
	}
	const limit = 4096
	if len(body) <= limit {
		return strings.TrimSpace(string(body))
	}
	text := c.key.redact(string(body[:limit]))
	return strings.ToValidUTF8(text[:max(0, len(text)-c.key.longest())], "\uFFFD") // where the text was cut, the key may have been
}
