package client

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"io"
	"sync"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

var (
	errInvalidUTF8  = errors.New("invalid UTF-8")
	errTrailingData = errors.New("data after the JSON value")
)

// decodeTree decodes one JSON value into the tree that kin-openapi's visitor walks: maps, slices, strings, bools,
// nil, and json.Number for numbers, which keeps their digits. It refuses what is broken in JSON itself: duplicate
// names, invalid UTF-8, data after the value, a byte order mark, nesting deeper than 10,000. The error comes with the
// part of the tree that was read before it.
//
// Half of a surrogate pair as an escape (a text cut in the middle of an emoji) is not broken: it decodes to U+FFFD.
func decodeTree(data []byte) (any, error) { return decodeStrict(data, false, nil) }

// decodeShape is decodeTree with the empty string for every text, and of an object at the top only the members that
// names has (nil: all): the tree for schemas that look into nothing else.
func decodeShape(data []byte, names map[string]bool) (any, error) {
	return decodeStrict(data, true, names)
}

func decodeStrict(data []byte, shape bool, names map[string]bool) (any, error) {
	if !utf8.Valid(data) {
		return nil, errInvalidUTF8
	}
	return readTree(data, shape, names, jsontext.AllowInvalidUTF8(true))
}

// decodeBrokenTree is decodeTree for answers that are read in spite of a violation: of a duplicate name it takes the
// last value, it replaces invalid UTF-8 and skips a byte order mark.
func decodeBrokenTree(data []byte) (any, error) {
	data = bytes.TrimPrefix(data, []byte("\uFEFF"))
	return readTree(data, false, nil, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
}

// treeReader reads trees, one after the other.
type treeReader struct {
	decoder jsontext.Decoder
	input   bytes.Buffer
	shape   bool
	members map[string]bool   // of the object at the top that are wanted; nil: all
	text    []byte            // room to decode a string in
	names   map[string]string // names met before, each made a string once
}

var treeReaders = sync.Pool{New: func() any { return &treeReader{names: make(map[string]string)} }}

func readTree(data []byte, shape bool, members map[string]bool, options ...jsontext.Options) (any, error) {
	r, _ := treeReaders.Get().(*treeReader)
	r.input, r.shape, r.members = *bytes.NewBuffer(data), shape, members
	r.decoder.Reset(&r.input, options...)
	defer func() {
		r.input = bytes.Buffer{} // lets go of data
		r.decoder.Reset(&r.input)
		treeReaders.Put(r)
	}()
	tree, err := r.value()
	if err != nil {
		return tree, err
	}
	if _, err := r.decoder.ReadToken(); !errors.Is(err, io.EOF) {
		return tree, errTrailingData
	}
	return tree, nil
}

func (r *treeReader) value() (any, error) {
	switch r.decoder.PeekKind() {
	case '{':
		return r.object()
	case '[':
		return r.array()
	}
	value, err := r.decoder.ReadValue()
	if err != nil {
		return nil, err
	}
	switch value.Kind() {
	case '"':
		if r.shape {
			return "", nil
		}
		return r.string(value), nil
	case '0':
		return stdjson.Number(value), nil
	case 't':
		return true, nil
	case 'f':
		return false, nil
	default:
		return nil, nil
	}
}

func (r *treeReader) object() (any, error) {
	object := make(map[string]any)
	_, err := r.decoder.ReadToken()
	all := r.members == nil || r.decoder.StackDepth() > 1
	for err == nil && r.decoder.PeekKind() != '}' {
		var raw jsontext.Value
		if raw, err = r.decoder.ReadValue(); err != nil {
			break
		}
		name := r.name(raw)
		if !all && !r.members[name] {
			err = r.decoder.SkipValue()
			continue
		}
		var value any
		if value, err = r.value(); value != nil || err == nil {
			object[name] = value
		}
	}
	if err == nil {
		_, err = r.decoder.ReadToken()
	}
	return object, err
}

func (r *treeReader) name(raw jsontext.Value) string {
	const most = 256
	if name, ok := r.names[string(raw)]; ok {
		return name
	}
	name := r.string(raw)
	if len(r.names) < most && len(raw) < most {
		r.names[string(raw)] = name
	}
	return name
}

func (r *treeReader) array() (any, error) {
	array := []any{}
	_, err := r.decoder.ReadToken()
	for err == nil && r.decoder.PeekKind() != ']' {
		var value any
		if value, err = r.value(); err == nil {
			array = append(array, value)
		}
	}
	if err == nil {
		_, err = r.decoder.ReadToken()
	}
	return array, err
}

// string decodes a JSON string that the decoder has found to be one: half a surrogate pair is no error here.
func (r *treeReader) string(raw jsontext.Value) string {
	if bytes.IndexByte(raw, '\\') < 0 && utf8.Valid(raw) {
		return string(raw[1 : len(raw)-1])
	}
	r.text, _ = jsontext.AppendUnquote(r.text[:0], raw)
	return string(r.text)
}
