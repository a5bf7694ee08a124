// Package openapi reads operations, request bodies and examples out of an OpenAPI document.
package openapi

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Operation is one operation of a document, with what its path and the document say for it.
type Operation struct {
	*openapi3.Operation
	Method     string
	Path       string // template, such as /api/v1/run/{workflow_id}
	PathItem   *openapi3.PathItem
	Parameters openapi3.Parameters // those of the path included
	Secured    bool                // a credential is required
}

// Operations lists the operations of a document, by path and method.
func Operations(document *openapi3.T) []Operation {
	var operations []Operation
	for path, item := range document.Paths.Map() {
		for method, o := range item.Operations() {
			op := Operation{Operation: o, Method: method, Path: path, PathItem: item, Parameters: slices.Clone(o.Parameters)}
			for _, shared := range item.Parameters {
				if o.Parameters.GetByInAndName(shared.Value.In, shared.Value.Name) == nil {
					op.Parameters = append(op.Parameters, shared)
				}
			}
			security := document.Security
			if o.Security != nil {
				security = *o.Security
			}
			// An empty requirement in the list makes the credential optional.
			op.Secured = len(security) > 0 && !slices.ContainsFunc(security, func(r openapi3.SecurityRequirement) bool { return len(r) == 0 })
			operations = append(operations, op)
		}
	}
	slices.SortFunc(operations, func(a, b Operation) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Method, b.Method))
	})
	return operations
}

// Body returns the content type and the description of the JSON body of an operation's requests, or "" and nil.
func (o Operation) Body() (contentType string, media *openapi3.MediaType) {
	if o.RequestBody == nil {
		return "", nil
	}
	return JSON(o.RequestBody.Value.Content)
}

// JSON returns the JSON media type of a body that has a schema, or "" and nil.
func JSON(content openapi3.Content) (contentType string, media *openapi3.MediaType) {
	for _, name := range slices.Sorted(maps.Keys(content)) {
		base, _, _ := strings.Cut(name, ";")
		if strings.HasSuffix(strings.TrimSpace(base), "json") && content[name].Schema != nil {
			return name, content[name]
		}
	}
	return "", nil
}

// Examples lists the examples of a body, by name.
func Examples(media *openapi3.MediaType) []any {
	if media.Example != nil {
		return []any{media.Example}
	}
	var values []any
	for _, name := range slices.Sorted(maps.Keys(media.Examples)) {
		if value := media.Examples[name].Value.Value; value != nil {
			values = append(values, value)
		}
	}
	return values
}

// Example returns the first example of a body that its schema allows, or a sample of the schema.
func Example(media *openapi3.MediaType) any {
	for _, value := range Examples(media) {
		if media.Schema.Value.VisitJSON(value) == nil {
			return value
		}
	}
	return Sample(media.Schema.Value)
}

// Sample makes a value that the schema allows, as far as its examples, types and limits say.
func Sample(schema *openapi3.Schema) any {
	schema = Merged(schema)
	switch {
	case schema.Example != nil:
		return schema.Example
	case schema.Default != nil:
		return schema.Default
	case len(schema.Enum) > 0:
		return schema.Enum[0]
	case len(schema.AnyOf) > 0:
		return Sample(schema.AnyOf[0].Value)
	case len(schema.OneOf) > 0:
		return Sample(schema.OneOf[0].Value)
	case schema.Type.Is(openapi3.TypeInteger), schema.Type.Is(openapi3.TypeNumber):
		if schema.Min != nil {
			return *schema.Min + 1
		}
		return 1
	case schema.Type.Is(openapi3.TypeBoolean):
		return true
	case schema.Type.Is(openapi3.TypeArray):
		if schema.Items == nil {
			return []any{}
		}
		return []any{Sample(schema.Items.Value)}
	case schema.Type.Is(openapi3.TypeObject), len(schema.Properties) > 0:
		object := map[string]any{}
		for _, name := range schema.Required {
			if property := schema.Properties[name]; property != nil {
				object[name] = Sample(property.Value)
			}
		}
		return object
	}
	text := "example"
	for len(text) < 1000 && schema.VisitJSON(text) != nil { // if it is too short
		text += " example"
	}
	return text
}

// Merged returns the schema with what its allOf says among its own.
func Merged(schema *openapi3.Schema) *openapi3.Schema {
	if len(schema.AllOf) == 0 {
		return schema
	}
	merged := *schema
	merged.Properties, merged.Required = maps.Clone(schema.Properties), slices.Clone(schema.Required)
	merged.Enum = slices.Clone(schema.Enum)
	if merged.Properties == nil {
		merged.Properties = openapi3.Schemas{}
	}
	for _, ref := range schema.AllOf {
		part := Merged(ref.Value)
		maps.Copy(merged.Properties, part.Properties)
		merged.Required = append(merged.Required, part.Required...)
		merged.Enum = append(merged.Enum, part.Enum...)
		merged.Type = cmp.Or(merged.Type, part.Type)
		if merged.Example == nil {
			merged.Example = part.Example
		}
	}
	return &merged
}
