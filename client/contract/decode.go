package contract

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"

	"github.com/aitutor-api/aitutor-go/client/internal/printable"
)

// withoutNull returns types without null, which has no text. A list of one type is decoded as that type.
func withoutNull(types *openapi3.Types) *openapi3.Types {
	rest := slices.DeleteFunc(
		slices.Clone(types.Slice()),
		func(name string) bool { return name == openapi3.TypeNull || name == "" },
	)
	if len(rest) == 0 {
		return types
	}
	return (*openapi3.Types)(&rest)
}

// isOfValue reports whether an error of kin-openapi's decoders is about the value, and not about a schema that they do
// not know how to decode.
func isOfValue(err error) bool {
	if parse, ok := errors.AsType[*openapi3filter.ParseError](err); ok {
		return parse.Kind == openapi3filter.KindInvalidFormat || parse.Cause != nil && isOfValue(parse.Cause)
	}
	return errors.Is(err, openapi3filter.ErrInvalidEmptyValue) || errors.Is(err, openapi3filter.ErrInvalidRequired) ||
		strings.HasPrefix(err.Error(), "decoding ") || strings.HasPrefix(err.Error(), "error unmarshaling ") ||
		strings.Contains(err.Error(), "cannot have multiple values") || reflect.TypeOf(err).String() == "*strconv.NumError"
}

// reasonOf returns why a field cannot be decoded, without its value.
func reasonOf(err error) string {
	for cause := err; cause != nil; {
		parse, ok := cause.(*openapi3filter.ParseError) //nolint:errorlint // each in turn
		if !ok {
			break
		}
		if parse.Reason != "" {
			return printable.Line(parse.Reason)
		}
		cause = parse.Cause
	}
	return printable.Line(err.Error())
}

// notJSON returns the violation of a body that is broken in JSON itself.
func notJSON(err error) Violation {
	violation := Violation{In: "body", Message: "is not JSON: " + printable.Line(err.Error())}
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		violation.Pointer = cut(string(syntax.JSONPointer))
		violation.Message = fmt.Sprintf("is not JSON: %s, at byte %d", printable.Line(syntax.Err.Error()), syntax.ByteOffset)
	}
	return violation
}

// cut returns the beginning of a long text.
func cut(text string) string {
	const limit = 4 << 10
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "..."
}
