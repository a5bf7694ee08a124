package schema

import (
	"cmp"
	"fmt"
	"math"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/client/internal/printable"
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
	s := c.compile(ref)
	markRecursive(s)
	return s
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
		is30: true, name: described.Title, always: described.Always, empty: described.IsEmpty(),
		types: typesOf(described.Type.Slice()), nullable: described.PermitsNull(), format: described.Format,
		readOnly: described.ReadOnly, writeOnly: described.WriteOnly,
		minProps: limit(&described.MinProps), maxProps: limit(described.MaxProps), required: described.Required,
		minItems: limit(&described.MinItems), maxItems: limit(described.MaxItems), unique: described.UniqueItems,
	}
	c.schemas[described], s.hasDirection = s, &c.directed
	c.directed = c.directed || s.readOnly || s.writeOnly
	s.pattern, s.source = c.Patterns.compile(described.Pattern), described.Pattern
	s.leaf, s.deepLeaf, s.quick = leafOf30(described)
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
	if d := described.Discriminator; d != nil {
		s.discriminator = &discriminator{property: d.PropertyName, mapping: make(map[string]string)}
		for name, target := range d.Mapping {
			s.discriminator.mapping[name] = refOfMapping(target.Ref)
		}
	}
	s.setPlain()
	return s
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

// refOfMapping returns the reference that a discriminator's mapping means, which may also be the name of a schema.
func refOfMapping(target string) string {
	if target != "" && !strings.Contains(target, "/") {
		return "#/components/schemas/" + target
	}
	return target
}

func limit(n *uint64) int {
	if n == nil || *n > math.MaxInt32 {
		return -1
	}
	return int(*n)
}

// setMembers joins the properties and the required names.
func (s *Schema) setMembers(properties map[string]*Schema) {
	s.members = make(map[string]member, len(properties))
	for name, property := range properties {
		s.members[name] = member{Schema: property}
	}
	for _, name := range s.required {
		s.members[name] = member{s.members[name].Schema, true}
	}
	for _, m := range s.members {
		if m.required {
			s.requiredCount++
		}
	}
}

// leaf30 is a schema without its parts.
type leaf30 struct{ *openapi3.Schema }

func leafOf30(described *openapi3.Schema) (l leaf, isDeep bool, q quick) {
	alone := openapi3.Schema{
		Type: described.Type, Nullable: described.Nullable, Enum: described.Enum, Format: described.Format,
		Min: described.Min, Max: described.Max, ExclusiveMin: described.ExclusiveMin, ExclusiveMax: described.ExclusiveMax,
		MultipleOf: described.MultipleOf, MinLength: described.MinLength, MaxLength: described.MaxLength,
	}
	if alone.IsEmpty() {
		return nil, false, q
	}
	q = quick{
		isOff:     described.ExclusiveMin.IsSet() || described.ExclusiveMax.IsSet() || described.MultipleOf != nil,
		minLength: limit(&described.MinLength), maxLength: limit(described.MaxLength), formats: described.Format != "",
		minimum: math.Inf(-1), maximum: math.Inf(1),
	}
	if described.Min != nil {
		q.minimum = *described.Min
	}
	if described.Max != nil {
		q.maximum = *described.Max
	}
	q.setEnum(described.Enum)
	return leaf30{&alone}, len(described.Enum) > 0, q
}

// setEnum lets texts and booleans be accepted if an enum has nothing else; else it leaves them to the leaf.
func (q *quick) setEnum(values []any) {
	if len(values) == 0 {
		return
	}
	q.texts = make(map[string]bool)
	for _, value := range values {
		switch value := value.(type) {
		case string:
			q.texts[value] = true
		case bool:
			q.yes, q.no = q.yes || value, q.no || !value
		default:
			q.isOff = true
		}
	}
}

func (l leaf30) judge(value any) []finding {
	return findingsOf30(l.VisitJSON(value, openapi3.MultiErrors()))
}

func findingsOf30(err error) []finding {
	switch err := err.(type) { //nolint:errorlint // what the visitor returns, which it does not wrap
	case nil:
		return nil
	case openapi3.MultiError:
		var all []finding
		for _, inner := range err {
			all = append(all, findingsOf30(inner)...)
		}
		return all
	case *openapi3.SchemaError:
		reason := cmp.Or(err.Reason, fmt.Sprintf("doesn't match schema %q", err.SchemaField))
		return []finding{{err.SchemaField, printable.Line(reason)}}
	}
	return []finding{{"", printable.Line(err.Error())}}
}

// markRecursive marks the schemas that contain themselves, from a root on.
func markRecursive(root *Schema) {
	m := marker{order: make(map[*Schema]int), low: make(map[*Schema]int)}
	m.visit(root)
}

// marker finds what is strongly connected (Tarjan).
type marker struct {
	order, low map[*Schema]int
	stack      []*Schema
}

func (m *marker) visit(s *Schema) {
	if s == nil || s.marked || m.order[s] > 0 {
		return
	}
	m.order[s] = len(m.order) + 1
	m.low[s] = m.order[s]
	m.stack = append(m.stack, s)
	for part := range s.parts() {
		switch {
		case part.marked:
		case part == s:
			s.recursive = true
		case m.order[part] == 0:
			m.visit(part)
			m.low[s] = min(m.low[s], m.low[part])
		default:
			m.low[s] = min(m.low[s], m.order[part])
		}
	}
	if m.low[s] != m.order[s] {
		return
	}
	for i := len(m.stack) - 1; ; i-- {
		m.stack[i].marked = true
		m.stack[i].recursive = m.stack[i].recursive || m.stack[i] != s || i < len(m.stack)-1
		if m.stack[i] == s {
			m.stack = m.stack[:i]
			return
		}
	}
}
