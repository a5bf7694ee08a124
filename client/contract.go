package client

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
)

// contract is an OpenAPI document, made ready to look up what it says about an exchange.
type contract struct {
	paths  []pathRule
	bases  []string // what may stand before a path: the paths of the document's servers, and nothing
	bodies map[*openapi3.MediaType]*bodyRule
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
	contract  *contract
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
	key      string // name as http.Header has it
	required bool
	minimum  *float64 // of a header that is an integer from there, and nothing else
	route    *routers.Route
}

// bodyRule is what the document says about one JSON body.
type bodyRule struct {
	schema *openapi3.Schema
	// forms are the schemas of which any makes the body valid, where schema is an anyOf and nothing else: visiting them
	// in its place spares a copy of the body for each and a second visit of the one that fits.
	forms []*openapi3.Schema
	shape bool                              // no schema looks into a text: the shape of a body is all that it can break
	first []openapi3.SchemaValidationOption // to stop at the first violation
	all   []openapi3.SchemaValidationOption // to list all
}

func newContract(document *openapi3.T) *contract {
	c := &contract{bodies: make(map[*openapi3.MediaType]*bodyRule)}
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
		pattern.WriteString(regexp.QuoteMeta(plainPath(template[end:at[0]])) + "([^/]+)")
		rule.literals += at[0] - end
		rule.parameters = append(rule.parameters, template[at[2]:at[3]])
		end = at[1]
	}
	pattern.WriteString(regexp.QuoteMeta(plainPath(template[end:])) + "$")
	rule.literals += len(template) - end
	rule.pattern = regexp.MustCompile(pattern.String())
	return rule
}

func (c *contract) newOperation(route *routers.Route) *operation {
	op := &operation{contract: c, route: route, responses: make(map[*openapi3.Response]*responseRule)}
	if body := route.Operation.RequestBody; body != nil {
		c.addBodies(body.Value.Content, openapi3.VisitAsRequest(), route.Spec)
	}
	withResponse := func(response *openapi3.Response) *routers.Route {
		narrow := *route
		narrow.Operation = &openapi3.Operation{Responses: openapi3.NewResponses(
			openapi3.WithName("default", response))}
		return &narrow
	}
	for _, ref := range route.Operation.Responses.Map() {
		response := ref.Value
		c.addBodies(response.Content, openapi3.VisitAsResponse(), route.Spec)
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
	if rest.Type, rest.Min = nil, nil; !rest.IsEmpty() {
		return nil
	}
	return header.Schema.Value.Min
}

func (c *contract) addBodies(content openapi3.Content, direction openapi3.SchemaValidationOption, document *openapi3.T) {
	for _, media := range content {
		if media == nil || media.Schema == nil {
			continue
		}
		rule := &bodyRule{schema: media.Schema.Value, shape: !looksIntoText(media.Schema) && !document.IsOpenAPI31OrLater()}
		if hasDirection(media.Schema) {
			rule.all = append(rule.all, direction)
		}
		if document.IsOpenAPI31OrLater() {
			rule.all = append(rule.all, openapi3.EnableJSONSchema2020())
		}
		rule.first = append(slices.Clip(rule.all), openapi3.FailFast())
		rule.all = append(rule.all, openapi3.MultiErrors())
		// In OpenAPI 3.1 kin-openapi may visit a form alone otherwise than as a part of the whole.
		if rest := *rule.schema; len(rest.AnyOf) > 0 && rest.Discriminator == nil && !document.IsOpenAPI31OrLater() {
			if rest.AnyOf = nil; rest.IsEmpty() {
				for _, form := range rule.schema.AnyOf {
					rule.forms = append(rule.forms, form.Value)
				}
			}
		}
		c.bodies[media] = rule
	}
}

// hasDirection reports whether a schema speaks of what only requests or only answers have. A visit that need not mind
// it is cheaper.
func hasDirection(schema *openapi3.SchemaRef) bool {
	found := false
	_ = schema.WalkSubtree(func(_ string, ref *openapi3.SchemaRef) error {
		found = found || ref.Value != nil && (ref.Value.ReadOnly || ref.Value.WriteOnly)
		return nil
	})
	return found
}

// looksIntoText reports whether a schema's verdict can depend on what a string says, and not only on that it is one.
func looksIntoText(schema *openapi3.SchemaRef) bool {
	looks := false
	_ = schema.WalkSubtree(func(_ string, ref *openapi3.SchemaRef) error {
		s := ref.Value
		isText := func(value any) bool {
			_, isBool := value.(bool)
			return !isBool
		}
		looks = looks || s == nil || s.Pattern != "" || s.MinLength != 0 || s.MaxLength != nil || s.Format != "" ||
			s.UniqueItems || s.Discriminator != nil || slices.ContainsFunc(s.Enum, isText)
		return nil
	})
	return looks
}

// find looks up the operation of a request by its method and the end of its path, whatever the host and the prefix,
// with the values of the path's parameters.
func (c *contract) find(method string, at *url.URL) (*operation, map[string]string, *Violation) {
	path := plainPath(at.EscapedPath())
	rule := c.match(path)
	if rule == nil {
		return nil, nil, &Violation{In: "path", Message: "the contract has no operation " + method + " " + at.EscapedPath()}
	}
	op := rule.operations[method]
	if op == nil {
		return nil, nil, &Violation{In: "method", Message: "the contract has no " + method + " " + rule.template}
	}
	values := make(map[string]string, len(rule.parameters))
	groups := rule.pattern.FindStringSubmatch(path)
	for i, name := range rule.parameters {
		values[name], _ = url.PathUnescape(groups[i+1])
	}
	return op, values, nil
}

// match is the rule of a path: of those that match its end, one that leaves a base of the document, else the most literal.
func (c *contract) match(path string) *pathRule {
	var best *pathRule
	bestRank := 0
	for i := range c.paths {
		at := c.paths[i].pattern.FindStringIndex(path)
		if at == nil {
			continue
		}
		rank := slices.Index(c.bases, path[:at[0]])
		if rank < 0 {
			rank = len(c.bases)
		}
		if best == nil || rank < bestRank {
			best, bestRank = &c.paths[i], rank
		}
	}
	return best
}

// plainPath writes a path in one way, whatever is escaped in it that need not be.
func plainPath(path string) string {
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if text, err := url.PathUnescape(segment); err == nil {
			segment = text
		}
		segments[i] = url.PathEscape(segment)
	}
	return strings.Join(segments, "/")
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
