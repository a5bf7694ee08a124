package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/aitutor-api/aitutor-go/client/contract/internal/instance"
)

// checkParts judges the members of an object, or the elements of an array.
func (w *walk) checkParts(s *Schema, v instance.Value, ev evaluated) bool {
	switch v.Kind() {
	case '{':
		return w.checkObject(s, v, ev)
	case '[':
		return w.checkArray(s, v, ev)
	}
	return true
}

func (w *walk) checkObject(s *Schema, v instance.Value, ev evaluated) bool {
	ok := true
	if s.minProps > 0 || s.maxProps >= 0 {
		ok = w.checkCount(v.Count(), s.minProps, s.maxProps, "minProperties", "maxProperties",
			"there must be at least %d properties", "there must be at most %d properties")
	}
	if w.reports {
		ok = w.reportMembers(s, v, ev) && ok
		return w.checkRequired(s, v) && ok
	}
	if !ok {
		return false
	}
	missing := s.requiredCount
	for name, value := range v.Members() {
		if !w.checkMember(s, name, value, ev, &missing) {
			return false
		}
	}
	return missing <= 0 || w.direction != None && w.checkRequired(s, v)
}

func (w *walk) reportMembers(s *Schema, v instance.Value, ev evaluated) bool {
	ok, missing := true, 0
	for name, value := range sortedMembers(v) {
		ok = w.checkMember(s, name, value, ev, &missing) && ok
	}
	return ok
}

// checkMember judges a member of an object, and counts down missing if it is required.
func (w *walk) checkMember(s *Schema, name, value instance.Value, ev evaluated, missing *int) bool {
	if w.budget < 0 {
		return false
	}
	ok := true
	text := name.Text()
	at := step{name: name}
	described := s.members[string(text)]
	if described.required {
		*missing--
	}
	known := described.Schema != nil
	if known {
		ok = w.checkDirection(described.Schema, text, value)
		ok = w.child(described.Schema, value, at) && ok
	}
	for _, p := range s.patterns {
		w.budget -= 1 + len(text)/100
		if p.MatchString(string(text)) {
			known = true
			ok = w.child(p.schema, value, at) && ok
		}
	}
	known = known || s.hasOpaque // which may be of this name
	if !known && s.noAdditional {
		known, ok = true, w.fail("additionalProperties", fmt.Sprintf("property %q is unsupported", clip(string(text))))
	}
	if !known && s.additional != nil {
		known, ok = true, w.child(s.additional, value, at)
	}
	if known {
		ev.add(value)
	}
	return (s.propertyNames == nil || w.child(s.propertyNames, name, at)) && ok
}

// sortedMembers returns the members of an object, if they are not very many, by name.
func sortedMembers(v instance.Value) iter.Seq2[instance.Value, instance.Value] {
	const many = 10_000
	if v.Count() > many {
		return v.Members()
	}
	type member struct{ name, value instance.Value }
	var members []member
	for name, value := range v.Members() {
		members = append(members, member{name, value})
	}
	slices.SortFunc(members, func(a, b member) int { return bytes.Compare(a.name.Text(), b.name.Text()) })
	return func(yield func(name, value instance.Value) bool) {
		for _, m := range members {
			if !yield(m.name, m.value) {
				return
			}
		}
	}
}

// checkDirection refuses a property that is not sent in the direction, as kin-openapi does. For JSON Schema 2020-12
// readOnly and writeOnly are notes.
func (w *walk) checkDirection(property *Schema, name []byte, value instance.Value) bool {
	if !property.is30 || w.direction == None || value.Kind() == 'n' {
		return true
	}
	switch {
	case w.direction == Request && property.readOnly:
		return w.failAt("readOnly", fmt.Sprintf("readOnly property %q in request", name), string(name))
	case w.direction == Response && property.writeOnly:
		return w.failAt("writeOnly", fmt.Sprintf("writeOnly property %q in response", name), string(name))
	}
	return true
}

func (w *walk) checkRequired(s *Schema, v instance.Value) bool {
	isSent := func(name string) bool {
		w.budget -= v.Size() / 10
		_, ok := v.Member(name)
		return ok
	}
	const many = 16
	if len(s.required) > many {
		sent := make(map[string]bool)
		for name := range v.Members() {
			if text := name.Text(); s.members[string(text)].required {
				sent[string(text)] = true
			}
		}
		isSent = func(name string) bool { return sent[name] }
	}
	ok := true
	for _, name := range s.required {
		w.budget--
		if isSent(name) || w.isOtherDirection(name) {
			continue
		}
		if !w.reports {
			return false
		}
		ok = w.failAt("required", fmt.Sprintf("property %q is missing", name), name)
	}
	return ok
}

// isOtherDirection reports whether a schema that is applied to the value has a property that is not sent in the
// direction: it is not required.
func (w *walk) isOtherDirection(name string) bool {
	if w.direction == None {
		return false
	}
	var seen []*Schema
	for _, s := range w.scope[w.here:] {
		if w.hasOtherDirection(s, name, &seen) {
			return true
		}
	}
	return false
}

func (w *walk) hasOtherDirection(s *Schema, name string, seen *[]*Schema) bool {
	if property := s.members[name].Schema; property != nil {
		for _, p := range [...]*Schema{property, property.direct()} {
			if w.direction == Request && p.readOnly || w.direction == Response && p.writeOnly {
				return true
			}
		}
	}
	if len(s.allOf)+len(s.refs)+len(s.anyOf)+len(s.oneOf) == 0 || slices.Contains(*seen, s) {
		return false
	}
	*seen = append(*seen, s)
	has := func(part *Schema) bool { return w.hasOtherDirection(part, name, seen) }
	hasVariant := func(one variant) bool { return has(one.Schema) }
	return slices.ContainsFunc(s.allOf, has) || slices.ContainsFunc(s.refs, has) ||
		slices.ContainsFunc(s.anyOf, hasVariant) || slices.ContainsFunc(s.oneOf, hasVariant)
}

func (w *walk) checkDependencies(s *Schema, v instance.Value, ev evaluated) bool {
	if v.Kind() != '{' || len(s.dependentRequired)+len(s.dependentSchemas) == 0 {
		return true
	}
	has := func(name string) bool {
		w.budget -= 1 + v.Size()/10
		_, ok := v.Member(name)
		return ok
	}
	ok := true
	for _, name := range slices.Sorted(maps.Keys(s.dependentRequired)) {
		if !has(name) {
			continue
		}
		for _, needed := range s.dependentRequired[name] {
			if !has(needed) && !w.isOtherDirection(needed) {
				ok = w.failAt("dependentRequired", fmt.Sprintf("property %q is missing, which %q needs", needed, name), needed)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.dependentSchemas)) {
		if (ok || w.reports) && has(name) {
			ok = w.inPlace(s.dependentSchemas[name], v, ev) && ok
		}
	}
	return ok
}

func (w *walk) checkArray(s *Schema, v instance.Value, ev evaluated) bool {
	ok := true
	if s.minItems > 0 || s.maxItems >= 0 {
		ok = w.checkCount(v.Count(), s.minItems, s.maxItems, "minItems", "maxItems",
			"minimum number of items is %d", "maximum number of items is %d")
	}
	if s.unique && (ok || w.reports) && !w.isUnique(s, v) {
		ok = w.fail("uniqueItems", "duplicate items found")
	}
	contained := 0
	for i, element := range v.Elements() {
		if !ok && !w.reports || w.budget < 0 {
			return false
		}
		at := step{index: i}
		switch {
		case i < len(s.prefixItems):
			ok = w.child(s.prefixItems[i], element, at) && ok
			ev.add(element)
		case s.items != nil:
			ok = w.child(s.items, element, at) && ok
			ev.add(element)
		}
		if s.contains != nil {
			reports := w.reports
			w.reports = false
			if w.child(s.contains, element, at) {
				contained++
				ev.add(element)
			}
			w.reports = reports
		}
	}
	switch {
	case s.contains == nil:
	case contained < s.minContains:
		ok = w.fail(
			"contains",
			fmt.Sprintf("%d items match the schema of contains, at least %d must", contained, s.minContains),
		)
	case s.maxContains >= 0 && contained > s.maxContains:
		ok = w.fail(
			"maxContains",
			fmt.Sprintf("%d items match the schema of contains, at most %d may", contained, s.maxContains),
		)
	}
	return ok
}

func (w *walk) checkCount(n, least, most int, leastKeyword, mostKeyword, leastText, mostText string) bool {
	ok := true
	if n < least {
		ok = w.fail(leastKeyword, fmt.Sprintf(leastText, least))
	}
	if most >= 0 && n > most {
		ok = w.fail(mostKeyword, fmt.Sprintf(mostText, most))
	}
	return ok
}

// isUnique reports whether no two elements are equal: for OpenAPI 3.0 as they are written, for 3.1 as numbers too.
func (w *walk) isUnique(s *Schema, v instance.Value) bool {
	if v.Count() < 2 {
		return true
	}
	w.budget -= v.Size()
	seen := make(map[string]bool)
	for _, element := range v.Elements() {
		if w.budget < 0 {
			return false
		}
		value := element.Decode()
		if !s.is30 {
			value = withEqualNumbers(value, false)
		}
		key, err := json.Marshal(value)
		if err != nil || seen[string(key)] {
			return false
		}
		seen[string(key)] = true
	}
	return true
}

// checkUnevaluated judges the parts of a value that nothing in the schema has described.
func (w *walk) checkUnevaluated(s *Schema, v instance.Value, ev evaluated) bool {
	if s.unevaluatedProps == nil && s.unevaluatedItems == nil {
		return true
	}
	ok := true
	judge := func(part *Schema, value instance.Value, at step) {
		if !ev[value.Index()] {
			ok = w.child(part, value, at) && ok
			ev.add(value)
		}
	}
	switch kind := v.Kind(); {
	case kind == '{' && s.unevaluatedProps != nil:
		for name, value := range sortedMembers(v) {
			judge(s.unevaluatedProps, value, step{name: name})
		}
	case kind == '[' && s.unevaluatedItems != nil:
		for i, element := range v.Elements() {
			judge(s.unevaluatedItems, element, step{index: i})
		}
	}
	return ok
}
