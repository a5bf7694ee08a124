package contract

import (
	"errors"
	"net/http"
)

// ValidateRequest returns an [*Error] if req breaks the contract or its body cannot be read; it returns another error if
// req.URL is nil. It reads the body, unless that is not judged, and leaves it readable. A credential must be present if the
// contract requires one; whether it is right is the server's to say.
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

// CheckRequest is ValidateRequest for a request whose body is known: req.Body is not touched, and the body may be longer
// than [WithMaxBodyBytes].
func (v *Validator) CheckRequest(req *http.Request, body []byte) error {
	if req.URL == nil {
		return errNoURL
	}
	return v.requestCheck(req).errorOf(body, nil)
}

var errNoURL = errors.New("validate request: req.URL, which says what is asked, is not set")

// requestCheck judges all of a request but its body.
func (v *Validator) requestCheck(req *http.Request) *check {
	c := &check{limit: v.maxBodyBytes, req: req, header: req.Header}
	op, path, missing := v.router.Find(methodOf(req), req.URL)
	if missing != nil {
		c.found = []Violation{violationOf(missing)}
		return c
	}
	c.found = checkSecurity(op.security, req)
	s := &sent{header: req.Header, path: path.Values(req.URL), names: path.Parameters}
	if req.URL.RawQuery != "" {
		s.query = req.URL.Query()
	}
	for _, p := range op.parameters {
		c.found = append(c.found, p.check(s)...)
	}
	c.body, c.isRequired, c.mayBeEmpty = op.body, op.isRequired, true
	return c
}
