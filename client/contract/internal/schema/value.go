package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/client/contract/internal/instance"
)

// quick accepts most scalar values that the leaf would accept, without its cost.
type quick struct {
	texts                map[string]bool // the strings that an enum has; nil: there is no enum
	yes, no              bool            // the booleans that it has
	isOff                bool            // there is more to judge
	minLength, maxLength int             // -1: no limit
	minimum, maximum     float64
	formats              bool // there is a format, which kin-openapi may know
}

// checkValue judges a value alone: its type, enum, format and limits.
func (w *walk) checkValue(s *Schema, v instance.Value) bool {
	kind := v.Kind()
	switch kind {
	case '{', '[':
		if s.deepLeaf {
			w.budget -= v.Size()
			if findings := s.leaf.judge(v.Decode()); w.budget < 0 || len(findings) > 0 {
				return w.failAll(findings)
			}
		}
		return s.types == 0 || s.types.accept(kind) || w.failType(s)
	case '"':
		return w.checkText(s, v)
	case '0':
		return w.checkNumber(s, v)
	case 'n':
		if s.is30 && s.leaf == nil {
			return w.fail("nullable", "Value is not nullable")
		}
	}
	if s.types != 0 && !s.types.accept(kind) && s.leaf == nil {
		return w.failType(s)
	}
	if (kind == 't' || kind == 'f') && (s.types == 0 || s.types.accept(kind)) && !s.quick.isOff &&
		(s.quick.texts == nil || kind == 't' && s.quick.yes || kind == 'f' && s.quick.no) {
		return true
	}
	return s.leaf == nil || w.failAll(s.leaf.judge(v.Decode()))
}

func (w *walk) failType(s *Schema) bool { return w.fail("type", "value must be "+s.types.String()) }

// failAll adds the findings as violations, and reports whether there are none.
func (w *walk) failAll(findings []finding) bool {
	for _, f := range findings {
		w.fail(f.keyword, f.message)
	}
	return len(findings) == 0
}

func (w *walk) checkText(s *Schema, v instance.Value) bool {
	if s.types != 0 && !s.types.accept('"') && s.leaf == nil {
		return w.failType(s)
	}
	ok := s.leaf == nil || s.quick.acceptsText(s, v.Text())
	if !ok {
		findings := s.leaf.judge(v.Decode())
		ok = w.failAll(findings)
		if !ok && slices.ContainsFunc(findings, func(f finding) bool { return isFinal[f.keyword] }) {
			return false
		}
	}
	if s.pattern == nil || !ok && !w.report {
		return ok
	}
	text := v.Text()
	w.budget -= len(text) / 100
	if !s.pattern.MatchString(string(text)) {
		return w.fail("pattern", fmt.Sprintf(`string doesn't match the regular expression "%s"`, s.source))
	}
	return ok
}

// isFinal are the keywords after which nothing else is judged.
var isFinal = map[string]bool{"type": true, "enum": true, "const": true}

// acceptsText reports whether the leaf certainly accepts a text.
func (q *quick) acceptsText(s *Schema, text []byte) bool {
	if q.isOff || s.types != 0 && !s.types.accept('"') || q.formats && openapi3.SchemaStringFormats[s.format] != nil {
		return false
	}
	if q.texts == nil && q.minLength <= 0 && q.maxLength < 0 {
		return true
	}
	if q.texts != nil && !q.texts[string(text)] {
		return false
	}
	n := len(text)
	if q.minLength > 0 || q.maxLength >= 0 && n > q.maxLength {
		n = utf8.RuneCount(text)
	}
	return n >= q.minLength && (q.maxLength < 0 || n <= q.maxLength)
}

// AcceptsText reports whether the schema certainly accepts a text as a string or, if that is what the schema wants, as
// an integer.
func (s *Schema) AcceptsText(text string) bool {
	if !s.isPlain {
		return false
	}
	if s.types&typeString != 0 {
		return s.quick.acceptsText(s, []byte(text)) && (s.pattern == nil || s.pattern.MatchString(text))
	}
	number, err := strconv.ParseInt(text, 10, 64)
	return s.types == typeInteger && err == nil && text[0] != '+' && s.quick.acceptsNumber(s, text, float64(number))
}

func (w *walk) checkNumber(s *Schema, v instance.Value) bool {
	raw := string(v.Raw())
	number, err := strconv.ParseFloat(raw, 64)
	switch {
	case err != nil:
		return w.fail("type", "cannot convert json.Number to float64")
	case number == 0 && !s.is30 && strings.ContainsAny(raw, "123456789") && strings.ContainsAny(raw, "eE"):
		return w.fail("type", "the exponent is beyond float64") // big.Rat would take seconds
	case s.types != 0 && !s.types.accept('0') && s.leaf == nil:
		return w.failType(s)
	case s.leaf == nil || s.quick.acceptsNumber(s, raw, number):
		return true
	}
	if beyond := checkIntegerFormat(s, raw, number); beyond != nil {
		return w.failAll(beyond)
	}
	const enough = 100 // digits that big.Rat takes no time for
	if len(raw) > enough {
		raw = strconv.FormatFloat(number, 'g', -1, 64)
	}
	return w.failAll(s.leaf.judge(json.Number(raw)))
}

func (q *quick) acceptsNumber(s *Schema, raw string, number float64) bool {
	const exact = 15 // digits that a float64 holds
	isInteger := len(raw) <= exact && !strings.ContainsAny(raw, ".eE")
	if q.isOff || q.texts != nil || !isInteger && s.types&typeNumber == 0 && s.types != 0 ||
		s.types != 0 && !s.types.accept('0') {
		return false
	}
	if q.formats {
		if openapi3.SchemaNumberFormats[s.format] != nil {
			return false
		}
		if openapi3.SchemaIntegerFormats[s.format] != nil && (s.format != "int64" && s.format != "int32" ||
			!isInteger || s.format == "int32" && (number < math.MinInt32 || number > math.MaxInt32)) {
			return false
		}
	}
	return q.minimum <= number && number <= q.maximum
}

// checkIntegerFormat judges an integer of format int32 or int64 by its digits: kin-openapi rounds 2^63 to what is in
// bounds.
func checkIntegerFormat(s *Schema, raw string, number float64) []finding {
	if s.format != "int64" || s.types&typeNumber != 0 || number != math.MaxInt64 { // as a float64, which is 2^63
		return nil
	}
	exact, ok := new(big.Rat).SetString(raw)
	if !ok || exact.Cmp(new(big.Rat).SetInt64(math.MaxInt64)) <= 0 {
		return nil
	}
	return []finding{{"format", fmt.Sprintf(`integer doesn't match the format "int64" (value should be between %d and %d)`,
		math.MinInt64, math.MaxInt64)}}
}

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
	if w.report {
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
	at := step{name: name, named: true}
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
	sent := make(map[string]bool)
	for name := range v.Members() {
		if text := name.Text(); s.members[string(text)].required {
			sent[string(text)] = true
		}
	}
	ok := true
	for _, name := range s.required {
		w.budget--
		if sent[name] || w.isOtherDirection(name) {
			continue
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
	if slices.Contains(*seen, s) {
		return false
	}
	*seen = append(*seen, s)
	if property := s.members[name].Schema; property != nil {
		for _, p := range []*Schema{property, property.direct()} {
			if w.direction == Request && p.readOnly || w.direction == Response && p.writeOnly {
				return true
			}
		}
	}
	for _, part := range slices.Concat(s.allOf, s.refs) {
		if w.hasOtherDirection(part, name, seen) {
			return true
		}
	}
	return false
}

func (w *walk) checkDependencies(s *Schema, v instance.Value, ev evaluated) bool {
	if len(s.dependentRequired)+len(s.dependentSchemas) == 0 {
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
		if (ok || w.report) && has(name) {
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
	if s.unique && (ok || w.report) && !w.isUnique(s, v) {
		ok = w.fail("uniqueItems", "duplicate items found")
	}
	contained := 0
	for i, element := range v.Elements() {
		if !ok && !w.report || w.budget < 0 {
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
			report := w.report
			w.report = false
			if w.child(s.contains, element, at) {
				contained++
				ev.add(element)
			}
			w.report = report
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
			value = withEqualNumbers(value)
		}
		key, err := json.Marshal(value)
		if err != nil || seen[string(key)] {
			return false
		}
		seen[string(key)] = true
	}
	return true
}

// withEqualNumbers returns a decoded value in which equal numbers are written alike.
func withEqualNumbers(value any) any {
	switch value := value.(type) {
	case json.Number:
		const enough = 100
		f, err := value.Float64()
		if exact, ok := new(big.Rat).SetString(value.String()); ok && err == nil && f != 0 && len(value) < enough {
			digits, _ := exact.FloatPrec() // it is a decimal fraction
			return json.RawMessage(exact.FloatString(digits))
		}
		return f
	case []any:
		for i := range value {
			value[i] = withEqualNumbers(value[i])
		}
	case map[string]any:
		for name := range value {
			value[name] = withEqualNumbers(value[name])
		}
	}
	return value
}

// checkUnevaluated judges the parts of a value that nothing in the schema has described.
func (w *walk) checkUnevaluated(s *Schema, v instance.Value, ev evaluated) bool {
	ok := true
	judge := func(part *Schema, value instance.Value, at step) {
		if !ev[value.Index()] {
			ok = w.child(part, value, at) && ok
			ev.add(value)
		}
	}
	if v.Kind() == '{' {
		for name, value := range sortedMembers(v) {
			judge(s.unevaluatedProps, value, step{name: name, named: true})
		}
		return ok
	}
	for i, element := range v.Elements() {
		judge(s.unevaluatedItems, element, step{index: i})
	}
	return ok
}
