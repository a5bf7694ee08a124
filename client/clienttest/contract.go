package clienttest

import (
	"maps"
	"slices"
	"strconv"

	"github.com/aitutor-api/aitutor-go/api"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/go-json-experiment/json"
)

// A contract is what the server takes from the spec: the rules for requests, and the examples that it answers with.
type contract struct {
	document         *openapi3.T
	operation        *openapi3.Operation
	workflowID       string // the spec's example
	workflowIDSchema *openapi3.Schema
	inputs           *openapi3.Schema
}

func newContract() contract {
	c := contract{document: api.Document(), workflowID: "wf_clienttest"}
	for _, path := range c.document.Paths.InMatchingOrder() {
		for _, operation := range c.document.Paths.Value(path).Operations() {
			if operation.OperationID == "runWorkflow" {
				c.operation = operation
			}
		}
	}
	if c.operation == nil {
		panic("clienttest: the spec has no operation runWorkflow")
	}
	id := c.operation.Parameters.GetByInAndName(openapi3.ParameterInPath, "workflow_id")
	if id == nil {
		panic("clienttest: the spec's runWorkflow has no path parameter workflow_id")
	}
	if example, ok := id.Example.(string); ok {
		c.workflowID = example
	}
	c.workflowIDSchema = id.Schema.Value
	c.inputs = c.operation.RequestBody.Value.Content.Get("application/json").Schema.Value
	return c
}

// visit holds a value against a schema of the spec.
func (c contract) visit(schema *openapi3.Schema, value any, options ...openapi3.SchemaValidationOption) error {
	return c.document.ValidateSchemaJSON(schema, value, options...)
}

// schema returns a schema of the spec by its name.
func (c contract) schema(name string) *openapi3.Schema {
	ref := c.document.Components.Schemas[name]
	if ref == nil || ref.Value == nil {
		panic("clienttest: the spec has no schema " + name)
	}
	return ref.Value
}

// response returns the spec's response of a status; nil where it has none.
func (c contract) response(status int) *openapi3.Response {
	ref := c.operation.Responses.Value(strconv.Itoa(status))
	if ref == nil {
		return nil
	}
	return ref.Value
}

// example returns the first example, by name, of the response that is valid against the schema.
func (c contract) example(status int, schema string) (any, bool) {
	response := c.response(status)
	if response == nil || response.Content.Get("application/json") == nil {
		return nil, false
	}
	examples := response.Content.Get("application/json").Examples
	for _, name := range slices.Sorted(maps.Keys(examples)) {
		value := examples[name].Value.Value
		if c.visit(c.schema(schema), value) == nil {
			return value, true
		}
	}
	return nil, false
}

// runExample returns an answer to a run: the spec's example, or a sample of the schema where no example keeps it.
func (c contract) runExample(schema string) any {
	if value, ok := c.example(200, schema); ok {
		return value
	}
	return sample(c.schema(schema))
}

// sample makes a value of a schema, out of the examples in it as far as they go. It serves a spec whose schemas have
// changed and whose examples of answers have not yet.
func sample(schema *openapi3.Schema) any {
	switch {
	case schema.Example != nil:
		return schema.Example
	case len(schema.Enum) > 0:
		return schema.Enum[0]
	case schema.Type.Is(openapi3.TypeObject):
		object := map[string]any{}
		for name, property := range schema.Properties {
			object[name] = sample(property.Value)
		}
		return object
	case schema.Type.Is(openapi3.TypeArray):
		return []any{}
	case schema.Type.Is(openapi3.TypeInteger), schema.Type.Is(openapi3.TypeNumber):
		return 0
	case schema.Type.Is(openapi3.TypeBoolean):
		return false
	default:
		return "text"
	}
}

// as converts a JSON value of the spec into a generated type.
func as[T any](value any) T {
	var converted T
	data, err := json.Marshal(value)
	if err == nil {
		err = json.Unmarshal(data, &converted)
	}
	if err != nil {
		panic("clienttest: an example of the spec: " + err.Error())
	}
	return converted
}
