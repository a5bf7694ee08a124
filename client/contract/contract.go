package contract

import (
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
)

// contract is an OpenAPI document, made ready to look up what it says about an exchange.
type contract struct {
	paths []pathRule
	bases []string // what may stand before a path: the paths of the document's servers, and nothing
}

func newContract(document *openapi3.T) *contract {
	c := &contract{}
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
			rule.operations[method] = newOperation(route)
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
