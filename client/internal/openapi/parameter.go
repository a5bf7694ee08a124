package openapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Serialize returns a parameter with a value as it stands in a request, in the parameter's style: the escaped text in
// place of {name} in a path, the escaped name=value of a query (several joined by &, or "" of an empty list), the value
// of a header, the name=value of a cookie.
func Serialize(p *openapi3.Parameter, value any) (string, error) {
	method, err := p.SerializationMethod()
	if err != nil {
		return "", err
	}
	style, explode := method.Style, method.Explode
	if p.Content != nil {
		data, err := json.Marshal(value)
		if err != nil {
			return "", err
		}
		value = string(data)
	}
	escape := func(text string) string { return text }
	switch p.In {
	case openapi3.ParameterInPath:
		escape = url.PathEscape
	case openapi3.ParameterInQuery:
		escape = url.QueryEscape
	}
	if style == openapi3.SerializationDeepObject {
		pairs, err := deepPairs(p.Name, value)
		return strings.Join(pairs, "&"), err
	}
	names, values, err := flatten(value)
	if err != nil {
		return "", fmt.Errorf("the %s parameter %s: %w", p.In, p.Name, err)
	}
	for i := range values {
		values[i] = escape(values[i])
	}
	_, isObject := value.(map[string]any)
	if isObject {
		joint := delimiter(style)
		if explode {
			joint = "="
		}
		for i := range values {
			values[i] = escape(names[i]) + joint + values[i]
		}
	}
	name := escape(p.Name)
	switch {
	case style == openapi3.SerializationSimple:
		return strings.Join(values, ","), nil
	case style == openapi3.SerializationLabel && explode:
		return "." + strings.Join(values, "."), nil
	case style == openapi3.SerializationLabel:
		return "." + strings.Join(values, ","), nil
	case style == openapi3.SerializationMatrix && explode && isObject:
		return ";" + strings.Join(values, ";"), nil
	case style == openapi3.SerializationMatrix && explode:
		return ";" + name + "=" + strings.Join(values, ";"+name+"="), nil
	case style == openapi3.SerializationMatrix:
		return ";" + name + "=" + strings.Join(values, ","), nil
	case len(values) == 0:
		return "", nil
	case explode && isObject:
		return strings.Join(values, "&"), nil
	case explode:
		return name + "=" + strings.Join(values, "&"+name+"="), nil
	}
	return name + "=" + strings.Join(values, delimiter(style)), nil
}

// delimiter returns what stands between the values of a list in a query.
func delimiter(style string) string {
	switch style {
	case openapi3.SerializationSpaceDelimited:
		return "%20"
	case openapi3.SerializationPipeDelimited:
		return "%7C"
	}
	return ","
}

// flatten returns the texts of a value: of a list its items, of an object its values, with their names, in order.
func flatten(value any) (names, values []string, err error) {
	var parts []any
	switch value := value.(type) {
	case []any:
		parts = value
	case map[string]any:
		names = slices.Sorted(maps.Keys(value))
		for _, name := range names {
			parts = append(parts, value[name])
		}
	default:
		parts = []any{value}
	}
	for _, part := range parts {
		text, err := textOf(part)
		if err != nil {
			return nil, nil, err
		}
		values = append(values, text)
	}
	return names, values, nil
}

// deepPairs returns name[key]=value for each value in an object.
func deepPairs(name string, value any) ([]string, error) {
	object, ok := value.(map[string]any)
	if !ok {
		text, err := textOf(value)
		return []string{url.QueryEscape(name) + "=" + url.QueryEscape(text)}, err
	}
	var pairs []string
	for _, key := range slices.Sorted(maps.Keys(object)) {
		inner, err := deepPairs(name+"["+key+"]", object[key])
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, inner...)
	}
	return pairs, nil
}

// textOf returns a value as a text: a string as it is, a number without an exponent, anything else as JSON.
func textOf(value any) (string, error) {
	switch value := value.(type) {
	case string:
		return value, nil
	case float64:
		return strconv.FormatFloat(value, 'f', -1, 64), nil
	}
	data, err := json.Marshal(value)
	return string(data), err
}
