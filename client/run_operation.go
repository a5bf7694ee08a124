package client

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
)

// runOperation is what the contract says about the client's one operation.
type runOperation struct {
	described          *operation
	ownOutput          *operation // the same, with an output of any fields
	inputs             *bodyRule  // of the request
	pathStart, pathEnd string     // around the workflow ID
}

// runWorkflow looks the operation up once for the whole program.
var runWorkflow = sync.OnceValues(func() (*runOperation, error) {
	op := DefaultValidator().contract.byID("runWorkflow")
	if op == nil {
		return nil, errors.New("the contract has no operation runWorkflow")
	}
	path := op.route.Path
	id := parameterInTemplate.FindStringIndex(path) // of its one parameter, the workflow ID
	if id == nil {
		return nil, fmt.Errorf("the contract's path %s has no workflow ID", path)
	}
	var inputs *bodyRule
	if body := op.route.Operation.RequestBody; body != nil {
		inputs = op.bodies[body.Value.Content.Get("application/json")]
	}
	if inputs == nil {
		return nil, errors.New("the contract's operation runWorkflow takes no JSON")
	}
	return &runOperation{
		described: op,
		ownOutput: op.withOwn("output"),
		inputs:    inputs,
		pathStart: path[:id[0]],
		pathEnd:   path[id[1]:],
	}, nil
})

// withOwn is the operation with an object of any fields for a property of its bodies: a property that is described for
// one workflow, of a body that every workflow has.
func (op *operation) withOwn(property string) *operation {
	own := *op
	own.bodies = make(map[*openapi3.MediaType]*bodyRule)
	for media, rule := range op.bodies {
		own.bodies[media] = newBodyRule(openSchema(rule.schema, property), rule.options)
	}
	return &own
}

// openSchema is schema, and the forms of its anyOf, with an object of any fields for a property.
func openSchema(schema *openapi3.Schema, property string) *openapi3.Schema {
	open := *schema
	if described := schema.Properties[property]; described != nil {
		open.Properties = maps.Clone(schema.Properties)
		open.Properties[property] = openapi3.NewSchemaRef("", &openapi3.Schema{Type: described.Value.Type})
	}
	open.AnyOf = nil
	for _, form := range schema.AnyOf {
		open.AnyOf = append(open.AnyOf, openapi3.NewSchemaRef(form.Ref, openSchema(form.Value, property)))
	}
	return &open
}

// checkInputs holds inputs against the contract's request schema.
func (op *runOperation) checkInputs(inputs []byte) error {
	violations := op.inputs.check(inputs, true)
	if len(violations) == 0 {
		return nil
	}
	lines := make([]string, len(violations))
	for i, violation := range violations {
		lines[i] = violation.String()
	}
	return errors.New(strings.Join(lines, "; "))
}
