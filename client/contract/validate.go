package contract

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/getkin/kin-openapi/openapi3filter"

	"github.com/aitutor-api/aitutor-go/client/contract/internal/route"
	"github.com/aitutor-api/aitutor-go/client/internal/exchange"
	"github.com/aitutor-api/aitutor-go/client/internal/printable"
)

// ValidateRequest returns an [*Error] if req breaks the contract or its body cannot be read; it returns another error
// if req.URL is nil. It reads the body, unless that is not judged, and leaves it readable. A credential must be present
// if the contract requires one; whether it is right is the server's to say.
func (v *Validator) ValidateRequest(req *http.Request) error {
	if req.URL == nil {
		return errNoURL
	}
	c := v.requestCheck(req)
	if !c.needsBody() && len(c.found) == 0 {
		return nil
	}
	data, err := readBody(&req.Body, req.ContentLength, v.maxBodyBytes)
	return c.errorOf(data, err)
}

// CheckRequest does what ValidateRequest does for a request whose body is known: req.Body is not touched, and the body
// may be longer than [WithMaxBodyBytes].
func (v *Validator) CheckRequest(req *http.Request, body []byte) error {
	if req.URL == nil {
		return errNoURL
	}
	c := v.requestCheck(req)
	return c.errorOf(body, nil)
}

var errNoURL = errors.New("validate request: req.URL, which says what is asked, is not set")

// requestCheck judges all of a request but its body.
func (v *Validator) requestCheck(req *http.Request) check {
	c := check{limit: v.maxBodyBytes, req: req, header: req.Header}
	op, path, missing := v.router.Find(methodOf(req), req.URL)
	if missing != nil {
		c.found = []Violation{violationOf(missing)}
		return c
	}
	c.found = checkSecurity(op.security, req)
	s := &sent{header: req.Header, host: cmp.Or(req.Host, req.URL.Host), path: path.Values(req.URL), names: path.Parameters}
	if req.URL.RawQuery != "" {
		s.query = queryOf(req.URL.RawQuery)
	}
	for _, p := range op.parameters {
		c.found = append(c.found, p.check(s)...)
	}
	c.body, c.isRequired, c.mayBeEmpty = op.body, op.isRequired, true
	return c
}

// queryOf returns the names and values of a query. net/url drops those with a semicolon.
func queryOf(raw string) url.Values {
	values, _ := url.ParseQuery(strings.ReplaceAll(raw, ";", "%3B")) // with what is broken left out
	return values
}

// ValidateResponse returns an [*Error] if res, the response to res.Request, breaks the contract or its body cannot be
// read whole; it returns another error if res.Request is not set. It reads the body, unless that is not judged, and
// leaves it readable. A 101 Switching Protocols is an *Error before anything is read, as its body may never end.
func (v *Validator) ValidateResponse(res *http.Response) error {
	if res.Request == nil || res.Request.URL == nil {
		return errNoRequest
	}
	if res.StatusCode == http.StatusSwitchingProtocols {
		return v.CheckResponse(res, nil)
	}
	c := v.responseCheck(res)
	if !c.needsBody() && len(c.found) == 0 {
		return nil
	}
	data, err := readBody(&res.Body, res.ContentLength, v.maxBodyBytes)
	return c.errorOf(data, err)
}

// CheckResponse does what ValidateResponse does for a response whose body is known: res.Body is not touched, and the
// body may be longer than [WithMaxBodyBytes].
func (v *Validator) CheckResponse(res *http.Response, body []byte) error {
	if res.Request == nil || res.Request.URL == nil {
		return errNoRequest
	}
	c := v.responseCheck(res)
	return c.errorOf(body, nil)
}

var errNoRequest = errors.New("validate response: res.Request, which says what was asked, is not set")

// responseCheck judges all of a response but its body.
func (v *Validator) responseCheck(res *http.Response) check {
	c := check{limit: v.maxBodyBytes, req: res.Request, isResponse: true, status: res.StatusCode, header: res.Header}
	if res.StatusCode == http.StatusSwitchingProtocols {
		c.found = []Violation{{In: "status", Message: "the server switched to another protocol"}}
		return c
	}
	op, _, missing := v.router.Find(methodOf(res.Request), res.Request.URL)
	if missing != nil {
		c.found = []Violation{violationOf(missing)}
		return c
	}
	op.judgeResponse(&c)
	return c
}

func (op *operation) judgeResponse(c *check) {
	if op.responses.isEmpty() { // OpenAPI 3.1 lets a document leave them out
		return
	}
	described := op.responses.of(c.status)
	if described == nil {
		c.found = []Violation{{In: "status", Message: "the contract has no response for this status"}}
		return
	}
	s := &sent{header: c.header}
	for _, p := range described.headers {
		c.found = append(c.found, p.check(s)...)
	}
	if c.mayHaveBody() {
		c.body = described.body
	}
}

// mayHaveBody reports whether HTTP lets the response have a body. Whoever sends a Content-Type with a 204 means to.
func (c *check) mayHaveBody() bool {
	switch {
	case c.req.Method == http.MethodHead, c.status < 200, c.status == http.StatusNotModified:
		return false
	case c.status == http.StatusNoContent:
		return c.header.Get("Content-Type") != ""
	}
	return true
}

func (r *responses) isEmpty() bool {
	return len(r.byStatus) == 0 && r.byRange == [6]*response{} && r.fallback == nil
}

// check is the judgement of a request or a response, before its body is known.
type check struct {
	limit      int64 // of a body without its content codings
	req        *http.Request
	isResponse bool
	status     int
	header     http.Header
	found      []Violation // in all but the body
	body       *body       // nil: it is not described
	isRequired bool        // the body
	mayBeEmpty bool        // an empty body is none: a request's
}

// needsBody reports whether the body is judged. Its content type is, in any case.
func (c *check) needsBody() bool {
	if c.isRequired {
		return true
	}
	if c.body == nil {
		return false
	}
	if c.mayBeEmpty && (c.req.Body == nil || c.req.Body == http.NoBody) {
		return false
	}
	m, unexpected := c.body.find(c.header.Get("Content-Type"))
	return m != nil || len(unexpected) > 0
}

// errorOf returns the error of the exchange with this body, or nil. With a readErr the body is what came before it.
func (c *check) errorOf(data []byte, readErr error) error {
	found := c.found
	if readErr != nil {
		found = []Violation{unreadable(readErr)}
	} else {
		found = append(found, c.checkBody(data)...)
	}
	if len(found) == 0 {
		return nil
	}
	e := &Error{
		Method: methodOf(c.req), Path: c.req.URL.EscapedPath(), StatusCode: c.status,
		Violations: found, Body: data, isResponse: c.isResponse,
	}
	if _, tooLong := errors.AsType[*exchange.TooLongError](readErr); !tooLong {
		e.cause = readErr
	}
	return e
}

func (c *check) checkBody(data []byte) []Violation {
	if c.mayBeEmpty && len(data) == 0 {
		if c.isRequired {
			return missingBody()
		}
		return nil
	}
	if c.body == nil {
		return nil
	}
	contentType := c.header.Get("Content-Type")
	m, found := c.body.find(contentType)
	if m == nil {
		return found
	}
	plain, err := decodeContent(c.header, data, c.limit)
	if tooLong, ok := errors.AsType[*exchange.TooLongError](err); ok {
		return []Violation{unreadable(tooLong)}
	}
	if err != nil {
		return []Violation{{In: "header", Pointer: "Content-Encoding", Message: printable.Line(err.Error())}}
	}
	return c.body.check(m, contentType, plain)
}

// unreadable returns the violation of a body that was not read whole.
func unreadable(err error) Violation {
	if tooLong, ok := errors.AsType[*exchange.TooLongError](err); ok {
		return Violation{In: "body", Message: fmt.Sprintf("is longer than %d bytes (WithMaxBodyBytes)", tooLong.Limit)}
	}
	return Violation{In: "body", Message: "could not be read whole: " + printable.Line(err.Error())}
}

// methodOf returns the method of a request; a client may leave it empty for GET.
func methodOf(req *http.Request) string { return cmp.Or(req.Method, http.MethodGet) }

// missingBody returns the violation of a request without a body.
func missingBody() []Violation {
	return []Violation{{In: "body", Keyword: "required", Message: openapi3filter.ErrInvalidRequired.Error()}}
}

func violationOf(missing *route.Missing) Violation {
	if missing.Path {
		return Violation{In: "path", Message: missing.Message}
	}
	return Violation{In: "method", Message: missing.Message}
}
