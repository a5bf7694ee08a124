package schema

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/aitutor-api/aitutor-go/client/contract/internal/instance"
	"github.com/aitutor-api/aitutor-go/client/internal/printable"
)

// Compiler31 makes Schemas of OpenAPI 3.1, which are JSON Schema 2020-12, from the document itself.
type Compiler31 struct {
	Patterns *Patterns
	document any
	compiler *jsonschema.Compiler
	schemas  map[*jsonschema.Schema]*Schema
	anchors  map[string]map[string]*Schema // dynamic anchors, by resource and name
	directed bool
	ids      []string // the pointers of the schemas that have an $id
}

// root is the address by which the document is compiled. Nothing is fetched.
const root = "openapi:///document"

// NewCompiler31 returns the Compiler31 of a decoded document.
func NewCompiler31(document any, patterns *Patterns) *Compiler31 {
	c := &Compiler31{Patterns: patterns, document: document, schemas: make(map[*jsonschema.Schema]*Schema)}
	c.resolveAnchors()
	c.reset()
	c.findAnchors()
	return c
}

func (c *Compiler31) reset() {
	c.compiler = jsonschema.NewCompiler()
	c.compiler.DefaultDraft(jsonschema.Draft2020)
	c.compiler.UseLoader(noLoader{})
	c.compiler.UseRegexpEngine(c.Patterns.compile31)
	_ = c.compiler.AddResource(root, c.document) // fails for an address that is taken
}

// noLoader refuses to read what the document refers to outside itself.
type noLoader struct{}

func (noLoader) Load(address string) (any, error) {
	return nil, fmt.Errorf("%s is outside of the document", address)
}

// Compile returns the Schema at a JSON pointer of the document, which may lead through references. What of it cannot be
// judged is warned of.
func (c *Compiler31) Compile(pointer string) *Schema {
	pointer = pointerTo(c.resolve(pointerOf("#"+escapeFragment(pointer)), 0))
	compiled, err := c.compiler.Compile(root + "#" + escapeFragment(pointer))
	for tries := 0; err != nil && tries < 20 && c.repair(err); tries++ {
		c.reset()
		compiled, err = c.compiler.Compile(root + "#" + escapeFragment(pointer))
	}
	if err != nil {
		c.Patterns.Warn(fmt.Sprintf("the schema at %s is not judged: %s", pointer, reasonOf(err)))
		accepts := true
		return &Schema{always: &accepts}
	}
	return c.compile(compiled)
}

// resolve returns a path without the references that it leads through.
func (c *Compiler31) resolve(path []string, depth int) []string {
	const maxDepth = 100 // references may go in a circle
	value := c.document
	for i, name := range path {
		object, _ := value.(map[string]any)
		inner, ok := valueAt(value, []string{name})
		if ref, isRef := object["$ref"].(string); !ok && isRef && strings.HasPrefix(ref, "#/") && depth < maxDepth {
			return c.resolve(append(pointerOf(ref), path[i:]...), depth+1)
		}
		value = inner
	}
	return path
}

func escapeFragment(pointer string) string { return (&url.URL{Fragment: pointer}).EscapedFragment() }

func reasonOf(err error) string {
	return printable.Clip(strings.ReplaceAll(err.Error(), root, ""))
}

// repair takes what is not JSON Schema out of the document, and reports whether it found something.
func (c *Compiler31) repair(err error) bool {
	invalid, ok := errors.AsType[*jsonschema.SchemaValidationError](err)
	if !ok {
		return false
	}
	reasons, ok := errors.AsType[*jsonschema.ValidationError](invalid.Err)
	if !ok {
		return false
	}
	repaired := false
	base := pointerOf(invalid.URL)
	var visit func(*jsonschema.ValidationError)
	visit = func(reason *jsonschema.ValidationError) {
		if len(reason.Causes) > 0 {
			for _, cause := range reason.Causes {
				visit(cause)
			}
			return
		}
		path := append(slices.Clone(base), reason.InstanceLocation...)
		if len(reason.InstanceLocation) == 0 || !remove(c.document, path) {
			return
		}
		repaired = true
		c.Patterns.Warn(pointerTo(path) + " is not judged: it is not as JSON Schema 2020-12 has it")
	}
	visit(reasons)
	return repaired
}

// remove takes a member out of a decoded document.
func remove(document any, path []string) bool {
	parent, ok := valueAt(document, path[:len(path)-1])
	object, isObject := parent.(map[string]any)
	if !ok || !isObject {
		return len(path) > 1 && remove(document, path[:len(path)-1]) // of a list, the whole
	}
	name := path[len(path)-1]
	if _, ok := object[name]; !ok {
		return false
	}
	delete(object, name)
	return true
}

// pointerOf returns the path in the fragment of an address.
func pointerOf(address string) []string {
	_, fragment, _ := strings.Cut(address, "#")
	if text, err := url.PathUnescape(fragment); err == nil {
		fragment = text
	}
	var path []string
	for i, token := range strings.Split(fragment, "/") {
		if i > 0 {
			path = append(path, unescapeToken.Replace(token))
		}
	}
	return path
}

var unescapeToken = strings.NewReplacer("~1", "/", "~0", "~")

func pointerTo(path []string) string {
	var text strings.Builder
	for _, name := range path {
		text.WriteString("/" + instance.EscapeToken(name))
	}
	return text.String()
}

func valueAt(value any, path []string) (any, bool) {
	for _, name := range path {
		ok := false
		switch node := value.(type) {
		case map[string]any:
			value, ok = node[name]
		case []any:
			i, err := strconv.Atoi(name)
			if ok = err == nil && 0 <= i && i < len(node); ok {
				value = node[i]
			}
		}
		if !ok {
			return nil, false
		}
	}
	return value, true
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
	path := pointerOf(compiled.Location)
	if compiled.Types != nil {
		s.types = typesOf(compiled.Types.ToStrings())
	}
	raw, _ := valueAt(c.document, path)
	if object, ok := raw.(map[string]any); ok {
		s.format, _ = object["format"].(string)
		s.discriminator = discriminatorOf31(object["discriminator"])
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
	s.resource = c.resourceOf(path)
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
			v.ref = "#" + pointerTo(pointerOf(part.Ref.Location))
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

func discriminatorOf31(described any) *discriminator {
	object, _ := described.(map[string]any)
	property, ok := object["propertyName"].(string)
	if !ok {
		return nil
	}
	d := &discriminator{property: property, mapping: make(map[string]string)}
	mapping, _ := object["mapping"].(map[string]any)
	for name, target := range mapping {
		if text, ok := target.(string); ok {
			d.mapping[name] = refOfMapping(text)
		}
	}
	return d
}

// resolveAnchors makes references to the anchors of the document itself pointers: the library looks for an anchor only
// in schemas that it knows already.
func (c *Compiler31) resolveAnchors() {
	pointers := make(map[string]string)
	visit := func(do func(object map[string]any, path []string)) {
		var walk func(value any, path []string)
		walk = func(value any, path []string) {
			switch node := value.(type) {
			case map[string]any:
				if _, ok := node["$id"].(string); ok { // whose anchors are its own
					return
				}
				do(node, path)
				for name, inner := range node {
					walk(inner, append(path, name))
				}
			case []any:
				for i, inner := range node {
					walk(inner, append(path, strconv.Itoa(i)))
				}
			}
		}
		walk(c.document, nil)
	}
	visit(func(object map[string]any, path []string) {
		for _, keyword := range []string{"$anchor", "$dynamicAnchor"} {
			if name, ok := object[keyword].(string); ok {
				pointers["#"+name] = "#" + escapeFragment(pointerTo(path))
			}
		}
	})
	if len(pointers) == 0 {
		return
	}
	visit(func(object map[string]any, _ []string) {
		if ref, ok := object["$ref"].(string); ok && pointers[ref] != "" {
			object["$ref"] = pointers[ref]
		}
	})
}

// findAnchors finds the dynamic anchors of the document, and the schemas with an $id, in which they are looked for.
func (c *Compiler31) findAnchors() {
	type anchor struct {
		path []string
		name string
	}
	var found []anchor
	var visit func(value any, path []string)
	visit = func(value any, path []string) {
		switch node := value.(type) {
		case map[string]any:
			if _, ok := node["$id"].(string); ok {
				c.ids = append(c.ids, pointerTo(path))
			}
			if name, ok := node["$dynamicAnchor"].(string); ok {
				found = append(found, anchor{slices.Clone(path), name})
			}
			c.adjust(node)
			for name, inner := range node {
				visit(inner, append(path, name))
			}
		case []any:
			for i, inner := range node {
				visit(inner, append(path, strconv.Itoa(i)))
			}
		}
	}
	visit(c.document, nil)
	slices.SortFunc(c.ids, func(a, b string) int { return cmp.Compare(len(a), len(b)) })
	for _, id := range c.ids { // before what is in them, which is identified by them
		// If this fails, it is no schema, or warned of as soon as it is referred to.
		_, _ = c.compiler.Compile(root + "#" + escapeFragment(id))
	}
	if len(found) == 0 {
		return
	}
	c.anchors = make(map[string]map[string]*Schema)
	for _, a := range found {
		compiled, err := c.compiler.Compile(root + "#" + escapeFragment(pointerTo(a.path)))
		if err != nil {
			continue
		}
		resource := c.resourceOf(a.path)
		if c.anchors[resource] == nil {
			c.anchors[resource] = make(map[string]*Schema)
		}
		c.anchors[resource][a.name] = c.compile(compiled)
	}
}

// adjust makes of a schema what its author meant: an unquoted null of YAML is the type "null", and the dialect of
// OpenAPI is JSON Schema 2020-12. Any other object is left alone.
func (c *Compiler31) adjust(object map[string]any) {
	if address, ok := object["$schema"].(string); ok && !strings.Contains(address, "json-schema.org/") {
		delete(object, "$schema")
	}
	value, ok := object["type"]
	if ok && value == nil {
		object["type"] = "null"
	}
	if list, ok := value.([]any); ok {
		for i := range list {
			if list[i] == nil {
				list[i] = "null"
			}
		}
	}
}

// resourceOf returns the pointer of the innermost schema with an $id around a place.
func (c *Compiler31) resourceOf(path []string) string {
	resource, pointer := "", pointerTo(path)
	for _, id := range c.ids {
		if len(id) > len(resource) && (pointer == id || strings.HasPrefix(pointer, id+"/")) {
			resource = id
		}
	}
	return resource
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
