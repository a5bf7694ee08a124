package contract

import (
	"cmp"
	"fmt"
	"maps"
	"mime"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/client/contract/internal/instance"
	"github.com/aitutor-api/aitutor-go/client/contract/internal/schema"
	"github.com/aitutor-api/aitutor-go/client/contract/internal/text"
	"github.com/aitutor-api/aitutor-go/client/internal/printable"
)

// body is what the document says about the body of a request or a response.
type body struct {
	content   openapi3.Content
	media     map[*openapi3.MediaType]*media
	direction schema.Direction
}

// media is one content type of a body.
type media struct {
	*openapi3.MediaType
	schema *schema.Schema // nil: any value
	texts  text.Schema    // the same, for texts
	parts  map[string]*part
	isWild bool // the document has it as */* or its like
}

// find returns what the document says about a body of a content type, or the violation of one that it does not
// describe. It returns nil for a body that is not judged.
func (b *body) find(contentType string) (*media, []Violation) {
	described := b.content.Get(contentType)
	if described == nil {
		described = b.getBare(contentType)
	}
	if described == nil {
		return nil, []Violation{
			{In: "content-type", Message: fmt.Sprintf("unexpected value %q, want %s", contentType, namesOf(b.content))},
		}
	}
	m := b.media[described]
	if m == nil || m.schema == nil {
		return nil, nil
	}
	switch kindOf(contentType, m.MediaType) {
	case left:
		return nil, nil
	case asText: // a text is no object, unless the document says so
		if !m.isWild && !m.texts.PermitsScalar() {
			return nil, nil
		}
	case asForm, asMultipart:
		if m.texts.PermitsScalar() && !m.texts.Permits(openapi3.TypeObject) && !m.texts.IsAny() {
			return nil, nil
		}
	}
	return m, nil
}

// getBare looks for a content type that the document has with parameters, which may be spelled otherwise, or with a
// wildcard before its suffix (application/*+json).
func (b *body) getBare(contentType string) *openapi3.MediaType {
	sent, own, err := mime.ParseMediaType(contentType)
	if err != nil {
		return nil
	}
	var sameType, sameSuffix *openapi3.MediaType
	for _, name := range slices.Sorted(maps.Keys(b.content)) {
		described, parameters, err := mime.ParseMediaType(name)
		before, suffix, isWild := strings.Cut(described, "*+")
		switch {
		case err != nil:
		case isWild && strings.HasPrefix(sent, before) && strings.HasSuffix(sent, "+"+suffix):
			sameSuffix = b.content[name]
		case described != sent || len(parameters) == 0:
		case hasAll(own, parameters):
			return b.content[name]
		case parameters["charset"] == "" || own["charset"] == "":
			sameType = cmp.Or(sameType, b.content[name])
		}
	}
	return cmp.Or(sameType, sameSuffix)
}

// hasAll reports whether the parameters of a content type are among others. Names of charsets are equal in any case.
func hasAll(others, parameters map[string]string) bool {
	for name, value := range parameters {
		if other := others[name]; other != value && (name != "charset" || !strings.EqualFold(other, value)) {
			return false
		}
	}
	return true
}

// namesOf names the media types that the contract describes.
func namesOf(content openapi3.Content) string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(content)) {
		if content[name] != nil {
			names = append(names, name)
		}
	}
	return cmp.Or(strings.Join(names, " or "), "none")
}

// kind is how a body is decoded.
type kind int

const (
	left kind = iota // not decoded, and so not judged
	asJSON
	asForm
	asMultipart
	asYAML
	asText
)

// kindOf returns the kind of a body that has a content type.
func kindOf(contentType string, described *openapi3.MediaType) kind {
	mediaType, _, _ := strings.Cut(contentType, ";")
	mediaType = strings.ToLower(strings.TrimSpace(mediaType))
	value := described.Schema.Value
	switch {
	case value.Type.Is(openapi3.TypeString) && value.Format == "binary":
		return left
	case isJSON(mediaType):
		return asJSON
	case mediaType == "application/x-www-form-urlencoded":
		return asForm
	case mediaType == "multipart/form-data":
		return asMultipart
	case mediaType == "application/yaml", mediaType == "application/x-yaml",
		mediaType == "text/yaml", mediaType == "text/x-yaml", strings.HasSuffix(mediaType, "+yaml"):
		return asYAML
	case mediaType == "text/plain", mediaType == "text/csv":
		return asText
	case mediaType == "text/html", mediaType == "text/xml", mediaType == "text/event-stream":
		return left
	case strings.HasPrefix(mediaType, "text/") && value.Type.Is(openapi3.TypeString):
		return asText
	}
	return left
}

// isJSON reports whether a content type says JSON.
func isJSON(contentType string) bool {
	mediaType, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	mediaType = strings.TrimSpace(mediaType)
	return mediaType == "application/json" || mediaType == "text/json" || strings.HasSuffix(mediaType, "+json")
}

// check lists how a body, whose content coding is undone, breaks the contract.
func (b *body) check(m *media, contentType string, data []byte) []Violation {
	switch kindOf(contentType, m.MediaType) {
	case asJSON:
		document, err := instance.Parse(data)
		if err != nil {
			return []Violation{notJSON(err)}
		}
		return judge(m.schema, document, b.direction)
	case asForm:
		return b.judgeFields(m, decodeForm(m, data))
	case asMultipart:
		return b.judgeFields(m, decodeMultipart(m, contentType, data))
	case asYAML:
		value, err := decodeYAML(data, true)
		if err != nil {
			return []Violation{{In: "body", Message: "is not YAML: " + printable.Line(err.Error())}}
		}
		return b.judgeValue(m.schema, value)
	case asText:
		return b.judgeText(m, string(data))
	}
	return nil
}

// judgeText judges a text, which may stand for a number.
func (b *body) judgeText(m *media, data string) []Violation {
	violations := b.judgeValue(m.schema, data)
	if len(violations) == 0 || len(data) > 100 {
		return violations
	}
	value, err := m.texts.Read(data, text.Typed)
	if err == nil && len(b.judgeValue(m.schema, value)) == 0 {
		return nil
	}
	return violations
}

func (b *body) judgeValue(s *schema.Schema, value any) []Violation {
	document, err := instance.Of(value)
	if err != nil {
		return []Violation{{In: "body", Message: printable.Line(err.Error())}}
	}
	return judge(s, document, b.direction)
}

// judge lists how a value breaks a schema.
func judge(s *schema.Schema, document *instance.Document, direction schema.Direction) []Violation {
	var violations []Violation
	for _, found := range s.Judge(document, direction) {
		violations = append(
			violations,
			Violation{In: "body", Pointer: found.Pointer, Keyword: found.Keyword, Message: found.Message},
		)
	}
	return violations
}

// judgeFields judges the fields of a form, but for those that cannot be decoded.
func (b *body) judgeFields(m *media, f *fields) []Violation {
	if f.trees == nil {
		return f.broken
	}
	var violations []Violation
	for i, reading := range []text.Reading{text.Typed, text.Literal} {
		values, found := f.read(reading)
		found = append(found, slices.DeleteFunc(b.judgeValue(m.schema, values), func(v Violation) bool {
			return f.isUnjudged(v.Pointer) || slices.ContainsFunc(found, func(w Violation) bool { return w.Pointer == v.Pointer })
		})...)
		if len(found) == 0 {
			return f.broken
		}
		if i == 0 {
			violations = found
		}
	}
	return append(f.broken, violations...)
}

func (f *fields) isUnjudged(pointer string) bool {
	for name := range f.unjudged {
		if at := pointerTo(name); pointer == at || strings.HasPrefix(pointer, at+"/") {
			return true
		}
	}
	return false
}
