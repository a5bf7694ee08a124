package contract

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/aitutor-api/aitutor-go/client/contract/internal/instance"
)

// withoutIdentifiers returns a copy of a decoded document of OpenAPI 3.1 without the references by $id and $anchor, and
// whether there are any. They are JSON Schema's, and kin-openapi, which reads all else of the document, does not know
// them.
func withoutIdentifiers(document any) (any, bool) {
	s := identifiers{known: make(map[string]bool)}
	s.find(document, &url.URL{})
	return s.strip(document, &url.URL{}), s.stripped
}

type identifiers struct {
	known    map[string]bool // the addresses of schemas with an $id
	stripped bool
}

// baseOf returns the address against which references in an object are resolved.
func baseOf(object map[string]any, base *url.URL) *url.URL {
	if id, ok := object["$id"].(string); ok {
		if u, err := base.Parse(id); err == nil {
			return u
		}
	}
	return base
}

func (s *identifiers) find(value any, base *url.URL) {
	switch node := value.(type) {
	case map[string]any:
		own := baseOf(node, base)
		if own != base {
			s.known[withoutFragment(own)] = true
		}
		for _, inner := range node {
			s.find(inner, own)
		}
	case []any:
		for _, inner := range node {
			s.find(inner, base)
		}
	}
}

func (s *identifiers) strip(value any, base *url.URL) any {
	switch node := value.(type) {
	case map[string]any:
		own := baseOf(node, base)
		twin := make(map[string]any, len(node))
		for name, inner := range node {
			if ref, ok := inner.(string); ok && name == "$ref" && s.isIdentified(ref, own) {
				s.stripped = true
				continue
			}
			twin[name] = s.strip(inner, own)
		}
		return twin
	case []any:
		twin := make([]any, len(node))
		for i, inner := range node {
			twin[i] = s.strip(inner, base)
		}
		return twin
	}
	return value
}

// isIdentified reports whether a reference is to an $id or an $anchor of the document, or to a draft of JSON Schema.
func (s *identifiers) isIdentified(ref string, base *url.URL) bool {
	u, err := base.Parse(ref)
	if err != nil {
		return false
	}
	address := withoutFragment(u)
	return s.known[address] || strings.HasPrefix(address, "https://json-schema.org/draft/") ||
		address == "" && !strings.HasPrefix(u.Fragment, "/") && ref != "#"
}

func withoutFragment(u *url.URL) string {
	bare := *u
	bare.Fragment, bare.RawFragment = "", ""
	return bare.String()
}

// withoutDeepReferences returns a copy of a decoded document without the references into a schema, and the lists of
// items, which JSON Schema knows or knew, and kin-openapi not always.
func withoutDeepReferences(value any) any {
	switch node := value.(type) {
	case map[string]any:
		twin := make(map[string]any, len(node))
		for name, inner := range node {
			const depth = 3 // of #/components/schemas/X
			if ref, ok := inner.(string); ok && name == "$ref" && (strings.Contains(ref, "/$defs/") ||
				strings.HasPrefix(ref, "#/components/") && strings.Count(ref, "/") > depth) {
				continue
			}
			if _, isList := inner.([]any); isList && name == "items" {
				continue
			}
			twin[name] = withoutDeepReferences(inner)
		}
		return twin
	case []any:
		twin := make([]any, len(node))
		for i, inner := range node {
			twin[i] = withoutDeepReferences(inner)
		}
		return twin
	}
	return value
}

// completeDefinitions makes references to #/$defs, which the document does not have, references to the $defs of the
// innermost schema around them that has the name: so generators mean it that put a whole schema into a document. It
// reports whether there are any.
func completeDefinitions(document any) bool {
	changed := false
	var visit func(value any, path string, around []definitions)
	visit = func(value any, path string, around []definitions) {
		switch node := value.(type) {
		case map[string]any:
			if _, ok := node["$id"].(string); ok && path != "" { // in which # is the schema itself
				return
			}
			if own, ok := node["$defs"].(map[string]any); ok && path != "" {
				around = append(slices.Clip(around), definitions{path, own})
			}
			if ref, ok := node["$ref"].(string); ok && strings.HasPrefix(ref, "#/$defs/") {
				name, _, _ := strings.Cut(strings.TrimPrefix(ref, "#/$defs/"), "/")
				for _, definitions := range slices.Backward(around) {
					if _, ok := definitions.schemas[name]; ok {
						node["$ref"], changed = "#"+escapePath(definitions.path)+strings.TrimPrefix(ref, "#"), true
						break
					}
				}
			}
			for name, inner := range node {
				visit(inner, path+"/"+instance.EscapeToken(name), around)
			}
		case []any:
			for i, inner := range node {
				visit(inner, path+"/"+strconv.Itoa(i), around)
			}
		}
	}
	root, _ := document.(map[string]any)
	if _, ok := root["$defs"]; !ok {
		visit(document, "", nil)
	}
	return changed
}

// definitions are the $defs of the schema at a path.
type definitions struct {
	path    string
	schemas map[string]any
}

func escapePath(path string) string { return (&url.URL{Fragment: path}).EscapedFragment() }
