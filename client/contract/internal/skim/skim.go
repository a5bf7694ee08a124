// Package skim recognizes JSON that an OpenAPI schema accepts, in place, without decoding it. It knows a part of what a
// schema can say; what it accepts is valid, what it does not accept may still be.
package skim

import (
	"bytes"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/go-json-experiment/json/jsontext"
)

// Schema accepts values that are certainly valid. A nil Schema accepts every value.
type Schema struct {
	anyOf    []*Schema // if set, nothing else is
	jsonType string    // the schema's one type
	bools    []string  // the booleans that are accepted, as JSON
	pattern  *regexp.Regexp
	members  map[string]member
	required int
	elements *Schema
}

type member struct {
	*Schema
	required bool
}

// A Compiler makes Schemas, one for each schema of a document however often it is referred to.
type Compiler map[*openapi3.Schema]*Schema

// Compile returns the Schema of a schema that consists of types, properties, required, items, anyOf, a pattern and an enum
// of booleans. Of any other, and of one that contains itself, it returns nil and false.
func (c Compiler) Compile(schema *openapi3.Schema) (*Schema, bool) {
	if _, begun := c[schema]; !begun {
		c[schema] = nil // found here if the schema contains itself
		c[schema] = c.compile(schema)
	}
	return c[schema], c[schema] != nil
}

func (c Compiler) compile(schema *openapi3.Schema) *Schema {
	rest := *schema // what is left to be understood
	if len(schema.AnyOf) > 0 {
		if rest.AnyOf = nil; !IsAnnotation(rest) {
			return nil
		}
		s := &Schema{}
		for _, variant := range schema.AnyOf {
			inner, ok := c.Compile(variant.Value)
			if !ok {
				return nil
			}
			s.anyOf = append(s.anyOf, inner)
		}
		return s
	}
	if len(schema.Type.Slice()) != 1 {
		return nil
	}
	s := &Schema{jsonType: schema.Type.Slice()[0], members: make(map[string]member), required: len(schema.Required)}
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
			elements, ok := c.Compile(schema.Items.Value)
			if !ok {
				return nil
			}
			s.elements = elements
		}
	case openapi3.TypeObject:
		for name, property := range schema.Properties {
			inner, ok := c.Compile(property.Value)
			if !ok {
				return nil
			}
			s.members[name] = member{Schema: inner}
		}
		for _, name := range schema.Required {
			s.members[name] = member{Schema: s.members[name].Schema, required: true}
		}
		s.required = 0 // a name may be in the list twice
		for _, member := range s.members {
			if member.required {
				s.required++
			}
		}
	case openapi3.TypeString:
		pattern, err := regexp.Compile(schema.Pattern)
		if err == nil && schema.Pattern != "" && !strings.Contains(schema.Pattern, `\u`) { // kin-openapi rewrites \u
			s.pattern, rest.Pattern = pattern, ""
		}
	default:
		return nil
	}
	if !IsAnnotation(rest) {
		return nil
	}
	return s
}

// IsAnnotation reports whether a schema has nothing but what is for readers, and so accepts every value.
func IsAnnotation(schema openapi3.Schema) bool {
	schema.Title, schema.Description, schema.Default, schema.Example, schema.Deprecated = "", "", nil, nil, false
	schema.ExternalDocs, schema.XML, schema.Extensions, schema.Origin = nil, nil, nil, nil
	return reflect.ValueOf(schema).IsZero()
}

// AcceptsText reports whether the schema certainly accepts a string, which is not in JSON's quotes.
func (s *Schema) AcceptsText(text string) bool {
	return s == nil || s.jsonType == openapi3.TypeString && (s.pattern == nil || s.pattern.MatchString(text))
}

// Accepts reports whether the schema certainly accepts a value, which must be valid JSON.
func (s *Schema) Accepts(json []byte) bool { return s.accepts(trimSpace(json)) }

func (s *Schema) accepts(value []byte) bool {
	switch {
	case s == nil:
		return true
	case s.anyOf != nil:
		return slices.ContainsFunc(s.anyOf, func(variant *Schema) bool { return variant.accepts(value) })
	}
	switch value[0] {
	case '"':
		return s.jsonType == openapi3.TypeString && (s.pattern == nil || s.pattern.Match(unquote(value)))
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

func (s *Schema) acceptsMembers(object []byte) bool {
	if len(s.members) == 0 {
		return true
	}
	missing := s.required
	for name, value := range membersOf(object) {
		described, known := s.members[string(unquote(name))]
		if known && !described.accepts(value) {
			return false
		}
		if described.required {
			missing--
		}
	}
	return missing == 0
}

// unquote returns what a valid JSON string says. It allocates only if something in the string is escaped.
func unquote(quoted []byte) []byte {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1]
	}
	text, _ := jsontext.AppendUnquote(make([]byte, 0, len(quoted)), quoted) // it fails on half of a surrogate pair, which becomes U+FFFD
	return text
}
