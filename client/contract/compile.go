package contract

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/client/contract/internal/instance"
	"github.com/aitutor-api/aitutor-go/client/contract/internal/route"
	"github.com/aitutor-api/aitutor-go/client/contract/internal/schema"
	"github.com/aitutor-api/aitutor-go/client/contract/internal/text"
	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
)

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

// place is a JSON pointer into the document, which may lead through references.
type place string

// to returns the place of a part.
func (p place) to(names ...string) place {
	for _, name := range names {
		p += "/" + place(instance.EscapeToken(name))
	}
	return p
}

func (c *compiler) operation(
	path string,
	item *openapi3.PathItem,
	method string,
	described *openapi3.Operation,
) *operation {
	op := &operation{
		pathNames: route.Parameters(path),
		security:  openapi.NewOperation(c.document, path, method, described).Security,
	}
	pathPlace := place("").to("paths", path)
	at := pathPlace.to(strings.ToLower(method))
	add := func(ref *openapi3.ParameterRef, at place) {
		if p := c.parameter(ref.Value, at); p != nil {
			p.index = slices.Index(op.pathNames, p.Name)
			op.parameters = append(op.parameters, p)
		}
	}
	for i, ref := range item.Parameters {
		if described.Parameters.GetByInAndName(ref.Value.In, ref.Value.Name) == nil {
			add(ref, pathPlace.to("parameters", strconv.Itoa(i)))
		}
	}
	for i, ref := range described.Parameters {
		add(ref, at.to("parameters", strconv.Itoa(i)))
	}
	op.setOthers()
	if ref := described.RequestBody; ref != nil && ref.Value != nil {
		op.body = c.body(ref.Value.Content, at.to("requestBody"), schema.Request)
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
		response := c.response(ref.Value, at.to("responses", key))
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
	compiled.headers = c.headers(described.Headers, at)
	return compiled
}

// headers returns the headers of a response or of a part, by name.
func (c *compiler) headers(described openapi3.Headers, at place) []*parameter {
	var headers []*parameter
	for name, ref := range described {
		if ref.Value == nil || http.CanonicalHeaderKey(name) == "Content-Type" { // OpenAPI has it ignored
			continue
		}
		header := ref.Value.Parameter // a copy: whose name and place the document leaves out
		header.Name, header.In = name, openapi3.ParameterInHeader
		if p := c.parameter(&header, at.to("headers", name)); p != nil {
			p.isField = true
			headers = append(headers, p)
		}
	}
	slices.SortFunc(headers, func(a, b *parameter) int { return strings.Compare(a.Name, b.Name) })
	return headers
}

// parameter returns nil for a header that OpenAPI has ignored.
func (c *compiler) parameter(described *openapi3.Parameter, at place) *parameter {
	if described.In == openapi3.ParameterInHeader {
		switch http.CanonicalHeaderKey(described.Name) {
		case "Accept", "Content-Type", "Authorization":
			return nil
		}
	}
	ref := described.Schema
	schemaPlace := at.to("schema")
	for name, media := range described.Content { // there is one
		if media != nil {
			ref, schemaPlace = media.Schema, at.to("content", name, "schema")
		}
	}
	p := &parameter{Parameter: described, key: http.CanonicalHeaderKey(described.Name)}
	p.style = text.NewStyle(described, text.SchemaOf(ref))
	if p.schema = c.schema(ref, schemaPlace); p.schema == nil {
		return p
	}
	for name, media := range described.Content {
		kind := kindOf(name, media)
		if kind != asJSON && kind != asText {
			p.schema = nil // it is not decoded
			return p
		}
		p.isJSON = kind == asJSON
	}
	p.isPlain = described.Content == nil &&
		(described.Style == "" || described.Style == "simple" || described.Style == "form")
	return p
}

func (c *compiler) body(content openapi3.Content, at place, direction schema.Direction) *body {
	if len(content) == 0 {
		return nil
	}
	b := &body{content: content, media: make(map[*openapi3.MediaType]*media), direction: direction}
	for name, described := range content {
		if described == nil || described.Schema == nil {
			continue
		}
		b.media[described] = &media{
			MediaType: described, schema: c.schema(described.Schema, at.to("content", name, "schema")),
			texts: text.SchemaOf(described.Schema), parts: c.parts(described, at.to("content", name)), isWild: strings.Contains(name, "*"),
		}
	}
	return b
}

// sortedOperations lists the operations of a document by path and method.
func sortedOperations(operations map[string]map[string]*operation) []*operation {
	var all []*operation
	for _, path := range slices.Sorted(maps.Keys(operations)) {
		for _, method := range slices.Sorted(maps.Keys(operations[path])) {
			all = append(all, operations[path][method])
		}
	}
	return all
}
