package schema

import (
	"slices"
	"strconv"
	"strings"

	"github.com/aitutor-api/aitutor-go/client/contract/internal/instance"
)

// walk is the way through one document.
type walk struct {
	direction Direction
	budget    int // visits that are left; less than 0: given up
	memoAt    int // the budget at which visits begin to be remembered
	memo      map[visitOf]bool
	path      []step    // from the root to the value
	scope     []*Schema // that led to here
	here      int       // where those begin in scope that are applied to the same value

	report  bool // violations are wanted, not only a verdict
	closest bool // only the closest variant of a value is reported
	found   []Violation
	max     int

	steps   [16]step // room for path
	schemas [32]*Schema
}

// visitOf is a schema at a value.
type visitOf struct {
	schema *Schema
	index  uint32
}

// step is the name of a member, or the index of an element.
type step struct {
	name  instance.Value // of an element, the zero Value
	index int
}

// evaluated are the parts of a value that a schema has described, for unevaluatedProperties and unevaluatedItems. A nil
// map means that nobody asks.
type evaluated map[uint32]bool

func (e evaluated) add(v instance.Value) {
	if e != nil {
		e[v.Index()] = true
	}
}

// child judges a part of a value by a schema, or the root. The verdict depends on nothing but the two.
func (w *walk) child(s *Schema, v instance.Value, at step) bool {
	w.path = append(w.path, at)
	here := w.here
	w.here = len(w.scope)
	ok, known := w.memo[visitOf{s, v.Index()}]
	if !known || !ok && w.report {
		ok = w.visit(s, v, nil)
		if w.budget < w.memoAt {
			if w.memo == nil {
				w.memo = make(map[visitOf]bool)
			}
			w.memo[visitOf{s, v.Index()}] = ok
		}
	}
	w.here = here
	w.path = w.path[:len(w.path)-1]
	return ok
}

// visit judges a value by a schema.
func (w *walk) visit(s *Schema, v instance.Value, ev evaluated) bool {
	if w.budget--; w.budget < 0 || w.isFull() {
		return false
	}
	if s.always != nil {
		return *s.always || w.fail("", "the false schema accepts no value")
	}
	if slices.Contains(w.scope[w.here:], s) { // it is applied to itself
		return s.is30 || w.fail("", "the schema refers to itself without end")
	}
	w.scope = append(w.scope, s)
	var ok bool
	if s.is30 {
		ok = w.visit30(s, v)
	} else {
		ok = w.visit31(s, v, ev)
	}
	w.scope = w.scope[:len(w.scope)-1]
	return ok
}

// visit30 judges as kin-openapi does: what a combination of schemas refuses is judged no further.
func (w *walk) visit30(s *Schema, v instance.Value) bool {
	null := v.Kind() == 'n'
	switch {
	case null && s.nullable:
		return true
	case s.empty:
		return !null || w.fail("nullable", "Value is not nullable")
	case s.not != nil && !w.checkNot(s, v),
		len(s.oneOf) > 0 && !w.checkOneOf(s, v, nil),
		len(s.anyOf) > 0 && !w.checkAnyOf(s, v, nil),
		!w.all(s.allOf, v, nil):
		return false
	case null && len(s.oneOf)+len(s.anyOf)+len(s.allOf) > 0:
		return true
	}
	return w.checkValue(s, v) && w.checkParts(s, v, nil)
}

// visit31 judges as JSON Schema 2020-12 says.
func (w *walk) visit31(s *Schema, v instance.Value, ev evaluated) bool {
	kind := v.Kind()
	asks := kind == '{' && s.unevaluatedProps != nil || kind == '[' && s.unevaluatedItems != nil
	if asks && ev == nil {
		ev = make(evaluated)
	}
	if !w.checkValue(s, v) {
		return false
	}
	ok := w.all(s.refs, v, ev)
	goesOn := func() bool { return ok || w.report } // a quiet walk ends at the first that fails
	if goesOn() && (kind == '{' || kind == '[') {
		ok = w.checkParts(s, v, ev) && ok
	}
	if goesOn() && s.dynamicRef != nil {
		ok = w.inPlace(w.resolve(s.dynamicRef), v, ev) && ok
	}
	if goesOn() && s.not != nil {
		ok = w.checkNot(s, v) && ok
	}
	if goesOn() {
		ok = w.all(s.allOf, v, ev) && ok
	}
	if goesOn() && len(s.anyOf) > 0 {
		ok = w.checkAnyOf(s, v, ev) && ok
	}
	if goesOn() && len(s.oneOf) > 0 {
		ok = w.checkOneOf(s, v, ev) && ok
	}
	if goesOn() && s.ifs != nil {
		ok = w.checkIf(s, v, ev) && ok
	}
	if goesOn() && kind == '{' {
		ok = w.checkDependencies(s, v, ev) && ok
	}
	if goesOn() && asks {
		ok = w.checkUnevaluated(s, v, ev) && ok
	}
	return ok
}

// inPlace judges a value by a part of the schema that is applied to the same value. What that evaluates counts if it
// accepts.
func (w *walk) inPlace(s *Schema, v instance.Value, ev evaluated) bool {
	if ev == nil {
		return w.visit(s, v, nil)
	}
	own := make(evaluated)
	ok := w.visit(s, v, own)
	if ok {
		for index := range own {
			ev[index] = true
		}
	}
	return ok
}

// quietly reports whether a part of the schema accepts a value, without violations.
func (w *walk) quietly(s *Schema, v instance.Value, ev evaluated) bool {
	report := w.report
	w.report = false
	ok := w.inPlace(s, v, ev)
	w.report = report
	return ok
}

func (w *walk) all(parts []*Schema, v instance.Value, ev evaluated) bool {
	ok := true
	for _, part := range parts {
		ok = w.inPlace(part, v, ev) && ok
		if !ok && !w.report {
			return false
		}
	}
	return ok
}

func (w *walk) checkNot(s *Schema, v instance.Value) bool {
	return !w.quietly(s.not, v, nil) || w.fail("not", `doesn't match schema "not"`)
}

func (w *walk) checkIf(s *Schema, v instance.Value, ev evaluated) bool {
	branch := s.otherwise
	if w.quietly(s.ifs, v, ev) {
		branch = s.then
	}
	return branch == nil || w.inPlace(branch, v, ev)
}

// resolve returns the schema that a dynamic reference stands for: the one of the outermost part of the document that
// was passed on the way here.
func (w *walk) resolve(ref *dynamicRef) *Schema {
	for _, s := range w.scope {
		if target := s.anchors[s.resource][ref.anchor]; ref.anchor != "" && target != nil {
			return target
		}
	}
	return ref.schema
}

func (w *walk) isFull() bool { return w.report && len(w.found) >= w.max }

// fail adds a violation of the value, and returns false.
func (w *walk) fail(keyword, message string) bool { return w.failAt(keyword, message, "") }

// failAt adds a violation of a member of the value, unless member is empty.
func (w *walk) failAt(keyword, message, member string) bool {
	if w.report && !w.isFull() {
		w.found = append(w.found, Violation{w.pointer(member), keyword, clip(message)})
	}
	return false
}

// pointer returns the JSON pointer of the value, or of a member of it.
func (w *walk) pointer(member string) string {
	var text strings.Builder
	for _, at := range w.path[1:] {
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
