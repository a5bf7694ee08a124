// Package text reads values that are sent as texts: parameters, headers and the fields of forms. What a text stands for
// (5 or "5") is in the schema of the value, and may be more than one thing.
package text

import (
	"encoding/json"
	"errors"
	"iter"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"

	"github.com/aitutor-api/aitutor-go/client/contract/internal/instance"
)

// A Schema is what a document says of a value: a schema and its parts that are applied to the same value.
type Schema []*openapi3.Schema

// SchemaOf returns the Schema of references, some of which may be nil.
func SchemaOf(refs ...*openapi3.SchemaRef) Schema {
	var s Schema
	s.add(refs)
	return s
}

func (s *Schema) add(refs openapi3.SchemaRefs) {
	for _, ref := range refs {
		if ref != nil && ref.Value != nil && !slices.Contains(*s, ref.Value) {
			*s = append(*s, ref.Value)
			s.add(slices.Concat(ref.Value.AllOf, ref.Value.AnyOf, ref.Value.OneOf))
		}
	}
}

// A Reading is what texts stand for, if a schema allows several things.
type Reading int

// The readings.
const (
	Typed   Reading = iota // a number is a number
	Literal                // a number may be a string too, and is one
)

// An Error says why texts cannot be read.
type Error string

// Error returns the reason.
func (e Error) Error() string { return string(e) }

// The errors of Read that say more than that a text is invalid.
var (
	// ErrEmpty is that of an empty text that is no string.
	ErrEmpty error = Error(openapi3filter.ErrInvalidEmptyValue.Error())
	// ErrUndefined is that of an object or an array in one text: OpenAPI does not say how it is written.
	ErrUndefined error = Error("OpenAPI does not say how it is sent")
)

// Decoded is a value in a tree of texts that is known already.
type Decoded struct{ Value any }

// Read returns what a tree of texts (a string, []any or map[string]any) stands for, as JSON has it.
func (s Schema) Read(tree any, reading Reading) (any, error) {
	switch tree := tree.(type) {
	case Decoded:
		return tree.Value, nil
	case string:
		if s.Permits(openapi3.TypeArray) && !s.PermitsScalar() && !strings.HasPrefix(tree, "[") {
			return s.readList([]any{tree}, reading)
		}
		return s.readText(tree, reading)
	case []any:
		return s.readList(tree, reading)
	case map[string]any:
		if list, ok := listOf(tree); ok && s.Permits(openapi3.TypeArray) {
			return s.readList(list, reading)
		}
		return s.readObject(tree, reading)
	}
	return tree, nil
}

func (s Schema) readList(texts []any, reading Reading) (any, error) {
	if len(texts) == 1 && !s.item(0).PermitsScalar() {
		if one, ok := texts[0].(string); ok && strings.HasPrefix(one, "[") {
			return s.readText(one, reading)
		}
	}
	list := make([]any, len(texts))
	for i, text := range texts {
		value, err := s.item(i).Read(text, reading)
		if err != nil {
			return nil, err
		}
		list[i] = value
	}
	return list, nil
}

// readObject leaves out what is empty and no string.
func (s Schema) readObject(texts map[string]any, reading Reading) (any, error) {
	object := make(map[string]any, len(texts))
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		value, err := s.Property(name).Read(texts[name], reading)
		switch {
		case errors.Is(err, ErrEmpty):
		case errors.Is(err, ErrUndefined):
			object[name] = texts[name]
		case err != nil:
			return nil, err
		default:
			object[name] = value
		}
	}
	return object, nil
}

// listOf returns the values of an object whose names are indexes, in their order. An empty name is the end of the list.
func listOf(object map[string]any) ([]any, bool) {
	var indexes []int
	for name := range object {
		i, err := strconv.Atoi(name)
		if name != "" && (err != nil || i < 0) {
			return nil, false
		}
		if name != "" {
			indexes = append(indexes, i)
		}
	}
	slices.Sort(indexes)
	var list []any
	for _, i := range slices.Compact(indexes) {
		list = append(list, object[strconv.Itoa(i)])
	}
	switch last := object[""].(type) {
	case nil:
	case []any:
		list = append(list, last...)
	default:
		list = append(list, last)
	}
	return list, true
}

var number = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

func (s Schema) readText(text string, reading Reading) (any, error) {
	types := s.types()
	has := func(name string) bool { return slices.Contains(types, name) }
	isAny := len(types) == 0
	switch {
	case isAny && reading == Literal, has(openapi3.TypeString) && (reading == Literal || !s.permitsOther()):
		return text, nil
	case text == "" && !isAny && !has(openapi3.TypeString):
		return nil, ErrEmpty
	}
	if isAny || has(openapi3.TypeBoolean) {
		if value, err := strconv.ParseBool(text); err == nil && (!isAny || text == strconv.FormatBool(value)) {
			return value, nil
		}
	}
	if isAny || has(openapi3.TypeNumber) || has(openapi3.TypeInteger) {
		if value, ok := readNumber(text, !isAny && !has(openapi3.TypeNumber)); ok {
			return value, nil
		}
	}
	if isAny || has(openapi3.TypeString) {
		return text, nil
	}
	if document, err := instance.Parse([]byte(text)); err == nil && !s.PermitsScalar() {
		return document.Root().Decode(), nil // how an object is sent in a text, OpenAPI does not say
	}
	for _, name := range types {
		if name != openapi3.TypeArray && name != openapi3.TypeObject {
			return nil, Error("an invalid " + name)
		}
	}
	return nil, ErrUndefined
}

// readNumber reads a number, which may have a plus sign or zeros before it. Integers are of 64 bits.
func readNumber(text string, isInteger bool) (any, bool) {
	if isInteger {
		value, err := strconv.ParseInt(text, 10, 64)
		return value, err == nil
	}
	if strings.ContainsFunc(text, func(r rune) bool { return !strings.ContainsRune("+-.0123456789eE", r) }) {
		return nil, false
	}
	value, err := strconv.ParseFloat(text, 64)
	if number.MatchString(text) {
		return json.Number(text), err == nil
	}
	return value, err == nil
}

// types returns the types that the value may have, but null, which has no text.
func (s Schema) types() []string {
	var types []string
	for _, part := range s {
		if part.Type != nil {
			types = append(types, part.Type.Slice()...)
			continue
		}
		types = append(types, typesOfValues(part)...)
	}
	return slices.DeleteFunc(types, func(name string) bool { return name == openapi3.TypeNull || name == "" })
}

// typesOfValues returns the types of the values that a schema lists.
func typesOfValues(s *openapi3.Schema) []string {
	var types []string
	for _, value := range append(slices.Clone(s.Enum), s.Const) {
		switch value.(type) {
		case nil:
		case bool:
			types = append(types, openapi3.TypeBoolean)
		case string:
			types = append(types, openapi3.TypeString)
		case []any:
			types = append(types, openapi3.TypeArray)
		case map[string]any:
			types = append(types, openapi3.TypeObject)
		default:
			types = append(types, openapi3.TypeNumber)
		}
	}
	return types
}

// Permits reports whether the value may be an array or an object, whichever is asked.
func (s Schema) Permits(structure string) bool {
	if types := s.types(); len(types) > 0 {
		return slices.Contains(types, structure)
	}
	return slices.ContainsFunc(s, func(part *openapi3.Schema) bool {
		if structure == openapi3.TypeArray {
			return part.Items != nil || len(part.PrefixItems) > 0
		}
		return len(part.Properties) > 0 || part.AdditionalProperties.Schema != nil
	})
}

// PermitsScalar reports whether the value may be something else than an array or an object.
func (s Schema) PermitsScalar() bool {
	types := s.types()
	if len(types) == 0 {
		return !s.Permits(openapi3.TypeArray) && !s.Permits(openapi3.TypeObject)
	}
	return slices.ContainsFunc(types, func(name string) bool {
		return name != openapi3.TypeArray && name != openapi3.TypeObject
	})
}

// IsAny reports whether nothing is said of the value.
func (s Schema) IsAny() bool {
	return !slices.ContainsFunc(s, func(part *openapi3.Schema) bool { return !part.IsEmpty() })
}

// permitsOther reports whether a text may be something else than a string.
func (s Schema) permitsOther() bool {
	return slices.ContainsFunc(s.types(), func(name string) bool { return name != openapi3.TypeString })
}

// PermitsOnly reports whether the value must be an array or an object, whichever is asked.
func (s Schema) PermitsOnly(structure string) bool {
	types := s.types()
	return s.Permits(structure) && !slices.ContainsFunc(types, func(name string) bool { return name != structure })
}

// Property returns what is said of a property.
func (s Schema) Property(name string) Schema {
	var all Schema
	for _, part := range s {
		if property := part.Properties[name]; property != nil {
			all.add(openapi3.SchemaRefs{property})
		} else if additional := part.AdditionalProperties.Schema; additional != nil {
			all.add(openapi3.SchemaRefs{additional})
		}
	}
	return all
}

// Has reports whether a property is described by its name.
func (s Schema) Has(name string) bool {
	return slices.ContainsFunc(s, func(part *openapi3.Schema) bool { return part.Properties[name] != nil })
}

// Names returns the names of the properties that are described.
func (s Schema) Names() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, part := range s {
			for name := range part.Properties {
				if !yield(name) {
					return
				}
			}
		}
	}
}

// HasOthers reports whether properties that have no name are described.
func (s Schema) HasOthers() bool {
	return slices.ContainsFunc(s, func(part *openapi3.Schema) bool {
		more := part.AdditionalProperties
		return more.Schema != nil || more.Has != nil && *more.Has
	})
}

// item returns what is said of an element of a list.
func (s Schema) item(i int) Schema {
	var all Schema
	for _, part := range s {
		if i < len(part.PrefixItems) {
			all.add(part.PrefixItems[i : i+1])
		} else {
			all.add(openapi3.SchemaRefs{part.Items})
		}
	}
	return all
}

// Items returns what is said of the elements of a list.
func (s Schema) Items() Schema {
	var all Schema
	for _, part := range s {
		all.add(append(slices.Clone(part.PrefixItems), part.Items))
	}
	return all
}
