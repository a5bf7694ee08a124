package contract

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/client/contract/internal/instance"
	"github.com/aitutor-api/aitutor-go/client/contract/internal/text"
	"github.com/aitutor-api/aitutor-go/client/internal/printable"
)

// part is what the document says about a field of a form.
type part struct {
	schema   text.Schema
	style    *text.Style
	encoding *openapi3.Encoding // may be nil
	headers  []*parameter
}

// isJSON reports whether the document says that the field is sent as JSON.
func (p *part) isJSON() bool {
	return p.encoding != nil && isJSON(p.encoding.ContentType)
}

// isBinary reports whether the field is a file.
func (p *part) isBinary() bool {
	return slices.ContainsFunc(p.schema, func(one *openapi3.Schema) bool {
		return one.Type.Is(openapi3.TypeString) && one.Format == "binary" || one.ContentMediaType != ""
	})
}

// form is a form that is decoded.
type form struct {
	*media
	trees    map[string]any  // of texts, by field
	unjudged map[string]bool // the pointers of fields that cannot be decoded
	broken   []Violation
}

// checkForm judges the fields of a form, but for those that cannot be decoded.
func (b *body) checkForm(m *media, contentType string, data []byte) []Violation {
	f := &form{media: m, trees: make(map[string]any), unjudged: make(map[string]bool)}
	decode := f.decode
	if kindOf(contentType, m.MediaType) == asMultipart {
		decode = f.decodeMultipart
	}
	if broken := decode(contentType, data); broken != nil {
		return broken
	}
	var violations []Violation
	for i, reading := range []text.Reading{text.Typed, text.Literal} {
		values, found := f.read(reading)
		found = append(found, slices.DeleteFunc(judgeDecoded(m.schema, values, b.direction), func(v Violation) bool {
			isSame := func(w Violation) bool { return w.Pointer == v.Pointer }
			return f.isUnjudged(v.Pointer) || slices.ContainsFunc(found, isSame)
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

func (f *form) isUnjudged(pointer string) bool {
	first, _, _ := strings.Cut(strings.TrimPrefix(pointer, "/"), "/")
	return pointer != "" && f.unjudged["/"+first]
}

func pointerTo(name string) string { return "/" + instance.EscapeToken(name) }

// maxBroken is how many fields of a form are reported that cannot be read.
const maxBroken = 1000

// skip leaves a field unjudged.
func (f *form) skip(name string) {
	f.unjudged[pointerTo(name)] = true
	if _, ok := f.trees[name]; !ok {
		f.trees[name] = text.Decoded{Value: ""} // it is there
	}
}

// refuse adds the violation of a field, which is judged no further.
func (f *form) refuse(name, keyword, message string) {
	if len(f.broken) < maxBroken {
		f.broken = append(f.broken, Violation{In: "body", Pointer: cut(pointerTo(name)), Keyword: keyword, Message: message})
	}
	f.skip(name)
}

// read returns the fields as the value of a form, and the violations of those that cannot be read.
func (f *form) read(reading text.Reading) (map[string]any, []Violation) {
	var broken []Violation
	values := make(map[string]any, len(f.trees))
	for _, name := range slices.Sorted(maps.Keys(f.trees)) {
		value, err := f.texts.Property(name).Read(f.trees[name], reading)
		if err != nil {
			value = ""
		}
		values[name] = value
		switch {
		case errors.Is(err, text.ErrUndefined):
			f.skip(name)
		case err != nil && len(broken) < maxBroken:
			broken = append(broken, Violation{In: "body", Pointer: cut(pointerTo(name)), Keyword: "type", Message: err.Error()})
		}
	}
	return values, broken
}

// decode decodes the fields of a form that is encoded as a query is.
func (f *form) decode(_ string, data []byte) []Violation {
	sent, err := url.ParseQuery(strings.ReplaceAll(string(data), ";", "%3B"))
	if err != nil {
		return inBody("is not a form: %v", err)
	}
	inBrackets := make(map[string][]string) // the names that begin with a name and a bracket
	for key := range sent {
		if name, _, ok := strings.Cut(key, "["); ok && f.parts[key] == nil {
			inBrackets[name] = append(inBrackets[name], key)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.parts)) {
		if own := f.take(name, inBrackets[name], sent); len(own) > 0 {
			f.addField(name, f.parts[name], own, len(inBrackets[name]) > 0)
		}
	}
	for name, values := range sent {
		f.trees[name] = treeOf(values)
	}
	return nil
}

// take takes what belongs to a field out of a form: what has its name, and with brackets, or the properties of an
// object.
func (m *media) take(name string, inBrackets []string, sent url.Values) url.Values {
	p, own := m.parts[name], make(url.Values)
	take := func(key string) {
		if values, ok := sent[key]; ok {
			own[key] = values
			delete(sent, key)
		}
	}
	take(name)
	for _, key := range inBrackets {
		take(key)
	}
	if p.encoding == nil && p.schema.Permits(openapi3.TypeObject) {
		for key := range p.schema.Names() {
			if m.parts[key] == nil {
				take(key)
			}
		}
	}
	return own
}

func (f *form) addField(name string, p *part, sent url.Values, isInBrackets bool) {
	if value := sent.Get(name); p.isJSON() && value != "" {
		f.addJSON(name, []byte(value))
		return
	}
	style := *p.style
	if len(sent[name]) == 0 && isInBrackets {
		style.Style = openapi3.SerializationDeepObject
	}
	trees, err := style.QueryTrees(sent)
	switch {
	case len(trees) > 0:
		f.trees[name] = trees[0]
	case len(sent[name]) == 0 && err == nil: // brackets that mean nothing here
		for key, values := range sent {
			f.trees[key] = treeOf(values)
		}
	case err == nil || errors.Is(err, text.ErrEmpty):
		f.trees[name] = treeOf(sent[name])
	default:
		f.refuse(name, "type", printable.Line(err.Error()))
	}
}

func (f *form) addJSON(name string, data []byte) {
	document, err := instance.Parse(data)
	if err != nil {
		f.refuse(name, "", notJSON(err)[0].Message)
		return
	}
	f.trees[name] = text.Decoded{Value: document.Root().Decode()}
}

// treeOf returns the texts of a field as they are.
func treeOf(texts []string) any {
	if len(texts) == 1 {
		return texts[0]
	}
	list := make([]any, len(texts))
	for i, one := range texts {
		list[i] = one
	}
	return list
}

// decodeMultipart decodes the parts of a form.
func (f *form) decodeMultipart(contentType string, data []byte) []Violation {
	_, parameters, err := mime.ParseMediaType(contentType)
	if err != nil || parameters["boundary"] == "" {
		return []Violation{{In: "content-type", Message: "has no boundary"}}
	}
	reader := multipart.NewReader(bytes.NewReader(data), parameters["boundary"])
	for {
		sent, err := reader.NextPart()
		if err == io.EOF { //nolint:errorlint // it is not wrapped
			return nil
		}
		var content []byte
		if err == nil {
			content, err = io.ReadAll(sent)
		}
		if err != nil {
			return inBody("is not multipart: %v", err)
		}
		name := sent.FormName()
		described := f.parts[name]
		if described == nil {
			described = &part{schema: f.texts.Property(name)}
		}
		if len(described.schema) == 0 {
			f.add(name, string(content), true)
			continue
		}
		f.checkHeaders(name, described, http.Header(sent.Header))
		f.addPart(name, described, sent.Header.Get("Content-Type"), content)
	}
}

// add adds a value to a field, which is a list if several may have its name.
func (f *form) add(name string, value any, isList bool) {
	before, again := f.trees[name]
	list, _ := before.([]any)
	switch {
	case !again:
		f.trees[name] = value
	case isList && list == nil:
		f.trees[name] = []any{before, value}
	case isList:
		f.trees[name] = append(list, value)
	}
}

func (f *form) checkHeaders(name string, p *part, header http.Header) {
	for _, described := range p.headers {
		for _, violation := range described.check(&sent{header: header}) {
			if len(f.broken) < maxBroken {
				f.broken = append(f.broken, Violation{
					In: "body", Pointer: cut(pointerTo(name)), Keyword: violation.Keyword,
					Message: "header " + described.Name + " of the part: " + violation.Message,
				})
			}
		}
	}
}

// addPart decodes a part that the document describes, by the type that it has.
func (f *form) addPart(name string, p *part, contentType string, content []byte) {
	isList, one := p.schema.Permits(openapi3.TypeArray), p
	if isList {
		one = &part{schema: p.schema.Items(), encoding: p.encoding}
	}
	mediaType := mediaTypeOf(contentType)
	isText := mediaType == "" || strings.HasPrefix(mediaType, "text/")
	isExpected := one.isBinary() || one.schema.IsAny() || isJSON(mediaType) || isText ||
		mediaType == "application/octet-stream"
	wants := ""
	if p.encoding != nil && p.encoding.ContentType != "" {
		wants = p.encoding.ContentType
		isExpected = mediaType == "" || p.encoding.AllowsContentType(mediaType)
	}
	switch {
	case !isExpected:
		f.refuse(name, "", `unexpected content type "`+printable.Clip(contentType)+`" of a part`)
	case isJSON(cmp.Or(mediaType, wants)), mediaType == "" && one.schema.PermitsOnly(openapi3.TypeObject):
		f.addJSONPart(name, content, isList)
	case one.isBinary():
		f.addOne(name, text.Decoded{Value: string(content)}, isList)
	case isText:
		f.addOne(name, string(content), isList)
	default:
		f.skip(name)
	}
}

func (f *form) addJSONPart(name string, content []byte, isList bool) {
	document, err := instance.Parse(content)
	if err != nil {
		f.refuse(name, "", notJSON(err)[0].Message)
		return
	}
	value := document.Root().Decode()
	if list, ok := value.([]any); ok && isList { // a list as one part
		f.trees[name] = text.Decoded{Value: list}
		return
	}
	f.addOne(name, text.Decoded{Value: value}, isList)
}

// addOne adds a value to a field that is a list, or the value of one that is none.
func (f *form) addOne(name string, value any, isList bool) {
	if _, again := f.trees[name]; isList && !again {
		value = []any{value}
	}
	f.add(name, value, isList)
}
