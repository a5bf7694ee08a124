package contract

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/client/internal/printable"
)

func clipLine(text string) string { return printable.Clip(text) }

func (r refusal) encode() []byte {
	data, err := json.Marshal(r)
	if err != nil {
		panic("contract: " + err.Error()) // strings
	}
	return data
}

// errorBody returns a body that says message and keeps to what the operation has for a status, and its media type; or nil.
// Of what it does not know, such as a code that the document lists, it says nothing.
func (op *operation) errorBody(status int, message string) (contentType string, data []byte) {
	described := op.responses.of(status)
	if described == nil || described.body == nil {
		return "", nil
	}
	for _, contentType := range slices.Sorted(maps.Keys(described.body.content)) {
		media := described.body.content[contentType]
		if media == nil || media.Schema == nil || strings.Contains(contentType, "*") {
			continue
		}
		var data []byte
		switch kindOf(contentType, media) {
		case asText:
			data = []byte(message)
		case asJSON:
			value, ok := compose(media.Schema.Value, "", message, status, 0)
			if !ok {
				continue
			}
			data, _ = json.Marshal(value)
		default:
			continue
		}
		c := &check{validator: &Validator{options: defaultOptions()}, req: &http.Request{Method: http.MethodGet}, isResponse: true, status: status,
			header: http.Header{"Content-Type": {contentType}}}
		op.judgeResponse(c)
		if len(c.found) == 0 && len(c.checkBody(data)) == 0 {
			return contentType, data
		}
	}
	return "", nil
}

// isNeutral reports whether a value that a document lists says no more than that there was an error, of this status.
func isNeutral(value any, status int) bool {
	text, ok := value.(string)
	if !ok {
		return value == false || fmt.Sprint(value) == strconv.Itoa(status)
	}
	text = strings.ToLower(strings.NewReplacer("_", "", "-", "", " ", "").Replace(text))
	return slices.Contains([]string{"error", "fail", "failed", "failure", strings.ToLower(strings.ReplaceAll(http.StatusText(status), " ", ""))}, text)
}

// messageNames are the names that an error's text has.
var messageNames = []string{"message", "detail", "description", "reason", "error", "title", "msg", "error_description"}

// compose returns a small value for a schema, with message as its text, and false if it does not know what to say. It may not
// be valid: it is validated.
func compose(s *openapi3.Schema, name, message string, status, depth int) (any, bool) {
	const maxDepth = 8
	if s == nil || depth > maxDepth {
		return nil, false
	}
	switch {
	case s.Const != nil:
		return s.Const, isNeutral(s.Const, status)
	case len(s.Enum) > 0:
		i := slices.IndexFunc(s.Enum, func(value any) bool { return isNeutral(value, status) })
		return s.Enum[max(i, 0)], i >= 0
	case len(s.AnyOf)+len(s.OneOf) > 0:
		for _, variant := range slices.Concat(s.AnyOf, s.OneOf) {
			if value, ok := compose(variant.Value, name, message, status, depth+1); ok {
				return value, true
			}
		}
		return nil, false
	case s.Type.Is(openapi3.TypeString):
		switch {
		case slices.Contains(messageNames, name), depth == 0:
			return message, true
		case name == "code", name == "type", name == "error_code":
			return "contract_violation", true
		}
		return nil, false
	case s.Type.Is(openapi3.TypeBoolean):
		return false, true
	case s.Type.Is(openapi3.TypeInteger), s.Type.Is(openapi3.TypeNumber):
		return status, strings.HasPrefix(strings.ToLower(name), "status") || name == "code"
	case s.Type.Is(openapi3.TypeArray):
		return []any{}, true
	}
	object := make(map[string]any)
	for _, part := range s.AllOf {
		value, ok := compose(part.Value, name, message, status, depth+1)
		fields, isObject := value.(map[string]any)
		if !ok || !isObject {
			return nil, false
		}
		maps.Copy(object, fields)
	}
	for name, property := range s.Properties {
		isRequired := slices.Contains(s.Required, name)
		if !isRequired && !slices.Contains(messageNames, name) {
			continue
		}
		value, ok := compose(property.Value, name, message, status, depth+1)
		if ok {
			object[name] = value
		} else if isRequired {
			return nil, false
		}
	}
	return object, true
}
