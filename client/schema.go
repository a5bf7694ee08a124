package client

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// schemaViolations lists what the error of a schema visit holds, a violation for each value that breaks its schema,
// with kin-openapi's own reason and without its dumps of schema and value. Where a value fits no form of an anyOf or
// oneOf, it lists what breaks the form that the value evidently has. At is the path to the visited value.
func schemaViolations(err error, at []string, options []openapi3.SchemaValidationOption) []Violation {
	switch err := err.(type) { //nolint:errorlint // what the visitor returns, which it does not wrap
	case nil:
		return nil
	case openapi3.MultiError:
		var violations []Violation
		for _, err := range err {
			violations = append(violations, schemaViolations(err, at, options)...)
		}
		return violations
	case *openapi3.SchemaError:
		place := append(slices.Clip(at), err.JSONPointer()...)
		var inner openapi3.MultiError
		for _, schema := range subSchemas(err) {
			if err := schema.VisitJSON(err.Value, options...); err != nil {
				inner = append(inner, err)
			}
		}
		if len(inner) > 0 {
			return schemaViolations(inner, place, options)
		}
		if errors.As(err.Origin, &inner) { // the causes in an allOf or an OpenAPI 3.1 schema, with pointers from the visited value
			return schemaViolations(inner, at, options)
		}
		return []Violation{{In: "body", Pointer: pointer(place), Message: reason(err)}}
	default:
		return []Violation{{In: "body", Pointer: pointer(at), Message: oneLine(err.Error())}}
	}
}

// subSchemas are the schemas inside an anyOf or oneOf whose failure says more than "doesn't match any".
func subSchemas(failure *openapi3.SchemaError) []*openapi3.Schema {
	switch {
	case failure.Schema == nil || errors.Is(failure, openapi3.ErrOneOfConflict):
		return nil
	case failure.SchemaField == "anyOf":
		return evidentForm(failure.Schema.AnyOf, failure.Schema.Discriminator, failure.Value)
	case failure.SchemaField == "oneOf":
		return evidentForm(failure.Schema.OneOf, failure.Schema.Discriminator, failure.Value)
	}
	return nil
}

// evidentForm is the form that the value evidently has: the one that it names; else of those of its type the one with
// the most properties that the value has too, with values of the right type; then the one of which it has the most
// required properties.
func evidentForm(forms openapi3.SchemaRefs, discriminator *openapi3.Discriminator, value any) []*openapi3.Schema {
	object, _ := value.(map[string]any)
	named := ""
	if discriminator != nil {
		named, _ = object[discriminator.PropertyName].(string)
		named = cmp.Or(discriminator.Mapping[named].Ref, named)
	}
	best, bestScore := -1, 0
	for i, form := range forms {
		if named != "" && (form.Ref == named || form.Ref == "#/components/schemas/"+named) {
			return []*openapi3.Schema{form.Value}
		}
		score := 0
		if hasType(form.Value, value) {
			score += 1_000_000
		}
		for name, property := range form.Value.Properties {
			if value, ok := object[name]; ok {
				score += 100
				if hasType(property.Value, value) {
					score += 10000
				}
			}
		}
		for _, name := range form.Value.Required {
			if _, ok := object[name]; !ok {
				score--
			}
		}
		if best < 0 || score > bestScore {
			best, bestScore = i, score
		}
	}
	return []*openapi3.Schema{forms[best].Value}
}

// hasType reports whether value has the type that schema names, whatever else the schema wants of it.
func hasType(schema *openapi3.Schema, value any) bool {
	return schema.Type == nil || (&openapi3.Schema{Type: schema.Type, Nullable: schema.Nullable}).IsMatching(value)
}

func reason(failure *openapi3.SchemaError) string {
	text := failure.Reason
	if text == "" {
		return fmt.Sprintf("doesn't match schema %q", failure.SchemaField)
	}
	// OpenAPI 3.1: where it is, and maybe a header line, then "at '<pointer>': <reason>".
	if _, reason, ok := strings.Cut(text, "at '"+pointer(failure.JSONPointer())+"': "); ok {
		text = reason
	}
	return oneLine(text)
}
