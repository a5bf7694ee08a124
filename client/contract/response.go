package contract

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"github.com/aitutor-api/aitutor-go/client/contract/internal/skim"
)

// ValidateResponse returns an [*Error] if res, the response to res.Request, breaks the contract or its body cannot be read
// whole; it returns another error if res.Request is not set. It reads the body and leaves it readable. A 101 Switching
// Protocols is an *Error before anything is read, as its body may never end.
func (v *Validator) ValidateResponse(res *http.Response) error {
	if res.Request == nil || res.Request.URL == nil || res.StatusCode == http.StatusSwitchingProtocols {
		return v.CheckResponse(res, nil) // the body of a 101 is the bare connection, which no context bounds
	}
	body, err := readBody(&res.Body, res.ContentLength, v.maxBodyBytes)
	if err != nil {
		return newResponseError(res, body, err, []Violation{unreadable(err)})
	}
	return v.CheckResponse(res, body)
}

// CheckResponse is ValidateResponse for a response whose body is known: res.Body is not touched, and the body may be longer
// than [WithMaxBodyBytes].
func (v *Validator) CheckResponse(res *http.Response, body []byte) error {
	if res.Request == nil || res.Request.URL == nil {
		return errors.New("validate response: res.Request, which says what was asked, is not set")
	}
	if violations := v.checkResponse(res, body); len(violations) > 0 {
		return newResponseError(res, body, nil, violations)
	}
	return nil
}

func (v *Validator) checkResponse(res *http.Response, body []byte) []Violation {
	if res.StatusCode == http.StatusSwitchingProtocols {
		return []Violation{{In: "status", Message: "the server switched to another protocol"}}
	}
	op, missing := v.router.find(methodOf(res.Request), res.Request.URL)
	if missing != nil {
		return []Violation{*missing}
	}
	return op.checkResponse(res.Request, res.StatusCode, res.Header, body)
}

// responses are what the document says about the responses of an operation.
type responses struct {
	byStatus map[int]*response
	byRange  [6]*response // 2XX at 2
	fallback *response
}

// response is what the document says about one response: each header and the body on a route of its own, as kin-openapi's
// filter stops at the first violation.
type response struct {
	headers []header
	content openapi3.Content
	body    *routers.Route
}

type header struct {
	name     string
	key      string // name as http.Header has it
	required bool
	minimum  *float64 // of a header that is an integer with a minimum, and nothing else
	route    *routers.Route
}

func (c *compiler) responses(op *operation) responses {
	compiled := responses{byStatus: make(map[int]*response)}
	for key, ref := range op.route.Operation.Responses.Map() {
		response := c.response(op, ref.Value)
		status, err := strconv.Atoi(key)
		switch {
		case key == "default":
			compiled.fallback = response
		case err == nil && strconv.Itoa(status) == key:
			compiled.byStatus[status] = response
		case len(key) == 3 && '1' <= key[0] && key[0] <= '5' && key[1:] == "XX":
			compiled.byRange[key[0]-'0'] = response
		}
	}
	return compiled
}

func (c *compiler) response(op *operation, described *openapi3.Response) *response {
	routeOf := func(part *openapi3.Response) *routers.Route {
		part.Description = described.Description
		route := *op.route
		route.Operation = &openapi3.Operation{Responses: openapi3.NewResponses(openapi3.WithName("default", part))}
		return &route
	}
	c.addBodies(op, described.Content, openapi3.VisitAsResponse())
	compiled := &response{content: described.Content, body: routeOf(&openapi3.Response{Content: described.Content})}
	for name, ref := range described.Headers {
		key := http.CanonicalHeaderKey(name)
		compiled.headers = append(compiled.headers, header{
			name: name, key: key,
			required: ref.Value.Required,
			minimum:  integerMinimum(ref.Value),
			route:    routeOf(&openapi3.Response{Headers: openapi3.Headers{key: ref}}),
		})
	}
	slices.SortFunc(compiled.headers, func(a, b header) int { return strings.Compare(a.name, b.name) })
	return compiled
}

// integerMinimum returns the minimum of a header that is described as an integer with one, and as nothing else.
func integerMinimum(header *openapi3.Header) *float64 {
	if header.Schema == nil || !header.Schema.Value.Type.Is("integer") {
		return nil
	}
	rest := *header.Schema.Value
	if rest.Type, rest.Min = nil, nil; !skim.IsAnnotation(rest) {
		return nil
	}
	return header.Schema.Value.Min
}

// of returns what the document says about a status, or nil.
func (r *responses) of(status int) *response {
	if response := r.byStatus[status]; response != nil {
		return response
	}
	if 99 < status && status < 600 && r.byRange[status/100] != nil {
		return r.byRange[status/100]
	}
	return r.fallback
}

// checkResponse lists how a response breaks the contract.
func (op *operation) checkResponse(req *http.Request, status int, header http.Header, body []byte) []Violation {
	switch {
	case req.Method == http.MethodHead, status == http.StatusNotModified, status == http.StatusMovedPermanently,
		status == http.StatusTemporaryRedirect, status == http.StatusPermanentRedirect:
		return nil // kin-openapi's filter does not validate these
	case op.route.Operation.Responses.Len() == 0:
		return nil // OpenAPI 3.1 lets a document leave them out
	}
	described := op.responses.of(status)
	if described == nil {
		return []Violation{{In: "status", Message: "the contract has no response for this status"}}
	}
	filter := func(route *routers.Route, options openapi3filter.Options) error {
		options.MultiError = true
		return openapi3filter.ValidateResponse(req.Context(), (&openapi3filter.ResponseValidationInput{
			RequestValidationInput: &openapi3filter.RequestValidationInput{Request: req, Route: route},
			Status:                 status, Header: header, Options: &options,
		}).SetBodyBytes(body))
	}
	var violations []Violation
	for i := range described.headers {
		h := &described.headers[i]
		values, sent := header[h.key]
		if !sent && !h.required || h.accepts(values) {
			continue
		}
		err := filter(h.route, openapi3filter.Options{ExcludeResponseBody: true})
		violations = append(violations, violationsAt("header", h.name, err)...)
	}
	if len(described.content) == 0 {
		return violations
	}
	found, ok := op.checkBody(described.content, header, body)
	if !ok {
		found = violationsAt("body", "", filter(described.body, openapi3filter.Options{}))
	}
	return append(violations, found...)
}

// accepts reports whether the values of a header certainly are what the document describes, which is an integer.
func (h *header) accepts(values []string) bool {
	if h.minimum == nil || len(values) == 0 {
		return false
	}
	n, err := strconv.ParseInt(values[0], 10, 64)
	return err == nil && float64(n) >= *h.minimum
}
