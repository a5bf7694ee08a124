package contract

import (
	stdjson "encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/client/internal/printable"
)

// writeError responds with a status in place of an exchange that broke the contract.
func (v *Validator) writeError(w http.ResponseWriter, req *http.Request, status int, err error) {
	refusal := struct {
		Message    string      `json:"message"`
		Violations []Violation `json:"violations,omitempty"`
	}{Message: "The response breaks the contract."} // what is wrong with it stays inside
	if status == http.StatusBadRequest {
		refusal.Message = printable.Line(err.Error())
		if broken, ok := errors.AsType[*Error](err); ok {
			refusal.Message, refusal.Violations = strings.Join(lines(broken.Violations), "; "), broken.Violations
		}
	}
	contentType, body := "application/json", mustMarshal(refusal)
	if op, missing := v.router.find(methodOf(req), req.URL); missing == nil {
		if described := op.responses.of(status); described != nil {
			if ownType, own := op.errorBody(req, status, described, refusal.Message); own != nil {
				contentType, body = ownType, own
			}
		}
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body) //nolint:gosec // it is JSON, with < and > escaped
}

func mustMarshal(value any) []byte {
	data, err := stdjson.Marshal(value)
	if err != nil {
		panic("contract: " + err.Error()) // strings and what was decoded from a document
	}
	return data
}

// errorBody returns a JSON body that says message and is valid for a described response, and its media type; or nil. It is
// made of one of the document's examples, else of the schema.
func (op *operation) errorBody(req *http.Request, status int, described *response, message string) (contentType string, body []byte) {
	for _, contentType := range slices.Sorted(maps.Keys(described.content)) {
		media := described.content[contentType]
		if media == nil || media.Schema == nil || strings.Contains(contentType, "*") || !isJSON(contentType, media.Schema.Value) {
			continue
		}
		candidates := []any{media.Example}
		for _, name := range slices.Sorted(maps.Keys(media.Examples)) {
			if example := media.Examples[name]; example != nil && example.Value != nil {
				candidates = append(candidates, example.Value.Value)
			}
		}
		for _, candidate := range append(candidates, compose(media.Schema.Value, message, 0)) {
			if candidate == nil {
				continue
			}
			body := mustMarshal(withMessage(candidate, message))
			if len(op.checkResponse(req, status, http.Header{"Content-Type": {contentType}}, body)) == 0 {
				return contentType, body
			}
		}
	}
	return "", nil
}

// messageNames are the names that an error's text has, the most telling first.
var messageNames = []string{"message", "detail", "description", "reason", "error", "title"}

// withMessage returns a copy of a decoded example with message in place of its text.
func withMessage(example any, message string) any {
	var copied any
	if stdjson.Unmarshal(mustMarshal(example), &copied) != nil {
		return example
	}
	for _, name := range messageNames {
		if replaceText(copied, name, message) {
			break
		}
	}
	return copied
}

// replaceText replaces the first string with a name, in the order of names, and reports whether there was one.
func replaceText(tree any, name, text string) bool {
	object, _ := tree.(map[string]any)
	if _, ok := object[name].(string); ok {
		object[name] = text
		return true
	}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		if replaceText(object[key], name, text) {
			return true
		}
	}
	return false
}

// compose returns a small value for a schema, with message as its text. It may not be valid: it is validated.
func compose(schema *openapi3.Schema, message string, depth int) any {
	const maxDepth = 8
	if schema == nil || depth > maxDepth {
		return nil
	}
	switch {
	case schema.Example != nil:
		return schema.Example
	case len(schema.Enum) > 0:
		return schema.Enum[0]
	case schema.Const != nil:
		return schema.Const
	case len(schema.AnyOf) > 0:
		return compose(schema.AnyOf[0].Value, message, depth+1)
	case len(schema.OneOf) > 0:
		return compose(schema.OneOf[0].Value, message, depth+1)
	case schema.Type.Is(openapi3.TypeString):
		return message
	case schema.Type.Is(openapi3.TypeBoolean):
		return false
	case schema.Type.Is(openapi3.TypeInteger), schema.Type.Is(openapi3.TypeNumber):
		if schema.Min != nil {
			return *schema.Min
		}
		return 0
	case schema.Type.Is(openapi3.TypeArray):
		return []any{}
	}
	object := make(map[string]any)
	for _, part := range schema.AllOf {
		if fields, ok := compose(part.Value, message, depth+1).(map[string]any); ok {
			maps.Copy(object, fields)
		}
	}
	for name, property := range schema.Properties {
		if slices.Contains(schema.Required, name) || slices.Contains(messageNames, name) {
			object[name] = compose(property.Value, message, depth+1)
		}
	}
	return object
}
