package contract

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"

	"go.yaml.in/yaml/v4"
)

// decodeYAML returns a YAML text as JSON has it. If it is strict, aliases and merges are refused, which may stand for
// more than can be held. A name that comes twice is an error.
func decodeYAML(data []byte, isStrict bool) (any, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(data, &root); err != nil {
		return nil, err
	}
	r := yamlReader{isStrict: isStrict, left: 10_000_000}
	return r.value(&root, 0)
}

type yamlReader struct {
	isStrict bool
	left     int // nodes that may still come
}

func (r *yamlReader) value(node *yaml.Node, depth int) (any, error) {
	const maxDepth = 10_000
	if r.left--; r.left < 0 || depth > maxDepth {
		return nil, errors.New("too large or too deeply nested")
	}
	switch node.Kind {
	case yaml.DocumentNode:
		return r.value(node.Content[0], depth+1)
	case yaml.AliasNode:
		if r.isStrict {
			return nil, fmt.Errorf("line %d: an alias", node.Line)
		}
		return r.value(node.Alias, depth+1)
	case yaml.SequenceNode:
		list := make([]any, len(node.Content))
		for i, inner := range node.Content {
			var err error
			if list[i], err = r.value(inner, depth+1); err != nil {
				return nil, err
			}
		}
		return list, nil
	case yaml.MappingNode:
		return r.mapping(node, depth)
	}
	return scalarOf(node)
}

func (r *yamlReader) mapping(node *yaml.Node, depth int) (any, error) {
	object := make(map[string]any, len(node.Content)/2)
	var merged []*yaml.Node
	for i := 0; i+1 < len(node.Content); i += 2 {
		name := node.Content[i]
		if name.ShortTag() == "!!merge" && !r.isStrict {
			merged = append(merged, node.Content[i+1])
			continue
		}
		if name.Kind != yaml.ScalarNode || name.ShortTag() == "!!merge" {
			return nil, fmt.Errorf("line %d: a name that JSON does not have", name.Line)
		}
		if _, again := object[name.Value]; again {
			return nil, fmt.Errorf("line %d: the name %q comes twice", name.Line, name.Value)
		}
		value, err := r.value(node.Content[i+1], depth+1)
		if err != nil {
			return nil, err
		}
		object[name.Value] = value
	}
	for _, source := range merged {
		value, err := r.value(source, depth+1)
		if err != nil {
			return nil, err
		}
		list, ok := value.([]any)
		if !ok {
			list = []any{value}
		}
		for _, one := range list {
			for name, inner := range asObject(one) {
				if _, own := object[name]; !own {
					object[name] = inner
				}
			}
		}
	}
	return object, nil
}

func asObject(value any) map[string]any {
	object, _ := value.(map[string]any)
	return object
}

var jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

// scalarOf returns a string, number, boolean or null. What JSON does not have, such as a date, is a string.
func scalarOf(node *yaml.Node) (any, error) {
	switch tag := node.ShortTag(); tag {
	case "!!null":
		return nil, nil //nolint:nilnil // null is a value
	case "!!bool":
		var value bool
		err := node.Decode(&value)
		return value, err
	case "!!int", "!!float":
		if jsonNumber.MatchString(node.Value) {
			return json.Number(node.Value), nil
		}
		var value any
		if err := node.Decode(&value); err != nil {
			return nil, err
		}
		text, err := json.Marshal(value)
		if err != nil { // infinite, or not a number
			return node.Value, nil //nolint:nilerr // it is a text then
		}
		return json.Number(text), nil
	}
	return node.Value, nil
}
