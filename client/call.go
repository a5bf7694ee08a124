package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/aitutor-api/aitutor-go/client/contract"
	"github.com/aitutor-api/aitutor-go/client/internal/operation"
	"github.com/aitutor-api/aitutor-go/client/internal/printable"
)

// call is one call of an operation: the doer of the one request that the generated client builds for it. Every
// guarantee about a call is enforced here, in this order.
type call struct {
	*config
	validator  func() *contract.Validator // parses the contract when it is first called
	workflowID string                     // of a helper; "" through API
	inputs     []byte                     // of a helper: the body of its request

	op        operation.Operation
	body      []byte          // of the response
	violation *contract.Error // set even if the violation handler accepted it
	cut       *callError      // set if there is no whole response
}

// apiDoer makes a call for each request of API.
type apiDoer struct{ *config }

func (d apiDoer) Do(req *http.Request) (*http.Response, error) {
	return (&call{config: d.config, validator: contract.Default}).Do(req)
}

// Do sends req and returns its response, read whole and validated against the contract. Beside an error it returns the
// response as far as it came, or nil if there is none.
func (c *call) Do(req *http.Request) (*http.Response, error) {
	if c.config == nil {
		return nil, errors.New("the Client was not made by New or FromEnv")
	}
	var body []byte
	var err error
	if c.op, err = operation.Of(req, c.baseURL); err != nil {
		return nil, fmt.Errorf("%s: %w", c.name(req), err)
	}
	authorized := c.authorize(req)
	err = c.checkTarget(req)
	if err == nil {
		body, err = c.requestBody(req)
	}
	if err == nil {
		err = c.checkRequest(authorized, body)
	}
	if err != nil {
		return nil, c.refused(req, err)
	}
	last := c.send(authorized, body, c.op.Streams && c.workflowID == "")
	res := last.res
	if res == nil {
		return nil, c.cutOff(req, last)
	}
	c.body = last.body
	res.Request = req // as it was built: a transport may have changed what it was given
	if last.err != nil {
		err = c.cutOff(req, last)
	} else {
		err = c.checkResponse(res)
	}
	res.Status, res.Header, res.Trailer = c.key.Text(res.Status), c.key.Header(res.Header), c.key.Header(res.Trailer)
	if !last.streams {
		res.Body = io.NopCloser(bytes.NewReader(c.body))
	}
	return res, err
}

// name says what is being done, for errors.
func (c *call) name(req *http.Request) string {
	if c.workflowID == "" {
		// Clipping first could leave part of the key.
		return req.Method + " " + printable.Clip(c.key.Text(req.URL.EscapedPath()))
	}
	return callName(c.key.Text(c.workflowID))
}

// authorize returns a copy of req with the key, where the contract wants it.
func (c *call) authorize(req *http.Request) *http.Request {
	authorized := *req
	if authorized.Header = req.Header.Clone(); authorized.Header == nil {
		authorized.Header = make(http.Header)
	}
	for _, credential := range c.op.Credentials {
		credential.Set(&authorized, c.key.Reveal())
	}
	authorized.Header.Set("User-Agent", c.userAgent)
	if authorized.Header.Get("Accept") == "" && c.op.Accept != "" {
		authorized.Header.Set("Accept", c.op.Accept)
	}
	return &authorized
}

// checkTarget returns an error if req is not for the base URL.
func (c *call) checkTarget(req *http.Request) error {
	base := c.baseURL
	switch {
	case req.URL.Scheme != base.Scheme || req.URL.Host != base.Host:
		return fmt.Errorf("the request is for %s://%s, not for the base URL", req.URL.Scheme, req.URL.Host)
	case req.Host != "" && req.Host != base.Host, req.URL.Opaque != "": // a proxy or a CDN routes by them
		return errors.New("the request has a Host or an opaque URL that is not of the base URL")
	case c.key.IsInURL(req.URL):
		return errors.New("the URL holds the API key")
	}
	return nil
}

// requestBody returns the body of a request, whatever its length.
func (c *call) requestBody(req *http.Request) ([]byte, error) {
	if c.inputs != nil || req.Body == nil {
		return c.inputs, nil
	}
	defer func() { _ = req.Body.Close() }()
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, fmt.Errorf("read the body: %w", err)
	}
	return body, nil
}

// checkRequest validates a request against the contract. A request that breaks it is a bad argument of the caller.
func (c *call) checkRequest(req *http.Request, body []byte) error {
	err := c.validator().CheckRequest(req, body)
	broken, ok := errors.AsType[*contract.Error](err)
	if !ok {
		return err
	}
	problem := &ArgumentError{}
	lines := make([]string, len(broken.Violations))
	for i, violation := range broken.Violations {
		lines[i] = violation.String()
		if field, ok := strings.CutPrefix(violation.Pointer, "/"); ok && isBlank(body, field) {
			lines[i] = "the " + field + " is blank"
		}
		if i == 0 {
			problem.Field, problem.Reason = strings.TrimPrefix(violation.Pointer, "/"), violation.Message
			if lines[i] != violation.String() {
				problem.Reason = lines[i]
			}
		}
	}
	problem.text = printable.Line(strings.Join(lines, "; "))
	return problem
}

// isBlank reports whether an input is a text without a character.
func isBlank(inputs []byte, name string) bool {
	var values map[string]any
	if json.Unmarshal(inputs, &values) != nil {
		return false
	}
	text, ok := values[name].(string)
	return ok && strings.TrimSpace(text) == ""
}

// checkResponse validates res against the contract, and asks the violation handler if it breaks it.
func (c *call) checkResponse(res *http.Response) error {
	broken, ok := errors.AsType[*contract.Error](c.validator().CheckResponse(res, c.body))
	if !ok {
		return nil
	}
	broken.Path = c.key.Text(broken.Path)
	for i, violation := range broken.Violations {
		broken.Violations[i].Pointer = c.key.Text(violation.Pointer)
		broken.Violations[i].Message = c.key.Text(violation.Message)
	}
	c.violation = broken
	var err error = broken
	if c.onViolation != nil {
		err = c.onViolation(res.Request.Context(), broken)
	}
	switch {
	case err == nil && c.isReadable(res):
		return nil
	case err == nil, err == error(broken) && c.workflowID == "": //nolint:errorlint // the very error, which names the call
		return broken
	}
	return &violationError{c.name(res.Request), err, broken, c.op.IsRun && res.StatusCode/100 == 2}
}

// isReadable reports whether whoever called can read a response that breaks the contract: generated code cannot decode
// what is said to be JSON and is none.
func (c *call) isReadable(res *http.Response) bool {
	return c.workflowID != "" || !strings.Contains(res.Header.Get("Content-Type"), "json") ||
		json.Valid(c.body) && c.op.Decode(res.StatusCode, c.body) == nil
}

// refused returns the error of a request that was not sent, because of err.
func (c *call) refused(req *http.Request, err error) error {
	problem, ok := err.(*ArgumentError) //nolint:errorlint // of checkRequest
	if !ok {
		problem = &ArgumentError{Reason: err.Error(), cause: err}
	}
	return problem.of(c.name(req), c.key)
}

// cutOff returns the error of a call without a whole response, and keeps it.
func (c *call) cutOff(req *http.Request, last outcome) error {
	c.cut = &callError{call: c.name(req), unsent: last.unsent, err: last.err}
	switch {
	case c.op.IsRun:
		c.cut.effect = "the run may have been billed"
	case req.Method != http.MethodGet && req.Method != http.MethodHead:
		c.cut.effect = "the request may have been carried out"
	}
	if last.res != nil {
		c.cut.status = last.res.StatusCode
	}
	return c.cut
}
