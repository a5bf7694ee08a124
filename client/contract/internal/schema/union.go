package schema

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/aitutor-api/aitutor-go/client/contract/internal/instance"
)

func (w *walk) checkAnyOf(s *Schema, v instance.Value, ev evaluated) bool {
	if len(s.anyOf) == 0 {
		return true
	}
	variants, ok := w.discriminated(s, s.anyOf, v)
	if !ok {
		return false
	}
	fits := false
	for _, one := range variants {
		if w.quietly(one.Schema, v, ev) {
			fits = true
			if ev == nil { // else each that fits describes parts of the value
				break
			}
		}
	}
	return fits || w.failVariants(s, s.anyOf, v, "anyOf")
}

func (w *walk) checkOneOf(s *Schema, v instance.Value, ev evaluated) bool {
	if len(s.oneOf) == 0 {
		return true
	}
	variants, ok := w.discriminated(s, s.oneOf, v)
	if !ok {
		return false
	}
	var fits []int
	for i, one := range s.oneOf {
		if slices.Contains(variants, one) && w.quietly(one.Schema, v, ev) {
			fits = append(fits, i)
		}
	}
	switch len(fits) {
	case 0:
		return w.failVariants(s, s.oneOf, v, "oneOf")
	case 1:
		return true
	}
	return w.fail(
		"oneOf",
		fmt.Sprintf(`value matches more than one schema from "oneOf" (matches schemas at indices %v)`, fits),
	)
}

// discriminated returns the variants that an object may be, and false if it names none. For JSON Schema 2020-12 a
// discriminator is a note.
func (w *walk) discriminated(s *Schema, variants []variant, v instance.Value) ([]variant, bool) {
	if s.discriminator == nil || !s.is30 || v.Kind() != '{' {
		return variants, true
	}
	property := s.discriminator.property
	value, ok := v.Member(property)
	if !ok {
		return nil, w.fail("discriminator", fmt.Sprintf("input does not contain the discriminator property %q", property))
	}
	if value.Kind() != '"' {
		return nil, w.fail("discriminator", fmt.Sprintf("value of discriminator property %q is not a string", property))
	}
	ref, isMapped := s.discriminator.mapping[string(value.Text())]
	if !isMapped { // it is the name of a schema
		ref = "#/components/schemas/" + string(value.Text())
	}
	named := slices.DeleteFunc(slices.Clone(variants), func(v variant) bool { return v.ref != ref })
	switch {
	case len(named) == 0 && !isMapped && len(s.discriminator.mapping) > 0:
		return nil, w.fail("discriminator", fmt.Sprintf("discriminator property %q has invalid value", property))
	case len(named) == 0 && (!isMapped || ref == ""):
		return variants, true
	}
	return named, true
}

// candidate is a variant that a value may be meant to be.
type candidate struct {
	variant
	index   int
	matches int // how much of the value is as the variant describes it
	missing int // required properties that the value lacks
	found   []Violation
}

// failVariants adds the violations of a value that fits no variant of an anyOf or oneOf. If the value evidently is one
// of the variants, they are that variant's. If not, a violation says that no variant fits; what all of them find wrong
// follows, then what each does, named in brackets, the closest variant first.
func (w *walk) failVariants(s *Schema, variants []variant, v instance.Value, keyword string) bool {
	if !w.reports || w.isFull() {
		return false
	}
	candidates := candidatesOf(s, variants, v)
	if len(candidates) == 1 || w.closest && len(candidates) > 1 {
		before := len(w.found)
		w.visit(candidates[0].Schema, v, nil)
		if len(w.found) > before {
			return false
		}
		candidates = nil
	}
	found, closest, limit := w.found, w.closest, w.max
	w.closest, w.max = true, maxViolations
	for i := range candidates {
		w.found = nil
		w.visit(candidates[i].Schema, v, nil)
		candidates[i].found = withoutRepeats(w.found)
	}
	w.found, w.closest, w.max = found, closest, limit
	// A candidate that fits, but not in this place, has nothing to say.
	if len(candidates) == 0 || slices.ContainsFunc(candidates, func(c candidate) bool { return len(c.found) == 0 }) {
		if keyword == "oneOf" {
			return w.fail(keyword, `value doesn't match any schema from "oneOf"`)
		}
		return w.fail(keyword, `doesn't match any schema from "anyOf"`)
	}
	inAll := make(map[Violation]int)
	for _, c := range candidates {
		for _, violation := range c.found {
			inAll[violation]++
		}
	}
	var names []string
	var shared, own []Violation
	for i, c := range candidates {
		names = append(names, c.label(c.index))
		for _, violation := range c.found {
			switch {
			case inAll[violation] < len(candidates):
				violation.Message += " (" + names[i] + ")"
				own = append(own, violation)
			case i == 0:
				shared = append(shared, violation)
			}
		}
	}
	if len(own) > 0 {
		text := "fits none of " + strings.Join(names, ", ")
		if len(names) == 2 {
			text = "fits neither " + names[0] + " nor " + names[1]
		}
		w.fail(keyword, text)
	}
	w.found = append(w.found, shared...)
	w.found = append(w.found, own...)
	return w.cut()
}

// cut drops the violations that are too many, and returns false.
func (w *walk) cut() bool {
	w.found = w.found[:min(len(w.found), w.max)]
	return false
}

// candidatesOf returns the variants that a value may be meant to be, the closest first: the one that the value names,
// or those of its type that describe most of its properties, with the right types.
func candidatesOf(s *Schema, variants []variant, v instance.Value) []candidate {
	members := make(map[string]instance.Value)
	if v.Kind() == '{' {
		for name, value := range v.Members() {
			text := name.Text()
			if slices.ContainsFunc(
				variants,
				func(one variant) bool { _, ok := one.direct().members[string(text)]; return ok },
			) ||
				s.discriminator != nil && s.discriminator.property == string(text) {
				members[string(text)] = value
			}
		}
	}
	named := ""
	if s.discriminator != nil {
		if value, ok := members[s.discriminator.property]; ok && value.Kind() == '"' {
			named = string(value.Text())
			named = cmp.Or(s.discriminator.mapping[named], "#/components/schemas/"+named)
		}
	}
	var candidates []candidate
	for i, one := range variants {
		c := candidate{variant: one, index: i}
		direct := one.direct()
		if named != "" && one.ref == named {
			return []candidate{c}
		}
		if direct.hasType(v) {
			c.matches += 1_000_000
		}
		for name, value := range members {
			if property := direct.members[name].Schema; property != nil {
				c.matches += 100
				if property.direct().hasType(value) {
					c.matches += 10_000
				}
			}
		}
		for name, property := range direct.members {
			if _, ok := members[name]; property.required && !ok {
				c.missing++
			}
		}
		candidates = append(candidates, c)
	}
	slices.SortStableFunc(candidates, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.matches, a.matches), cmp.Compare(a.missing, b.missing))
	})
	return slices.DeleteFunc(candidates, func(c candidate) bool { return c.matches < candidates[0].matches })
}

// label returns the name of a variant as the document has it, or its number.
func (v variant) label(i int) string {
	if v.ref != "" {
		return v.ref[strings.LastIndexByte(v.ref, '/')+1:]
	}
	return cmp.Or(v.name, fmt.Sprintf("variant %d", i+1))
}

// hasType reports whether a value has the type that the schema names, whatever else it says.
func (s *Schema) hasType(v instance.Value) bool {
	switch kind := v.Kind(); {
	case s.types == 0, kind == 'n' && s.nullable:
		return true
	case kind == '0' && s.types&typeNumber == 0:
		return s.types&typeInteger != 0 && isInteger(v)
	default:
		return s.types.accept(kind)
	}
}

func isInteger(v instance.Value) bool {
	number, err := strconv.ParseFloat(string(v.Raw()), 64)
	return err == nil && number == math.Trunc(number)
}
