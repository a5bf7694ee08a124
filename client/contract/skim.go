package contract

import (
	"bytes"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// skimmer tells of most valid JSON that a schema accepts it, without decoding it. What it accepts is valid; what it does not
// may still be.
type skimmer struct {
	anyOf    []*skimmer // then there is nothing else
	jsonType string     // the schema's one type
	bools    []string   // as JSON has them
	pattern  *regexp.Regexp
	members  map[string]member
	required int
	elements *skimmer // nil: any
}

type member struct {
	*skimmer // nil: any
	required bool
}

// skimmers are the skimmers of schemas, nil for a schema that is not only of types, properties, items, anyOf, a pattern and
// an enum of bools, or that is inside itself.
type skimmers map[*openapi3.Schema]*skimmer

func (made skimmers) of(schema *openapi3.Schema) *skimmer {
	if _, begun := made[schema]; !begun {
		made[schema] = nil // what a schema inside itself meets
		made[schema] = made.newSkimmer(schema)
	}
	return made[schema]
}

func (made skimmers) newSkimmer(schema *openapi3.Schema) *skimmer {
	rest := *schema
	if len(schema.AnyOf) > 0 {
		if rest.AnyOf = nil; !asksNothing(rest) {
			return nil
		}
		s := &skimmer{}
		for _, form := range schema.AnyOf {
			inner := made.of(form.Value)
			if inner == nil {
				return nil
			}
			s.anyOf = append(s.anyOf, inner)
		}
		return s
	}
	if len(schema.Type.Slice()) != 1 {
		return nil
	}
	s := &skimmer{jsonType: schema.Type.Slice()[0], members: make(map[string]member), required: len(schema.Required)}
	rest.Type, rest.Properties, rest.Required, rest.Items = nil, nil, nil, nil
	switch s.jsonType {
	case openapi3.TypeBoolean:
		rest.Enum = nil
		for _, value := range []bool{true, false} {
			if schema.Enum == nil || slices.Contains(schema.Enum, any(value)) {
				s.bools = append(s.bools, strconv.FormatBool(value))
			}
		}
	case openapi3.TypeArray:
		if schema.Items != nil {
			if s.elements = made.of(schema.Items.Value); s.elements == nil {
				return nil
			}
		}
	case openapi3.TypeObject:
		for name, property := range schema.Properties {
			inner := made.of(property.Value)
			if inner == nil {
				return nil
			}
			s.members[name] = member{skimmer: inner}
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
		return nil
	}
	if !asksNothing(rest) {
		return nil
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
	case s.anyOf != nil:
		return slices.ContainsFunc(s.anyOf, func(form *skimmer) bool { return form.accepts(value) })
	}
	switch value[0] {
	case '"':
		return s.jsonType == openapi3.TypeString && (s.pattern == nil || s.pattern.MatchString(unquote(value)))
	case 't', 'f':
		return slices.Contains(s.bools, string(value))
	case '[':
		if s.jsonType != openapi3.TypeArray {
			return false
		}
		for element := range elementsOf(value) {
			if !s.elements.accepts(element) {
				return false
			}
		}
		return true
	case '{':
		return s.jsonType == openapi3.TypeObject && s.acceptsMembers(value)
	}
	return false
}

func (s *skimmer) acceptsMembers(object []byte) bool {
	if len(s.members) == 0 {
		return true
	}
	missing := s.required
	for quoted, value := range membersOf(object) {
		name := quoted[1 : len(quoted)-1]
		if bytes.IndexByte(name, '\\') >= 0 {
			name = []byte(unquote(quoted))
		}
		described, known := s.members[string(name)]
		if known && !described.accepts(value) {
			return false
		}
		if described.required {
			missing--
		}
	}
	return missing == 0
}
