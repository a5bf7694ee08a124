package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/aitutor-api/aitutor-go/client/internal/printable"
)

// Compiler31 makes Schemas of OpenAPI 3.1, which are JSON Schema 2020-12, from the document itself.
type Compiler31 struct {
	patterns *Patterns
	document *document
	compiler *jsonschema.Compiler
	schemas  map[*jsonschema.Schema]*Schema
	anchors  map[string]map[string]*Schema // dynamic anchors, by resource and name
	directed bool
}

// NewCompiler31 returns the Compiler31 of a decoded document.
func NewCompiler31(root any, patterns *Patterns) *Compiler31 {
	c := &Compiler31{patterns: patterns, document: newDocument(root), schemas: make(map[*jsonschema.Schema]*Schema)}
	c.reset()
	for _, id := range c.document.ids { // before what is in them, which is identified by them
		_, _ = c.at(id) // if it fails, it is no schema, or warned of as soon as it is referred to
	}
	if len(c.document.anchors) > 0 {
		c.anchors = make(map[string]map[string]*Schema)
	}
	for _, a := range c.document.anchors {
		compiled, err := c.at(pointerTo(a.path))
		if err != nil {
			continue
		}
		resource := c.document.resourceOf(a.path)
		if c.anchors[resource] == nil {
			c.anchors[resource] = make(map[string]*Schema)
		}
		c.anchors[resource][a.name] = c.compile(compiled)
	}
	return c
}

// address is the address by which the document is compiled. Nothing is fetched.
const address = "openapi:///document"

func (c *Compiler31) reset() {
	c.compiler = jsonschema.NewCompiler()
	c.compiler.DefaultDraft(jsonschema.Draft2020)
	c.compiler.UseLoader(noLoader{})
	c.compiler.UseRegexpEngine(c.patterns.compile31)
	_ = c.compiler.AddResource(address, c.document.root) // fails for an address that is taken
}

// noLoader refuses to read what the document refers to outside itself.
type noLoader struct{}

func (noLoader) Load(address string) (any, error) {
	return nil, fmt.Errorf("%s is outside of the document", address)
}

// at compiles the schema at a JSON pointer.
func (c *Compiler31) at(pointer string) (*jsonschema.Schema, error) {
	return c.compiler.Compile(address + addressOf(pointer))
}

// Compile returns the Schema at a JSON pointer of the document, which may lead through references. What of it cannot be
// judged is warned of.
func (c *Compiler31) Compile(pointer string) *Schema {
	pointer = pointerTo(c.document.resolve(pathOf(pointer), 0))
	compiled, err := c.at(pointer)
	for tries := 0; err != nil && tries < 20 && c.repair(err); tries++ {
		c.reset()
		compiled, err = c.at(pointer)
	}
	if err != nil {
		reason := printable.Clip(strings.ReplaceAll(err.Error(), address, ""))
		c.patterns.Warn(fmt.Sprintf("the schema at %s is not judged: %s", pointer, reason))
		accepts := true
		return &Schema{always: &accepts}
	}
	return c.compile(compiled)
}

// repair takes what is not JSON Schema out of the document, and reports whether it found something.
func (c *Compiler31) repair(err error) bool {
	invalid, ok := errors.AsType[*jsonschema.SchemaValidationError](err)
	if !ok {
		return false
	}
	reason, ok := errors.AsType[*jsonschema.ValidationError](invalid.Err)
	return ok && c.remove(pathOf(fragmentOf(invalid.URL)), reason)
}

// remove takes what is refused out of the schema at a path.
func (c *Compiler31) remove(path []string, reason *jsonschema.ValidationError) bool {
	removed := false
	for _, cause := range reason.Causes {
		removed = c.remove(path, cause) || removed
	}
	at := slices.Concat(path, reason.InstanceLocation)
	if len(reason.Causes) == 0 && len(reason.InstanceLocation) > 0 && c.document.remove(at) {
		removed = true
		c.patterns.Warn(pointerTo(at) + " is not judged: it is not as JSON Schema 2020-12 has it")
	}
	return removed
}

// compile makes the Schema of what the library has compiled.
func (c *Compiler31) compile(compiled *jsonschema.Schema) *Schema {
	if compiled == nil {
		return nil
	}
	if s, ok := c.schemas[compiled]; ok {
		return s
	}
	s := &Schema{
		scalar: scalar{minLength: limit31(compiled.MinLength), maxLength: limit31(compiled.MaxLength)},
		name:   compiled.Title, always: compiled.Bool, required: compiled.Required,
		readOnly: compiled.ReadOnly, writeOnly: compiled.WriteOnly,
		minProps: limit31(compiled.MinProperties), maxProps: limit31(compiled.MaxProperties),
		minItems: limit31(compiled.MinItems), maxItems: limit31(compiled.MaxItems), unique: compiled.UniqueItems,
		maxContains: limit31(compiled.MaxContains), minContains: 1, anchors: c.anchors,
	}
	c.schemas[compiled], s.hasDirection = s, &c.directed
	c.directed = c.directed || s.readOnly || s.writeOnly
	path := pathOf(fragmentOf(compiled.Location))
	if compiled.Types != nil {
		s.types = typesOf(compiled.Types.ToStrings())
	}
	if object, ok := c.document.at(path).(map[string]any); ok {
		s.format, _ = object["format"].(string)
		var d openapi3.Discriminator
		data, err := json.Marshal(object["discriminator"])
		if err == nil && d.UnmarshalJSON(data) == nil && d.PropertyName != "" {
			s.setDiscriminator(&d)
		}
	}
	if matcher, ok := compiled.Pattern.(pattern31); ok {
		s.pattern, s.source = matcher.Regexp, matcher.source
	}
	if compiled.Const != nil {
		s.addEnum("const", "value must be", []any{*compiled.Const}, *compiled.Const)
	}
	if compiled.Enum != nil {
		s.addEnum("enum", "value is not one of the allowed values", compiled.Enum.Values, compiled.Enum.Values)
	}
	s.addBounds(compiled.Minimum, compiled.Maximum, compiled.ExclusiveMinimum, compiled.ExclusiveMaximum,
		compiled.MultipleOf)
	for _, ref := range []*jsonschema.Schema{compiled.Ref, compiled.RecursiveRef} {
		if ref != nil {
			s.refs = append(s.refs, c.compile(ref))
		}
	}
	s.not, s.ifs = c.compile(compiled.Not), c.compile(compiled.If)
	s.then, s.otherwise = c.compile(compiled.Then), c.compile(compiled.Else)
	s.allOf, s.anyOf, s.oneOf = c.compileAll(compiled.AllOf), c.variants(compiled.AnyOf), c.variants(compiled.OneOf)
	c.addObject(s, compiled)
	s.prefixItems, s.items = c.compileAll(compiled.PrefixItems), c.compile(compiled.Items2020)
	if compiled.DraftVersion < 2020 {
		c.addOldItems(s, compiled)
	}
	s.contains, s.unevaluatedItems = c.compile(compiled.Contains), c.compile(compiled.UnevaluatedItems)
	if compiled.MinContains != nil {
		s.minContains = *compiled.MinContains
	}
	if ref := compiled.DynamicRef; ref != nil {
		s.dynamicRef = &dynamicRef{schema: c.compile(ref.Ref)}
		if ref.Ref.DynamicAnchor == ref.Anchor {
			s.dynamicRef.anchor = ref.Anchor
		}
	}
	s.resource = c.document.resourceOf(path)
	return s
}

func (c *Compiler31) compileAll(parts []*jsonschema.Schema) []*Schema {
	var all []*Schema
	for _, part := range parts {
		all = append(all, c.compile(part))
	}
	return all
}

func (c *Compiler31) variants(parts []*jsonschema.Schema) []variant {
	var all []variant
	for _, part := range parts {
		v := variant{Schema: c.compile(part)}
		if part.Ref != nil {
			v.ref = "#" + fragmentOf(part.Ref.Location)
		}
		all = append(all, v)
	}
	return all
}

func (c *Compiler31) compileMap(parts map[string]*jsonschema.Schema) map[string]*Schema {
	all := make(map[string]*Schema, len(parts))
	for name, part := range parts {
		all[name] = c.compile(part)
	}
	return all
}

func (c *Compiler31) addObject(s *Schema, compiled *jsonschema.Schema) {
	s.setMembers(c.compileMap(compiled.Properties))
	for matcher, part := range compiled.PatternProperties {
		if known, ok := matcher.(pattern31); ok && known.Regexp != nil {
			s.patterns = append(s.patterns, patternProperty{known.Regexp, c.compile(part)})
		} else {
			s.hasOpaque = true
		}
	}
	switch additional := compiled.AdditionalProperties.(type) {
	case bool:
		s.noAdditional = !additional
		if additional { // it describes them, for unevaluatedProperties
			s.additional = &Schema{always: &additional}
		}
	case *jsonschema.Schema:
		s.additional = c.compile(additional)
	}
	s.propertyNames, s.unevaluatedProps = c.compile(compiled.PropertyNames), c.compile(compiled.UnevaluatedProperties)
	s.dependentRequired = maps.Clone(compiled.DependentRequired)
	s.dependentSchemas = c.compileMap(compiled.DependentSchemas)
	for name, dependency := range compiled.Dependencies {
		switch dependency := dependency.(type) {
		case []string:
			if s.dependentRequired == nil {
				s.dependentRequired = make(map[string][]string)
			}
			s.dependentRequired[name] = append(s.dependentRequired[name], dependency...)
		case *jsonschema.Schema:
			s.dependentSchemas[name] = c.compile(dependency)
		}
	}
}

// addOldItems adds the items of a draft before 2020-12, which a schema may name by $schema.
func (c *Compiler31) addOldItems(s *Schema, compiled *jsonschema.Schema) {
	switch items := compiled.Items.(type) {
	case *jsonschema.Schema:
		s.items = c.compile(items)
	case []*jsonschema.Schema:
		s.prefixItems = c.compileAll(items)
	}
	switch additional := compiled.AdditionalItems.(type) {
	case bool:
		s.items = &Schema{always: &additional}
	case *jsonschema.Schema:
		s.items = c.compile(additional)
	}
}

func limit31(n *int) int {
	if n == nil {
		return -1
	}
	return *n
}

// pattern31 is a pattern as the library takes it. One that is not judged matches everything.
type pattern31 struct {
	Regexp
	source string
}

func (p pattern31) String() string { return p.source }

func (p pattern31) MatchString(text string) bool {
	return p.Regexp == nil || p.Regexp.MatchString(text)
}

func (p *Patterns) compile31(pattern string) (jsonschema.Regexp, error) {
	return pattern31{p.compile(pattern), pattern}, nil
}
