package contract

import (
	"cmp"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/client/contract/internal/instance"
	"github.com/aitutor-api/aitutor-go/client/contract/internal/schema"
	"github.com/aitutor-api/aitutor-go/client/contract/internal/text"
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

// mediaTypeOf returns a content type without its parameters.
func mediaTypeOf(contentType string) string {
	mediaType, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(mediaType))
}

// isJSON reports whether a content type says JSON.
func isJSON(contentType string) bool {
	mediaType := mediaTypeOf(contentType)
	return mediaType == "application/json" || mediaType == "text/json" || strings.HasSuffix(mediaType, "+json")
}

// kindOf returns the kind of a body that has a content type.
func kindOf(contentType string, described *openapi3.MediaType) kind {
	mediaType := mediaTypeOf(contentType)
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

// check lists how a body breaks the contract.
func (b *body) check(header http.Header, data []byte, limit int64) []Violation {
	contentType := header.Get("Content-Type")
	m, unexpected := b.find(contentType)
	if m == nil {
		return unexpected
	}
	data, broken := decodeContent(header, data, limit)
	if broken != nil {
		return broken
	}
	switch kindOf(contentType, m.MediaType) {
	case asJSON:
		document, err := instance.Parse(data)
		if err != nil {
			return notJSON(err)
		}
		return judge(m.schema, document, b.direction)
	case asForm, asMultipart:
		return b.checkForm(m, contentType, data)
	case asYAML:
		value, err := decodeYAML(data, true)
		if err != nil {
			return inBody("is not YAML: %v", err)
		}
		return judgeDecoded(m.schema, value, b.direction)
	case asText:
		return b.checkText(m, string(data))
	case left:
	}
	return nil
}

// checkText judges a text, which may stand for a number.
func (b *body) checkText(m *media, data string) []Violation {
	violations := judgeDecoded(m.schema, data, b.direction)
	if len(violations) == 0 || len(data) > 100 {
		return violations
	}
	value, err := m.texts.Read(data, text.Typed)
	if err == nil && len(judgeDecoded(m.schema, value, b.direction)) == 0 {
		return nil
	}
	return violations
}
