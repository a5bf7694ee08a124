package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/go-json-experiment/json/jsontext"
)

// checkResponse lists the violations of an answer, and gives the tree of its JSON.
func (op *operation) checkResponse(req *http.Request, status int, header http.Header, body []byte) (any, []Violation) {
	switch {
	case req.Method == http.MethodHead, status == http.StatusNotModified, status == http.StatusMovedPermanently,
		status == http.StatusTemporaryRedirect, status == http.StatusPermanentRedirect:
		return nil, nil // as kin-openapi's filter has it
	}
	ref := op.route.Operation.Responses.Status(status)
	if ref == nil {
		ref = op.route.Operation.Responses.Default()
	}
	if ref == nil {
		return nil, []Violation{{In: "status", Message: "the contract has no response for this status"}}
	}
	rule := op.responses[ref.Value]
	filter := func(route *routers.Route, options *openapi3filter.Options) error {
		return openapi3filter.ValidateResponse(req.Context(), (&openapi3filter.ResponseValidationInput{
			RequestValidationInput: &openapi3filter.RequestValidationInput{Request: req, Route: route},
			Status:                 status, Header: header, Options: options,
		}).SetBodyBytes(body))
	}
	var violations []Violation
	for _, h := range rule.headers {
		values, sent := header[h.key]
		if !sent && !h.required || h.accepts(values) {
			continue
		}
		if err := filter(h.route, &openapi3filter.Options{ExcludeResponseBody: true}); err != nil {
			violations = append(violations, inPlace("header", h.name, err))
		}
	}
	content := ref.Value.Content
	if len(content) == 0 {
		return nil, violations
	}
	tree, found := op.contract.checkBody(content, header, body, func() error {
		return filter(rule.body, &openapi3filter.Options{MultiError: true})
	})
	return tree, append(violations, found...)
}

// accepts tells of most rate limits what the filter would, for a tenth of the work.
func (h *headerRule) accepts(values []string) bool {
	if h.minimum == nil || len(values) == 0 {
		return false
	}
	n, err := strconv.ParseInt(values[0], 10, 64)
	return err == nil && float64(n) >= *h.minimum
}

// checkRequest lists the violations of a request, but for its method and path.
func (op *operation) checkRequest(req *http.Request, parameters map[string]string, body []byte) []Violation {
	bare := req.WithContext(req.Context()) // its body is not for the filter to read and replace
	bare.Body = nil
	input := &openapi3filter.RequestValidationInput{
		Request: bare, PathParams: parameters, QueryParams: req.URL.Query(), Route: op.route,
		Options: &openapi3filter.Options{
			MultiError: true, SkipSettingDefaults: true, ExcludeRequestBody: true, AuthenticationFunc: hasCredential,
		},
	}
	var violations []Violation
	err := openapi3filter.ValidateRequest(req.Context(), input)
	for _, err := range unwrapMulti(err) {
		violations = append(violations, parameterViolation(err))
	}
	ref := op.route.Operation.RequestBody
	switch {
	case ref == nil:
		return violations
	case len(body) == 0:
		if ref.Value.Required {
			violations = append(violations, Violation{In: "body", Message: openapi3filter.ErrInvalidRequired.Error()})
		}
		return violations
	case len(ref.Value.Content) == 0:
		return violations
	}
	_, found := op.contract.checkBody(ref.Value.Content, req.Header, body, func() error {
		bare.Body, bare.GetBody = io.NopCloser(bytes.NewReader(body)), nil
		return openapi3filter.ValidateRequestBody(req.Context(), input, ref.Value)
	})
	return append(violations, found...)
}

// checkBody lists the violations of a body, and gives the tree of its JSON. A body that is not JSON is filter's to judge.
func (c *contract) checkBody(content openapi3.Content, header http.Header, body []byte, filter func() error) (any, []Violation) {
	contentType := header.Get("Content-Type")
	media := content.Get(contentType)
	switch {
	case media == nil:
		return nil, []Violation{{In: "content-type", Message: fmt.Sprintf("unexpected value %q", contentType)}}
	case media.Schema == nil:
		return nil, nil
	case !isJSON(contentType, media.Schema.Value):
		if err := filter(); err != nil {
			return nil, []Violation{inPlace("body", "", err)}
		}
		return nil, nil
	}
	rule, decode := c.bodies[media], decodeTree
	if rule.shape {
		decode = decodeShape
	}
	tree, err := decode(body)
	if err != nil {
		return nil, []Violation{notJSON(err)}
	}
	return tree, rule.check(tree, body)
}

// isJSON reports whether kin-openapi decodes a body of this type as JSON.
func isJSON(contentType string, schema *openapi3.Schema) bool {
	mediaType, _, _ := strings.Cut(contentType, ";")
	mediaType = strings.ToLower(strings.TrimSpace(mediaType))
	return (mediaType == "application/json" || strings.HasSuffix(mediaType, "+json")) &&
		!(schema.Type.Is("string") && schema.Format == "binary")
}

// notJSON is the violation of a body that is broken in JSON itself.
func notJSON(err error) Violation {
	violation := Violation{In: "body", Message: "is not JSON: " + oneLine(err.Error())}
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		violation.Pointer = string(syntax.JSONPointer)
		violation.Message = fmt.Sprintf("is not JSON: %s, at byte %d", oneLine(syntax.Err.Error()), syntax.ByteOffset)
	}
	return violation
}

// check lists what in the tree, which is body's, breaks the rule. A visit that stops at the first violation is cheap:
// only a tree that has one is visited for all, unless it has more values than a person could read of.
func (r *bodyRule) check(tree any, body []byte) []Violation {
	for _, form := range r.forms {
		if form.VisitJSON(tree, r.first...) == nil {
			return nil
		}
	}
	if r.schema.VisitJSON(tree, r.first...) == nil {
		return nil
	}
	const readable = 100_000
	options := r.all
	if bytes.Count(body, []byte(",")) > readable {
		options = options[:len(options)-1] // without MultiErrors
	}
	return schemaViolations(r.schema.VisitJSON(tree, options...), nil, options)
}

// hasCredential reports an error where a request lacks what a security scheme asks for; whether the credential is the
// right one is the server's to say.
func hasCredential(_ context.Context, input *openapi3filter.AuthenticationInput) error {
	scheme, req := input.SecurityScheme, input.RequestValidationInput.Request
	missing := func(in, name, what string) error {
		return &missingCredential{Violation{In: in, Pointer: name, Message: what + " is required (" + input.SecuritySchemeName + ")"}}
	}
	switch {
	case scheme.Type == "http":
		kind, credential, _ := strings.Cut(req.Header.Get("Authorization"), " ")
		if !strings.EqualFold(kind, scheme.Scheme) || strings.TrimSpace(credential) == "" {
			return missing("header", "Authorization", "a "+scheme.Scheme+" credential")
		}
	case scheme.Type == "apiKey" && scheme.In == "header" && req.Header.Get(scheme.Name) == "",
		scheme.Type == "apiKey" && scheme.In == "query" && !req.URL.Query().Has(scheme.Name):
		return missing(scheme.In, scheme.Name, "an API key")
	case scheme.Type == "apiKey" && scheme.In == "cookie":
		if _, err := req.Cookie(scheme.Name); err != nil {
			return missing("cookie", scheme.Name, "an API key")
		}
	}
	return nil
}

type missingCredential struct{ violation Violation }

func (e *missingCredential) Error() string { return e.violation.String() }

// parameterViolation says where a request breaks the contract, of an error of kin-openapi's filter.
func parameterViolation(err error) Violation {
	var credential *missingCredential
	var request *openapi3filter.RequestError
	switch {
	case errors.As(err, &credential):
		return credential.violation
	case errors.As(err, &request) && request.Parameter != nil:
		return inPlace(request.Parameter.In, request.Parameter.Name, request.Err)
	}
	return inPlace("header", "", err)
}

// inPlace is the violation of something that is not JSON: a header, a parameter, a form.
func inPlace(in, name string, err error) Violation {
	violation := Violation{In: in, Pointer: name, Message: oneLine(err.Error())}
	var schema *openapi3.SchemaError
	var parse *openapi3filter.ParseError
	switch {
	case errors.As(err, &schema):
		violation.Message = reason(schema)
	case errors.As(err, &parse) && parse.Reason != "":
		violation.Message = oneLine(parse.Reason)
	}
	return violation
}

func unwrapMulti(err error) []error {
	var multi openapi3.MultiError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &multi):
		return multi
	}
	return []error{err}
}
