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
func decodeTree(data []byte) (any, error) {
	if !utf8.Valid(data) {
		return nil, errInvalidUTF8
	}
	return readTree(data, jsontext.AllowInvalidUTF8(true))
}

// decodeBrokenTree is decodeTree for answers that are read in spite of a violation: of a duplicate name it takes the
// last value, it replaces invalid UTF-8 and skips a byte order mark.
func decodeBrokenTree(data []byte) (any, error) {
	data = bytes.TrimPrefix(data, []byte("\uFEFF"))
	return readTree(data, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
}

var decoders = sync.Pool{New: func() any { return new(jsontext.Decoder) }}

func readTree(data []byte, options ...jsontext.Options) (any, error) {
	decoder := decoders.Get().(*jsontext.Decoder)
	decoder.Reset(bytes.NewBuffer(data), options...)
	defer func() {
		decoder.Reset(bytes.NewBuffer(nil)) // lets go of data
		decoders.Put(decoder)
	}()
	tree, err := readValue(decoder)
	if err != nil {
		return tree, err
	}
	if _, err := decoder.ReadToken(); !errors.Is(err, io.EOF) {
		return tree, errTrailingData
	}
	return tree, nil
}

func readValue(decoder *jsontext.Decoder) (any, error) {
	token, err := decoder.ReadToken()
	if err != nil {
		return nil, err
	}
	switch token.Kind() {
	case '{':
		object := make(map[string]any)
		for decoder.PeekKind() != '}' {
			name, err := decoder.ReadToken()
			if err != nil {
				return object, err
			}
			key := name.String() // before the next token takes its place
			value, err := readValue(decoder)
			if value != nil || err == nil {
				object[key] = value
			}
			if err != nil {
				return object, err
			}
		}
		_, err := decoder.ReadToken()
		return object, err
	case '[':
		array := []any{}
		for decoder.PeekKind() != ']' {
			value, err := readValue(decoder)
			if err != nil {
				return array, err
			}
			array = append(array, value)
		}
		_, err := decoder.ReadToken()
		return array, err
	case '"':
		return token.String(), nil
	case '0':
		return stdjson.Number(token.String()), nil
	case 't', 'f':
		return token.Bool(), nil
	default:
		return nil, nil
	}
}
