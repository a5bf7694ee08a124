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

// operations returns the operations of the document, by path and method, and in that order.
func (c *compiler) operations() (byPath map[string]map[string]*operation, all []*operation) {
	byPath = make(map[string]map[string]*operation)
	for path := range c.document.Paths.Map() { // also of one without operations
		byPath[path] = make(map[string]*operation)
	}
	for _, described := range openapi.Operations(c.document) {
		op := c.operation(described)
		byPath[described.Path][described.Method] = op
		all = append(all, op)
	}
	return byPath, all
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

func (c *compiler) operation(described openapi.Operation) *operation {
	op := &operation{security: described.Security}
	names := route.Parameters(described.Path)
	add := func(ref *openapi3.ParameterRef, at place) {
		if p := c.parameter(ref.Value, at); p != nil {
			p.index = slices.Index(names, p.Name)
			op.parameters = append(op.parameters, p)
		}
	}
	pathPlace := place("").to("paths", described.Path)
	at := pathPlace.to(strings.ToLower(described.Method))
	own := described.Operation.Parameters
	for i, ref := range described.PathItem.Parameters {
		if own.GetByInAndName(ref.Value.In, ref.Value.Name) == nil {
			add(ref, pathPlace.to("parameters", strconv.Itoa(i)))
		}
	}
	for i, ref := range own {
		add(ref, at.to("parameters", strconv.Itoa(i)))
	}
	op.setOthers()
	if ref := described.RequestBody; ref != nil && ref.Value != nil {
		op.body = c.body(ref.Value.Content, at.to("requestBody"), schema.Request)
		op.isRequired = ref.Value.Required
	}
	op.responses = c.responses(described.Responses, at)
	return op
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
		p.style.Others = maps.Clone(names)
		delete(p.style.Others, p.Name) // which may be a name of a map that is spread over the query
	}
}

func (c *compiler) responses(described *openapi3.Responses, at place) responses {
	compiled := make(responses)
	for key, ref := range described.Map() {
		if ref.Value == nil {
			continue
		}
		response := c.response(ref.Value, at.to("responses", key))
		status, err := strconv.Atoi(key)
		switch {
		case key == "default":
			compiled[0] = response
		case err == nil && status >= 100:
			compiled[status] = response
		case len(key) == 3 && '1' <= key[0] && key[0] <= '5' && key[1:] == "XX":
			compiled[int(key[0]-'0')] = response
		}
	}
	return compiled
}

func (c *compiler) response(described *openapi3.Response, at place) *response {
	return &response{c.headers(described.Headers, at), c.body(described.Content, at, schema.Response)}
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
			texts: text.SchemaOf(described.Schema), parts: c.parts(described, at.to("content", name)),
			isWild: strings.Contains(name, "*"),
		}
	}
	return b
}

// parts returns the properties of a form, those of its variants included.
func (c *compiler) parts(described *openapi3.MediaType, at place) map[string]*part {
	parts, names := make(map[string]*part), make(map[string]bool)
	whole := text.SchemaOf(described.Schema)
	for _, one := range whole {
		for name := range one.Properties {
			names[name] = true
		}
	}
	for name := range names {
		p := &part{schema: whole.Property(name), encoding: described.Encoding[name]}
		method := p.encoding.SerializationMethod()
		p.style = text.NewStyle(&openapi3.Parameter{
			Name: name, In: openapi3.ParameterInQuery, Style: method.Style, Explode: &method.Explode,
		}, p.schema)
		p.style.Others = names
		if p.encoding != nil {
			p.headers = c.headers(p.encoding.Headers, at.to("encoding", name))
		}
		parts[name] = p
	}
	return parts
}
