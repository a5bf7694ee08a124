package contract

import (
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
)

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

// addBodies adds the rules of the bodies of a request or a response.
func (op *operation) addBodies(content openapi3.Content, direction openapi3.SchemaValidationOption) {
	for _, media := range content {
		if media == nil || media.Schema == nil {
			continue
		}
		var options []openapi3.SchemaValidationOption
		if hasDirection(media.Schema) {
			options = append(options, direction)
		}
		if op.route.Spec.IsOpenAPI31OrLater() {
			options = append(options, openapi3.EnableJSONSchema2020())
		}
		op.bodies[media] = newBodyRule(media.Schema.Value, options)
	}
}

// hasDirection reports whether a schema speaks of what only requests or only answers have.
func hasDirection(schema *openapi3.SchemaRef) bool {
	found := false
	_ = schema.WalkSubtree(func(_ string, ref *openapi3.SchemaRef) error {
		found = found || ref.Value != nil && (ref.Value.ReadOnly || ref.Value.WriteOnly)
		return nil
	})
	return found
}
