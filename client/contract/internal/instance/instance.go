// Package instance reads JSON where it stands: a document is checked and indexed, and not decoded. The index takes 8
// bytes of memory per value and name.
package instance

import (
	"bytes"
	"encoding/json"
	"errors"
	"hash/maphash"
	"io"
	"iter"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Document is a JSON text.
type Document struct {
	data  []byte
	nodes []node
	few   [48]node // of a short text
}

// node is a value, or the name of a member.
type node struct {
	start uint32 // where it begins in the text
	next  uint32 // the index of the first node behind everything in it
}

// Value is a value of a Document.
type Value struct {
	document *Document
	index    uint32
}

var (
	errTooLong      = errors.New("longer than 4 GiB")
	errInvalidUTF8  = errors.New("invalid UTF-8")
	errTrailingData = errors.New("data after the JSON value")
)

// Parse returns the Document of a text, or an error that says how it is not one JSON value, or broken in JSON itself:
// it has duplicate names, invalid UTF-8, data after the value, a byte order mark or nesting deeper than 10,000. Half of
// a surrogate pair as an escape (a text cut in the middle of an emoji) is not broken: it decodes to U+FFFD.
func Parse(data []byte) (*Document, error) {
	if len(data) > math.MaxUint32 {
		return nil, errTooLong
	}
	if !utf8.Valid(data) {
		return nil, errInvalidUTF8
	}
	anyText := jsontext.AllowInvalidUTF8(true)
	const long = 20_000 // of many names jsontext remembers 20 times their size
	if jsontext.Value(data).IsValid(anyText, jsontext.AllowDuplicateNames(len(data) > long)) {
		if d := index(data); len(data) <= long || d.hasUniqueNames() {
			return d, nil
		}
	}
	decoder := jsontext.NewDecoder(bytes.NewBuffer(data), anyText)
	if _, err := decoder.ReadValue(); err != nil {
		return nil, err
	}
	if _, err := decoder.ReadToken(); err != io.EOF { //nolint:errorlint // EOF is not wrapped
		return nil, errTrailingData
	}
	return index(data), nil
}

// Of returns the Document of a decoded value.
func Of(value any) (*Document, error) {
	data, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return index(data), nil
}

// index returns the Document of valid JSON.
func index(data []byte) *Document {
	d := &Document{data: data}
	d.nodes = d.few[:0]
	var openBuffer [16]int
	open := openBuffer[:0] // the nodes of the containers around the next
	for i := 0; i < len(data); {
		at := node{uint32(i), uint32(len(d.nodes) + 1)} //nolint:gosec // Parse bounds the length
		switch data[i] {
		case ' ', '\t', '\r', '\n', ',', ':':
			i++
			continue
		case '}', ']':
			d.nodes[open[len(open)-1]].next = uint32(len(d.nodes)) //nolint:gosec // less than the length
			open = open[:len(open)-1]
			i++
			continue
		case '{', '[':
			open = append(open, len(d.nodes))
			i++
		default:
			i += scalarLength(data[i:])
		}
		if len(d.nodes) == len(d.few) {
			d.nodes = append(make([]node, 0, mostNodes(data)), d.nodes...)
		}
		d.nodes = append(d.nodes, at)
	}
	return d
}

// mostNodes returns how many nodes a text has at most: before each stands one of these.
func mostNodes(data []byte) int {
	n := 1
	for _, before := range []string{",", ":", "{", "["} {
		n += bytes.Count(data, []byte(before))
	}
	return n
}

// hasUniqueNames reports whether certainly no object has two members of one name.
func (d *Document) hasUniqueNames() bool {
	seed := maphash.MakeSeed()
	var buffer [16]uint64
	hashes := buffer[:0]
	for i := range d.nodes {
		v := Value{d, uint32(i)}
		if v.Kind() != '{' {
			continue
		}
		hashes = hashes[:0]
		for name := range v.Members() {
			hashes = append(hashes, maphash.Bytes(seed, name.Text()))
		}
		slices.Sort(hashes)
		if n := len(hashes); len(slices.Compact(hashes)) < n {
			return false
		}
	}
	return true
}

// Root returns the value of the document.
func (d *Document) Root() Value { return Value{d, 0} }

// Len returns how many values and names the document has.
func (d *Document) Len() int { return len(d.nodes) }

// Kind returns '{' for an object, '[' for an array, '"' for a string, '0' for a number, 't' and 'f' for booleans, 'n'
// for null.
func (v Value) Kind() byte {
	switch c := v.document.data[v.document.nodes[v.index].start]; c {
	case '{', '[', '"', 't', 'f', 'n':
		return c
	}
	return '0'
}

// Index identifies the value in its document.
func (v Value) Index() uint32 { return v.index }

// Size returns how many values and names are in the value, itself included.
func (v Value) Size() int { return int(v.end() - v.index) }

// end returns the index of the first node behind the value.
func (v Value) end() uint32 { return v.document.nodes[v.index].next }

// Elements returns the elements of an array, with their indexes.
func (v Value) Elements() iter.Seq2[int, Value] {
	return func(yield func(int, Value) bool) {
		element := Value{v.document, v.index + 1}
		for n := 0; element.index < v.end(); n++ {
			if !yield(n, element) {
				return
			}
			element.index = element.end()
		}
	}
}

// Members returns the members of an object: the name, which is a string, and the value.
func (v Value) Members() iter.Seq2[Value, Value] {
	return func(yield func(name, value Value) bool) {
		name := Value{v.document, v.index + 1}
		for name.index < v.end() {
			value := Value{v.document, name.index + 1}
			if !yield(name, value) {
				return
			}
			name.index = value.end()
		}
	}
}

// Member returns the member of an object with a name.
func (v Value) Member(name string) (Value, bool) {
	for n, value := range v.Members() {
		if string(n.Text()) == name {
			return value, true
		}
	}
	return Value{}, false
}

// Count returns how many elements an array, or members an object has.
func (v Value) Count() int {
	n := 0
	for range v.Elements() {
		n++
	}
	if v.Kind() == '{' {
		n /= 2
	}
	return n
}

// Raw returns the text of a string (in its quotes), a number, a boolean or null.
func (v Value) Raw() []byte {
	data := v.document.data[v.document.nodes[v.index].start:]
	return data[:scalarLength(data)]
}

// Text returns what a string says. It allocates only if something in the string is escaped.
func (v Value) Text() []byte { return unquote(v.Raw()) }

// Decode returns the value as encoding/json does with UseNumber.
func (v Value) Decode() any {
	switch v.Kind() {
	case '{':
		object := make(map[string]any)
		for name, value := range v.Members() {
			object[string(name.Text())] = value.Decode()
		}
		return object
	case '[':
		array := []any{}
		for _, element := range v.Elements() {
			array = append(array, element.Decode())
		}
		return array
	case '"':
		return string(v.Text())
	case 'n':
		return nil
	case '0':
		return json.Number(v.Raw())
	}
	return v.Kind() == 't'
}

// EscapeToken escapes a name for a JSON pointer (RFC 6901).
func EscapeToken(name string) string { return escapeToken.Replace(name) }

var escapeToken = strings.NewReplacer("~", "~0", "/", "~1")

// scalarLength returns the length of the string, number, true, false or null that JSON begins with.
func scalarLength(json []byte) int {
	if json[0] == '"' {
		return textLength(json)
	}
	for end, b := range json {
		if isSpace(b) || b == ',' || b == ']' || b == '}' {
			return end
		}
	}
	return len(json)
}

func isSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\r' || b == '\n' }

// textLength returns the length, quotes included, of the string that valid JSON begins with.
func textLength(json []byte) int {
	for end := 1; ; {
		end += bytes.IndexByte(json[end:], '"') + 1
		text := json[1 : end-1]
		if backslashes := len(text) - len(bytes.TrimRight(text, `\`)); backslashes%2 == 0 {
			return end
		}
	}
}

// unquote returns what a valid JSON string says.
func unquote(quoted []byte) []byte {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1]
	}
	// It fails on half of a surrogate pair, which becomes U+FFFD.
	text, _ := jsontext.AppendUnquote(make([]byte, 0, len(quoted)), quoted)
	return text
}
