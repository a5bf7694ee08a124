package values

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
)

const (
	// Blank is a text without a character that is seen.
	Blank = " \t\n "
	// NotListed is a text that no document lists.
	NotListed = "contracttest-not-listed"
)

// Wrong is a value that a schema does not allow.
type Wrong struct {
	Name    string // "topic-is-null"
	What    string // "topic, of a wrong type (null),"
	Value   any
	Missing string // the property of a body that is left out
	Advice  bool   // many servers let it pass
}

// Bodies returns bodies just outside a schema: a valid one with one fault in it, except those of another type.
func Bodies(sampler openapi.Sampler, schema *openapi3.Schema, valid any) []Wrong {
	m := maker{sampler}
	name, what := "body", "the body"
	if _, isObject := valid.(map[string]any); isObject {
		name, what = "inputs", "the inputs"
	}
	return m.wrong(schema, append(m.inside(name, what, schema, valid, 0), m.outside(name, what, schema, valid)...))
}

// Outside returns values of the right type that are just outside a schema.
func Outside(sampler openapi.Sampler, name string, schema *openapi3.Schema, valid any) []Wrong {
	m := maker{sampler}
	return m.wrong(schema, m.outside(name, name, schema, valid))
}

type maker struct{ sampler openapi.Sampler }

func (m maker) allows(schema *openapi3.Schema, value any) bool {
	return m.sampler.Allows(schema, value) == nil
}

// wrong leaves out what the schema allows after all.
func (m maker) wrong(schema *openapi3.Schema, list []Wrong) []Wrong {
	return slices.DeleteFunc(list, func(w Wrong) bool { return !w.Advice && m.allows(schema, w.Value) })
}

// sample returns a value that a schema allows, or nil if none can be made.
func (m maker) sample(schema *openapi3.Schema) any {
	value, err := m.sampler.Sample(schema)
	if err != nil {
		return nil
	}
	return value
}

// around returns values of other types than a schema has, values outside its limits, and faults inside a valid one.
func (m maker) around(name, what string, schema *openapi3.Schema, valid any, depth int) []Wrong {
	const deepest = 4
	schema = openapi.Merged(schema)
	if schema.ReadOnly || depth > deepest {
		return nil
	}
	var list []Wrong
	text, isText := valid.(string)
	if !isText {
		text = string(Encode(valid))
	}
	for _, other := range []struct {
		jsonType string
		value    any
	}{
		{openapi3.TypeNull, nil}, {openapi3.TypeInteger, 12}, {openapi3.TypeNumber, 12.5}, {openapi3.TypeString, text},
		{openapi3.TypeBoolean, true}, {openapi3.TypeArray, []any{valid}},
		{openapi3.TypeObject, map[string]any{"value": valid}},
	} {
		if !Allows(schema, other.jsonType) {
			list = append(list, Wrong{Name: name + "-is-" + other.jsonType,
				What: what + ", of a wrong type (" + other.jsonType + "),", Value: other.value})
		}
	}
	return slices.Concat(list, m.outside(name, what, schema, valid), m.inside(name, what, schema, valid, depth))
}

// inside returns a valid object or array with a fault in one property or item.
func (m maker) inside(name, what string, schema *openapi3.Schema, valid any, depth int) []Wrong {
	if object, ok := valid.(map[string]any); ok {
		return m.insideObject(name, what, schema, object, depth)
	}
	items, ok := valid.([]any)
	if !ok || schema.Items == nil {
		return nil
	}
	item := schema.Items.Value
	list := m.around(name+"-has", "an item of "+what, item, m.sample(item), depth+1)
	for i, wrong := range list {
		list[i].Name = strings.Replace(wrong.Name, "-has-is-", "-has-", 1)
		list[i].Value = append(slices.Clone(items), wrong.Value)
	}
	return list
}

// insideObject returns a valid object without a property that is required, and with one of another value. Those of a
// body are named as they are; that they are case-sensitive is what encoding/json, for one, does not know.
func (m maker) insideObject(name, what string, schema *openapi3.Schema, valid map[string]any, depth int) []Wrong {
	isBody := depth == 0
	prefix, of := name+"-", " in "+what
	if isBody {
		prefix, of = "", ""
	}
	var list []Wrong
	for _, property := range slices.Compact(slices.Sorted(slices.Values(schema.Required))) {
		value, has := valid[property]
		if described := schema.Properties[property]; !has || described != nil && openapi.Merged(described.Value).ReadOnly {
			continue
		}
		without := maps.Clone(valid)
		delete(without, property)
		missing := Wrong{Name: "missing-" + prefix + property,
			What: "a request without " + property + of + ", which is required,", Value: without}
		if !isBody {
			list = append(list, missing)
			continue
		}
		missing.Missing = property
		list = append(list, missing)
		other := SwapCase(property[:1]) + property[1:]
		if _, taken := schema.Properties[other]; other != property && !taken {
			renamed := maps.Clone(without)
			renamed[other] = value
			list = append(list, Wrong{Name: "other-case-" + property, What: "a request with " + other + " in place of " +
				property + ", which is another input,", Value: renamed, Advice: true})
		}
	}
	for _, property := range slices.Sorted(maps.Keys(schema.Properties)) {
		inner := openapi.Merged(schema.Properties[property].Value)
		value, has := valid[property]
		if !has {
			value = m.sample(inner)
		}
		for _, wrong := range m.around(prefix+property, property+of, inner, value, depth+1) {
			changed := maps.Clone(valid)
			changed[property] = wrong.Value
			wrong.Value = changed
			list = append(list, wrong)
		}
	}
	return list
}

// outside returns values of the right type that are outside the limits of a schema.
func (m maker) outside(name, what string, schema *openapi3.Schema, valid any) []Wrong {
	var list []Wrong
	add := func(suffix, description string, value any) {
		list = append(list, Wrong{Name: name + "-" + suffix, What: what + ", " + description + ",", Value: value})
	}
	step := 1.0
	if schema.MultipleOf != nil {
		step = *schema.MultipleOf
		if number, ok := valid.(float64); ok {
			add("is-no-multiple", "no multiple of what the document says", between(number, step, schema))
		}
	}
	if schema.Min != nil {
		add("is-too-small", "below its minimum", 0-past(-*schema.Min, step, schema.ExclusiveMin))
	}
	if schema.Max != nil {
		add("is-too-large", "above its maximum", past(*schema.Max, step, schema.ExclusiveMax))
	}
	list = append(list, m.outsideText(name, what, schema, valid)...)
	switch valid := valid.(type) {
	case []any:
		if schema.MinItems > 0 && len(valid) >= int(schema.MinItems)-1 { //nolint:gosec // a few
			add("has-too-few", "with too few items", valid[:schema.MinItems-1])
		}
		if schema.MaxItems != nil && len(valid) > 0 && *schema.MaxItems < 1000 {
			more := slices.Clone(valid)
			for len(more) <= int(*schema.MaxItems) {
				more = append(more, m.another(schema, more))
			}
			add("has-too-many", "with too many items", more)
		}
		if schema.UniqueItems && len(valid) > 0 {
			add("has-twice", "with an item twice", append(slices.Clone(valid[:max(1, len(valid)-1)]), valid[0]))
		}
	case map[string]any:
		more := maps.Clone(valid)
		more["contracttest_unknown"] = true
		add("has-unknown", "with a property that the document does not allow", more)
	}
	if len(schema.OneOf) > 0 || len(schema.AnyOf) > 0 {
		for _, value := range []any{map[string]any{}, map[string]any{"contracttest": true}, "contracttest", 12.0, true,
			[]any{}} {
			if !m.allows(schema, value) {
				add("fits-no-variant", "that fits no variant", value)
				break
			}
		}
	}
	return list
}

// past returns the first multiple of step above a limit, or the limit if that is excluded and a multiple.
func past(limit, step float64, exclusive openapi3.ExclusiveBound) float64 {
	multiple := math.Floor(limit/step) * step
	if exclusive.IsTrue() && multiple == limit {
		return limit
	}
	return multiple + step
}

// between returns a number between a multiple of step and the next one, within the limits.
func between(multiple, step float64, schema *openapi3.Schema) float64 {
	offset := step / 2
	if schema.Type.Is(openapi3.TypeInteger) {
		offset = math.Ceil(offset)
	}
	if schema.Max != nil && multiple+offset > *schema.Max {
		return multiple - offset
	}
	return multiple + offset
}

// another returns a further item of a list, which it does not have yet if its items must be unique.
func (m maker) another(schema *openapi3.Schema, items []any) any {
	if !schema.UniqueItems || schema.Items == nil {
		return items[0]
	}
	candidates := slices.Clone(openapi.Merged(schema.Items.Value).Enum)
	for i := range len(items) + 1 {
		candidates = append(candidates, string(rune('a'+i)), fmt.Sprint(items[0], i), float64(i))
	}
	for _, candidate := range candidates {
		if !slices.ContainsFunc(items, func(item any) bool { return reflect.DeepEqual(item, candidate) }) &&
			m.allows(schema.Items.Value, candidate) {
			return candidate
		}
	}
	return items[0]
}

// outsideText returns texts that are just outside the limits of a schema.
func (m maker) outsideText(name, what string, schema *openapi3.Schema, valid any) []Wrong {
	if !Allows(schema, openapi3.TypeString) {
		return nil
	}
	var list []Wrong
	add := func(name, what, value string) { list = append(list, Wrong{Name: name, What: what, Value: value}) }
	if len(schema.Enum) > 0 {
		add(name+"-is-not-listed", what+", of a value that the document does not list,", NotListed)
		return list
	}
	add("empty-"+name, "an empty "+what, "")
	add("blank-"+name, "a blank "+what, Blank)
	text, _ := valid.(string)
	if characters := []rune(text); schema.MinLength > 1 && len(characters) >= int(schema.MinLength) { //nolint:gosec // few
		add(name+"-is-too-short", what+", of one character too few,", string(characters[:schema.MinLength-1]))
	}
	if schema.MaxLength != nil && text != "" && *schema.MaxLength < 1<<20 {
		long := []rune(strings.Repeat(text, int(*schema.MaxLength)/len([]rune(text))+1))
		add(name+"-is-too-long", what+", of one character too many,", string(long[:*schema.MaxLength+1]))
	}
	if schema.Pattern != "" {
		for _, text := range []string{"contracttest", "contracttest !", "0", "\u00e9"} {
			length := uint64(len([]rune(text)))
			tooLong := schema.MaxLength != nil && length > *schema.MaxLength
			if length >= schema.MinLength && !tooLong && !m.allows(schema, text) {
				add(name+"-breaks-its-pattern", what+", against its pattern,", text)
				break
			}
		}
	}
	known := []string{"email", "uuid", "uri", "ipv4", "ipv6", "hostname", "date", "date-time"}
	if format := schema.Format; format != "" && format != "binary" && format != "password" {
		wrong := "contracttest no " + format
		isAdvice := m.allows(schema, wrong) // a format that is not validated everywhere
		if !isAdvice || slices.Contains(known, format) {
			list = append(list, Wrong{Name: name + "-breaks-its-format", What: what + ", which is no " + format + ",",
				Value: wrong, Advice: isAdvice})
		}
	}
	return list
}

// Allows reports whether a schema allows any value of a type. A number has a fraction: an integer is another type.
func Allows(schema *openapi3.Schema, jsonType string) bool {
	schema = openapi.Merged(schema)
	for _, list := range []openapi3.SchemaRefs{schema.AnyOf, schema.OneOf} {
		allowing := func(ref *openapi3.SchemaRef) bool { return Allows(ref.Value, jsonType) }
		if len(list) > 0 && !slices.ContainsFunc(list, allowing) {
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
