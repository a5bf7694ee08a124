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

// schemaViolations lists what the error of a schema visit holds: a violation for each value that breaks its schema, with
// kin-openapi's reason and without its dumps of schema and value. What several schemas say of a value is listed once.
// Sorted is for OpenAPI 3.1, of which kin-openapi gives the errors in any order.
func schemaViolations(err error, options []openapi3.SchemaValidationOption, sorted bool) []Violation {
	return withoutRepeats((&visit{options: options, sorted: sorted}).violations(err))
}

func withoutRepeats(violations []Violation) []Violation {
	seen := make(map[Violation]bool)
	return slices.DeleteFunc(violations, func(violation Violation) bool {
		again := seen[violation]
		seen[violation] = true
		return again
	})
}

// visit is a visit to a value. It ends also if a schema is a variant of itself.
type visit struct {
	options  []openapi3.SchemaValidationOption
	sorted   bool
	at       []string           // the path to the value
	variants []*openapi3.Schema // as which the value is visited
	depth    int                // of variants in variants
	closest  bool               // only the closest variant of a value is reported
}

// maxDepth bounds the cost: each variant inside a variant is one more visit to all that is inside.
const maxDepth = 20

func (v *visit) violations(err error) []Violation {
	switch err := err.(type) { //nolint:errorlint // what the visitor returns, which it does not wrap
	case nil:
		return nil
	case openapi3.MultiError:
		return v.ofEach(err)
	case *openapi3.SchemaError:
		inner := *v
		if path := err.JSONPointer(); len(path) > 0 {
			inner.at, inner.variants = append(slices.Clip(v.at), path...), nil
		}
		if violations := inner.ofVariants(err); len(violations) > 0 {
			return violations
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

// ofEach lists the violations of each error.
func (v *visit) ofEach(errs openapi3.MultiError) []Violation {
	var groups [][]Violation
	for _, err := range errs {
		if group := v.violations(err); len(group) > 0 {
			groups = append(groups, group)
		}
	}
	if !v.sorted {
		return slices.Concat(groups...)
	}
	slices.SortStableFunc(groups, func(a, b []Violation) int {
		return cmp.Or(cmp.Compare(a[0].Pointer, b[0].Pointer), cmp.Compare(a[0].Message, b[0].Message))
	})
	return slices.Concat(groups...)
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
			found = schemaViolations(schema, []openapi3.SchemaValidationOption{openapi3.MultiErrors()}, false)
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
