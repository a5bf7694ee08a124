package client

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/go-json-experiment/json/jsontext"
)

// bodyRule is what the document says about one JSON body.
type bodyRule struct {
	schema *openapi3.Schema
	// forms are the schemas of which any makes the body valid, where schema is an anyOf and nothing else: visiting them
	// in its place spares a copy of the body for each and a second visit of the one that fits.
	forms []*openapi3.Schema
	shape bool            // no schema looks into a text: the shape of a body is all that it can break
	names map[string]bool // of the members that the forms look at; nil: all
	// options of a visit: for its verdict alone, for the first violation, for all violations
	verdict, first, all []openapi3.SchemaValidationOption
}

// addBodies adds the rules of the bodies of a request or a response.
func (op *operation) addBodies(content openapi3.Content, direction openapi3.SchemaValidationOption) {
	document := op.route.Spec
	for _, media := range content {
		if media == nil || media.Schema == nil {
			continue
		}
		rule := &bodyRule{schema: media.Schema.Value, shape: !looksIntoText(media.Schema) && !document.IsOpenAPI31OrLater()}
		if hasDirection(media.Schema) {
			rule.first = append(rule.first, direction)
		}
		if document.IsOpenAPI31OrLater() {
			rule.first = append(rule.first, openapi3.EnableJSONSchema2020())
		}
		rule.verdict = append(slices.Clip(rule.first), openapi3.FailFast())
		rule.all = append(slices.Clip(rule.first), openapi3.MultiErrors())
		// In OpenAPI 3.1 kin-openapi may visit a form alone otherwise than as a part of the whole.
		if rest := *rule.schema; len(rest.AnyOf) > 0 && rest.Discriminator == nil && !document.IsOpenAPI31OrLater() {
			if rest.AnyOf = nil; rest.IsEmpty() {
				for _, form := range rule.schema.AnyOf {
					rule.forms = append(rule.forms, form.Value)
				}
				rule.names = memberNames(rule.forms)
			}
		}
		op.bodies[media] = rule
	}
}

// withOwn is the operation with an object of any fields for a property of its bodies: a property that is described for
// one workflow, of a body that every workflow has.
func (op *operation) withOwn(property string) *operation {
	own := *op
	own.bodies = make(map[*openapi3.MediaType]*bodyRule)
	for media, rule := range op.bodies {
		ownRule := *rule
		ownRule.schema = openSchema(rule.schema, property)
		ownRule.forms = nil
		for _, form := range rule.forms {
			ownRule.forms = append(ownRule.forms, openSchema(form, property))
		}
		own.bodies[media] = &ownRule
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

// hasDirection reports whether a schema speaks of what only requests or only answers have. A visit that need not mind
// it is cheaper.
func hasDirection(schema *openapi3.SchemaRef) bool {
	found := false
	_ = schema.WalkSubtree(func(_ string, ref *openapi3.SchemaRef) error {
		found = found || ref.Value != nil && (ref.Value.ReadOnly || ref.Value.WriteOnly)
		return nil
	})
	return found
}

// memberNames are the members of an object that the forms look at, or nil where a form may look at any.
func memberNames(forms []*openapi3.Schema) map[string]bool {
	names := make(map[string]bool)
	for _, form := range forms {
		rest := openapi3.Schema{
			Title: form.Title, Description: form.Description, Type: form.Type, Required: form.Required, Properties: form.Properties,
		}
		if !reflect.DeepEqual(*form, rest) {
			return nil
		}
		for name := range form.Properties {
			names[name] = true
		}
		for _, name := range form.Required {
			names[name] = true
		}
	}
	return names
}

// looksIntoText reports whether a schema's verdict can depend on what a string says, and not only on that it is one.
func looksIntoText(schema *openapi3.SchemaRef) bool {
	looks := false
	_ = schema.WalkSubtree(func(_ string, ref *openapi3.SchemaRef) error {
		s := ref.Value
		isText := func(value any) bool {
			_, isBool := value.(bool)
			return !isBool
		}
		looks = looks || s == nil || s.Pattern != "" || s.MinLength != 0 || s.MaxLength != nil || s.Format != "" ||
			s.UniqueItems || s.Discriminator != nil || slices.ContainsFunc(s.Enum, isText)
		return nil
	})
	return looks
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

// check lists what in a JSON body breaks the rule, and gives the body's tree. A visit that stops at the first violation is
// cheap: only a tree that has one is visited for all, unless it has more values than a person could read of.
func (r *bodyRule) check(body []byte) (any, []Violation) {
	var tree any
	var err error
	if r.shape {
		tree, err = decodeShape(body, r.names)
	} else {
		tree, err = decodeTree(body)
	}
	if err != nil {
		return nil, []Violation{notJSON(err)}
	}
	for _, form := range r.forms {
		if form.VisitJSON(tree, r.verdict...) == nil {
			return tree, nil
		}
	}
	if r.schema.VisitJSON(tree, r.verdict...) == nil {
		return tree, nil
	}
	options := r.all
	if tooManyValues(body) {
		options = r.first
	}
	return tree, schemaViolations(r.schema.VisitJSON(tree, options...), nil, options)
}

// tooManyValues reports whether JSON has more values than a person could read of.
func tooManyValues(body []byte) bool { return bytes.Count(body, []byte(",")) > 100_000 }
