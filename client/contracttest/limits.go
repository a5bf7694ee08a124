package contracttest

import (
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
)

const (
	blank     = " \t\n "
	notListed = "contracttest-not-listed"
)

// wrongValue is a value that a schema does not allow, or nothing.
type wrongValue struct {
	name    string // "story-is-null"
	what    string // "story, of a wrong type (null),"
	value   any
	missing string // the property that is left out
	advice  bool   // many servers let it pass
}

// wrongValues returns values just outside the schema of a value that has a name, and within it those of one that is
// valid otherwise. What the schema allows after all is left out.
func (op *operation) wrongValues(name, what string, schema *openapi3.Schema, valid any) []wrongValue {
	return slices.DeleteFunc(op.within(name, what, schema, valid, 0), func(w wrongValue) bool {
		return !w.advice && op.fits(schema, w.value)
	})
}

func (op *operation) within(name, what string, schema *openapi3.Schema, valid any, depth int) []wrongValue {
	const deepest = 3
	schema = openapi.Merged(schema)
	if schema.ReadOnly || depth > deepest {
		return nil
	}
	var list []wrongValue
	for _, wrong := range ofEachType(encode(valid)) {
		if !allows(schema, wrong.jsonType) {
			list = append(list, wrongValue{name: name + "-is-" + wrong.jsonType, what: what + ", of a wrong type (" +
				wrong.jsonType + "),", value: decode(wrong.value)})
		}
	}
	list = append(list, op.outside(name, what, schema, valid)...)
	switch valid := valid.(type) {
	case map[string]any:
		list = append(list, op.withinObject(name, what, schema, valid, depth)...)
	case []any:
		if schema.Items == nil {
			break
		}
		item := op.sample(schema.Items.Value)
		for _, wrong := range op.within(name+"-has", "an item of "+what, schema.Items.Value, item, depth+1) {
			wrong.name = strings.Replace(wrong.name, "-has-is-", "-has-", 1)
			wrong.value = append(slices.Clone(valid), wrong.value)
			list = append(list, wrong)
		}
	}
	return list
}

func (op *operation) withinObject(name, what string, schema *openapi3.Schema, valid map[string]any,
	depth int) []wrongValue {
	var list []wrongValue
	for _, inner := range slices.Sorted(maps.Keys(schema.Properties)) {
		property := openapi.Merged(schema.Properties[inner].Value)
		own, has := valid[inner]
		if has && slices.Contains(schema.Required, inner) && !property.ReadOnly {
			without := maps.Clone(valid)
			delete(without, inner)
			list = append(list, wrongValue{name: "missing-" + name + "-" + inner, what: "a request without " + inner +
				" in " + what + ", which is required,", value: without, missing: inner})
		}
		if !has {
			own = op.sample(property)
		}
		for _, wrong := range op.within(name+"-"+inner, inner+" in "+what, property, own, depth+1) {
			changed := maps.Clone(valid)
			changed[inner] = wrong.value
			wrong.value = changed
			list = append(list, wrong)
		}
	}
	return list
}

// outside returns values of the right type that are just outside the limits of a schema.
func (op *operation) outside(name, what string, schema *openapi3.Schema, valid any) []wrongValue {
	var list []wrongValue
	add := func(suffix, description string, value any) {
		list = append(list, wrongValue{name: name + "-" + suffix, what: what + ", " + description + ",", value: value})
	}
	step := 1.0
	if schema.MultipleOf != nil {
		step = *schema.MultipleOf
		if number, ok := valid.(float64); ok {
			add("is-no-multiple", "no multiple of what the document says", number+step/2)
		}
	}
	if schema.Min != nil {
		value := *schema.Min - step
		if schema.ExclusiveMin.IsTrue() {
			value = *schema.Min
		}
		add("is-too-small", "below its minimum", value)
	}
	if schema.Max != nil {
		value := *schema.Max + step
		if schema.ExclusiveMax.IsTrue() {
			value = *schema.Max
		}
		add("is-too-large", "above its maximum", value)
	}
	list = append(list, op.outsideText(name, what, schema, valid)...)
	if items, ok := valid.([]any); ok {
		if schema.MinItems > 0 && len(items) >= int(schema.MinItems)-1 { //nolint:gosec // a few
			add("has-too-few", "with too few items", items[:schema.MinItems-1])
		}
		if schema.MaxItems != nil && len(items) > 0 && *schema.MaxItems < 1000 {
			more := slices.Clone(items)
			for len(more) <= int(*schema.MaxItems) {
				more = append(more, items[0])
			}
			add("has-too-many", "with too many items", more)
		}
		if schema.UniqueItems && len(items) > 0 {
			add("has-twice", "with an item twice", append(slices.Clone(items), items[0]))
		}
	}
	if object, ok := valid.(map[string]any); ok {
		more := maps.Clone(object)
		more["contracttest_unknown"] = true
		if !op.fits(schema, more) {
			add("has-unknown", "with a property that the document does not allow", more)
		}
	}
	if len(schema.OneOf) > 0 || len(schema.AnyOf) > 0 {
		for _, value := range []any{map[string]any{}, map[string]any{"contracttest": true}, "contracttest", 12.0, true,
			[]any{}} {
			if !op.fits(schema, value) {
				add("fits-no-variant", "that fits no variant", value)
				break
			}
		}
	}
	return list
}

// outsideText returns texts that are just outside the limits of a schema.
func (op *operation) outsideText(name, what string, schema *openapi3.Schema, valid any) []wrongValue {
	if !allows(schema, openapi3.TypeString) {
		return nil
	}
	var list []wrongValue
	add := func(name, what string, value string) {
		list = append(list, wrongValue{name: name, what: what, value: value})
	}
	if len(schema.Enum) > 0 {
		add(name+"-is-not-listed", what+", of a value that the document does not list,", notListed)
		return list
	}
	if schema.Format == "" || !op.fits(schema, "") {
		add("empty-"+name, "an empty "+what, "")
	}
	add("blank-"+name, "a blank "+what, blank)
	own, _ := valid.(string)
	if schema.MinLength > 1 && own != "" {
		short := []rune(own)
		if len(short) >= int(schema.MinLength) { //nolint:gosec // a few
			add(name+"-is-too-short", what+", of one character too few,", string(short[:schema.MinLength-1]))
		}
	}
	if schema.MaxLength != nil && own != "" && *schema.MaxLength < 1<<20 {
		long := own
		for len([]rune(long)) <= int(*schema.MaxLength) {
			long += own
		}
		add(name+"-is-too-long", what+", of one character too many,", string([]rune(long)[:*schema.MaxLength+1]))
	}
	if schema.Pattern != "" {
		for _, text := range []string{"contracttest", "contracttest !", "0", "\u00e9"} {
			if length := uint64(len([]rune(text))); length >= schema.MinLength && (schema.MaxLength == nil ||
				length <= *schema.MaxLength) && !op.fits(schema, text) {
				add(name+"-breaks-its-pattern", what+", against its pattern,", text)
				break
			}
		}
	}
	if wrong := "contracttest no " + schema.Format; schema.Format != "" && schema.Format != "binary" &&
		schema.Format != "password" {
		w := wrongValue{name: name + "-breaks-its-format", what: what + ", which is no " + schema.Format + ",", value: wrong}
		w.advice = op.fits(schema, wrong) // a format that is not validated everywhere
		if !w.advice || slices.Contains([]string{"email", "uuid", "uri", "ipv4", "ipv6", "hostname", "date", "date-time"},
			schema.Format) {
			list = append(list, w)
		}
	}
	return list
}
