package contract

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/aitutor-api/aitutor-go/client/contract/internal/instance"
	"github.com/aitutor-api/aitutor-go/client/contract/internal/schema"
	"github.com/aitutor-api/aitutor-go/client/internal/printable"
)

// judge lists how a value breaks a schema.
func judge(s *schema.Schema, document *instance.Document, direction schema.Direction) []Violation {
	var violations []Violation
	for _, found := range s.Judge(document, direction) {
		violation := Violation{In: "body", Pointer: found.Pointer, Keyword: found.Keyword, Message: found.Message}
		violations = append(violations, violation)
	}
	return violations
}

// judgeDecoded lists how a decoded body breaks a schema.
func judgeDecoded(s *schema.Schema, value any, direction schema.Direction) []Violation {
	document, err := instance.Of(value)
	if err != nil {
		return inBody("%v", err)
	}
	return judge(s, document, direction)
}

// inBody returns a violation of the body as a whole.
func inBody(format string, args ...any) []Violation {
	return []Violation{{In: "body", Message: printable.Line(fmt.Sprintf(format, args...))}}
}

// notJSON returns the violation of a body that is broken in JSON itself.
func notJSON(err error) []Violation {
	syntax, ok := errors.AsType[*jsontext.SyntacticError](err)
	if !ok {
		return inBody("is not JSON: %v", err)
	}
	violations := inBody("is not JSON: %v, at byte %d", syntax.Err, syntax.ByteOffset)
	violations[0].Pointer = cut(string(syntax.JSONPointer))
	return violations
}

// cut returns the beginning of a long pointer.
func cut(pointer string) string {
	const limit = 4 << 10
	if len(pointer) <= limit {
		return pointer
	}
	return strings.ToValidUTF8(pointer[:limit], "") + "..."
}
