package openapi

import (
	"cmp"
	"maps"
	"reflect"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// Merged returns the schema with what the schemas of its allOf say. Of what cannot be merged, such as two patterns, its
// own goes first.
func Merged(schema *openapi3.Schema) *openapi3.Schema { return merged(schema, 0) }

func merged(schema *openapi3.Schema, depth int) *openapi3.Schema {
	const maxDepth = 20 // of a schema that contains itself there is no end
	if len(schema.AllOf) == 0 || depth == maxDepth {
		return schema
	}
	whole := *schema
	whole.AllOf = nil
	for _, ref := range schema.AllOf {
		whole = *both(&whole, merged(ref.Value, depth+1))
	}
	return &whole
}

// both returns a schema that says what two say.
func both(a, b *openapi3.Schema) *openapi3.Schema {
	c := *a
	c.Type = cmp.Or(a.Type, b.Type)
	c.Format, c.Pattern = cmp.Or(a.Format, b.Format), cmp.Or(a.Pattern, b.Pattern)
	c.Enum = a.Enum
	if len(a.Enum) == 0 {
		c.Enum = b.Enum
	} else if len(b.Enum) > 0 {
		c.Enum = slices.DeleteFunc(slices.Clone(a.Enum), func(value any) bool {
			return !slices.ContainsFunc(b.Enum, func(other any) bool { return reflect.DeepEqual(value, other) })
		})
	}
	c.Const, c.Example, c.Default = first(a.Const, b.Const), first(a.Example, b.Example), first(a.Default, b.Default)
	c.Examples = slices.Concat(a.Examples, b.Examples)
	c.Nullable = a.Nullable && b.Nullable
	c.ReadOnly, c.WriteOnly = a.ReadOnly || b.ReadOnly, a.WriteOnly || b.WriteOnly

	c.Min, c.Max = largest(a.Min, b.Min), smallest(a.Max, b.Max)
	if !a.ExclusiveMin.IsSet() {
		c.ExclusiveMin = b.ExclusiveMin
	}
	if !a.ExclusiveMax.IsSet() {
		c.ExclusiveMax = b.ExclusiveMax
	}
	c.MultipleOf = cmp.Or(a.MultipleOf, b.MultipleOf)
	c.MinLength, c.MaxLength = max(a.MinLength, b.MinLength), smallest(a.MaxLength, b.MaxLength)
	c.MinItems, c.MaxItems = max(a.MinItems, b.MinItems), smallest(a.MaxItems, b.MaxItems)
	c.UniqueItems = a.UniqueItems || b.UniqueItems
	c.Items = cmp.Or(a.Items, b.Items)
	if len(a.PrefixItems) == 0 {
		c.PrefixItems = b.PrefixItems
	}

	c.Properties = maps.Clone(a.Properties)
	if c.Properties == nil {
		c.Properties = openapi3.Schemas{}
	}
	for name, property := range b.Properties {
		if own := a.Properties[name]; own != nil && own.Value != property.Value {
			property = openapi3.NewSchemaRef("", &openapi3.Schema{AllOf: openapi3.SchemaRefs{own, property}})
		}
		c.Properties[name] = property
	}
	c.Required = slices.Concat(a.Required, b.Required)
	c.MinProps, c.MaxProps = max(a.MinProps, b.MinProps), smallest(a.MaxProps, b.MaxProps)
	if a.AdditionalProperties.Has == nil && a.AdditionalProperties.Schema == nil {
		c.AdditionalProperties = b.AdditionalProperties
	}
	if len(a.OneOf) == 0 {
		c.OneOf = b.OneOf
	}
	if len(a.AnyOf) == 0 {
		c.AnyOf = b.AnyOf
	}
	c.Not, c.Discriminator = cmp.Or(a.Not, b.Not), cmp.Or(a.Discriminator, b.Discriminator)
	return &c
}

func first(a, b any) any {
	if a != nil {
		return a
	}
	return b
}

// smallest returns the smaller of two limits, either of which may be missing.
func smallest[T cmp.Ordered](a, b *T) *T {
	if a == nil || b != nil && *b < *a {
		return b
	}
	return a
}

// largest returns the larger of two limits, either of which may be missing.
func largest[T cmp.Ordered](a, b *T) *T {
	if a == nil || b != nil && *b > *a {
		return b
	}
	return a
}
