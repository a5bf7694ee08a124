package contract

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"

	"github.com/aitutor-api/aitutor-go/client/contract/internal/instance"
	"github.com/aitutor-api/aitutor-go/client/internal/printable"
)

// part is what the document says about a field of a form.
type part struct{ *openapi3.SchemaRef }

// partsOf returns the properties of a form's schema, those of its variants included.
func partsOf(s *openapi3.Schema) map[string]*part {
	parts := make(map[string]*part)
	var seen []*openapi3.Schema
	var visit func(*openapi3.Schema)
	visit = func(s *openapi3.Schema) {
		if s == nil || slices.Contains(seen, s) {
			return
		}
		seen = append(seen, s)
		for name, ref := range s.Properties {
			if parts[name] == nil && ref.Value != nil {
				parts[name] = &part{ref}
			}
		}
		for _, inner := range slices.Concat(s.AllOf, s.AnyOf, s.OneOf) {
			visit(inner.Value)
		}
	}
	visit(s)
	return parts
}

// fields are the decoded fields of a form.
type fields struct {
	values   map[string]any
	unjudged map[string]bool // for which kin-openapi has no decoder
	broken   []Violation
}

// brokenForm returns a form that cannot be decoded.
func brokenForm(in, message string) *fields {
	return &fields{broken: []Violation{{In: in, Message: message}}}
}

func newFields() *fields {
	return &fields{values: make(map[string]any), unjudged: make(map[string]bool)}
}

// decode decodes what is sent for a field, by kin-openapi's decoder of forms.
func (f *fields) decode(
	name string,
	described *openapi3.SchemaRef,
	sent url.Values,
	encoding *openapi3.Encoding,
) (any, bool) {
	form := &openapi3.SchemaRef{Value: &openapi3.Schema{
		Type: &openapi3.Types{openapi3.TypeObject}, Properties: openapi3.Schemas{name: withoutNulls(described)},
	}}
	decoded, err := openapi3filter.UrlencodedBodyDecoder(strings.NewReader(sent.Encode()), http.Header{}, form,
		func(string) *openapi3.Encoding { return encoding })
	object, _ := decoded.(map[string]any)
	value, ok := object[name]
	switch {
	case err != nil && isOfValue(err):
		f.broken = append(f.broken, Violation{In: "body", Pointer: pointerTo(name), Keyword: "type", Message: reasonOf(err)})
		f.unjudged[name] = true
		return nil, false
	case err != nil, !ok:
		f.unjudged[name] = true
		return strings.Join(sent[name], ","), err != nil
	}
	return value, true
}

// withoutNulls returns a schema whose list of types, with null, is decoded as its one other type.
func withoutNulls(ref *openapi3.SchemaRef) *openapi3.SchemaRef {
	if len(ref.Value.Type.Slice()) < 2 {
		return ref
	}
	value := *ref.Value
	value.Type = withoutNull(value.Type)
	return &openapi3.SchemaRef{Value: &value}
}

// decodeForm decodes the fields of a form that is encoded as a query is.
func decodeForm(parts map[string]*part, encodings openapi3.Encodings, data []byte) *fields {
	sent, err := url.ParseQuery(string(data))
	if err != nil {
		return brokenForm("body", "is not a form: "+printable.Line(err.Error()))
	}
	byField := make(map[string]url.Values)
	for key, values := range sent {
		name, _, isDeep := strings.Cut(key, "[")
		if parts[key] != nil || !isDeep || parts[name] == nil {
			name = key
		}
		if byField[name] == nil {
			byField[name] = make(url.Values)
		}
		byField[name][key] = values
	}
	f := newFields()
	for _, name := range slices.Sorted(maps.Keys(byField)) {
		described := parts[name]
		if described == nil {
			f.addText(name, byField[name][name])
			continue
		}
		if value, ok := f.decode(name, described.SchemaRef, byField[name], encodings[name]); ok {
			f.values[name] = value
		}
	}
	return f
}

// addText adds a field that the document does not describe.
func (f *fields) addText(name string, texts []string) {
	if len(texts) == 1 {
		f.values[name] = texts[0]
		return
	}
	list := make([]any, len(texts))
	for i, text := range texts {
		list[i] = text
	}
	f.values[name] = list
}

// decodeMultipart decodes the parts of a form.
func decodeMultipart(parts map[string]*part, encodings openapi3.Encodings, contentType string, data []byte) *fields {
	_, parameters, err := mime.ParseMediaType(contentType)
	if err != nil || parameters["boundary"] == "" {
		return brokenForm("content-type", "has no boundary")
	}
	f := newFields()
	texts := make(map[string][]string)
	reader := multipart.NewReader(bytes.NewReader(data), parameters["boundary"])
	for {
		p, err := reader.NextPart()
		if err == io.EOF { //nolint:errorlint // it is not wrapped
			break
		}
		var content []byte
		if err == nil {
			content, err = io.ReadAll(p)
		}
		if err != nil {
			return brokenForm("body", "is not multipart: "+printable.Line(err.Error()))
		}
		name := p.FormName()
		described := parts[name]
		if described == nil {
			texts[name] = append(texts[name], string(content))
			continue
		}
		f.addPart(name, described.SchemaRef, encodings[name], p.Header.Get("Content-Type"), content)
	}
	for name, all := range texts {
		f.addText(name, all)
	}
	return f
}

// addPart decodes a part that the document describes, by the type that it has.
func (f *fields) addPart(
	name string,
	described *openapi3.SchemaRef,
	encoding *openapi3.Encoding,
	contentType string,
	content []byte,
) {
	isList := described.Value.Type.Is(openapi3.TypeArray) || withoutNull(described.Value.Type).Is(openapi3.TypeArray)
	one := described
	if isList && described.Value.Items != nil && described.Value.Items.Value != nil {
		one = described.Value.Items
	}
	mediaType, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	mediaType = strings.TrimSpace(mediaType)
	isBinary := one.Value.Type.Is(openapi3.TypeString) && one.Value.Format == "binary" || one.Value.ContentMediaType != ""
	wants := ""
	if encoding != nil {
		wants = encoding.ContentType
	}
	refuse := func(keyword, message string) {
		f.broken = append(f.broken, Violation{In: "body", Pointer: pointerTo(name), Keyword: keyword, Message: message})
		f.unjudged[name] = true
	}
	isJSON := mediaType == "application/json" || strings.HasSuffix(mediaType, "+json")
	isText := mediaType == "" || strings.HasPrefix(mediaType, "text/")
	switch {
	case wants != "" && mediaType != "" && !encoding.AllowsContentType(mediaType),
		wants == "" && !isBinary && !isJSON && !isText && mediaType != "application/octet-stream":
		refuse("", fmt.Sprintf("unexpected content type %q of a part", contentType))
		return
	}
	var value any
	switch {
	case isBinary:
		value = string(content)
	case isJSON, mediaType == "" && withoutNull(one.Value.Type).Is(openapi3.TypeObject):
		decoded, violation := decodePart(content)
		if violation != "" {
			refuse("", violation)
			return
		}
		if list, ok := decoded.([]any); ok && isList { // a list as one part
			f.values[name] = list
			return
		}
		value = decoded
	case isText:
		decoded, ok := f.decode(name, one, url.Values{name: {string(content)}}, nil)
		if !ok {
			return
		}
		value = decoded
	default:
		f.unjudged[name] = true
		return
	}
	if isList {
		list, _ := f.values[name].([]any)
		list = append(list, value)
		value = list
	}
	if _, again := f.values[name]; !again || isList {
		f.values[name] = value
	}
}

func decodePart(content []byte) (value any, violation string) {
	document, err := instance.Parse(content)
	if err != nil {
		return nil, notJSON(err).Message
	}
	return document.Root().Decode(), ""
}

func pointerTo(name string) string { return "/" + instance.EscapeToken(name) }
