package openapi

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// Unsampled returns the parts of a document that need an example: the required parameters, the bodies and the headers
// of which it has no example that is valid, and of which none can be made.
func Unsampled(document *openapi3.T) []*MissingExampleError {
	var unsampled []*MissingExampleError
	for _, op := range Operations(document) {
		add := func(place string, err error) {
			if missing, ok := errors.AsType[*MissingExampleError](err); ok {
				named := *missing
				named.Place = op.Name() + ", " + place
				named.Origin = cmp.Or(missing.Origin, op.Origin)
				unsampled = append(unsampled, &named)
			}
		}
		requests, responses := ForRequests(document), ForResponses(document)
		for _, ref := range op.Parameters {
			if ref.Value.Required {
				_, err := requests.Parameter(ref.Value)
				add(fmt.Sprintf("%s parameter %s", ref.Value.In, ref.Value.Name), err)
			}
		}
		if op.RequestBody != nil {
			for _, body := range Bodies(op.RequestBody.Value.Content) {
				_, err := requests.Example(body.MediaType)
				add("request, "+body.ContentType, err)
			}
		}
		described := op.Responses.Map()
		for _, status := range slices.Sorted(maps.Keys(described)) {
			for _, body := range Bodies(described[status].Value.Content) {
				_, err := responses.Example(body.MediaType)
				add("response "+status+", "+body.ContentType, err)
			}
			headers := described[status].Value.Headers
			for _, name := range slices.Sorted(maps.Keys(headers)) {
				if headers[name].Value.Required {
					_, err := responses.Parameter(&headers[name].Value.Parameter)
					add("response "+status+", header "+name, err)
				}
			}
		}
	}
	return unsampled
}
