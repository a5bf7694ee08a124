package contract

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"

	"github.com/aitutor-api/aitutor-go/client/internal/printable"
)

// schemaViolations lists what the error of a schema visit holds, a violation for each value that breaks its schema,
// with kin-openapi's own reason and without its dumps of schema and value. Where a value fits no form of an anyOf or
// oneOf, it lists what breaks the form that the value evidently has. What several schemas say of a value stands there once.
func schemaViolations(err error, options []openapi3.SchemaValidationOption) []Violation {
	seen := make(map[Violation]bool)
	return slices.DeleteFunc((&visit{options: options}).violations(err), func(violation Violation) bool {
		again := seen[violation]
		seen[violation] = true
		return again
	})
}

// visit is a visit to a value, which comes to an end also where a schema is a form of itself.
type visit struct {
	options []openapi3.SchemaValidationOption
	at      []string           // the path to the value
	forms   []*openapi3.Schema // that the value was visited as
	depth   int                // of forms in forms
}

// maxDepth bounds the cost: each form inside a form is one more visit to all that is inside.
const maxDepth = 20

func (v *visit) violations(err error) []Violation {
	switch err := err.(type) { //nolint:errorlint // what the visitor returns, which it does not wrap
	case nil:
		return nil
	case openapi3.MultiError:
		var violations []Violation
		for _, err := range err {
			violations = append(violations, v.violations(err)...)
		}
		return violations
	case *openapi3.SchemaError:
		inner := *v
		if path := err.JSONPointer(); len(path) > 0 {
			inner.at, inner.forms = append(slices.Clip(v.at), path...), nil
		}
		if form := evidentForm(err); form != nil && v.depth < maxDepth && !slices.Contains(inner.forms, form) {
			as := visit{v.options, inner.at, append(slices.Clip(inner.forms), form), v.depth + 1}
			if violations := as.violations(form.VisitJSON(err.Value, v.options...)); len(violations) > 0 {
				return violations
			}
		}
		// The causes in an allOf or an OpenAPI 3.1 schema have pointers from the visited value.
		causes, _ := errors.AsType[openapi3.MultiError](err.Origin)
		if violations := v.violations(causes); len(violations) > 0 {
			return violations
		}
		return []Violation{{In: "body", Pointer: pointer(inner.at), Message: reason(err)}}
	default:
		return []Violation{{In: "body", Pointer: pointer(v.at), Message: printable.Line(err.Error())}}
	}
}

// evidentForm is the form that a value evidently has that fits no form of an anyOf or oneOf; of another failure, nil.
func evidentForm(failure *openapi3.SchemaError) *openapi3.Schema {
	switch {
	case failure.Schema == nil || errors.Is(failure, openapi3.ErrOneOfConflict):
		return nil
	case failure.SchemaField == "anyOf":
		return bestForm(failure.Schema.AnyOf, failure.Schema.Discriminator, failure.Value)
	case failure.SchemaField == "oneOf":
		return bestForm(failure.Schema.OneOf, failure.Schema.Discriminator, failure.Value)
	}
	return nil
}

// bestForm is the form that the value names; else of those of its type the one with the most properties that the value has
// too, with values of the right type; then the one of which it has the most required properties.
func bestForm(forms openapi3.SchemaRefs, discriminator *openapi3.Discriminator, value any) *openapi3.Schema {
	object, _ := value.(map[string]any)
	named := ""
	if discriminator != nil {
		named, _ = object[discriminator.PropertyName].(string)
		named = cmp.Or(discriminator.Mapping[named].Ref, named)
	}
	best, bestScore := -1, 0
	for i, form := range forms {
		if named != "" && (form.Ref == named || form.Ref == "#/components/schemas/"+named) {
			return form.Value
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
	return forms[best].Value
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
	return printable.Line(text)
}

// pointer writes a path as a JSON pointer.
func pointer(path []string) string {
	var text strings.Builder
	for _, name := range path {
		text.WriteByte('/')
		text.WriteString(escapeToken.Replace(name))
	}
	return text.String()
}

var escapeToken = strings.NewReplacer("~", "~0", "/", "~1")

// violationsAt lists the violations of something that is not JSON: a header, a parameter, a form.
func violationsAt(in, name string, err error) []Violation {
	var violations []Violation
	for _, err := range unwrapMulti(err) {
		found := []Violation{{Message: printable.Line(err.Error())}}
		var schema *openapi3.SchemaError
		var parse *openapi3filter.ParseError
		switch {
		case errors.As(err, &schema):
			found = schemaViolations(schema, []openapi3.SchemaValidationOption{openapi3.MultiErrors()})
		case errors.As(err, &parse) && parse.Reason != "":
			found[0].Message = printable.Line(parse.Reason)
		}
		for _, violation := range found {
			if violation.In = in; name != "" {
				violation.Pointer = name
			}
			violations = append(violations, violation)
		}
	}
	return violations
}

func unwrapMulti(err error) []error {
	var multi openapi3.MultiError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &multi):
		return multi
	}
	return []error{err}
}
