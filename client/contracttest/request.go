package contracttest

import (
	"bytes"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// requests are the checks of bodies that are no inputs.
func (m *material) requests() []check {
	body := func(name, rule string, runs bool, body []byte) check {
		return check{name: "request/" + name, rule: rule + " must be answered with 4xx", runs: runs, request: m.validWith(body), want: refused}
	}
	valid := m.inputs.object()
	const deep = 10_000
	contentType := body("other-content-type", "a body of another content type", true, valid)
	contentType.request.contentType = "text/plain"
	return []check{
		body("empty-body", "an empty body", false, []byte{}),
		body("json-cut-short", "JSON that is cut short", false, valid[:len(valid)-1]),
		// Some parsers let these two pass.
		body("json-with-more", "JSON with more after its end", true, append(slices.Clone(valid), " x"...)),
		body("json-in-single-quotes", "JSON in single quotes", true, bytes.ReplaceAll(valid, []byte(`"`), []byte(`'`))),
		body("array-for-object", "an array in place of the inputs", false, []byte("[]")),
		body("string-for-object", "a string in place of the inputs", false, []byte(`"inputs"`)),
		body("number-for-object", "a number in place of the inputs", false, []byte("1")),
		body("boolean-for-object", "a boolean in place of the inputs", false, []byte("true")),
		body("null-for-object", "null in place of the inputs", false, []byte("null")),
		body("nested-deep", "JSON nested 10,000 deep", false, []byte(strings.Repeat("[", deep)+strings.Repeat("]", deep))),
		contentType,
	}
}

// perInput are the checks that the schema of the inputs makes: none where the inputs are another workflow's.
func (m *material) perInput() []check {
	if m.foreign {
		return nil
	}
	var checks []check
	add := func(name, rule string, in inputs, want func(*answer) bool) {
		checks = append(checks, check{name: "request/" + name, rule: rule, runs: true, request: m.validWith(in.object()), want: want})
	}
	for _, name := range m.required() {
		add("missing-"+name, "a request without "+name+", which is required, must be answered with 400 and a message that names it",
			m.inputs.without(name), func(a *answer) bool {
				return a.status == http.StatusBadRequest && strings.Contains(a.message(), name)
			})
	}
	for _, name := range m.properties() {
		schema := flat(m.schema.Properties[name].Value)
		valid := m.inputs[name]
		if valid == nil {
			valid = encode(sample(schema))
		}
		for _, wrong := range ofEachType(valid) {
			if !allows(schema, wrong.jsonType) {
				add(name+"-is-"+wrong.jsonType, name+", of a wrong type ("+wrong.jsonType+"), must be answered with 4xx",
					m.inputs.with(name, wrong.value), refused)
			}
		}
		switch {
		case !allows(schema, openapi3.TypeString):
		case len(schema.Enum) > 0:
			if !fits(schema, notListed) {
				add(name+"-is-not-listed", name+", of a value that the contract does not list, must be answered with 4xx",
					m.inputs.with(name, encode(notListed)), refused)
			}
		case !fits(schema, blank):
			add("blank-"+name, "a blank "+name+" must be answered with 400", m.inputs.with(name, encode(blank)), status(http.StatusBadRequest))
		}
	}
	return checks
}

const (
	blank     = " \t\n "
	notListed = "contracttest-not-listed"
)

// required are the names of the inputs that the contract wants and the target's have.
func (m *material) required() []string {
	var names []string
	for _, name := range slices.Compact(slices.Sorted(slices.Values(m.schema.Required))) {
		if m.inputs[name] != nil {
			names = append(names, name)
		}
	}
	return names
}

// properties are the names of the inputs that the contract describes.
func (m *material) properties() []string {
	var names []string
	for name := range m.schema.Properties {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// typed is a JSON value and its type.
type typed struct {
	jsonType string
	value    []byte
}

// ofEachType gives a value of each type, near to a valid one where it can be: 3 as a string is "3".
func ofEachType(valid []byte) []typed {
	text := valid
	if !bytes.HasPrefix(valid, []byte(`"`)) {
		text = encode(string(valid))
	}
	return []typed{
		{openapi3.TypeNull, []byte("null")},
		{openapi3.TypeNumber, []byte("12.5")},
		{openapi3.TypeString, text},
		{openapi3.TypeBoolean, []byte("true")},
		{openapi3.TypeArray, slices.Concat([]byte("["), valid, []byte("]"))},
		{openapi3.TypeObject, slices.Concat([]byte(`{"value":`), valid, []byte("}"))},
	}
}

// allows reports whether a schema allows any value of a type. A number is one with a fraction: an integer is not that.
func allows(schema *openapi3.Schema, jsonType string) bool {
	schema = flat(schema)
	for _, list := range []openapi3.SchemaRefs{schema.AnyOf, schema.OneOf} {
		if len(list) > 0 && !slices.ContainsFunc(list, func(ref *openapi3.SchemaRef) bool { return allows(ref.Value, jsonType) }) {
			return false
		}
	}
	if jsonType == openapi3.TypeNull {
		return schema.Nullable || schema.Type == nil || schema.Type.IncludesNull()
	}
	return schema.Type == nil || schema.Type.Permits(jsonType)
}

func fits(schema *openapi3.Schema, value any) bool {
	return schema.VisitJSON(value, openapi3.VisitAsRequest()) == nil
}
