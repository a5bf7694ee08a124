package openapi

import (
	"math"

	"github.com/getkin/kin-openapi/openapi3"
)

// numbers returns numbers near the limits of a schema.
func numbers(schema *openapi3.Schema) []any {
	low, high := schema.Min, schema.Max
	if exclusive := schema.ExclusiveMin.Value; exclusive != nil {
		low = largest(low, exclusive)
	}
	if exclusive := schema.ExclusiveMax.Value; exclusive != nil {
		high = smallest(high, exclusive)
	}
	candidates := []float64{1}
	if low != nil {
		candidates = append(candidates, math.Ceil(*low), math.Floor(*low)+1, *low)
	}
	if high != nil {
		candidates = append(candidates, math.Floor(*high), math.Ceil(*high)-1, *high)
	}
	if low != nil && high != nil {
		candidates = append(candidates, *low+(*high-*low)/2)
	}
	if step := schema.MultipleOf; step != nil && *step > 0 {
		candidates = append(candidates, *step)
		if low != nil {
			candidates = append(candidates, *step*math.Ceil(*low / *step), *step*(math.Floor(*low / *step)+1))
		}
		if high != nil {
			candidates = append(candidates, *step*math.Floor(*high / *step), *step*(math.Ceil(*high / *step)-1))
		}
	}
	values := make([]any, 0, len(candidates)+1)
	for _, candidate := range append(candidates, 0) {
		values = append(values, candidate)
	}
	return values
}

// text returns a text of a schema's format and length.
func text(schema *openapi3.Schema) (any, error) {
	value, ok := formatted(schema.Format)
	if !ok {
		reason := "none can be made for the format " + schema.Format
		return nil, &MissingExampleError{Reason: reason, Origin: schema.Origin}
	}
	if schema.Format == "" || schema.Format == "password" || schema.Format == "binary" {
		for uint64(len(value)) < min(schema.MinLength, 1<<20) {
			value += " example"
		}
		if schema.MaxLength != nil {
			value = value[:min(uint64(len(value)), *schema.MaxLength)]
		}
	}
	return value, nil
}

// formatted returns a text of a format. Ok is false for a format that is not known.
func formatted(format string) (text string, ok bool) {
	const id = "123e4567-e89b-42d3-a456-426614174000"
	switch format {
	case "", "password", "binary":
		return "example", true
	case "byte":
		return "ZXhhbXBsZQ==", true
	case "date-time":
		return "2026-01-02T15:04:05Z", true
	case "date":
		return "2026-01-02", true
	case "time":
		return "15:04:05Z", true
	case "duration":
		return "PT1M", true
	case "uuid":
		return id, true
	case "email", "idn-email":
		return "user@example.com", true
	case "hostname", "idn-hostname":
		return "example.com", true
	case "uri", "url", "iri", "uri-reference", "iri-reference":
		return "https://example.com/", true
	case "uri-template":
		return "https://example.com/{id}", true
	case "ipv4":
		return "192.0.2.1", true
	case "ipv6":
		return "2001:db8::1", true
	case "json-pointer":
		return "/example", true
	case "relative-json-pointer":
		return "0/example", true
	case "regex":
		return "^example$", true
	case "int32", "int64", "integer":
		return "1", true
	case "float", "double", "decimal", "number":
		return "1.5", true
	}
	return "", false
}
