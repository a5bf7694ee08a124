package openapi

import "github.com/getkin/kin-openapi/openapi3"

// Example returns [Sampler.Example] of a request of an OpenAPI 3.0 document, or nil.
func Example(media *openapi3.MediaType) any {
	value, _ := ForRequests(&openapi3.T{}).Example(media)
	return value
}

// Sample returns [Sampler.Sample] for a request of an OpenAPI 3.0 document, or nil.
func Sample(schema *openapi3.Schema) any {
	value, _ := ForRequests(&openapi3.T{}).Sample(schema)
	return value
}
