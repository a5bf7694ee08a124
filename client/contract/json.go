package contract

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

var (
	errInvalidUTF8  = errors.New("invalid UTF-8")
	errTrailingData = errors.New("data after the JSON value")
)

// checkStrict says how data is not one JSON value, or broken in JSON itself: it has duplicate names, invalid UTF-8, data
// after the value, a byte order mark or nesting deeper than 10,000. Half of a surrogate pair as an escape (a text cut in the
// middle of an emoji) is not broken: it decodes to U+FFFD.
func checkStrict(data []byte) error {
	if !utf8.Valid(data) {
		return errInvalidUTF8
	}
	if jsontext.Value(data).IsValid(jsontext.AllowInvalidUTF8(true)) {
		return nil
	}
	decoder := jsontext.NewDecoder(bytes.NewBuffer(data), jsontext.AllowInvalidUTF8(true))
	if _, err := decoder.ReadValue(); err != nil {
		return err
	}
	return errTrailingData
}

// decodeTree decodes JSON that passes checkStrict into the tree that kin-openapi's visitor walks, as kin-openapi does it.
func decodeTree(data []byte) (tree any, err error) {
	decoder := stdjson.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	err = decoder.Decode(&tree)
	return tree, err
}
