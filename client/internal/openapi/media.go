package openapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"mime/multipart"
	"net/textproto"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Media is one content type of a body, and what the document says of it.
type Media struct {
	ContentType string // to send: of a range such as image/*, one that is in it
	*openapi3.MediaType
}

// Bodies lists the content types of a body: those of JSON first, then by name.
func Bodies(content openapi3.Content) []Media {
	var bodies []Media
	for _, name := range slices.Sorted(maps.Keys(content)) {
		if media := content[name]; media != nil {
			first, _, _ := strings.Cut(name, ",")
			bodies = append(bodies, Media{concrete(strings.TrimSpace(first), media), media})
		}
	}
	slices.SortStableFunc(bodies, func(a, b Media) int {
		switch isA, isB := a.Kind() == KindJSON, b.Kind() == KindJSON; {
		case isA == isB:
			return 0
		case isA:
			return -1
		}
		return 1
	})
	return bodies
}

// concrete returns a content type of a range.
func concrete(name string, media *openapi3.MediaType) string {
	isText := media.Schema != nil && Merged(media.Schema.Value).Type.Is(openapi3.TypeString)
	kind, subtype, _ := strings.Cut(name, "/")
	switch {
	case subtype != "*":
		return name
	case kind == "image":
		return "image/png"
	case kind == "text":
		return "text/plain"
	case (kind == "*" || kind == "application") && !isText:
		return "application/json"
	case kind == "*" || kind == "application":
		return "application/octet-stream"
	}
	return kind + "/octet-stream"
}

// Kind is how a value becomes a body.
type Kind int

// The kinds of bodies.
const (
	KindJSON Kind = iota
	KindForm
	KindMultipart
	KindText // any other: the text or the bytes as they are
)

// Kind returns the kind of the body.
func (m Media) Kind() Kind {
	switch base := baseType(m.ContentType); {
	case IsJSON(m.ContentType, m.MediaType):
		return KindJSON
	case base == "application/x-www-form-urlencoded":
		return KindForm
	case base == "multipart/form-data":
		return KindMultipart
	}
	return KindText
}

// IsJSON reports whether a body is JSON: by its content type, unless the document says that it is binary.
func IsJSON(contentType string, media *openapi3.MediaType) bool {
	base := baseType(contentType)
	return (base == "application/json" || strings.HasSuffix(base, "+json")) && !isBinary(media.Schema)
}

func baseType(contentType string) string {
	base, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(base))
}

func isBinary(schema *openapi3.SchemaRef) bool {
	return schema != nil && schema.Value.Type.Is(openapi3.TypeString) && schema.Value.Format == "binary"
}

// JSON returns the JSON media type of a body that has a schema, or "" and nil.
func JSON(content openapi3.Content) (contentType string, media *openapi3.MediaType) {
	for _, m := range Bodies(content) {
		if m.Kind() == KindJSON && m.Schema != nil {
			return m.ContentType, m.MediaType
		}
	}
	return "", nil
}

// Encode returns a value as a body, and the content type to send with it, which of a multipart body has the boundary.
func (m Media) Encode(value any) (contentType string, body []byte, err error) {
	text, isText := value.(string)
	switch kind := m.Kind(); {
	case kind == KindJSON:
		body, err = json.Marshal(value)
	case kind == KindForm:
		body, err = m.encodeForm(value)
	case kind == KindMultipart:
		return m.encodeMultipart(value)
	case isText:
		body = []byte(text)
	default: // JSON is YAML as well, and so are numbers text
		body, err = json.Marshal(value)
	}
	if baseType(m.ContentType) == "text/event-stream" && !bytes.Contains(body, []byte("data:")) {
		body = slices.Concat([]byte("data: "), body, []byte("\n\n"))
	}
	return m.ContentType, body, err
}

func (m Media) encodeForm(value any) ([]byte, error) {
	object, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("a form is made of an object, not of %T", value)
	}
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(object)) {
		p := &openapi3.Parameter{Name: name, In: openapi3.ParameterInQuery}
		if encoding := m.Encoding[name]; encoding != nil {
			p.Style, p.Explode = encoding.Style, encoding.Explode
		} else if _, isObject := object[name].(map[string]any); isObject {
			p.Content = openapi3.NewContentWithJSONSchema(openapi3.NewSchema())
		}
		pair, err := Serialize(p, object[name])
		if err != nil {
			return nil, err
		}
		if pair != "" {
			pairs = append(pairs, pair)
		}
	}
	return []byte(strings.Join(pairs, "&")), nil
}

func (m Media) encodeMultipart(value any) (contentType string, body []byte, err error) {
	object, ok := value.(map[string]any)
	if !ok {
		return "", nil, fmt.Errorf("a multipart body is made of an object, not of %T", value)
	}
	var buffer bytes.Buffer
	w := multipart.NewWriter(&buffer)
	for _, name := range slices.Sorted(maps.Keys(object)) {
		values, isList := object[name].([]any)
		if !isList {
			values = []any{object[name]}
		}
		for _, one := range values {
			text, err := textOf(one)
			if err != nil {
				return "", nil, err
			}
			part, _ := w.CreatePart(m.partHeader(name, one)) // nothing fails in memory
			_, _ = part.Write([]byte(text))
		}
	}
	_ = w.Close()
	return w.FormDataContentType(), buffer.Bytes(), nil
}

// partHeader returns the header of a part: its content type is the one that the document says, or follows from the
// value.
func (m Media) partHeader(name string, value any) textproto.MIMEHeader {
	disposition := map[string]string{"name": name}
	header := textproto.MIMEHeader{}
	if m.Schema != nil {
		property := Merged(m.Schema.Value).Properties[name]
		if property != nil && property.Value.Items != nil {
			property = property.Value.Items
		}
		if isBinary(property) {
			disposition["filename"] = name
			header.Set("Content-Type", "application/octet-stream")
		}
	}
	if _, isObject := value.(map[string]any); isObject {
		header.Set("Content-Type", "application/json")
	}
	if encoding := m.Encoding[name]; encoding != nil && encoding.ContentType != "" {
		first, _, _ := strings.Cut(encoding.ContentType, ",")
		header.Set("Content-Type", concrete(strings.TrimSpace(first), m.MediaType))
	}
	header.Set("Content-Disposition", mime.FormatMediaType("form-data", disposition))
	return header
}
