package client

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
)

// contract is an OpenAPI document, made ready to look up what it says about an exchange.
type contract struct {
	paths []pathRule
	// options of a visit of a schema.
	asRequest, asResponse []openapi3.SchemaValidationOption
}

// pathRule is what the document says about one path.
type pathRule struct {
	template   string
	pattern    *regexp.Regexp // matches the end of an escaped path, a group a parameter
	parameters []string
	literals   int // how many characters of the template are not a parameter's
	operations map[string]*operation
}

// operation is what the document says about one method of a path.
type operation struct {
	*contract
	route     *routers.Route
	responses map[*openapi3.Response]*responseRule
}

// responseRule is what the document says about one response: each header and the body on a route of its own, so that
// kin-openapi's filter, which stops at the first violation, gives its verdict on each.
type responseRule struct {
	headers []headerRule
	body    *routers.Route
}

type headerRule struct {
	name     string
	required bool
	route    *routers.Route
}

func newContract(document *openapi3.T) *contract {
	c := &contract{
		asRequest:  []openapi3.SchemaValidationOption{openapi3.VisitAsRequest()},
		asResponse: []openapi3.SchemaValidationOption{openapi3.VisitAsResponse()},
	}
	if document.IsOpenAPI31OrLater() {
		c.asRequest = append(c.asRequest, openapi3.EnableJSONSchema2020())
		c.asResponse = append(c.asResponse, openapi3.EnableJSONSchema2020())
	}
	for template, item := range document.Paths.Map() {
		rule := newPathRule(template)
		for method, op := range item.Operations() {
			route := &routers.Route{Spec: document, Path: template, PathItem: item, Method: method, Operation: op}
			rule.operations[method] = c.newOperation(route)
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

var parameterInTemplate = regexp.MustCompile(`\{([^{}]+)\}`)

func newPathRule(template string) pathRule {
	rule := pathRule{template: template, operations: make(map[string]*operation)}
	var pattern strings.Builder
	end := 0
	for _, at := range parameterInTemplate.FindAllStringSubmatchIndex(template, -1) {
		pattern.WriteString(regexp.QuoteMeta(template[end:at[0]]) + "([^/]+)")
		rule.literals += at[0] - end
		rule.parameters = append(rule.parameters, template[at[2]:at[3]])
		end = at[1]
	}
	pattern.WriteString(regexp.QuoteMeta(template[end:]) + "$")
	rule.literals += len(template) - end
	rule.pattern = regexp.MustCompile(pattern.String())
	return rule
}

func (c *contract) newOperation(route *routers.Route) *operation {
	op := &operation{contract: c, route: route, responses: make(map[*openapi3.Response]*responseRule)}
	withResponse := func(response *openapi3.Response) *routers.Route {
		narrow := *route
		narrow.Operation = &openapi3.Operation{Responses: openapi3.NewResponses(
			openapi3.WithName("default", response))}
		return &narrow
	}
	for _, ref := range route.Operation.Responses.Map() {
		response := ref.Value
		rule := &responseRule{body: withResponse(&openapi3.Response{Description: response.Description, Content: response.Content})}
		for name, header := range response.Headers {
			if name == "Content-Type" {
				continue // as OpenAPI says
			}
			rule.headers = append(rule.headers, headerRule{
				name:     name,
				required: header.Value.Required,
				route:    withResponse(&openapi3.Response{Description: response.Description, Headers: openapi3.Headers{name: header}}),
			})
		}
		slices.SortFunc(rule.headers, func(a, b headerRule) int { return strings.Compare(a.name, b.name) })
		op.responses[response] = rule
	}
	return op
}

// find looks up the operation of a request by its method and the end of its path, whatever the host and the prefix,
// with the values of the path's parameters.
func (c *contract) find(method string, at *url.URL) (*operation, map[string]string, *Violation) {
	path := at.EscapedPath()
	for i := range c.paths {
		rule := &c.paths[i]
		groups := rule.pattern.FindStringSubmatch(path)
		if groups == nil {
			continue
		}
		op := rule.operations[method]
		if op == nil {
			return nil, nil, &Violation{In: "method", Message: "the contract has no " + method + " " + rule.template}
		}
		values := make(map[string]string, len(rule.parameters))
		for i, name := range rule.parameters {
			value, err := url.PathUnescape(groups[i+1])
			if err != nil {
				value = groups[i+1]
			}
			values[name] = value
		}
		return op, values, nil
	}
	return nil, nil, &Violation{In: "path", Message: "the contract has no operation " + method + " " + path}
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
