package contract

import (
	"context"
	"errors"
	"net/http"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"

	"slices"

	"github.com/aitutor-api/aitutor-go/client/contract/internal/skim"
)

// parameter is what the document says about one parameter of an operation.
type parameter struct {
	*openapi3.Parameter
	index    int          // in the path's values; less than 0 if it is not in the path
	text     *skim.Schema // of a plain string in the path
	isText   bool
	optional bool // and without it the filter has nothing to say
}

func (c *compiler) parameter(p *path, described *openapi3.Parameter) parameter {
	compiled := parameter{Parameter: described, index: -1}
	if described.Schema == nil || described.Content != nil {
		return compiled
	}
	schema := described.Schema.Value
	switch described.In {
	case openapi3.ParameterInPath:
		compiled.index = slices.Index(p.parameters, described.Name)
		if (described.Style == "" || described.Style == openapi3.SerializationSimple) && !c.document.IsOpenAPI31OrLater() {
			compiled.text, compiled.isText = c.skim.Compile(schema)
		}
	case openapi3.ParameterInQuery:
		compiled.optional = !described.Required
	default: // the filter refuses some schemas without looking at the value
		compiled.optional = !described.Required && schema.Type != nil && schema.Not == nil &&
			schema.AllOf == nil && schema.AnyOf == nil && schema.OneOf == nil
	}
	return compiled
}

// accepts reports whether a request certainly keeps to the parameter. What it does not accept is the filter's to judge.
func (p *parameter) accepts(req *http.Request, values []string) bool {
	switch {
	case p.isText:
		return p.acceptsPath(values)
	case !p.optional:
		return false
	case p.In == openapi3.ParameterInQuery:
		return req.URL.RawQuery == ""
	case p.In == openapi3.ParameterInHeader:
		_, sent := req.Header[http.CanonicalHeaderKey(p.Name)]
		return !sent
	case p.In == openapi3.ParameterInCookie:
		return len(req.Header["Cookie"]) == 0
	}
	return false
}

// acceptsPath reports whether the values of a path certainly keep to the parameter, which is a plain string in it.
func (p *parameter) acceptsPath(values []string) bool {
	return p.index >= 0 && values[p.index] != "" && p.text.AcceptsText(values[p.index])
}

// acceptsPath reports whether the values of a path keep to the operation's parameters.
func (op *operation) acceptsPath(values []string) bool {
	for i := range op.parameters {
		p := &op.parameters[i]
		if p.In != openapi3.ParameterInPath || p.isText && p.acceptsPath(values) {
			continue
		}
		if openapi3filter.ValidateParameter(context.Background(), op.filterInput(nil, values), p.Parameter) != nil {
			return false
		}
	}
	return true
}

// checkParameters lists how the parameters of a request, values being those of its path, break the contract.
func (op *operation) checkParameters(req *http.Request, values []string) []Violation {
	var violations []Violation
	var input *openapi3filter.RequestValidationInput
	for i := range op.parameters {
		p := &op.parameters[i]
		if p.accepts(req, values) {
			continue
		}
		if input == nil {
			input = op.filterInput(req, values)
		}
		err := openapi3filter.ValidateParameter(req.Context(), input, p.Parameter)
		if request, ok := errors.AsType[*openapi3filter.RequestError](err); ok {
			err = request.Err
		}
		violations = append(violations, violationsAt(p.In, p.Name, err)...)
	}
	return violations
}

// filterInput makes the input of kin-openapi's filter.
func (op *operation) filterInput(req *http.Request, values []string) *openapi3filter.RequestValidationInput {
	input := &openapi3filter.RequestValidationInput{
		Request: req, PathParams: make(map[string]string, len(values)), Route: op.route,
		Options: &openapi3filter.Options{MultiError: true, SkipSettingDefaults: true},
	}
	for i, value := range values {
		input.PathParams[op.path.parameters[i]] = value
	}
	if req != nil {
		input.QueryParams = req.URL.Query()
	}
	return input
}
