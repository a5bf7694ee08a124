package client

import (
	"errors"
	"fmt"
	"strings"
	"sync"
)

// runOperation is what the contract says about the client's one operation.
type runOperation struct {
	*operation
	ownOutput          *operation // the same, but for the fields inside output
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
	return &runOperation{
		operation: op,
		ownOutput: op.withOwn("output"),
		inputs:    op.bodies[op.route.Operation.RequestBody.Value.Content.Get("application/json")],
		pathStart: path[:id[0]],
		pathEnd:   path[id[1]:],
	}, nil
})

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
