package contract

import (
	"errors"
	"net/http"
)

// ValidateResponse returns an [*Error] if res, the response to res.Request, breaks the contract or its body cannot be read
// whole; it returns another error if res.Request is not set. It reads the body, unless that is not judged, and leaves it
// readable. A 101 Switching Protocols is an *Error before anything is read, as its body may never end.
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

// CheckResponse is ValidateResponse for a response whose body is known: res.Body is not touched, and the body may be longer
// than [WithMaxBodyBytes].
func (v *Validator) CheckResponse(res *http.Response, body []byte) error {
	if res.Request == nil || res.Request.URL == nil {
		return errNoRequest
	}
	return v.responseCheck(res).errorOf(body, nil)
}

var errNoRequest = errors.New("validate response: res.Request, which says what was asked, is not set")

// responseCheck judges all of a response but its body.
func (v *Validator) responseCheck(res *http.Response) *check {
	c := &check{limit: v.maxBodyBytes, req: res.Request, isResponse: true, status: res.StatusCode, header: res.Header}
	if res.StatusCode == http.StatusSwitchingProtocols {
		c.found = []Violation{{In: "status", Message: "the server switched to another protocol"}}
		return c
	}
	op, _, missing := v.router.Find(methodOf(res.Request), res.Request.URL)
	if missing != nil {
		c.found = []Violation{violationOf(missing)}
		return c
	}
	op.judgeResponse(c)
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
	if mayHaveBody(c.req, c.status) {
		c.body = described.body
	}
}

// mayHaveBody reports whether HTTP lets a response have a body.
func mayHaveBody(req *http.Request, status int) bool {
	return req.Method != http.MethodHead && status >= 200 && status != http.StatusNotModified
}

func (r *responses) isEmpty() bool {
	return len(r.byStatus) == 0 && r.byRange == [6]*response{} && r.fallback == nil
}
