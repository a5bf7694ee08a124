package client

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/go-json-experiment/json/jsontext"
)

// bodyRule is what the document says about one JSON body.
type bodyRule struct {
	schema *openapi3.Schema
	skim   *skimmer // nil: only a visit can judge a body
	// of a visit for the first violation, and for all
	options, allOptions []openapi3.SchemaValidationOption
}

func newBodyRule(schema *openapi3.Schema, options []openapi3.SchemaValidationOption) *bodyRule {
	rule := &bodyRule{schema: schema, options: options, allOptions: append(slices.Clip(options), openapi3.MultiErrors())}
	if len(options) == 0 { // readOnly, writeOnly and OpenAPI 3.1 are for the visit alone
		rule.skim = make(skimmers).of(schema)
	}
	return rule
}

// check lists what in a JSON body breaks the rule. Strict: the body is known to pass checkStrict. Most bodies are seen to be
// valid in place; only another is made a tree and visited for all that breaks the rule, unless it has more values than a person
// could read of.
func (r *bodyRule) check(body []byte, strict bool) []Violation {
	if !strict {
		if err := checkStrict(body); err != nil {
			return []Violation{notJSON(err)}
		}
	}
	if r.skim != nil && r.skim.accepts(bytes.Trim(body, " \t\r\n")) {
		return nil
	}
	tree, err := decodeTree(body)
	if err != nil {
		return []Violation{notJSON(err)}
	}
	options := r.allOptions
	if tooManyValues(body) {
		options = r.options
	}
	return schemaViolations(r.schema.VisitJSON(tree, options...), options)
}

// tooManyValues reports whether JSON has more values than a person could read of.
func tooManyValues(body []byte) bool { return bytes.Count(body, []byte(",")) > 100_000 }

// addBodies adds the rules of the bodies of a request or a response.
func (op *operation) addBodies(content openapi3.Content, direction openapi3.SchemaValidationOption) {
	for _, media := range content {
		if media == nil || media.Schema == nil {
			continue
		}
		var options []openapi3.SchemaValidationOption
		if hasDirection(media.Schema) {
			options = append(options, direction)
		}
		if op.route.Spec.IsOpenAPI31OrLater() {
			options = append(options, openapi3.EnableJSONSchema2020())
		}
		op.bodies[media] = newBodyRule(media.Schema.Value, options)
	}
}

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

// hasDirection reports whether a schema speaks of what only requests or only answers have.
func hasDirection(schema *openapi3.SchemaRef) bool {
	found := false
	_ = schema.WalkSubtree(func(_ string, ref *openapi3.SchemaRef) error {
		found = found || ref.Value != nil && (ref.Value.ReadOnly || ref.Value.WriteOnly)
		return nil
	})
	return found
}

// notJSON is the violation of a body that is broken in JSON itself.
func notJSON(err error) Violation {
	violation := Violation{In: "body", Message: "is not JSON: " + oneLine(err.Error())}
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		violation.Pointer = string(syntax.JSONPointer)
		violation.Message = fmt.Sprintf("is not JSON: %s, at byte %d", oneLine(syntax.Err.Error()), syntax.ByteOffset)
	}
	return violation
}
