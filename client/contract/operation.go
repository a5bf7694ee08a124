package contract

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/client/contract/internal/instance"
	"github.com/aitutor-api/aitutor-go/client/contract/internal/route"
	"github.com/aitutor-api/aitutor-go/client/contract/internal/schema"
)

// operation is what the document says about one method of a path.
type operation struct {
	pathNames  []string // of the parameters in the path, in its order
	security   []alternative
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

// compiler makes operations of a document.
type compiler struct {
	document  *openapi3.T
	schemas30 schema.Compiler30
	schemas31 *schema.Compiler31 // nil: the document is of OpenAPI 3.0
}

// operations returns the operations of the document, by path and method.
func (c *compiler) operations() map[string]map[string]*operation {
	operations := make(map[string]map[string]*operation)
	for path, item := range c.document.Paths.Map() {
		operations[path] = make(map[string]*operation)
		for method, described := range item.Operations() {
			operations[path][method] = c.operation(path, item, method, described)
		}
	}
	return operations
}

// schema returns the Schema of ref, which stands in a place of the document.
func (c *compiler) schema(ref *openapi3.SchemaRef, at place) *schema.Schema {
	switch {
	case ref == nil || ref.Value == nil:
		return nil
	case c.schemas31 != nil:
		return c.schemas31.Compile(string(at))
	}
	return c.schemas30.Compile(ref)
}

// place is a JSON pointer into the document.
type place string

// to returns the place of a part, or if that is a reference, the place that it names.
func (p place) to(ref string, names ...string) place {
	if strings.HasPrefix(ref, "#/") {
		if text, err := url.PathUnescape(ref[1:]); err == nil {
			return place(text)
		}
	}
	for _, name := range names {
		p += "/" + place(instance.EscapeToken(name))
	}
	return p
}

func (c *compiler) operation(path string, item *openapi3.PathItem, method string, described *openapi3.Operation) *operation {
	op := &operation{pathNames: route.Parameters(path), security: c.security(described.Security)}
	pathPlace := place("").to(item.Ref, "paths", path)
	at := pathPlace.to("", strings.ToLower(method))
	add := func(ref *openapi3.ParameterRef, at place) {
		if p := c.parameter(ref.Value, at); p != nil {
			p.index = slices.Index(op.pathNames, p.Name)
			op.parameters = append(op.parameters, p)
		}
	}
	for i, ref := range item.Parameters {
		if described.Parameters.GetByInAndName(ref.Value.In, ref.Value.Name) == nil {
			add(ref, pathPlace.to(ref.Ref, "parameters", strconv.Itoa(i)))
		}
	}
	for i, ref := range described.Parameters {
		add(ref, at.to(ref.Ref, "parameters", strconv.Itoa(i)))
	}
	if ref := described.RequestBody; ref != nil && ref.Value != nil {
		op.body = c.body(ref.Value.Content, at.to(ref.Ref, "requestBody"), schema.Request)
		op.isRequired = ref.Value.Required
	}
	op.responses = c.responses(described, at)
	return op
}

func (c *compiler) responses(described *openapi3.Operation, at place) responses {
	compiled := responses{byStatus: make(map[int]*response)}
	for key, ref := range described.Responses.Map() {
		if ref.Value == nil {
			continue
		}
		response := c.response(ref.Value, at.to(ref.Ref, "responses", key))
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

func (c *compiler) response(described *openapi3.Response, at place) *response {
	compiled := &response{body: c.body(described.Content, at, schema.Response)}
	for name, ref := range described.Headers {
		if ref.Value == nil || http.CanonicalHeaderKey(name) == "Content-Type" { // OpenAPI has it ignored
			continue
		}
		header := ref.Value.Parameter // a copy: whose name and place the document leaves out
		header.Name, header.In = name, openapi3.ParameterInHeader
		if p := c.parameter(&header, at.to(ref.Ref, "headers", name)); p != nil {
			p.isField = true
			compiled.headers = append(compiled.headers, p)
		}
	}
	slices.SortFunc(compiled.headers, func(a, b *parameter) int { return strings.Compare(a.Name, b.Name) })
	return compiled
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
