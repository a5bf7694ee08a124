package contract

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
	"github.com/aitutor-api/aitutor-go/client/internal/printable"
)

// refusal is the body of a response for which the document has no schema that can be kept.
type refusal struct {
	Message    string      `json:"message"`
	Violations []Violation `json:"violations,omitempty"`
}

func refusalOf(broken *Error) refusal {
	const maxViolations, maxBytes = 20, 7 << 10 // as JSON; each text comes twice
	var r refusal
	size := 0
	var texts []string
	for i, violation := range broken.Violations {
		text := violation.String() // clipped
		encoded, _ := json.Marshal(text)
		if size += len(encoded) + 40; i == maxViolations || size > maxBytes {
			texts = append(texts, fmt.Sprintf("and %d more", len(broken.Violations)-i))
			break
		}
		violation.Pointer, violation.Message = printable.Clip(violation.Pointer), printable.Clip(violation.Message)
		r.Violations = append(r.Violations, violation)
		texts = append(texts, text)
	}
	r.Message = strings.Join(texts, "; ")
	return r
}

func (r refusal) encode() []byte {
	data, err := json.Marshal(r)
	if err != nil {
		panic("contract: " + err.Error()) // strings
	}
	return data
}

// errorBody returns a body that keeps to what the operation has for a status, and its media type; or nil.
func (op *operation) errorBody(c composer) (contentType string, data []byte) {
	described := op.responses.of(c.status)
	if described == nil || described.body == nil {
		return "", nil
	}
	content := described.body.content
	for _, contentType := range slices.Sorted(maps.Keys(content)) {
		media := content[contentType]
		if strings.Contains(contentType, "*") && content.Get("application/json") == media {
			contentType = "application/json"
		}
		if media == nil || media.Schema == nil || strings.Contains(contentType, "*") {
			continue
		}
		var data []byte
		switch kindOf(contentType, media) {
		case asText:
			data = []byte(c.message)
		case asJSON:
			value, ok := c.compose(media.Schema.Value, "", 0)
			if !ok {
				continue
			}
			data, _ = json.Marshal(value)
		default:
			continue
		}
		check := &check{body: described.body, header: http.Header{"Content-Type": {contentType}},
			req: &http.Request{Method: http.MethodGet, URL: &url.URL{}}, isResponse: true, status: c.status}
		if check.errorOf(data, nil) == nil {
			return contentType, data
		}
	}
	return "", nil
}

// A composer makes bodies that say that there was an error. Of what it does not know, such as a code that the document
// lists, it says nothing.
type composer struct {
	status  int
	message string
	path    string // of the request
}

// compose returns a small value for a schema, and false if it does not know what to say. It may not be valid: it is
// validated.
func (c composer) compose(s *openapi3.Schema, name string, depth int) (any, bool) {
	const maxDepth = 8
	if s == nil || depth > maxDepth {
		return nil, false
	}
	s = openapi.Merged(s)
	has := func(name string) bool { return s.Type.Includes(name) }
	switch {
	case s.Const != nil:
		return s.Const, c.isNeutral(s.Const, name)
	case len(s.Enum) > 0:
		i := slices.IndexFunc(s.Enum, func(value any) bool { return c.isNeutral(value, name) })
		return s.Enum[max(i, 0)], i >= 0
	case len(s.AnyOf)+len(s.OneOf) > 0:
		return c.composeVariant(s, name, depth)
	case has(openapi3.TypeString):
		return c.text(s, name, depth)
	case has(openapi3.TypeBoolean):
		return saysFailed(name), true
	case has(openapi3.TypeInteger), has(openapi3.TypeNumber):
		return c.status, strings.HasPrefix(plain(name), "status") || strings.HasSuffix(plain(name), "code")
	case has(openapi3.TypeArray):
		return c.list(s, name, depth)
	case has(openapi3.TypeNull), s.Nullable && len(s.Properties) == 0:
		return nil, true
	}
	return c.object(s, depth)
}

// composeVariant returns a value of the first variant that can be made, with what stands beside the variants.
func (c composer) composeVariant(s *openapi3.Schema, name string, depth int) (any, bool) {
	rest := *s
	rest.AnyOf, rest.OneOf = nil, nil
	mayBeNull := s.Nullable
	for _, variant := range slices.Concat(s.AnyOf, s.OneOf) {
		whole := variant.Value
		if len(s.Properties)+len(s.Required) > 0 {
			whole = &openapi3.Schema{AllOf: openapi3.SchemaRefs{variant, openapi3.NewSchemaRef("", &rest)}}
		}
		value, ok := c.compose(whole, name, depth+1)
		if ok && value != nil {
			return value, true
		}
		mayBeNull = mayBeNull || ok
	}
	return nil, mayBeNull
}

func (c composer) object(s *openapi3.Schema, depth int) (any, bool) {
	object := make(map[string]any)
	for name, property := range s.Properties {
		isRequired := slices.Contains(s.Required, name)
		if !isRequired && !isMessage(name) {
			continue
		}
		value, ok := c.compose(property.Value, name, depth+1)
		if ok {
			object[name] = value
		} else if isRequired {
			return nil, false
		}
	}
	return object, true
}

// list returns an empty list, or one of an item if it must have one.
func (c composer) list(s *openapi3.Schema, name string, depth int) (any, bool) {
	list := []any{}
	if s.MinItems == 0 {
		return list, true
	}
	if s.Items == nil {
		return nil, false
	}
	item, ok := c.compose(s.Items.Value, cmp.Or(strings.TrimSuffix(name, "s"), "message"), depth+1)
	return append(list, item), ok
}

func (c composer) text(s *openapi3.Schema, name string, depth int) (any, bool) {
	short := plain(name)
	switch {
	case s.Format == "date-time" &&
		(strings.Contains(short, "time") || strings.HasSuffix(short, "date") || strings.HasSuffix(short, "at")):
		return time.Now().UTC().Format(time.RFC3339), true
	case s.Format == "date-time", s.Format == "date", s.Format == "byte", s.Pattern != "" && !isMessage(name):
		return nil, false
	case short == "type" && strings.HasPrefix(s.Format, "uri"):
		return "about:blank", true // as RFC 9457 has it
	case short == "path", short == "instance":
		return c.path, true
	case isMessage(name), depth == 0:
		return c.message, true
	case strings.HasPrefix(short, "status"):
		return strconv.Itoa(c.status), true
	case strings.HasSuffix(short, "code"), short == "type":
		return "contract_violation", true
	}
	return "unknown", true
}

// isNeutral reports whether a value that a document lists for a property says no more than that there was an error, of
// this status.
func (c composer) isNeutral(value any, name string) bool {
	switch value := value.(type) {
	case bool:
		return value == saysFailed(name)
	case string:
		return slices.Contains([]string{"error", "fail", "failed", "failure", plain(http.StatusText(c.status))}, plain(value))
	}
	return fmt.Sprint(value) == strconv.Itoa(c.status)
}

// saysFailed reports whether a boolean property is true if there was an error, unlike success.
func saysFailed(name string) bool {
	return slices.Contains([]string{"error", "failed", "failure", "iserror"}, plain(name))
}

// isMessage reports whether a property with a name has an error's text.
func isMessage(name string) bool {
	short := plain(name)
	ends := []string{"message", "msg", "detail", "description", "reason", "title"}
	return short == "error" || slices.ContainsFunc(ends, func(end string) bool { return strings.HasSuffix(short, end) })
}

// plain returns a name in lower case and without what stands between its words.
func plain(name string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "", " ", "").Replace(name))
}
