package schema

import (
	"slices"

	"github.com/aitutor-api/aitutor-go/client/contract/internal/instance"
)

// walk is the way through one document.
type walk struct {
	trail
	direction Direction
	memoAt    int // the budget at which visits begin to be remembered
	memo      map[visitOf]bool
	scope     []*Schema // that led to here
	here      int       // where those begin in scope that are applied to the same value
	closest   bool      // only the closest variant of a value is reported

	steps   [16]step // room for path
	schemas [32]*Schema
}

// visitOf is a schema at a value.
type visitOf struct {
	schema *Schema
	index  uint32
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
	if !known || !ok && w.reports {
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
	isNull := v.Kind() == 'n'
	switch {
	case isNull && s.nullable:
		return true
	case s.empty:
		return !isNull || w.fail("nullable", "Value is not nullable")
	case !w.checkNot(s, v), !w.checkOneOf(s, v, nil), !w.checkAnyOf(s, v, nil), !w.all(s.allOf, v, nil):
		return false
	case isNull && len(s.oneOf)+len(s.anyOf)+len(s.allOf) > 0:
		return true
	}
	return w.checkValue(&s.scalar, v) && w.checkParts(s, v, nil)
}

// visit31 judges as JSON Schema 2020-12 says.
func (w *walk) visit31(s *Schema, v instance.Value, ev evaluated) bool {
	if ev == nil && (s.unevaluatedProps != nil || s.unevaluatedItems != nil) {
		ev = make(evaluated)
	}
	if !w.checkValue(&s.scalar, v) {
		return false
	}
	ok := w.all(s.refs, v, ev)
	ok = w.goesOn(ok) && w.checkParts(s, v, ev) && ok
	ok = w.goesOn(ok) && w.checkDynamicRef(s, v, ev) && ok
	ok = w.goesOn(ok) && w.checkNot(s, v) && ok
	ok = w.goesOn(ok) && w.all(s.allOf, v, ev) && ok
	ok = w.goesOn(ok) && w.checkAnyOf(s, v, ev) && ok
	ok = w.goesOn(ok) && w.checkOneOf(s, v, ev) && ok
	ok = w.goesOn(ok) && w.checkIf(s, v, ev) && ok
	ok = w.goesOn(ok) && w.checkDependencies(s, v, ev) && ok
	return w.goesOn(ok) && w.checkUnevaluated(s, v, ev) && ok
}

// goesOn reports whether more of a schema is judged: without violations, a walk ends at the first that fails.
func (w *walk) goesOn(ok bool) bool { return ok || w.reports }

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
	reports := w.reports
	w.reports = false
	ok := w.inPlace(s, v, ev)
	w.reports = reports
	return ok
}

func (w *walk) all(parts []*Schema, v instance.Value, ev evaluated) bool {
	ok := true
	for _, part := range parts {
		ok = w.inPlace(part, v, ev) && ok
		if !ok && !w.reports {
			return false
		}
	}
	return ok
}

func (w *walk) checkNot(s *Schema, v instance.Value) bool {
	return s.not == nil || !w.quietly(s.not, v, nil) || w.fail("not", `doesn't match schema "not"`)
}

func (w *walk) checkIf(s *Schema, v instance.Value, ev evaluated) bool {
	if s.ifs == nil {
		return true
	}
	branch := s.otherwise
	if w.quietly(s.ifs, v, ev) {
		branch = s.then
	}
	return branch == nil || w.inPlace(branch, v, ev)
}

// checkDynamicRef judges by what a dynamic reference stands for: the schema of the outermost part of the document that
// was passed on the way here.
func (w *walk) checkDynamicRef(s *Schema, v instance.Value, ev evaluated) bool {
	if s.dynamicRef == nil {
		return true
	}
	target := s.dynamicRef.schema
	for _, outer := range w.scope {
		if anchored := outer.anchors[outer.resource][s.dynamicRef.anchor]; s.dynamicRef.anchor != "" && anchored != nil {
			target = anchored
			break
		}
	}
	return w.inPlace(target, v, ev)
}
