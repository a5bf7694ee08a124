package client

import (
	"bytes"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// skimmer holds valid JSON against a schema for the verdict alone: it makes no tree, and passes over what the schema does
// not look at as fast as bytes.IndexByte. Types, members, elements and anyOf it judges itself; a value of which the schema
// asks more is for kin-openapi's visit. What it accepts is valid; what it does not may still be.
type skimmer struct {
	schema  *openapi3.Schema // for the visit; then there is nothing else
	options []openapi3.SchemaValidationOption

	forms []*skimmer // any of which makes the value valid; then there is nothing else

	kind     string
	bools    []string       // as JSON has them
	pattern  *regexp.Regexp // nil: any text
	members  map[string]member
	required int
	elements *skimmer // nil: any
}

type member struct {
	*skimmer // nil: any
	required bool
}

// newSkimmer makes the skimmer of a schema that stands inside those above it.
func newSkimmer(schema *openapi3.Schema, options []openapi3.SchemaValidationOption, above ...*openapi3.Schema) *skimmer {
	visit := &skimmer{schema: schema, options: options}
	inside := func(ref *openapi3.SchemaRef) *skimmer {
		return newSkimmer(ref.Value, options, append(slices.Clip(above), schema)...)
	}
	rest := *schema
	switch {
	case slices.Contains(above, schema):
		return visit
	case len(schema.AnyOf) > 0:
		if rest.AnyOf = nil; !asksNothing(rest) {
			return visit
		}
		s := &skimmer{}
		for _, form := range schema.AnyOf {
			s.forms = append(s.forms, inside(form))
		}
		return s
	case len(schema.Type.Slice()) != 1:
		return visit
	}
	s := &skimmer{kind: schema.Type.Slice()[0], members: make(map[string]member), required: len(schema.Required)}
	rest.Type, rest.Properties, rest.Required, rest.Items = nil, nil, nil, nil
	switch s.kind {
	case openapi3.TypeBoolean:
		rest.Enum = nil
		for _, value := range []bool{true, false} {
			if schema.Enum == nil || slices.Contains(schema.Enum, any(value)) {
				s.bools = append(s.bools, strconv.FormatBool(value))
			}
		}
	case openapi3.TypeArray:
		if schema.Items != nil {
			s.elements = inside(schema.Items)
		}
	case openapi3.TypeObject:
		for name, property := range schema.Properties {
			s.members[name] = member{skimmer: inside(property)}
		}
		for _, name := range schema.Required {
			s.members[name] = member{skimmer: s.members[name].skimmer, required: true}
		}
	case openapi3.TypeString:
		pattern, err := regexp.Compile(schema.Pattern)
		if err == nil && schema.Pattern != "" && !strings.Contains(schema.Pattern, `\u`) { // which kin-openapi rewrites
			s.pattern, rest.Pattern = pattern, ""
		}
	default:
		return visit
	}
	if !asksNothing(rest) {
		return visit
	}
	return s
}

// asksNothing reports whether a schema has nothing but what is for readers.
func asksNothing(schema openapi3.Schema) bool {
	schema.Title, schema.Description, schema.Default, schema.Example, schema.Deprecated = "", "", nil, nil, false
	schema.ExternalDocs, schema.XML, schema.Extensions, schema.Origin = nil, nil, nil, nil
	return reflect.ValueOf(schema).IsZero()
}

// accepts reports whether a value, without white space around it, is certainly valid.
func (s *skimmer) accepts(value []byte) bool {
	switch {
	case s == nil:
		return true
	case s.schema != nil:
		tree, err := decodeTree(value)
		return err == nil && s.schema.VisitJSON(tree, s.options...) == nil
	case s.forms != nil:
		return slices.ContainsFunc(s.forms, func(form *skimmer) bool { return form.accepts(value) })
	}
	switch value[0] {
	case '"':
		return s.kind == openapi3.TypeString && (s.pattern == nil || s.pattern.MatchString(unquote(value)))
	case 't', 'f':
		return slices.Contains(s.bools, string(value))
	case '[':
		if s.kind != openapi3.TypeArray {
			return false
		}
		for element := range elementsOf(value) {
			if !s.elements.accepts(element) {
				return false
			}
		}
		return true
	case '{':
		return s.kind == openapi3.TypeObject && s.acceptsMembers(value)
	}
	return false
}

func (s *skimmer) acceptsMembers(object []byte) bool {
	missing := s.required
	for name, value := range membersOf(object) {
		if bytes.IndexByte(name, '\\') >= 0 {
			return false // it may be any name
		}
		member, known := s.members[string(name)]
		if known && !member.accepts(value) {
			return false
		}
		if member.required {
			missing--
		}
	}
	return missing == 0
}
