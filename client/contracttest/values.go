package contracttest

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
)

// inputs is a JSON object, each value as it is sent.
type inputs map[string]json.RawMessage

// object returns the JSON of inputs in the order of their names.
func (in inputs) object() []byte {
	var object bytes.Buffer
	object.WriteByte('{')
	for i, name := range slices.Sorted(maps.Keys(in)) {
		if i > 0 {
			object.WriteByte(',')
		}
		object.Write(encode(name))
		object.WriteByte(':')
		object.Write(in[name])
	}
	object.WriteByte('}')
	return object.Bytes()
}

// with returns the inputs with one value replaced or added.
func (in inputs) with(name string, value []byte) inputs {
	changed := maps.Clone(in)
	changed[name] = value
	return changed
}

func (in inputs) without(name string) inputs {
	changed := maps.Clone(in)
	delete(changed, name)
	return changed
}

func objectOf(data []byte) (inputs, error) {
	var object inputs
	err := json.Unmarshal(data, &object)
	if err == nil && object == nil {
		err = errors.New("not a JSON object")
	}
	return object, err
}

// encode returns the JSON of a value that the checks are made of.
func encode(value any) []byte {
	data, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return data
}

func decode(data []byte) any {
	var value any
	if json.Unmarshal(data, &value) != nil {
		return nil
	}
	return value
}

// typed is a JSON value and its type.
type typed struct {
	jsonType string
	value    []byte
}

// ofEachType returns a value of each type, near to a valid one if it can be: 3 as a string is "3".
func ofEachType(valid []byte) []typed {
	text := valid
	if !bytes.HasPrefix(valid, []byte(`"`)) {
		text = encode(string(valid))
	}
	return []typed{
		{openapi3.TypeNull, []byte("null")},
		{openapi3.TypeInteger, []byte("12")},
		{openapi3.TypeNumber, []byte("12.5")},
		{openapi3.TypeString, text},
		{openapi3.TypeBoolean, []byte("true")},
		{openapi3.TypeArray, slices.Concat([]byte("["), valid, []byte("]"))},
		{openapi3.TypeObject, slices.Concat([]byte(`{"value":`), valid, []byte("}"))},
	}
}

// allows reports whether a schema allows any value of a type. A number has a fraction: an integer is another type.
func allows(schema *openapi3.Schema, jsonType string) bool {
	schema = openapi.Merged(schema)
	for _, list := range []openapi3.SchemaRefs{schema.AnyOf, schema.OneOf} {
		if len(list) > 0 && !slices.ContainsFunc(list, func(ref *openapi3.SchemaRef) bool {
			return allows(ref.Value,
				jsonType)
		}) {
			return false
		}
	}
	switch {
	case jsonType == openapi3.TypeNull:
		return schema.Nullable || schema.Type == nil || schema.Type.IncludesNull()
	case schema.Type == nil:
		return true
	}
	return schema.Type.Permits(jsonType) || jsonType == openapi3.TypeInteger && schema.Type.Permits(openapi3.TypeNumber)
}

// swapCase changes the case of the ASCII letters.
func swapCase(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z':
			return r - 'a' + 'A'
		case 'A' <= r && r <= 'Z':
			return r - 'A' + 'a'
		}
		return r
	}, text)
}
