package contract

import (
	"fmt"
	"log/slog"
	"strings"

	"github.com/aitutor-api/aitutor-go/client/internal/printable"
)

// Error is an exchange that breaks the contract, with up to 1,000 violations. In a body of more than 40,000 names and
// values only the first is looked for. Its texts quote what the other side sent: treat them as untrusted.
//
// If a value fits no variant of an anyOf or oneOf, the violations are those of the variant that it is clearly meant to
// be. If it may be several, a violation says that it fits none of them, and the violations of each follow, the closest
// variant first, with the variant's name at the end of the message.
type Error struct {
	Method, Path string
	StatusCode   int // 0 for a request
	Violations   []Violation
	// Body is the body as received, still compressed if it was, or as much of it as was read. Nothing that was paid for
	// is lost.
	Body []byte

	isResponse bool
	cause      error // why the body could not be read whole
}

// Violation is one way in which an exchange breaks the contract.
type Violation struct {
	// In is the part of the exchange: "status", "header", "content-type" or "body"; in a request also "query", "cookie"
	// and "path"; "path" or "method" without a Pointer if the contract has no such operation.
	In string `json:"in"`
	// Pointer is the JSON pointer (RFC 6901) into the body, or the name of the header or parameter.
	Pointer string `json:"pointer"`
	// Keyword is the keyword of the schema that refuses the value ("type", "required", "pattern" ...), "security" for a
	// missing credential, or "".
	Keyword string `json:"keyword,omitempty"`
	Message string `json:"message"`
}

// Unwrap returns why the body could not be read whole ([context.Canceled], say), or nil.
func (e *Error) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.cause
}

// maxLines is how many violations the text of an error lists; all are in Violations.
const maxLines = 50

// Error returns one line for one violation, and for more a line followed by one for each.
func (e *Error) Error() string {
	if e == nil {
		return "<nil>"
	}
	var text strings.Builder
	if e.StatusCode == 0 && !e.isResponse {
		fmt.Fprintf(&text, "request %s %s breaks the contract: ", printable.Clip(e.Method), printable.Clip(e.Path))
	} else {
		fmt.Fprintf(&text, "response %d to %s %s breaks the contract: ",
			e.StatusCode, printable.Clip(e.Method), printable.Clip(e.Path))
	}
	if len(e.Violations) == 1 {
		return text.String() + e.Violations[0].String()
	}
	fmt.Fprintf(&text, "%d violations", len(e.Violations))
	for _, line := range lines(e.Violations) {
		text.WriteString("\n\t" + line)
	}
	return text.String()
}

// LogValue returns the method, path, status (of a response) and violations, without the body.
func (e *Error) LogValue() slog.Value {
	if e == nil {
		return slog.AnyValue(nil)
	}
	attrs := []slog.Attr{slog.String("method", printable.Clip(e.Method)), slog.String("path", printable.Clip(e.Path))}
	if e.StatusCode != 0 || e.isResponse {
		attrs = append(attrs, slog.Int("status", e.StatusCode))
	}
	return slog.GroupValue(append(attrs, slog.Any("violations", lines(e.Violations)))...)
}

// lines returns one line per violation, up to maxLines.
func lines(violations []Violation) []string {
	var all []string
	for i, violation := range violations {
		if i == maxLines {
			return append(all, fmt.Sprintf("and %d more", len(violations)-maxLines))
		}
		all = append(all, violation.String())
	}
	return all
}

// String returns the violation as one line, such as: body /run_id: value must be a string.
func (v Violation) String() string {
	if v.Pointer == "" {
		return v.In + ": " + printable.Clip(v.Message)
	}
	return v.In + " " + printable.Clip(v.Pointer) + ": " + printable.Clip(v.Message)
}
