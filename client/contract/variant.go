package contract

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// candidate is a variant that a value may be meant to be.
type candidate struct {
	name       string
	schema     *openapi3.Schema
	matches    int // how much of the value is as the variant describes it
	missing    int // required properties that the value lacks
	violations []Violation
}

// ofVariants lists the violations of a value that fits no variant of an anyOf or oneOf; of another failure, none. If the
// value evidently is one of the variants, they are that variant's. If not, a violation says that no variant fits; what all
// of them find wrong follows, then what each does, named in brackets, the closest variant first.
func (v *visit) ofVariants(failure *openapi3.SchemaError) []Violation {
	candidates := candidatesOf(failure)
	candidates = slices.DeleteFunc(candidates, func(c candidate) bool { return slices.Contains(v.variants, c.schema) })
	if len(candidates) == 0 || v.depth == maxDepth {
		return nil
	}
	if v.closest {
		candidates = candidates[:1]
	}
	for i := range candidates {
		c := &candidates[i]
		as := visit{
			options: v.options, sorted: v.sorted, at: v.at, variants: append(slices.Clip(v.variants), c.schema), depth: v.depth + 1,
			closest: v.closest || len(candidates) > 1,
		}
		c.violations = withoutRepeats(as.violations(c.schema.VisitJSON(failure.Value, v.options...)))
		if len(c.violations) == 0 { // it fits, but not in this place; there is nothing to say of it
			return nil
		}
	}
	if len(candidates) == 1 {
		return candidates[0].violations
	}
	inAll := make(map[Violation]int)
	for _, c := range candidates {
		for _, violation := range c.violations {
			inAll[violation]++
		}
	}
	var names []string
	var shared, own []Violation
	for i, c := range candidates {
		names = append(names, c.name)
		for _, violation := range c.violations {
			switch {
			case inAll[violation] < len(candidates):
				violation.Message += " (" + c.name + ")"
				own = append(own, violation)
			case i == 0:
				shared = append(shared, violation)
			}
		}
	}
	if len(own) == 0 {
		return shared
	}
	text := "fits none of " + strings.Join(names, ", ")
	if len(names) == 2 {
		text = "fits neither " + names[0] + " nor " + names[1]
	}
	return slices.Concat([]Violation{{In: "body", Pointer: pointer(v.at), Message: text}}, shared, own)
}

// candidatesOf returns the variants that the value of a failure may be meant to be, the closest first: the one that the
// value names, or those of its type that describe most of its properties, with the right types.
func candidatesOf(failure *openapi3.SchemaError) []candidate {
	var variants openapi3.SchemaRefs
	switch {
	case failure.Schema == nil || errors.Is(failure, openapi3.ErrOneOfConflict):
		return nil
	case failure.SchemaField == "anyOf":
		variants = failure.Schema.AnyOf
	case failure.SchemaField == "oneOf":
		variants = failure.Schema.OneOf
	}
	object, _ := failure.Value.(map[string]any)
	named := ""
	if discriminator := failure.Schema.Discriminator; discriminator != nil {
		named, _ = object[discriminator.PropertyName].(string)
		named = cmp.Or(discriminator.Mapping[named].Ref, named)
	}
	var candidates []candidate
	for i, variant := range variants {
		c := candidate{name: nameOf(variant, i), schema: variant.Value}
		if named != "" && (variant.Ref == named || variant.Ref == "#/components/schemas/"+named) {
			return []candidate{c}
		}
		if hasType(c.schema, failure.Value) {
			c.matches += 1_000_000
		}
		for name, property := range c.schema.Properties {
			if value, ok := object[name]; ok {
				c.matches += 100
				if hasType(property.Value, value) {
					c.matches += 10_000
				}
			}
		}
		for _, name := range c.schema.Required {
			if _, ok := object[name]; !ok {
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

// nameOf returns the name of a variant as the document has it, or its number.
func nameOf(variant *openapi3.SchemaRef, i int) string {
	if variant.Ref != "" {
		return variant.Ref[strings.LastIndexByte(variant.Ref, '/')+1:]
	}
	return cmp.Or(variant.Value.Title, fmt.Sprintf("variant %d", i+1))
}

// hasType reports whether a value has the type that a schema names, whatever else the schema says of it.
func hasType(schema *openapi3.Schema, value any) bool {
	return schema.Type == nil || (&openapi3.Schema{Type: schema.Type, Nullable: schema.Nullable}).IsMatching(value)
}
