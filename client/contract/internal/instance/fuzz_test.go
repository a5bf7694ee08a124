package instance

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// isValid reports whether data is JSON as Parse takes it.
func isValid(data []byte) bool {
	return utf8.Valid(data) && jsontext.Value(data).IsValid(jsontext.AllowInvalidUTF8(true))
}

// FuzzUnquote unquotes any JSON string as jsontext does.
func FuzzUnquote(f *testing.F) {
	for _, seed := range []string{"", "once", `\n\"\\\/`, `a\u00e9b`, `\ud83d\udc36\ud83d`, `\\n\`, "\u00e9\u2028",
		`\b\f\r\t`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		quoted := []byte(`"` + text + `"`)
		if !isValid(quoted) {
			t.Skip("not one JSON string")
		}
		want, _ := jsontext.AppendUnquote(nil, quoted)
		assert.Equal(t, string(want), string(unquote(quoted)))
		list := slices.Concat([]byte("["), quoted, []byte(" ,"), quoted, []byte("]"))
		for _, element := range index(list).Root().Elements() {
			assert.Equal(t, string(quoted), string(element.Raw()), "the string in a list")
		}
	})
}

// FuzzDecode decodes any strict JSON as encoding/json does.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{}`, ` [] `, `"\ud83d\ud83d\udc36\u00e9\/"`, `-1.50e+3 `, `null`, "true\n",
		`{"a":[{"b":null},[],1e999],"\u0063":{"":false}}`,
		`{}`, `[ ]`, `[[],{},"",0,true]`, ` [ 1 , -2.5e+3 , null ] `, `{"a":{"b":["]}\\",{}]},"\u0063" : "d"}`,
		`{"":"\\","\"":"\\\"","x":[[[1]]]}`, `["\\\\",":,"]`, "[1\n,\t2\r]", `{"a":1,"b":{"c":false}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		document, err := Parse(body)
		if !isValid(body) {
			require.Error(t, err)
			return
		}
		require.NoError(t, err)
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.UseNumber()
		var want any
		require.NoError(t, decoder.Decode(&want))
		assert.Equal(t, want, document.Root().Decode())
		assert.Equal(t, document.Len(), document.Root().Size())
	})
}

// FuzzUniqueNames finds the duplicate names that jsontext finds.
func FuzzUniqueNames(f *testing.F) {
	for _, seed := range []string{`{"a":1,"a":2}`, `{"a":1,"\u0061":{}}`, `[{"a":{"b":1,"c":2,"b":3}}]`,
		`{"a":{"a":[{"a":1}]}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if !utf8.Valid(body) || !jsontext.Value(body).IsValid(jsontext.AllowInvalidUTF8(true),
			jsontext.AllowDuplicateNames(true)) {
			t.Skip("not JSON")
		}
		assert.Equal(t, isValid(body), index(body).hasUniqueNames())
	})
}
