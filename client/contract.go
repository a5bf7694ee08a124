package client

import (
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
)

// contract is an OpenAPI document, made ready to look up what it says about an exchange.
type contract struct {
	paths []pathRule
	bases []string // what may stand before a path: the paths of the document's servers, and nothing
}

// operation is what the document says about one method of a path.
type operation struct {
	route     *routers.Route
	responses map[*openapi3.Response]*responseRule
	bodies    map[*openapi3.MediaType]*bodyRule // of the request and of the responses
}

// responseRule is what the document says about one response: each header and the body on a route of its own, so that
// kin-openapi's filter, which stops at the first violation, gives its verdict on each.
type responseRule struct {
	headers []headerRule
	body    *routers.Route
}

type headerRule struct {
	name     string
	key      string // name as http.Header has it
	required bool
	minimum  *float64 // of a header that is an integer from there, and nothing else
	route    *routers.Route
}

func newContract(document *openapi3.T) *contract {
	c := &contract{}
	for _, server := range document.Servers {
		if base, err := server.BasePath(); err == nil {
			c.bases = append(c.bases, strings.TrimSuffix(plainPath(base), "/"))
		}
	}
	c.bases = append(c.bases, "")
	for template, item := range document.Paths.Map() {
		rule := newPathRule(template)
		for method, op := range item.Operations() {
			route := &routers.Route{Spec: document, Path: template, PathItem: item, Method: method, Operation: op}
			rule.operations[method] = newOperation(route)
		}
		c.paths = append(c.paths, rule)
	}
	// The most literal template first, as the end of one path may match several.
	slices.SortFunc(c.paths, func(a, b pathRule) int {
		if a.literals != b.literals {
			return b.literals - a.literals
		}
		return strings.Compare(a.template, b.template)
	})
	return c
}

func newOperation(route *routers.Route) *operation {
	op := &operation{
		route:     route,
		responses: make(map[*openapi3.Response]*responseRule),
		bodies:    make(map[*openapi3.MediaType]*bodyRule),
	}
	if body := route.Operation.RequestBody; body != nil {
		op.addBodies(body.Value.Content, openapi3.VisitAsRequest())
	}
	withResponse := func(response *openapi3.Response) *routers.Route {
		narrow := *route
		narrow.Operation = &openapi3.Operation{Responses: openapi3.NewResponses(
			openapi3.WithName("default", response))}
		return &narrow
	}
	for _, ref := range route.Operation.Responses.Map() {
		response := ref.Value
		op.addBodies(response.Content, openapi3.VisitAsResponse())
		rule := &responseRule{body: withResponse(&openapi3.Response{Description: response.Description, Content: response.Content})}
		for name, header := range response.Headers {
			if name == "Content-Type" {
				continue // as OpenAPI says
			}
			key := http.CanonicalHeaderKey(name)
			rule.headers = append(rule.headers, headerRule{
				name: name, key: key,
				required: header.Value.Required,
				minimum:  integerFrom(header.Value),
				route:    withResponse(&openapi3.Response{Description: response.Description, Headers: openapi3.Headers{key: header}}),
			})
		}
		slices.SortFunc(rule.headers, func(a, b headerRule) int { return strings.Compare(a.name, b.name) })
		op.responses[response] = rule
	}
	return op
}

// integerFrom is the minimum of a header that is described as an integer with one, and as nothing else.
func integerFrom(header *openapi3.Header) *float64 {
	if header.Schema == nil || !header.Schema.Value.Type.Is("integer") {
		return nil
	}
	rest := *header.Schema.Value
	if rest.Type, rest.Min = nil, nil; !asksNothing(rest) {
		return nil
	}
	return header.Schema.Value.Min
}

// byID looks up an operation by its operationId.
func (c *contract) byID(id string) *operation {
	for _, path := range c.paths {
		for _, op := range path.operations {
			if op.route.Operation.OperationID == id {
				return op
			}
		}
	}
	return nil
}
