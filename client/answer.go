package client

import (
	"cmp"
	"context"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/aitutor-api/aitutor-go/gen"
)

// answer makes a Run of a whole answer that is one, and an error of any other.
func (c *Client) answer(ctx context.Context, call *call, req *http.Request, res *http.Response, body []byte, cut error) (*Run, error) {
	readable := body
	if cut != nil && tooManyValues(body) { // the tree of its JSON would be a hundred times as large
		readable = body[:min(len(body), 64<<10)]
	}
	tree, violations := call.operation.checkResponse(req, res.StatusCode, res.Header, readable)
	object, _ := tree.(map[string]any)
	whole := cut == nil && res.StatusCode/100 == 2
	if whole && isRun(object) && len(violations) == 0 {
		return c.newRun(res, object, body, body), nil
	}
	broken, unread := decodeBrokenTree(readable) // what the contract does not call JSON may be readable
	object, _ = broken.(map[string]any)
	whole = whole && (unread == nil || errors.Is(unread, errTrailingData))
	violation := c.violation(req, res, body, violations)
	if !whole || !isRun(object) {
		if violation != nil && c.onViolation != nil && cut == nil {
			_ = c.onViolation(ctx, violation) // which has no say in it: there is no run to return
		}
		return nil, c.apiError(call, res, body, object, violation, cut)
	}
	if c.onViolation == nil {
		return nil, violation
	}
	refusal := c.onViolation(ctx, violation)
	var described *ValidationError
	switch {
	case refusal == nil:
		data, _ := stdjson.Marshal(object)
		return c.newRun(res, object, body, data), nil
	case errors.As(refusal, &described):
		return nil, refusal
	}
	return nil, fmt.Errorf("%w: %w", refusal, violation)
}

// isRun reports whether an answer's object is a run, maybe a broken one, and no error.
func isRun(object map[string]any) bool {
	_, documented := object["output"]
	_, deployed := object["result"]
	_, failed := object["error"]
	return object != nil && object["success"] != false && (documented || deployed || !failed)
}

// newRun makes a Run of an answer whose JSON is data, decoded in object.
func (c *Client) newRun(res *http.Response, object map[string]any, body, data []byte) *Run {
	run := &Run{RateLimit: rateLimit(res.Header), Header: c.key.redactHeader(res.Header), Body: body}
	_, documented := object["output"]
	_, deployed := object["result"].(string)
	if documented {
		var answer gen.CompletedRun
		decode(data, &answer)
		run.ID, run.Status = c.key.redact(answer.RunID), c.key.redact(answer.Status)
		run.Output, run.Text = answer.Output, outputText(answer.Output)
	}
	if deployed || !documented {
		var answer gen.TextRun
		decode(data, &answer)
		run.Text, run.Citations = cmp.Or(run.Text, answer.Result), answer.Citations
	}
	return run
}

// decode decodes what fits of data: the output of another workflow may not.
func decode(data []byte, answer any) {
	if json.Unmarshal(data, answer) != nil {
		_ = stdjson.Unmarshal(data, answer) // which goes on after a field of another type
	}
}

func rateLimit(header http.Header) *RateLimit {
	limit, err := strconv.Atoi(header.Get("X-Ratelimit-Limit"))
	remaining, err2 := strconv.Atoi(header.Get("X-Ratelimit-Remaining"))
	if err != nil || err2 != nil {
		return nil
	}
	return &RateLimit{Limit: limit, Remaining: remaining}
}

// violation is the ValidationError of an answer, or nil where there is none.
func (c *Client) violation(req *http.Request, res *http.Response, body []byte, violations []Violation) *ValidationError {
	if len(violations) == 0 {
		return nil
	}
	for i := range violations {
		violations[i].Pointer = c.key.redact(violations[i].Pointer)
		violations[i].Message = c.key.redact(violations[i].Message)
	}
	return &ValidationError{
		Method: req.Method, Path: c.key.redact(req.URL.EscapedPath()), StatusCode: res.StatusCode, Violations: violations, Body: body,
	}
}

// apiError is the error of an answer that is not a run, of which object is what could be read.
func (c *Client) apiError(call *call, res *http.Response, body []byte, object map[string]any, violation *ValidationError, cut error) *APIError {
	code, message := describe(object)
	if object == nil {
		message = c.gatewayText(res.Header, body)
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
		cause:      cut,
	}
}

// describe finds the service's code and message in an error of either form, also in one that breaks the contract.
func describe(object map[string]any) (code, message string) {
	code, _ = object["code"].(string)
	message, _ = object["error"].(string)
	if detail, ok := object["error"].(map[string]any); ok {
		inner, _ := detail["code"].(string)
		code = cmp.Or(inner, code)
		message, _ = detail["message"].(string)
	}
	return code, message
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
	return text[:max(0, len(text)-len(c.key.key()))] // where the text was cut, the key may have been
}
