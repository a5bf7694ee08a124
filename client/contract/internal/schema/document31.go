package schema

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/aitutor-api/aitutor-go/client/contract/internal/instance"
)

// document is a decoded document of OpenAPI 3.1.
type document struct {
	root    any
	ids     []string // the pointers of the schemas that have an $id, of those around others first
	anchors []anchor // dynamic ones
}

type anchor struct {
	path []string
	name string
}

func newDocument(root any) *document {
	d := &document{root: root}
	hasID := func(object map[string]any) bool { _, ok := object["$id"].(string); return ok }
	pointers := make(map[string]string) // of the anchors of the document itself; those of a schema with an $id are its own
	walkObjects(root, nil, func(object map[string]any, path []string) (goesOn bool) {
		for _, keyword := range []string{"$anchor", "$dynamicAnchor"} {
			if name, ok := object[keyword].(string); ok && !hasID(object) {
				pointers["#"+name] = addressOf(pointerTo(path))
			}
		}
		return !hasID(object)
	})
	walkObjects(root, nil, func(object map[string]any, _ []string) (goesOn bool) {
		if ref, ok := object["$ref"].(string); ok && !hasID(object) && pointers[ref] != "" {
			object["$ref"] = pointers[ref] // the library finds an anchor only in schemas that it knows already
		}
		return !hasID(object)
	})
	walkObjects(root, nil, func(object map[string]any, path []string) (goesOn bool) {
		if hasID(object) {
			d.ids = append(d.ids, pointerTo(path))
		}
		if name, ok := object["$dynamicAnchor"].(string); ok {
			d.anchors = append(d.anchors, anchor{slices.Clone(path), name})
		}
		adjust(object)
		return true
	})
	slices.SortFunc(d.ids, func(a, b string) int { return cmp.Compare(len(a), len(b)) })
	return d
}

// walkObjects calls visit for an object, those in it if visit says so, and so on.
func walkObjects(value any, path []string, visit func(object map[string]any, path []string) (goesOn bool)) {
	switch node := value.(type) {
	case map[string]any:
		if visit(node, path) {
			for name, inner := range node {
				walkObjects(inner, append(path, name), visit)
			}
		}
	case []any:
		for i, inner := range node {
			walkObjects(inner, append(path, strconv.Itoa(i)), visit)
		}
	}
}

// adjust makes of a schema what its author meant: an unquoted null of YAML is the type "null", and the dialect of
// OpenAPI is JSON Schema 2020-12. Any other object is left alone.
func adjust(object map[string]any) {
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
func (d *document) resourceOf(path []string) string {
	resource, pointer := "", pointerTo(path)
	for _, id := range d.ids {
		if pointer == id || strings.HasPrefix(pointer, id+"/") {
			resource = id
		}
	}
	return resource
}

// resolve returns a path without the references that it leads through.
func (d *document) resolve(path []string, depth int) []string {
	const maxDepth = 100 // references may go in a circle
	value := d.root
	for i, name := range path {
		object, _ := value.(map[string]any)
		inner, ok := valueAt(value, name)
		if ref, isRef := object["$ref"].(string); !ok && isRef && strings.HasPrefix(ref, "#/") && depth < maxDepth {
			return d.resolve(append(pathOf(fragmentOf(ref)), path[i:]...), depth+1)
		}
		value = inner
	}
	return path
}

// at returns the value at a path, or nil.
func (d *document) at(path []string) any {
	value := d.root
	for _, name := range path {
		value, _ = valueAt(value, name)
	}
	return value
}

// valueAt returns a member or an element of a decoded value.
func valueAt(value any, name string) (inner any, ok bool) {
	switch node := value.(type) {
	case map[string]any:
		inner, ok = node[name]
	case []any:
		if i, err := strconv.Atoi(name); err == nil && 0 <= i && i < len(node) {
			return node[i], true
		}
	}
	return inner, ok
}

// remove takes a member out, or what it is a part of if that is a list.
func (d *document) remove(path []string) bool {
	for ; len(path) > 0; path = path[:len(path)-1] {
		name := path[len(path)-1]
		if object, ok := d.at(path[:len(path)-1]).(map[string]any); ok {
			_, has := object[name]
			delete(object, name)
			return has
		}
	}
	return false
}

// addressOf returns the address of a JSON pointer within the document.
func addressOf(pointer string) string { return "#" + (&url.URL{Fragment: pointer}).EscapedFragment() }

// fragmentOf returns the fragment of an address, which is a JSON pointer.
func fragmentOf(address string) string {
	_, fragment, _ := strings.Cut(address, "#")
	if text, err := url.PathUnescape(fragment); err == nil {
		return text
	}
	return fragment
}

// pathOf returns the path of a JSON pointer.
func pathOf(pointer string) []string {
	path := strings.Split(pointer, "/")[1:]
	for i, token := range path {
		path[i] = unescapeToken.Replace(token)
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
