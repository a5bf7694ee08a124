package contract

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"net/http"

	"github.com/getkin/kin-openapi/openapi3filter"
)

// ValidateRequest returns an [*Error] if req breaks the contract or its body cannot be read; it returns another error if
// req.URL is nil. It reads the body and leaves it readable. A credential must be present if the contract requires one;
// whether it is right is the server's to say.
func (v *Validator) ValidateRequest(req *http.Request) error {
	if req.URL == nil {
		return errors.New("validate request: req.URL, which says what is asked, is not set")
	}
	body, err := readBody(&req.Body, req.ContentLength, v.maxBodyBytes)
	if err != nil {
		return newError(req, body, err, []Violation{unreadable(err)})
	}
	return v.CheckRequest(req, body)
}

// CheckRequest is ValidateRequest for a request whose body is known: req.Body is not touched, and the body may be longer
// than [WithMaxBodyBytes].
func (v *Validator) CheckRequest(req *http.Request, body []byte) error {
	if req.URL == nil {
		return errors.New("validate request: req.URL, which says what is asked, is not set")
	}
	if violations := v.checkRequest(req, body); len(violations) > 0 {
		return newError(req, body, nil, violations)
	}
	return nil
}

func (v *Validator) checkRequest(req *http.Request, body []byte) []Violation {
	op, missing := v.router.find(methodOf(req), req.URL)
	if missing != nil {
		return []Violation{*missing}
	}
	violations := op.checkSecurity(req)
	violations = append(violations, op.checkParameters(req, op.path.valuesOf(req.URL))...)
	return append(violations, op.checkRequestBody(req, body)...)
}

// methodOf returns the method of a request; a client may leave it empty for GET.
func methodOf(req *http.Request) string { return cmp.Or(req.Method, http.MethodGet) }

func (op *operation) checkRequestBody(req *http.Request, body []byte) []Violation {
	switch {
	case op.body == nil:
		return nil
	case len(body) == 0:
		if op.body.Required {
			return []Violation{{In: "body", Message: openapi3filter.ErrInvalidRequired.Error()}}
		}
		return nil
	case len(op.body.Content) == 0:
		return nil
	}
	if found, ok := op.checkBody(op.body.Content, req.Header, body); ok {
		return found
	}
	bare := req.WithContext(req.Context()) // the filter replaces its body
	bare.Body, bare.GetBody = io.NopCloser(bytes.NewReader(body)), nil
	return violationsAt("body", "", openapi3filter.ValidateRequestBody(req.Context(), op.filterInput(bare, nil), op.body))
}
