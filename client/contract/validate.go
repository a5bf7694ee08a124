package contract

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"

	"github.com/aitutor-api/aitutor-go/client/internal/exchange"
	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
)

// ValidateRequest returns an [*Error] if req breaks the contract or its body cannot be read; it returns another error
// if req.URL is nil. It reads the body, unless that is not judged, and leaves it readable. A credential must be present
// if the contract requires one; whether it is right is the server's to say.
func (v *Validator) ValidateRequest(req *http.Request) error {
	if req.URL == nil {
		return errNoURL
	}
	c := v.requestCheck(req)
	return c.read(&req.Body, req.ContentLength)
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

// ValidateResponse returns an [*Error] if res, the response to res.Request, breaks the contract or its body cannot be
// read whole; it returns another error if res.Request is not set. It reads the body, unless that is not judged, and
// leaves it readable. A 101 Switching Protocols is an *Error before anything is read, as its body may never end.
func (v *Validator) ValidateResponse(res *http.Response) error {
	if res.Request == nil || res.Request.URL == nil {
		return errNoRequest
	}
	c := v.responseCheck(res)
	return c.read(&res.Body, res.ContentLength)
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

// operation is what the document says about one method of a path.
type operation struct {
	security   []openapi.Alternative
	parameters []*parameter
	body       *body // nil: the document says nothing of it
	isRequired bool  // the body
	responses  responses
}

// responses are what the document says about the responses of an operation, by status, by the first digit of a range,
// and by 0 of all others.
type responses map[int]*response

// response is what the document says about one response.
type response struct {
	headers []*parameter
	body    *body
}

// of returns what the document says about a status, or nil.
func (r responses) of(status int) *response { return cmp.Or(r[status], r[status/100], r[0]) }

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
}

// requestCheck judges all of a request but its body.
func (v *Validator) requestCheck(req *http.Request) check {
	c := check{limit: v.maxBodyBytes, req: req, header: req.Header}
	op, path, missing := v.router.Find(methodOf(req), req.URL)
	if missing != nil {
		c.found = []Violation{{In: missing.In, Message: missing.Message}}
		return c
	}
	c.found = checkSecurity(op.security, req)
	s := &sent{header: req.Header, host: cmp.Or(req.Host, req.URL.Host), path: path.Values(req.URL)}
	if req.URL.RawQuery != "" { // net/url drops what has a semicolon
		s.query, _ = url.ParseQuery(strings.ReplaceAll(req.URL.RawQuery, ";", "%3B")) // what is broken is left out
	}
	for _, p := range op.parameters {
		c.found = append(c.found, p.check(s)...)
	}
	c.body, c.isRequired = op.body, op.isRequired
	return c
}

// AcceptsPath reports whether the values of a path keep to the operation's parameters.
func (op *operation) AcceptsPath(values []string) bool {
	for _, p := range op.parameters {
		if p.In == openapi3.ParameterInPath && len(p.check(&sent{path: values})) > 0 {
			return false
		}
	}
	return true
}

// responseCheck judges all of a response but its body.
func (v *Validator) responseCheck(res *http.Response) check {
	c := check{limit: v.maxBodyBytes, req: res.Request, isResponse: true, status: res.StatusCode, header: res.Header}
	op, _, missing := v.router.Find(methodOf(res.Request), res.Request.URL)
	switch {
	case res.StatusCode == http.StatusSwitchingProtocols:
		c.found = []Violation{{In: "status", Message: "the server switched to another protocol"}}
	case missing != nil:
		c.found = []Violation{{In: missing.In, Message: missing.Message}}
	default:
		op.checkResponse(&c)
	}
	return c
}

func (op *operation) checkResponse(c *check) {
	if len(op.responses) == 0 { // OpenAPI 3.1 lets a document leave them out
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

// methodOf returns the method of a request; a client may leave it empty for GET.
func methodOf(req *http.Request) string { return cmp.Or(req.Method, http.MethodGet) }

// needsBody reports whether the body is judged, or belongs into an error. Its content type is judged in any case.
func (c *check) needsBody() bool {
	if c.isRequired || len(c.found) > 0 {
		return true
	}
	if c.body == nil {
		return false
	}
	m, unexpected := c.body.find(c.header.Get("Content-Type"))
	return m != nil || len(unexpected) > 0
}

// read returns the error of the exchange with a body that is read, if it is needed, and left readable.
func (c *check) read(body *io.ReadCloser, contentLength int64) error {
	if !c.needsBody() {
		return nil
	}
	if c.isResponse && c.status == http.StatusSwitchingProtocols {
		return c.errorOf(nil, nil)
	}
	data, err := readBody(body, contentLength, c.limit)
	return c.errorOf(data, err)
}

// errorOf returns the error of the exchange with this body, or nil. With a readErr the body is what came before it.
func (c *check) errorOf(data []byte, readErr error) error {
	found := c.found
	switch {
	case readErr != nil:
		found = unreadable(readErr)
	case c.isRequired && len(data) == 0:
		message := openapi3filter.ErrInvalidRequired.Error()
		found = append(found, Violation{In: "body", Keyword: "required", Message: message})
	case c.body != nil && (c.isResponse || len(data) > 0): // an empty body of a request is none
		found = append(found, c.body.check(c.header, data, c.limit)...)
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
