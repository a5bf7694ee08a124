package schema

import (
	"math"
	"math/big"

	"github.com/getkin/kin-openapi/openapi3"
)

// Compiler30 makes Schemas of OpenAPI 3.0, one for each schema of a document, however often it is referred to.
type Compiler30 struct {
	Patterns *Patterns
	schemas  map[*openapi3.Schema]*Schema
	directed bool
}

// Compile returns the Schema of ref.
func (c *Compiler30) Compile(ref *openapi3.SchemaRef) *Schema {
	if c.schemas == nil {
		c.schemas = make(map[*openapi3.Schema]*Schema)
	}
	return c.compile(ref)
}

func (c *Compiler30) compile(ref *openapi3.SchemaRef) *Schema {
	if ref == nil || ref.Value == nil {
		return nil
	}
	described := ref.Value
	if s, ok := c.schemas[described]; ok {
		return s
	}
	s := &Schema{
		name: described.Title, always: described.Always, empty: described.IsEmpty(),
		scalar: scalar{
			is30: true, types: typesOf(described.Type.Slice()), nullable: described.PermitsNull(), format: described.Format,
			minLength: limit(&described.MinLength), maxLength: limit(described.MaxLength),
			pattern: c.Patterns.compile(described.Pattern), source: described.Pattern,
		},
		readOnly: described.ReadOnly, writeOnly: described.WriteOnly,
		minProps: limit(&described.MinProps), maxProps: limit(described.MaxProps), required: described.Required,
		minItems: limit(&described.MinItems), maxItems: limit(described.MaxItems), unique: described.UniqueItems,
	}
	c.schemas[described], s.hasDirection = s, &c.directed
	c.directed = c.directed || s.readOnly || s.writeOnly
	if len(described.Enum) > 0 {
		s.addEnum("enum", "value is not one of the allowed values", described.Enum, described.Enum)
	}
	minimum, maximum := rational(described.Min), rational(described.Max)
	s.addBounds(minimum, maximum, exclusive(described.ExclusiveMin, minimum), exclusive(described.ExclusiveMax, maximum),
		rational(described.MultipleOf))
	s.not, s.items = c.compile(described.Not), c.compile(described.Items)
	s.oneOf, s.anyOf = c.variants(described.OneOf), c.variants(described.AnyOf)
	for _, part := range c.variants(described.AllOf) {
		s.allOf = append(s.allOf, part.Schema)
	}
	s.additional = c.compile(described.AdditionalProperties.Schema)
	s.noAdditional = described.AdditionalProperties.Has != nil && !*described.AdditionalProperties.Has
	properties := make(map[string]*Schema, len(described.Properties))
	for name, property := range described.Properties {
		properties[name] = c.compile(property)
	}
	s.setMembers(properties)
	s.setDiscriminator(described.Discriminator)
	return s
}

func rational(number *float64) *big.Rat {
	if number == nil {
		return nil
	}
	return new(big.Rat).SetFloat64(*number)
}

// exclusive returns a bound that excludes its limit: that of minimum or maximum, or as OpenAPI 3.1 has it.
func exclusive(bound openapi3.ExclusiveBound, limit *big.Rat) *big.Rat {
	if bound.IsTrue() {
		return limit
	}
	return rational(bound.Value)
}

func (c *Compiler30) variants(refs openapi3.SchemaRefs) []variant {
	var all []variant
	for _, ref := range refs {
		if s := c.compile(ref); s != nil {
			all = append(all, variant{s, ref.Ref})
		}
	}
	return all
}

func limit(n *uint64) int {
	if n == nil || *n > math.MaxInt32 {
		return -1
	}
	return int(*n)
}
