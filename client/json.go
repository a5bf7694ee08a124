package client

import (
	"bytes"
	"errors"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

var errTrailingData = errors.New("data after the JSON value")

// marshal is json.Marshal of generated types, which leave out what is not set by the omitempty of encoding/json.
func marshal(v any) ([]byte, error) {
	return json.Marshal(v, jsonv1.OmitEmptyWithLegacySemantics(true))
}

// checkEnd is errTrailingData where something follows the value that was read.
func checkEnd(decoder *jsontext.Decoder) error {
	if _, err := decoder.ReadToken(); !errors.Is(err, io.EOF) {
		return errTrailingData
	}
	return nil
}

// decodeBroken decodes JSON that need not be strict: of a name that is there twice it takes the last value, it replaces
// invalid UTF-8 and skips a byte order mark. With an error, v has what was read before it.
func decodeBroken(data []byte, v any, options ...json.Options) error {
	decoder := jsontext.NewDecoder(bytes.NewBuffer(withoutMark(data)),
		append(options, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))...)
	if err := json.UnmarshalDecode(decoder, v); err != nil {
		return err
	}
	return checkEnd(decoder)
}

// decodeFitting is decodeBroken, but passes over each value that is of another type than its field. (Objects that are there
// twice come together, and an element of another type stays empty.)
func decodeFitting(data []byte, v any) {
	_ = decodeBroken(data, v, jsonv1.ReportErrorsWithLegacySemantics(true)) // which goes on after such a value
}

func withoutMark(data []byte) []byte { return bytes.TrimPrefix(data, []byte("\uFEFF")) }
