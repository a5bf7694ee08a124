package contract

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"

	"github.com/getkin/kin-openapi/openapi3filter"

	"github.com/aitutor-api/aitutor-go/client/contract/internal/route"
	"github.com/aitutor-api/aitutor-go/client/internal/exchange"
	"github.com/aitutor-api/aitutor-go/client/internal/printable"
)

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
		Method: methodOf(c.req), Path: c.req.URL.EscapedPath(), StatusCode: c.status, Violations: found, Body: data, isResponse: c.isResponse,
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

// unreadable is the violation of a body that was not read whole.
func unreadable(err error) Violation {
	if tooLong, ok := errors.AsType[*exchange.TooLongError](err); ok {
		return Violation{In: "body", Message: fmt.Sprintf("is longer than %d bytes (WithMaxBodyBytes)", tooLong.Limit)}
	}
	return Violation{In: "body", Message: "could not be read whole: " + printable.Line(err.Error())}
}

// methodOf returns the method of a request; a client may leave it empty for GET.
func methodOf(req *http.Request) string { return cmp.Or(req.Method, http.MethodGet) }

// missingBody is the violation of a request without a body.
func missingBody() []Violation {
	return []Violation{{In: "body", Keyword: "required", Message: openapi3filter.ErrInvalidRequired.Error()}}
}

func violationOf(missing *route.Missing) Violation {
	if missing.Path {
		return Violation{In: "path", Message: missing.Message}
	}
	return Violation{In: "method", Message: missing.Message}
}
