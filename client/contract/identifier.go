package contract

import (
	"net/url"
	"strings"
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

// withoutDeepReferences returns a copy of a decoded document without the references into a schema, which JSON Schema
// knows, and kin-openapi not always.
func withoutDeepReferences(value any) any {
	switch node := value.(type) {
	case map[string]any:
		twin := make(map[string]any, len(node))
		for name, inner := range node {
			const depth = 3 // of #/components/schemas/X
			if ref, ok := inner.(string); ok && name == "$ref" && strings.HasPrefix(ref, "#/components/") &&
				strings.Count(ref, "/") > depth {
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
