package instance

import (
	"bytes"
	"errors"
	"hash/maphash"
	"io"
	"slices"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

var (
	errInvalidUTF8  = errors.New("invalid UTF-8")
	errTrailingData = errors.New("data after the JSON value")
)

// parseStrict returns the Document of data, or how data is broken in JSON itself, as [Parse] says it.
func parseStrict(data []byte) (*Document, error) {
	if !utf8.Valid(data) {
		return nil, errInvalidUTF8
	}
	options := []jsontext.Options{jsontext.AllowInvalidUTF8(true)}
	if hasManyNames(data) { // of many names jsontext remembers 20 times their size
		options = append(options, jsontext.AllowDuplicateNames(true))
	}
	if jsontext.Value(data).IsValid(options...) {
		if d := index(data); len(options) == 1 || hasUniqueNames(d) {
			return d, nil
		}
		options = options[:1]
	}
	decoder := jsontext.NewDecoder(bytes.NewBuffer(data), options...)
	if _, err := decoder.ReadValue(); err != nil {
		return nil, err
	}
	if _, err := decoder.ReadToken(); err != io.EOF { //nolint:errorlint // EOF is not wrapped
		return nil, errTrailingData
	}
	return index(data), nil
}

func hasManyNames(data []byte) bool {
	const many = 20_000
	return len(data) > many && bytes.Count(data, []byte(",")) > many
}

// hasUniqueNames reports whether certainly no object has two members of one name. It takes 8 bytes per name.
func hasUniqueNames(d *Document) bool {
	seed := maphash.MakeSeed()
	var hashes []uint64
	for i := range d.nodes {
		object := Value{d, uint32(i)}
		if object.Kind() != '{' {
			continue
		}
		hashes = slices.Grow(hashes[:0], object.Count())
		for name := range object.Members() {
			hashes = append(hashes, maphash.Bytes(seed, name.Text()))
		}
		slices.Sort(hashes)
		for i := 1; i < len(hashes); i++ {
			if hashes[i] == hashes[i-1] {
				return false
			}
		}
	}
	return true
}
