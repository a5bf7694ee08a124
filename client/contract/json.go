package contract

import (
	"bytes"
	"errors"
	"io"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/aitutor-api/aitutor-go/client/contract/internal/skim"
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
	options := []jsontext.Options{jsontext.AllowInvalidUTF8(true)}
	if hasManyValues(data) { // of many names jsontext remembers 20 times their size
		options = append(options, jsontext.AllowDuplicateNames(true))
	}
	if jsontext.Value(data).IsValid(options...) {
		if len(options) == 1 || skim.UniqueNames(data) {
			return nil
		}
		options = options[:1]
	}
	decoder := jsontext.NewDecoder(bytes.NewBuffer(data), options...)
	if _, err := decoder.ReadValue(); err != nil {
		return err
	}
	if _, err := decoder.ReadToken(); err != io.EOF { //nolint:errorlint // EOF is not wrapped
		return errTrailingData
	}
	return nil
}

// hasManyValues reports whether JSON has more values than a person could read about.
func hasManyValues(data []byte) bool {
	const many = 20_000
	return len(data) > many && bytes.Count(data, []byte(",")) > many
}
