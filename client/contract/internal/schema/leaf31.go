package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/aitutor-api/aitutor-go/client/internal/printable"
)

// leaf31 is a schema without its parts, and its format: those that kin-openapi knows are judged.
type leaf31 struct {
	*jsonschema.Schema
	types  types
	format string
}

func (s *Schema) setLeaf31(compiled *jsonschema.Schema) {
	alone := &jsonschema.Schema{
		DraftVersion: compiled.DraftVersion, Types: compiled.Types, Const: compiled.Const, Enum: compiled.Enum,
		MinLength: compiled.MinLength, MaxLength: compiled.MaxLength, Minimum: compiled.Minimum, Maximum: compiled.Maximum,
		ExclusiveMinimum: compiled.ExclusiveMinimum, ExclusiveMaximum: compiled.ExclusiveMaximum,
		MultipleOf: compiled.MultipleOf,
	}
	if alone.Types == nil && alone.Const == nil && alone.Enum == nil && alone.MinLength == nil && alone.MaxLength == nil &&
		alone.Minimum == nil && alone.Maximum == nil && alone.ExclusiveMinimum == nil && alone.ExclusiveMaximum == nil &&
		alone.MultipleOf == nil && s.format == "" {
		return
	}
	s.leaf, s.deepLeaf = leaf31{alone, s.types, s.format}, alone.Const != nil || alone.Enum != nil
	q := &s.quick
	*q = quick{
		isOff:     alone.ExclusiveMinimum != nil || alone.ExclusiveMaximum != nil || alone.MultipleOf != nil,
		minLength: limit31(alone.MinLength), maxLength: limit31(alone.MaxLength), formats: s.format != "",
		minimum: math.Inf(-1), maximum: math.Inf(1),
	}
	bound := func(limit *big.Rat, to *float64) {
		if limit != nil {
			value, exact := limit.Float64()
			*to, q.isOff = value, q.isOff || !exact
		}
	}
	bound(alone.Minimum, &q.minimum)
	bound(alone.Maximum, &q.maximum)
	if alone.Enum != nil {
		q.setEnum(alone.Enum.Values)
		q.isOff = q.isOff || len(alone.Enum.Values) == 0 // which accepts nothing
	}
	if alone.Const != nil {
		q.isOff = q.isOff || alone.Enum != nil
		q.setEnum([]any{*alone.Const})
	}
}

func (l leaf31) judge(value any) []finding {
	var findings []finding
	if reasons, ok := errors.AsType[*jsonschema.ValidationError](l.Validate(value)); ok {
		findings = l.findings(reasons, nil)
	}
	if l.format == "" || len(findings) > 0 && isFinal[findings[0].keyword] {
		return findings
	}
	if what, err := checkFormat31(l.format, value); err != nil {
		findings = append(
			findings,
			finding{"format", printable.Line(fmt.Sprintf("%s doesn't match the format %q (%v)", what, l.format, err))},
		)
	}
	return findings
}

func (l leaf31) findings(reason *jsonschema.ValidationError, all []finding) []finding {
	for _, cause := range reason.Causes {
		all = l.findings(cause, all)
	}
	if len(reason.Causes) > 0 {
		return all
	}
	keyword := ""
	if path := reason.ErrorKind.KeywordPath(); len(path) > 0 {
		keyword = path[0]
	}
	return append(all, finding{keyword, printable.Line(l.message(reason.ErrorKind))})
}

// message says what is wrong in the words that kin-openapi has for OpenAPI 3.0.
func (l leaf31) message(reason jsonschema.ErrorKind) string {
	number := func(text string, limit *big.Rat) string {
		value, _ := limit.Float64()
		return fmt.Sprintf("number must be "+text+" %g", value)
	}
	switch reason := reason.(type) {
	case *kind.Type:
		return "value must be " + l.types.String()
	case *kind.Const:
		return "value must be " + encode(reason.Want)
	case *kind.Enum:
		return "value is not one of the allowed values " + encode(reason.Want)
	case *kind.MinLength:
		return fmt.Sprintf("minimum string length is %d", reason.Want)
	case *kind.MaxLength:
		return fmt.Sprintf("maximum string length is %d", reason.Want)
	case *kind.Minimum:
		return number("at least", reason.Want)
	case *kind.Maximum:
		return number("at most", reason.Want)
	case *kind.ExclusiveMinimum:
		return number("more than", reason.Want)
	case *kind.ExclusiveMaximum:
		return number("less than", reason.Want)
	case *kind.MultipleOf:
		return number("a multiple of", reason.Want)
	}
	return "doesn't match the schema"
}

func encode(value any) string {
	data, err := json.Marshal(value)
	if err != nil {
		return "another value"
	}
	return string(data)
}

// checkFormat31 judges a value by a format that kin-openapi knows, and says what the value is.
func checkFormat31(format string, value any) (what string, err error) {
	switch value := value.(type) {
	case string:
		if known := openapi3.SchemaStringFormats[format]; known != nil {
			return "string", known.Validate(value)
		}
	case json.Number:
		number, _ := value.Float64()
		if known := openapi3.SchemaIntegerFormats[format]; known != nil && number == math.Trunc(number) {
			if exact, ok := new(big.Rat).SetString(value.String()); ok && exact.Num().IsInt64() {
				return "integer", known.Validate(exact.Num().Int64())
			}
			return "integer", errors.New("value should be between -9223372036854775808 and 9223372036854775807")
		}
		if known := openapi3.SchemaNumberFormats[format]; known != nil {
			return "number", known.Validate(number)
		}
	}
	return "", nil
}
