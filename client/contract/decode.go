package contract

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/aitutor-api/aitutor-go/client/internal/printable"
)

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
