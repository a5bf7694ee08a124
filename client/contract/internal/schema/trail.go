package schema

import (
	"slices"
	"strconv"
	"strings"

	"github.com/aitutor-api/aitutor-go/client/contract/internal/instance"
)

// Violation is a value that breaks a schema.
type Violation struct{ Pointer, Keyword, Message string }

// Limits of what is reported, applied as it is made.
const (
	maxViolations = 1000
	maxText       = 4 << 10 // bytes of a pointer or message
)

// trail is where a walk is, and what it has found so far.
type trail struct {
	budget  int    // visits that are left; less than 0: given up
	path    []step // from the root to the value
	reports bool   // violations are wanted, not only a verdict
	found   []Violation
	max     int
}

// step is the name of a member, or the index of an element.
type step struct {
	name  instance.Value // of an element, the zero Value
	index int
}

func (t *trail) isFull() bool { return t.reports && len(t.found) >= t.max }

// fail adds a violation of the value, and returns false.
func (t *trail) fail(keyword, message string) bool { return t.failAt(keyword, message, "") }

// failAt adds a violation of a member of the value, unless member is empty.
func (t *trail) failAt(keyword, message, member string) bool {
	if t.reports && !t.isFull() {
		t.found = append(t.found, Violation{t.pointer(member), keyword, clip(message)})
	}
	return false
}

// pointer returns the JSON pointer of the value, or of a member of it.
func (t *trail) pointer(member string) string {
	var text strings.Builder
	for _, at := range t.path[1:] {
		if text.Len() > maxText {
			break
		}
		text.WriteByte('/')
		if at.name != (instance.Value{}) {
			text.WriteString(instance.EscapeToken(string(at.name.Text())))
		} else {
			text.WriteString(strconv.Itoa(at.index))
		}
	}
	if member != "" {
		text.WriteString("/" + instance.EscapeToken(member))
	}
	return clip(text.String())
}

func clip(text string) string {
	if len(text) <= maxText {
		return text
	}
	return strings.ToValidUTF8(text[:maxText], "") + "..."
}

func withoutRepeats(violations []Violation) []Violation {
	seen := make(map[Violation]bool)
	return slices.DeleteFunc(violations, func(violation Violation) bool {
		again := seen[violation]
		seen[violation] = true
		return again
	})
}
