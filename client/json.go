package client

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
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
	decoder := jsontext.NewDecoder(bytes.NewBuffer(data), jsontext.AllowInvalidUTF8(true))
	if _, err := decoder.ReadValue(); err != nil {
		return err
	}
	return checkEnd(decoder)
}

// checkEnd is errTrailingData where something follows the value that was read.
func checkEnd(decoder *jsontext.Decoder) error {
	if _, err := decoder.ReadToken(); !errors.Is(err, io.EOF) {
		return errTrailingData
	}
	return nil
}

// marshal is json.Marshal of generated types, which leave out what is not set by the omitempty of encoding/json.
func marshal(v any) ([]byte, error) {
	return json.Marshal(v, jsonv1.OmitEmptyWithLegacySemantics(true))
}

// unmarshal is json.Unmarshal, with unquote for the strings of a long answer; a short one would lose by it.
func unmarshal(data []byte, v any) error {
	if len(data) < 1<<10 {
		return json.Unmarshal(data, v)
	}
	return json.Unmarshal(data, v, withUnquote)
}

var withUnquote = json.WithUnmarshalers(json.UnmarshalFromFunc(func(d *jsontext.Decoder, text *string) error {
	if d.PeekKind() != '"' {
		return errors.ErrUnsupported // the default has the say
	}
	quoted, err := d.ReadValue()
	if err == nil {
		*text = unquote(quoted)
	}
	return err
}))

// unquote is what a JSON string says that a decoder has found to be one.
func unquote(quoted []byte) string {
	if text, ok := unquoteProse(quoted); ok {
		return text
	}
	text, _ := jsontext.AppendUnquote(make([]byte, 0, len(quoted)), quoted) // its error is that of half a surrogate pair
	return string(text)
}

// unquoteProse takes half the time of jsontext for a story. It knows the escapes that prose has, and no other.
func unquoteProse(quoted []byte) (string, bool) {
	var text strings.Builder
	text.Grow(len(quoted))
	rest := quoted[1 : len(quoted)-1]
	for {
		before, escape, found := bytes.Cut(rest, []byte(`\`))
		text.Write(before)
		if !found {
			return text.String(), true
		}
		switch escape[0] {
		case 'n':
			text.WriteByte('\n')
		case 't':
			text.WriteByte('\t')
		case '"', '\\', '/':
			text.WriteByte(escape[0])
		default:
			return "", false
		}
		rest = escape[1:]
	}
}

// decodeTree decodes JSON that passes checkStrict into the tree that kin-openapi's visitor walks, as kin-openapi does it.
func decodeTree(data []byte) (tree any, err error) {
	decoder := stdjson.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	err = decoder.Decode(&tree)
	return tree, err
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
