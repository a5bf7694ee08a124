package contract

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"github.com/aitutor-api/aitutor-go/client/internal/printable"
)

// checkResponse lists the violations of an answer. Strict: its body is known to pass checkStrict.
func (op *operation) checkResponse(req *http.Request, status int, header http.Header, body []byte, strict bool) []Violation {
	switch {
	case req.Method == http.MethodHead, status == http.StatusNotModified, status == http.StatusMovedPermanently,
		status == http.StatusTemporaryRedirect, status == http.StatusPermanentRedirect:
		return nil // as kin-openapi's filter has it
	}
	if op.route.Operation.Responses.Len() == 0 {
		return nil // OpenAPI 3.1 lets a document say nothing of them
	}
	ref := op.route.Operation.Responses.Status(status)
	if ref == nil {
		ref = op.route.Operation.Responses.Default()
	}
	if ref == nil {
		return []Violation{{In: "status", Message: "the contract has no response for this status"}}
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
		if err := filter(h.route, &openapi3filter.Options{ExcludeResponseBody: true, MultiError: true}); err != nil {
			violations = append(violations, inPlace("header", h.name, err)...)
		}
	}
	content := ref.Value.Content
	if len(content) == 0 {
		return violations
	}
	found, isJSON := op.checkJSON(content, header, body, strict)
	if !isJSON {
		found = inPlace("body", "", filter(rule.body, &openapi3filter.Options{MultiError: true}))
	}
	return append(violations, found...)
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
		violations = append(violations, parameterViolations(err)...)
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
	found, isJSON := op.checkJSON(ref.Value.Content, req.Header, body, false)
	if !isJSON {
		bare.Body, bare.GetBody = io.NopCloser(bytes.NewReader(body)), nil
		found = inPlace("body", "", openapi3filter.ValidateRequestBody(req.Context(), input, ref.Value))
	}
	return append(violations, found...)
}

// checkJSON lists the violations of a body that is to be JSON. It is not ok where the contract wants something else, which is
// the filter's to judge.
func (op *operation) checkJSON(content openapi3.Content, header http.Header, body []byte, strict bool) (found []Violation, ok bool) {
	contentType := header.Get("Content-Type")
	media := content.Get(contentType)
	switch {
	case media == nil:
		return []Violation{{In: "content-type", Message: fmt.Sprintf("unexpected value %q", contentType)}}, true
	case media.Schema == nil:
		return nil, true
	case !isJSON(contentType, media.Schema.Value):
		return nil, false
	}
	return op.bodies[media].check(body, strict), true
}

// isJSON reports whether kin-openapi decodes a body of this type as JSON.
func isJSON(contentType string, schema *openapi3.Schema) bool {
	mediaType, _, _ := strings.Cut(contentType, ";")
	mediaType = strings.ToLower(strings.TrimSpace(mediaType))
	return (mediaType == "application/json" || strings.HasSuffix(mediaType, "+json")) &&
		!(schema.Type.Is("string") && schema.Format == "binary")
}

// parameterViolations says where a request breaks the contract, of an error of kin-openapi's filter.
func parameterViolations(err error) []Violation {
	var security *openapi3filter.SecurityRequirementsError
	var request *openapi3filter.RequestError
	switch {
	case errors.As(err, &security):
		return missingCredentials(security)
	case errors.As(err, &request) && request.Parameter != nil:
		return inPlace(request.Parameter.In, request.Parameter.Name, request.Err)
	}
	return inPlace("header", "", err)
}

// inPlace lists the violations of something that is not JSON: a header, a parameter, a form.
func inPlace(in, name string, err error) []Violation {
	var violations []Violation
	for _, err := range unwrapMulti(err) {
		found := []Violation{{Message: printable.Line(err.Error())}}
		var schema *openapi3.SchemaError
		var parse *openapi3filter.ParseError
		switch {
		case errors.As(err, &schema):
			found = schemaViolations(schema, []openapi3.SchemaValidationOption{openapi3.MultiErrors()})
		case errors.As(err, &parse) && parse.Reason != "":
			found[0].Message = printable.Line(parse.Reason)
		}
		for _, violation := range found {
			if violation.In = in; name != "" {
				violation.Pointer = name
			}
			violations = append(violations, violation)
		}
	}
	return violations
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
