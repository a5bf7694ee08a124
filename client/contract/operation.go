package contract

import (
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"

	"github.com/aitutor-api/aitutor-go/client/contract/internal/skim"
)

// operation is what the document says about one method of a path.
type operation struct {
	route      *routers.Route // as kin-openapi's filter takes it
	path       *path
	security   []alternative
	parameters []parameter
	body       *openapi3.RequestBody // nil: the document says nothing of it
	responses  responses
	bodies     map[*openapi3.MediaType]*bodyRule // of the request and of the responses
}

// compiler makes operations of a document.
type compiler struct {
	document *openapi3.T
	skim     skim.Compiler
	directed map[*openapi3.Schema]bool // the schemas that are readOnly or writeOnly, or have one that is
}

func newCompiler(document *openapi3.T) *compiler {
	return &compiler{document: document, skim: make(skim.Compiler), directed: directedSchemas(document)}
}

func (c *compiler) operation(p *path, item *openapi3.PathItem, method string, described *openapi3.Operation) *operation {
	op := &operation{
		route:  &routers.Route{Spec: c.document, Path: p.template, PathItem: item, Method: method, Operation: described},
		path:   p,
		bodies: make(map[*openapi3.MediaType]*bodyRule),
	}
	op.security = c.security(described.Security)
	for _, ref := range item.Parameters {
		if described.Parameters.GetByInAndName(ref.Value.In, ref.Value.Name) == nil {
			op.parameters = append(op.parameters, c.parameter(p, ref.Value))
		}
	}
	for _, ref := range described.Parameters {
		op.parameters = append(op.parameters, c.parameter(p, ref.Value))
	}
	if described.RequestBody != nil {
		op.body = described.RequestBody.Value
		c.addBodies(op, op.body.Content, openapi3.VisitAsRequest())
	}
	op.responses = c.responses(op)
	return op
}

// addBodies adds the rules of the bodies of a request or a response.
func (c *compiler) addBodies(op *operation, content openapi3.Content, direction openapi3.SchemaValidationOption) {
	for _, media := range content {
		if media == nil || media.Schema == nil {
			continue
		}
		var options []openapi3.SchemaValidationOption
		if c.directed[media.Schema.Value] {
			options = append(options, direction)
		}
		if c.document.IsOpenAPI31OrLater() {
			options = append(options, openapi3.EnableJSONSchema2020())
		}
		rule := &bodyRule{
			schema: media.Schema.Value, sorted: c.document.IsOpenAPI31OrLater(),
			options: options, allOptions: append(slices.Clip(options), openapi3.MultiErrors()),
		}
		if len(options) == 0 { // skim knows neither direction nor OpenAPI 3.1
			rule.skim, rule.canSkim = c.skim.Compile(rule.schema)
		}
		op.bodies[media] = rule
	}
}

// directedSchemas returns the schemas that are readOnly or writeOnly, and those that such a schema is part of.
func directedSchemas(document *openapi3.T) map[*openapi3.Schema]bool {
	var found, directed []*openapi3.Schema
	seen := make(map[*openapi3.Schema]bool)
	meet := func(_ string, ref *openapi3.SchemaRef) error {
		if schema := ref.Value; !seen[schema] {
			seen[schema] = true
			found = append(found, schema)
		}
		return openapi3.SkipSubtree
	}
	_ = document.WalkSchemas(meet)
	parents := make(map[*openapi3.Schema][]*openapi3.Schema)
	for i := 0; i < len(found); i++ { // found grows
		schema := found[i]
		if schema.ReadOnly || schema.WriteOnly {
			directed = append(directed, schema)
		}
		_ = openapi3.NewSchemaRef("", schema).WalkSubtree(func(pointer string, ref *openapi3.SchemaRef) error {
			if pointer == "" {
				return nil
			}
			parents[ref.Value] = append(parents[ref.Value], schema)
			return meet(pointer, ref)
		})
	}
	isDirected := make(map[*openapi3.Schema]bool)
	for len(directed) > 0 {
		schema := directed[len(directed)-1]
		directed = directed[:len(directed)-1]
		if !isDirected[schema] {
			isDirected[schema] = true
			directed = append(directed, parents[schema]...)
		}
	}
	return isDirected
}
