package contract

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aitutor-api/aitutor-go/client/internal/printable"
)

// Error is an exchange that breaks the contract, with every violation found. (Of an answer with more than
// 100,000 values only the first violation is looked for.)
type Error struct {
	Method, Path string
	StatusCode   int // 0 for a request
	Violations   []Violation
	// Body is the body as received, or as far as it came. Nothing is lost: what was paid for is here.
	Body []byte

	cause error // why the body could not be read whole
}

func newError(req *http.Request, status int, body []byte, cause error, violations []Violation) *Error {
	if _, tooLong := errors.AsType[*tooLongError](cause); tooLong {
		cause = nil
	}
	return &Error{
		Method: methodOf(req), Path: req.URL.EscapedPath(), StatusCode: status, Violations: violations, Body: body, cause: cause,
	}
}

// Unwrap gives what kept the body from being read whole ([context.Canceled], say), or nil.
func (e Error) Unwrap() error { return e.cause }

// Violation is one way in which an exchange breaks the contract.
type Violation struct {
	// In says where: "status", "header", "content-type" or "body"; of a request also "query" and "cookie"; "path" or
	// "method" where the contract has no such operation.
	In string
	// Pointer is the JSON pointer (RFC 6901) into the body, or the name of the header or parameter.
	Pointer string
	Message string
}

// maxLines is how many violations an error's text lists; all are in Violations.
const maxLines = 50

// Error gives one line for one violation, and a line each for more.
func (e Error) Error() string {
	var text strings.Builder
	if e.StatusCode == 0 {
		fmt.Fprintf(&text, "request %s %s breaks the contract: ", e.Method, printable.Clip(e.Path))
	} else {
		fmt.Fprintf(&text, "answer %d to %s %s breaks the contract: ", e.StatusCode, e.Method, printable.Clip(e.Path))
	}
	if len(e.Violations) == 1 {
		return text.String() + e.Violations[0].String()
	}
	fmt.Fprintf(&text, "%d violations", len(e.Violations))
	for i, violation := range e.Violations {
		if i == maxLines {
			fmt.Fprintf(&text, "\n\tand %d more", len(e.Violations)-maxLines)
			break
		}
		text.WriteString("\n\t" + violation.String())
	}
	return text.String()
}

// String gives the violation as one line, such as: body /run_id: value must be a string.
func (v Violation) String() string {
	if v.Pointer == "" {
		return v.In + ": " + printable.Clip(v.Message)
	}
	return v.In + " " + printable.Clip(v.Pointer) + ": " + printable.Clip(v.Message)
}
