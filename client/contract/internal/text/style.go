package text

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// A Style is how a document has a value written in the path, the query, a header, a cookie or a form.
type Style struct {
	Name    string // of the parameter or field
	In      string
	Style   string // "": not known
	Explode bool
	Schema  Schema
	// Others are the other names of the query, none of which is a property of an object that is spread over it.
	Others map[string]bool

	structures []string // that the value may be: an object, an array, or neither ("")
}

// NewStyle returns the Style of a parameter.
func NewStyle(p *openapi3.Parameter, schema Schema) *Style {
	s := &Style{Name: p.Name, In: p.In, Schema: schema}
	method, err := p.SerializationMethod()
	if err != nil {
		return s
	}
	s.Style, s.Explode = method.Style, method.Explode
	isCookieList := p.In == openapi3.ParameterInCookie && s.Explode // which cannot be sent
	for _, structure := range []string{openapi3.TypeObject, openapi3.TypeArray} {
		if schema.Permits(structure) && !isCookieList {
			s.structures = append(s.structures, structure)
		}
	}
	if schema.PermitsScalar() {
		s.structures = append(s.structures, "")
	}
	return s
}

// Trees returns the trees of texts that a value of the path, of a header (which may be of several lines) or of a cookie
// may stand for: one for each kind of value that the schema permits. There is none if OpenAPI does not say how such a
// value is sent.
func (s *Style) Trees(lines ...string) ([]any, error) {
	return s.trees(func(structure string) (any, error) {
		value := lines[0]
		if structure != "" {
			value = strings.Join(lines, ",")
		}
		prefix, between, equals := s.delimiters(structure)
		rest, ok := strings.CutPrefix(value, prefix)
		if !ok {
			return nil, Error(`a value must be prefixed with "` + prefix + `"`)
		}
		return s.split(rest, structure, between, equals)
	})
}

// trees returns the trees that a function makes of a text, and its error if there is none.
func (s *Style) trees(tree func(structure string) (any, error)) ([]any, error) {
	var all []any
	var failure error
	for _, structure := range s.structures {
		one, err := tree(structure)
		if err != nil {
			failure = err
		} else if one != nil {
			all = append(all, one)
		}
	}
	if len(all) > 0 {
		failure = nil
	}
	return all, failure
}

// delimiters returns what stands before a value in a text, between its parts, and between a name and its value.
func (s *Style) delimiters(structure string) (prefix, between, equals string) {
	isObject := structure == openapi3.TypeObject
	between, equals = ",", ","
	if s.Explode {
		equals = "="
	}
	switch s.Style {
	case openapi3.SerializationLabel:
		prefix = "."
		if s.Explode {
			between = "."
		}
	case openapi3.SerializationMatrix:
		prefix = ";" + s.Name + "="
		if s.Explode && isObject {
			prefix = ";"
		}
		if between = ","; s.Explode && isObject {
			between = ";"
		} else if s.Explode {
			between = prefix
		}
	case openapi3.SerializationSpaceDelimited:
		between, equals = " ", " "
	case openapi3.SerializationPipeDelimited:
		between, equals = "|", "|"
	}
	return prefix, between, equals
}

// split returns the parts of a text: a list, an object, or the text as it is.
func (s *Style) split(text, structure, between, equals string) (any, error) {
	if structure == "" {
		return text, nil
	}
	parts := strings.Split(text, between)
	if s.In == openapi3.ParameterInHeader {
		for i := range parts {
			parts[i] = strings.TrimSpace(parts[i])
		}
	}
	if structure == openapi3.TypeArray {
		return listOfTexts(parts), nil
	}
	const format = `a value must be a list of object's properties in format "name`
	invalid := Error(format + equals + `value" separated by ` + between)
	object := make(map[string]any)
	if equals == between {
		if len(parts)%2 != 0 {
			return nil, invalid
		}
		for i := 0; i < len(parts); i += 2 {
			object[parts[i]] = parts[i+1]
		}
		return object, nil
	}
	for _, part := range parts {
		name, value, ok := strings.Cut(part, equals)
		if !ok {
			return nil, invalid
		}
		object[name] = value
	}
	return object, nil
}

func listOfTexts(texts []string) []any {
	list := make([]any, len(texts))
	for i, text := range texts {
		list[i] = text
	}
	return list
}

// QueryTrees returns what Trees does, for the query or the fields of a form.
func (s *Style) QueryTrees(query url.Values) ([]any, error) {
	values := query[s.Name]
	return s.trees(func(structure string) (any, error) {
		switch {
		case s.Style == openapi3.SerializationDeepObject && structure != "":
			if tree := s.deepTree(query); tree != nil {
				return tree, nil
			}
			if structure == openapi3.TypeArray && len(values) > 0 {
				return listOfTexts(values), nil
			}
			return nil, nil
		case structure == openapi3.TypeObject && s.Style == openapi3.SerializationForm && s.Explode:
			return s.spread(query), nil
		case structure == openapi3.TypeObject && s.Explode:
			return nil, ErrUndefined
		case len(values) == 0:
			return nil, nil
		case structure == openapi3.TypeArray && s.Explode:
			if len(values) == 1 && values[0] == "" {
				return nil, ErrEmpty
			}
			return listOfTexts(values), nil
		case structure != "":
			_, between, equals := s.delimiters(structure)
			if structure == openapi3.TypeArray && values[0] == "" {
				return nil, ErrEmpty
			}
			return s.split(values[0], structure, between, equals)
		}
		for _, value := range values { // the first that is not empty
			if value != "" {
				return value, nil
			}
		}
		return "", nil
	})
}

// spread returns the object whose properties stand in the query by themselves, or nil.
func (s *Style) spread(query url.Values) any {
	object := make(map[string]any)
	for name, values := range query {
		if s.Owns(name) {
			if object[name] = values[0]; len(values) > 1 {
				object[name] = listOfTexts(values)
			}
		}
	}
	if len(object) == 0 {
		return nil
	}
	return object
}

// IsDefined reports whether OpenAPI says how the value is sent.
func (s *Style) IsDefined() bool { return len(s.structures) > 0 }

// Owns reports whether a name of the query belongs to the value, an object that is spread over it or written in
// brackets.
func (s *Style) Owns(name string) bool {
	switch {
	case s.Style == openapi3.SerializationDeepObject:
		return strings.HasPrefix(name, s.Name+"[")
	case s.Style == openapi3.SerializationForm && s.Explode && slices.Contains(s.structures, openapi3.TypeObject):
		first, _, _ := strings.Cut(name, "[")
		return s.Schema.Has(name) || s.Schema.HasOthers() && !s.Others[name] && !s.Others[first]
	}
	return false
}

var brackets = regexp.MustCompile(`^(\[[^\[\]]*\])+$`)

// deepTree returns what stands in the query as name[a][b]=text, or nil.
func (s *Style) deepTree(query url.Values) any {
	const maxDepth = 100
	var names []string
	for name := range query {
		rest, ok := strings.CutPrefix(name, s.Name)
		if ok && strings.Count(rest, "[") <= maxDepth && brackets.MatchString(rest) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var root any
	for _, name := range names {
		values, rest := query[name], name[len(s.Name):]
		var text any = values[0]
		if len(values) > 1 || strings.HasSuffix(rest, "[]") {
			text = listOfTexts(values)
		}
		path := strings.Split(strings.TrimSuffix(rest[1:], "]"), "][")
		if len(path) > 1 && path[len(path)-1] == "" { // a[b][]=text is the list a[b]
			path = path[:len(path)-1]
		}
		root = set(root, path, text)
	}
	return root
}

// set returns a tree with a text at a path.
func set(tree any, path []string, text any) any {
	if len(path) == 0 {
		return text
	}
	object, ok := tree.(map[string]any)
	if !ok {
		object = make(map[string]any)
	}
	object[path[0]] = set(object[path[0]], path[1:], text)
	return object
}
