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
func withoutIdentifiers(document any) (bare any, isStripped bool) {
	known := make(map[string]bool) // the addresses of schemas with an $id
	copyWithout(document, &url.URL{}, func(name string, _ any, base *url.URL) bool {
		if name == "$id" {
			known[withoutFragment(base)] = true
		}
		return false
	})
	bare = copyWithout(document, &url.URL{}, func(name string, value any, base *url.URL) bool {
		ref, ok := value.(string)
		isIdentified := ok && name == "$ref" && isIdentified(ref, base, known)
		isStripped = isStripped || isIdentified
		return isIdentified
	})
	return bare, isStripped
}

// copyWithout returns a copy of a decoded value without the members that drop reports. References in the object of a
// member are resolved against base.
func copyWithout(value any, base *url.URL, drop func(name string, member any, base *url.URL) bool) any {
	switch node := value.(type) {
	case map[string]any:
		if id, ok := node["$id"].(string); ok {
			if own, err := base.Parse(id); err == nil {
				base = own
			}
		}
		twin := make(map[string]any, len(node))
		for name, member := range node {
			if !drop(name, member, base) {
				twin[name] = copyWithout(member, base, drop)
			}
		}
		return twin
	case []any:
		twin := make([]any, len(node))
		for i, element := range node {
			twin[i] = copyWithout(element, base, drop)
		}
		return twin
	}
	return value
}

// isIdentified reports whether a reference is to an $id or an $anchor of the document, or to a draft of JSON Schema.
func isIdentified(ref string, base *url.URL, known map[string]bool) bool {
	u, err := base.Parse(ref)
	if err != nil {
		return false
	}
	address := withoutFragment(u)
	return known[address] || strings.HasPrefix(address, "https://json-schema.org/draft/") ||
		address == "" && !strings.HasPrefix(u.Fragment, "/") && ref != "#"
}

func withoutFragment(u *url.URL) string {
	bare := *u
	bare.Fragment, bare.RawFragment = "", ""
	return bare.String()
}

// withoutDeepReferences returns a copy of a decoded document without the references into a schema, and the lists of
// items, which JSON Schema knows or knew, and kin-openapi not always.
func withoutDeepReferences(document any) any {
	return copyWithout(document, &url.URL{}, func(name string, value any, _ *url.URL) bool {
		const depth = 3 // of #/components/schemas/X
		ref, isText := value.(string)
		_, isList := value.([]any)
		return isList && name == "items" || isText && name == "$ref" && (strings.Contains(ref, "/$defs/") ||
			strings.HasPrefix(ref, "#/components/") && strings.Count(ref, "/") > depth)
	})
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
