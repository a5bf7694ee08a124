package skim

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

// isValid reports whether data is JSON as Accepts takes it.
func isValid(data []byte) bool {
	return utf8.Valid(data) && jsontext.Value(data).IsValid(jsontext.AllowInvalidUTF8(true))
}

// FuzzUnquote unquotes any JSON string as jsontext does.
func FuzzUnquote(f *testing.F) {
	for _, seed := range []string{"", "once", `\n\"\\\/`, `a\u00e9b`, `\ud83d\udc36\ud83d`, `\\n\`, "\u00e9\u2028", `\b\f\r\t`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		quoted := []byte(`"` + text + `"`)
		if !isValid(quoted) {
			t.Skip("not one JSON string")
		}
		want, _ := jsontext.AppendUnquote(nil, quoted)
		assert.Equal(t, string(want), string(unquote(quoted)))
		value := slices.Concat(quoted, []byte(" ,"), quoted)
		assert.Equal(t, len(quoted), valueLength(value), "the length of a string in a list")
	})
}

// FuzzWalk walks over any JSON that is strict, and finds the values that jsontext does.
func FuzzWalk(f *testing.F) {
	for _, seed := range []string{
		`{}`, `[]`, `[ ]`, `[[],{},"",0,true]`, ` [ 1 , -2.5e+3 , null ] `, `{"a":{"b":["]}\\",{}]},"\u0063" : "d"}`,
		`{"":"\\","\"":"\\\"","x":[[[1]]]}`, `["\\\\",":,"]`, "[1\n,\t2\r]", `{"a":1,"b":{"c":false}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		value := bytes.Trim(body, " \t\r\n")
		if !isValid(body) || value[0] != '{' && value[0] != '[' {
			t.Skip("no object and no array")
		}
		var want, got []string
		decoder := jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowInvalidUTF8(true))
		_, err := decoder.ReadToken()
		require.NoError(t, err)
		for kind := decoder.PeekKind(); kind != '}' && kind != ']'; kind = decoder.PeekKind() {
			value, err := decoder.ReadValue()
			require.NoError(t, err)
			want = append(want, string(value))
		}
		if value[0] == '[' {
			for element := range elementsOf(value) {
				got = append(got, string(element))
			}
		} else {
			for name, member := range membersOf(value) {
				got = append(got, string(name), string(member))
			}
		}
		assert.Equal(t, want, got)
	})
}

// FuzzDecode decodes any strict JSON as encoding/json does.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{}`, ` [] `, `"\ud83d\ud83d\udc36\u00e9\/"`, `-1.50e+3 `, `null`, "true\n", `{"a":[{"b":null},[],1e999],"\u0063":{"":false}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if !isValid(body) {
			t.Skip("not strict JSON")
		}
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.UseNumber()
		var want any
		require.NoError(t, decoder.Decode(&want))
		assert.Equal(t, want, Decode(body))
		assert.True(t, UniqueNames(body))
	})
}

// FuzzUniqueNames finds the duplicate names that jsontext finds.
func FuzzUniqueNames(f *testing.F) {
	for _, seed := range []string{`{"a":1,"a":2}`, `{"a":1,"\u0061":{}}`, `[{"a":{"b":1,"c":2,"b":3}}]`, `{"a":{"a":[{"a":1}]}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if !utf8.Valid(body) || !jsontext.Value(body).IsValid(jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true)) {
			t.Skip("not JSON")
		}
		assert.Equal(t, isValid(body), UniqueNames(body))
	})
}
