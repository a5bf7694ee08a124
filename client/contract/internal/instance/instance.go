// Package instance reads JSON where it stands: a document is checked and indexed, and not decoded. An index takes 8
// bytes of memory per value and name. In a long document, what is in a value is indexed only if somebody looks into it.
package instance

import (
	"bytes"
	"encoding/json"
	"errors"
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Document is a JSON text. A Document of [Parse] is for one goroutine.
type Document struct {
	data   []byte
	nodes  []node
	few    [48]node          // of a short text
	length int               // values and names
	later  map[uint32]uint32 // containers in the root of a long text: the index of the node with their content, or 0
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

var errTooLong = errors.New("longer than 4 GiB")

// Parse returns the Document of a text, or an error that says how it is not one JSON value, or broken in JSON itself:
// it has duplicate names, invalid UTF-8, data after the value, a byte order mark or nesting deeper than 10,000. Half of
// a surrogate pair as an escape (a text cut in the middle of an emoji) is not broken: it decodes to U+FFFD.
func Parse(data []byte) (*Document, error) {
	if len(data) > math.MaxUint32 {
		return nil, errTooLong
	}
	return parseStrict(data)
}

const long = 64 << 10 // bytes of a text whose values are indexed only if somebody looks into them

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
	d.nodes = appendNodes(d.few[:0], data, 0)
	d.length = len(d.nodes)
	return d
}

// indexLong returns the Document of valid JSON with an index in which what stands in the long values of its root is
// left out.
func indexLong(data []byte) *Document {
	d := &Document{data: data, later: make(map[uint32]uint32), length: 1}
	root := skipSeparators(data, 0)
	indexed := 1
	for _, child := range parts(data, root) {
		if d.length += child.values; child.isLong() {
			indexed++
		} else {
			indexed += child.values
		}
	}
	d.nodes = append(make([]node, 0, indexed), node{start: uint32(root)}) //nolint:gosec // Parse bounds the length
	for i, child := range parts(data, root) {
		if !child.isLong() {
			d.nodes = appendNodes(d.nodes, data, i)
			continue
		}
		at := uint32(len(d.nodes))                         //nolint:gosec // less than the length
		d.nodes = append(d.nodes, node{uint32(i), at + 1}) //nolint:gosec // less than the length
		if data[i] != '"' {
			d.later[at] = 0
		}
	}
	d.nodes[0].next = uint32(len(d.nodes)) //nolint:gosec // less than the length
	return d
}

// extent is the length of a value in bytes, and how many values and names are in it.
type extent struct{ length, values int }

func (e extent) isLong() bool { return e.length > 4<<10 }

// parts returns what stands directly in the container that begins at a byte of the text: where, and its extent.
func parts(data []byte, i int) iter.Seq2[int, extent] {
	return func(yield func(int, extent) bool) {
		if data[i] != '{' && data[i] != '[' {
			return
		}
		for i := skipSeparators(data, i+1); data[i] != '}' && data[i] != ']'; i = skipSeparators(data, i) {
			e := measure(data[i:])
			if !yield(i, e) {
				return
			}
			i += e.length
		}
	}
}

// appendNodes appends the nodes of the value that begins at a byte of the text.
func appendNodes(nodes []node, data []byte, i int) []node {
	first := len(nodes)
	var openBuffer [16]int
	open := openBuffer[:0]
	for i < len(data) {
		at := node{uint32(i), uint32(len(nodes) + 1)} //nolint:gosec // Parse bounds the length
		switch data[i] {
		case ' ', '\t', '\r', '\n', ',', ':':
			i++
			continue
		case '}', ']':
			nodes[open[len(open)-1]].next = uint32(len(nodes)) //nolint:gosec // less than the length
			open = open[:len(open)-1]
			i++
			if len(open) == 0 {
				return nodes
			}
			continue
		case '{', '[':
			open = append(open, len(nodes))
			i++
		default:
			i += scalarLength(data[i:])
		}
		if len(nodes) == cap(nodes) && first == 0 { // of a text that is not long
			nodes = append(make([]node, 0, mostNodes(data)), nodes...)
		}
		nodes = append(nodes, at)
		if len(open) == 0 {
			return nodes
		}
	}
	return nodes
}

// skipSeparators returns where the next value, name or end of a container is.
func skipSeparators(data []byte, i int) int {
	for isSpace(data[i]) || data[i] == ',' || data[i] == ':' {
		i++
	}
	return i
}

// measure returns the extent of the value that valid JSON begins with.
func measure(json []byte) extent {
	depth, values := 0, 0
	for i := 0; ; {
		switch json[i] {
		case ' ', '\t', '\r', '\n', ',', ':':
			i++
			continue
		case '}', ']':
			depth--
			i++
		case '{', '[':
			depth++
			values++
			i++
		default:
			values++
			i += scalarLength(json[i:])
		}
		if depth == 0 {
			return extent{i, values}
		}
	}
}

// content returns the index of the node behind which stands what is in a container. It indexes it the first time.
func (v Value) content() uint32 {
	d := v.document
	at, isLater := d.later[v.index]
	if !isLater {
		return v.index
	}
	if at == 0 {
		at = uint32(len(d.nodes)) //nolint:gosec // less than the length
		start := int(d.nodes[v.index].start)
		d.nodes = slices.Grow(d.nodes, measure(d.data[start:]).values)
		d.nodes = appendNodes(d.nodes, d.data, start)
		d.later[v.index] = at
	}
	return at
}

// mostNodes returns how many nodes a text has at most: before each stands one of these.
func mostNodes(data []byte) int {
	n := 1
	for _, before := range []string{",", ":", "{", "["} {
		n += bytes.Count(data, []byte(before))
	}
	return n
}

// Root returns the value of the document.
func (d *Document) Root() Value { return Value{d, 0} }

// Len returns how many values and names the document has.
func (d *Document) Len() int { return d.length }

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
func (v Value) Size() int {
	if v.index == 0 {
		return v.document.length
	}
	at := v.content()
	return int(v.document.nodes[at].next - at)
}

// Elements returns the elements of an array, with their indexes.
func (v Value) Elements() iter.Seq2[int, Value] {
	return func(yield func(int, Value) bool) {
		at := v.content()
		end := v.document.nodes[at].next
		for i, n := at+1, 0; i < end; i, n = v.document.nodes[i].next, n+1 {
			if !yield(n, Value{v.document, i}) {
				return
			}
		}
	}
}

// Members returns the members of an object: the name, which is a string, and the value.
func (v Value) Members() iter.Seq2[Value, Value] {
	return func(yield func(name, value Value) bool) {
		at := v.content()
		end := v.document.nodes[at].next
		for i := at + 1; i < end; i = v.document.nodes[i+1].next {
			if !yield(Value{v.document, i}, Value{v.document, i + 1}) {
				return
			}
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
