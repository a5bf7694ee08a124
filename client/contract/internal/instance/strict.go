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
		if len(options) == 1 || hasUniqueNames(data) {
			return indexOf(data), nil
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
	return indexOf(data), nil
}

func indexOf(data []byte) *Document {
	if len(data) > long {
		return indexLong(data)
	}
	return index(data)
}

func hasManyNames(data []byte) bool {
	const many = 20_000
	return len(data) > many && bytes.Count(data, []byte(",")) > many
}

// hasUniqueNames reports whether certainly no object in valid JSON has two members of one name. It takes 8 bytes per
// name of the objects that are open at once.
func hasUniqueNames(json []byte) bool {
	seed := maphash.MakeSeed()
	var hashes []uint64 // of the names of the objects that are open
	var open []int      // where those of each begin; -1: an array
	wantsName := false
	for i := 0; i < len(json); {
		switch c := json[i]; c {
		case '{', '[':
			if wantsName = c == '{'; wantsName {
				open = append(open, len(hashes))
			} else {
				open = append(open, -1)
			}
			i++
		case '}', ']':
			if first := open[len(open)-1]; first >= 0 {
				names := hashes[first:]
				slices.Sort(names)
				if len(slices.Compact(names)) < len(names) {
					return false
				}
				hashes = hashes[:first]
			}
			open = open[:len(open)-1]
			wantsName = false
			i++
		case ',':
			wantsName = open[len(open)-1] >= 0
			i++
		case ' ', '\t', '\r', '\n', ':':
			i++
		default:
			length := scalarLength(json[i:])
			if wantsName {
				hashes = append(hashes, maphash.Bytes(seed, unquote(json[i:i+length])))
				wantsName = false
			}
			i += length
		}
	}
	return true
}
