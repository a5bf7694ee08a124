package openapi

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// A Sampler makes values that a document allows in one direction: requests lack what is readOnly, responses what is
// writeOnly.
type Sampler struct {
	document *openapi3.T
	response bool
}

// ForRequests returns the Sampler of a document's requests. Objects have only the properties that are required.
func ForRequests(document *openapi3.T) Sampler { return Sampler{document, false} }

// ForResponses returns the Sampler of a document's responses. Objects also have optional properties.
func ForResponses(document *openapi3.T) Sampler { return Sampler{document, true} }

// MissingExampleError says which example a document lacks: none is given that the schema allows, and none can be made.
type MissingExampleError struct {
	Place   string           // such as "getOrder, response 200, application/json"
	Pointer string           // of the value in that place, a JSON Pointer
	Reason  string           // why none can be made
	Origin  *openapi3.Origin // of the schema; nil if the document was loaded without
}

func (e *MissingExampleError) Error() string {
	place := e.Place
	if e.Pointer != "" {
		place = strings.TrimPrefix(place+": "+e.Pointer, ": ")
	}
	return cmp.Or(place, "the value") + " needs an example: " + e.Reason
}

// within returns an error at a property or an item of a value.
func within(err error, name any) error {
	if missing, ok := errors.AsType[*MissingExampleError](err); ok {
		inner := *missing
		inner.Pointer = "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(fmt.Sprint(name)) + missing.Pointer
		return &inner
	}
	return err
}

// Allows returns an error if a schema does not allow a value in the sampler's direction.
func (s Sampler) Allows(schema *openapi3.Schema, value any) error {
	options := []openapi3.SchemaValidationOption{openapi3.VisitAsRequest()}
	if s.response {
		options[0] = openapi3.VisitAsResponse()
	}
	if s.document.IsOpenAPI31OrLater() {
		options = append(options, openapi3.EnableJSONSchema2020())
	}
	return s.document.ValidateSchemaJSON(schema, value, options...)
}

// Examples lists the examples of a body, by name.
func Examples(media *openapi3.MediaType) []any { return examples(media.Example, media.Examples) }

func examples(one any, named openapi3.Examples) []any {
	var values []any
	if one != nil {
		values = append(values, one)
	}
	for _, name := range slices.Sorted(maps.Keys(named)) {
		if ref := named[name]; ref != nil && ref.Value != nil && ref.Value.Value != nil {
			values = append(values, ref.Value.Value)
		}
	}
	return values
}

// Example returns the first example of a body that its schema allows, or a sample of the schema, or a
// [*MissingExampleError].
func (s Sampler) Example(media *openapi3.MediaType) (any, error) {
	return s.exampleOr(Examples(media), media.Schema)
}

// Parameter returns the first example of a parameter, or of a response's header, that its schema allows, or a sample of
// the schema, or a [*MissingExampleError].
func (s Sampler) Parameter(p *openapi3.Parameter) (any, error) {
	for _, media := range p.Content {
		return s.Example(media)
	}
	return s.exampleOr(examples(p.Example, p.Examples), p.Schema)
}

func (s Sampler) exampleOr(given []any, schema *openapi3.SchemaRef) (any, error) {
	if schema == nil {
		return append(given, "example")[0], nil
	}
	for _, value := range given {
		if s.Allows(schema.Value, value) == nil {
			return value, nil
		}
	}
	return s.Sample(schema.Value)
}

// Sample returns a value that a schema allows: an example, default or listed value of it, or one made of its types,
// formats and limits. If none can be made, as of most patterns, it returns a [*MissingExampleError].
func (s Sampler) Sample(schema *openapi3.Schema) (any, error) { return s.sample(schema, nil) }

// sample returns a sample of the innermost schema of a path of schemas.
func (s Sampler) sample(schema *openapi3.Schema, path []*openapi3.Schema) (any, error) {
	if slices.Contains(path, schema) {
		return nil, &MissingExampleError{Reason: "the schema contains itself", Origin: schema.Origin}
	}
	path = append(slices.Clip(path), schema)
	whole := Merged(schema)
	values := []any{whole.Example}
	values = slices.Concat(values, whole.Examples, []any{whole.Default, whole.Const}, whole.Enum)
	for _, value := range values {
		if value != nil && s.Allows(schema, value) == nil {
			return value, nil
		}
	}
	var reason error
	for value, err := range s.candidates(whole, path) {
		if err == nil {
			if err = s.Allows(schema, value); err == nil {
				return value, nil
			}
			err = refusal(whole, err)
		}
		reason = cmp.Or(reason, err)
	}
	if s.Allows(schema, nil) == nil {
		return nil, nil
	}
	return nil, reason
}

// refusal returns the error of a schema that allows no candidate.
func refusal(schema *openapi3.Schema, err error) error {
	missing := &MissingExampleError{Reason: "none can be made, as ", Origin: schema.Origin}
	broken, ok := errors.AsType[*openapi3.SchemaError](err)
	switch {
	case schema.Pattern != "":
		missing.Reason = "none can be made for the pattern " + schema.Pattern
	case ok:
		missing.Reason += broken.Reason
	default:
		missing.Reason += err.Error()
	}
	return missing
}

// candidates yields values that a schema without an allOf may allow, and errors for those that cannot be made.
func (s Sampler) candidates(schema *openapi3.Schema, path []*openapi3.Schema) func(yield func(any, error) bool) {
	return func(yield func(any, error) bool) {
		if len(schema.OneOf)+len(schema.AnyOf) > 0 {
			for _, ref := range slices.Concat(schema.OneOf, schema.AnyOf) {
				if !yield(s.branch(schema, ref, path)) {
					return
				}
			}
			return
		}
		for _, kind := range typesOf(schema) {
			switch kind {
			case openapi3.TypeBoolean:
				if !yield(true, nil) || !yield(false, nil) {
					return
				}
			case openapi3.TypeInteger, openapi3.TypeNumber:
				for _, number := range numbers(schema) {
					if !yield(number, nil) {
						return
					}
				}
			case openapi3.TypeString:
				if !yield(text(schema)) {
					return
				}
			case openapi3.TypeArray:
				if !yield(s.list(schema, path)) {
					return
				}
			case openapi3.TypeObject:
				if !yield(s.object(schema, path, s.response)) || !yield(s.object(schema, path, false)) {
					return
				}
			}
		}
	}
}

// typesOf returns the types of a schema: those that its other keywords imply if it says none.
func typesOf(schema *openapi3.Schema) []string {
	switch {
	case schema.Type != nil:
		return schema.Type.Slice()
	case len(schema.Properties)+len(schema.Required) > 0, schema.MinProps > 0,
		schema.AdditionalProperties.Schema != nil:
		return []string{openapi3.TypeObject}
	case schema.Items != nil, len(schema.PrefixItems) > 0, schema.MinItems > 0:
		return []string{openapi3.TypeArray}
	case schema.Min != nil, schema.Max != nil, schema.MultipleOf != nil:
		return []string{openapi3.TypeNumber}
	}
	return []string{openapi3.TypeString}
}

// branch returns a sample of a schema with one of the schemas of its oneOf or anyOf, which its discriminator names.
func (s Sampler) branch(schema *openapi3.Schema, ref *openapi3.SchemaRef, path []*openapi3.Schema) (any, error) {
	if slices.Contains(path, ref.Value) {
		return nil, &MissingExampleError{Reason: "the schema contains itself", Origin: schema.Origin}
	}
	rest := *schema
	rest.OneOf, rest.AnyOf, rest.Discriminator = nil, nil, nil
	value, err := s.sample(both(&rest, Merged(ref.Value)), append(slices.Clip(path), ref.Value))
	if object, ok := value.(map[string]any); ok && schema.Discriminator != nil {
		object = maps.Clone(object)
		object[schema.Discriminator.PropertyName] = discriminatorValue(schema.Discriminator, ref.Ref)
		value = object
	}
	return value, err
}

// discriminatorValue returns how a discriminator names a schema.
func discriminatorValue(discriminator *openapi3.Discriminator, ref string) string {
	name := ref[strings.LastIndex(ref, "/")+1:]
	for _, value := range slices.Sorted(maps.Keys(discriminator.Mapping)) {
		if mapped := discriminator.Mapping[value].Ref; mapped == ref || mapped == name {
			return value
		}
	}
	return name
}

// list returns a list of one item, or of as many as the schema wants.
func (s Sampler) list(schema *openapi3.Schema, path []*openapi3.Schema) (any, error) {
	length := max(schema.MinItems, 1, uint64(len(schema.PrefixItems)))
	if schema.MaxItems != nil {
		length = min(length, *schema.MaxItems)
	}
	const longest = 10_000
	items := []any{}
	for i := range min(length, longest) {
		item := schema.Items
		if i < uint64(len(schema.PrefixItems)) {
			item = schema.PrefixItems[i]
		}
		if item == nil {
			item = openapi3.NewSchemaRef("", &openapi3.Schema{})
		}
		value, err := s.sample(item.Value, path)
		if err != nil {
			if i >= schema.MinItems { // it need not be there
				break
			}
			return nil, within(err, i)
		}
		if schema.UniqueItems && i > 0 {
			value = s.another(item.Value, value, items)
		}
		items = append(items, value)
	}
	return items, nil
}

// another returns a value near one that a schema allows and that is not among others; the same if there is none.
func (s Sampler) another(schema *openapi3.Schema, value any, others []any) any {
	n := float64(len(others))
	candidates := slices.Clone(Merged(schema).Enum)
	switch value := value.(type) {
	case float64:
		candidates = append(candidates, value+n, value-n)
		if step := schema.MultipleOf; step != nil {
			candidates = append(candidates, value+n**step, value-n**step)
		}
	case string:
		candidates = append(candidates, fmt.Sprint(value, n))
	}
	for _, candidate := range candidates {
		isSame := func(other any) bool { return fmt.Sprint(other) == fmt.Sprint(candidate) }
		if !slices.ContainsFunc(others, isSame) && s.Allows(schema, candidate) == nil {
			return candidate
		}
	}
	return value
}

// object returns an object with all properties that are required, and with those that are optional and can be made if
// it is to be full.
func (s Sampler) object(schema *openapi3.Schema, path []*openapi3.Schema, full bool) (any, error) {
	const fullDepth = 3 // deeper, optional properties are left out: there may be thousands
	object := map[string]any{}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(schema.Required))) {
		property := s.property(schema, name)
		if s.hides(property) {
			continue
		}
		value, err := s.sample(property, path)
		if err != nil {
			return nil, within(err, name)
		}
		object[name] = value
	}
	for name, ref := range schema.Properties {
		if _, has := object[name]; has || !full || len(path) > fullDepth || s.hides(ref.Value) {
			continue
		}
		if value, err := s.sample(ref.Value, path); err == nil {
			object[name] = value
		}
	}
	for i := 1; uint64(len(object)) < min(schema.MinProps, 1000); i++ {
		name := fmt.Sprint("property", i)
		value, err := s.sample(s.property(schema, name), path)
		if err != nil {
			return nil, within(err, name)
		}
		object[name] = value
	}
	return object, nil
}

// property returns the schema of a property; of one that is not described, that of additional properties.
func (s Sampler) property(schema *openapi3.Schema, name string) *openapi3.Schema {
	switch {
	case schema.Properties[name] != nil:
		return schema.Properties[name].Value
	case schema.AdditionalProperties.Schema != nil:
		return schema.AdditionalProperties.Schema.Value
	}
	return &openapi3.Schema{}
}

// hides reports whether a property does not belong into the sampler's direction.
func (s Sampler) hides(schema *openapi3.Schema) bool {
	whole := Merged(schema)
	return s.response && whole.WriteOnly || !s.response && whole.ReadOnly
}
