package contract

import (
	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
)

// operation is what the document says about one method of a path.
type operation struct {
	pathNames  []string // of the parameters in the path, in its order
	security   []openapi.Alternative
	parameters []*parameter
	body       *body // nil: the document says nothing of it
	isRequired bool  // the body
	responses  responses
}

// responses are what the document says about the responses of an operation.
type responses struct {
	byStatus map[int]*response
	byRange  [6]*response // 2XX at 2
	fallback *response
}

// response is what the document says about one response.
type response struct {
	headers []*parameter
	body    *body
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

// AcceptsPath reports whether the values of a path keep to the operation's parameters.
func (op *operation) AcceptsPath(values []string) bool {
	for _, p := range op.parameters {
		if p.In == openapi3.ParameterInPath && len(p.check(&sent{path: values, names: op.pathNames})) > 0 {
			return false
		}
	}
	return true
}

// setOthers tells each parameter of the query the names of what else stands there.
func (op *operation) setOthers() {
	names := make(map[string]bool)
	for _, alternative := range op.security {
		for _, credential := range alternative {
			if place, name := credential.In(); place == openapi3.ParameterInQuery {
				names[name] = true
			}
		}
	}
	for _, p := range op.parameters {
		if p.In == openapi3.ParameterInQuery {
			names[p.Name] = true
		}
	}
	for _, p := range op.parameters {
		p.style.Others = names // its own name is no property of it
	}
}
