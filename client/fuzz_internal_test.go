package client

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// FuzzRetryAfter reads any Retry-After: a number of seconds or a date is what it says, anything else no wait.
func FuzzRetryAfter(f *testing.F) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	for _, seed := range []string{
		"", "0", "1", "60", "61", "-1", "+1", "1.5", "1e3", "0x10", "1_000", " 1", "1 ", "９", "soon", "99999999999", strings.Repeat("9", 400), strings.Repeat("9", 40) + " GMT",
		"Mon, 02 Jan 2006 15:04:05 GMT", "Fri, 02 Jan 2026 03:05:05 GMT", "Friday, 02-Jan-26 03:05:05 GMT",
		"Fri Jan  2 03:05:05 2026", "Fri, 02 Jan 9999 03:05:05 GMT", "Fri, 02 Jan 2026 03:05:05 PST",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		got := parseRetryAfter(value, now)
		assert.GreaterOrEqual(t, got, time.Duration(0))
		digits := value != "" && strings.Trim(value, "0123456789") == ""
		date, err := http.ParseTime(value)
		switch {
		case digits:
			if seconds, err := strconv.ParseInt(value, 10, 64); err == nil && seconds <= 60 {
				assert.Equal(t, time.Duration(seconds)*time.Second, got)
			} else {
				assert.Greater(t, got, maxRetryAfter)
			}
		case err == nil && date.After(now):
			assert.Equal(t, date.Sub(now), got)
		case got != 0: // what strconv took for a number that does not fit, before it saw that it is none
			assert.Greater(t, got, maxRetryAfter)
			assert.Less(t, len(strings.TrimLeft(value, "0123456789")), len(value)-9)
		}
		var answer error = &APIError{StatusCode: 429, Header: http.Header{"Retry-After": {value}}}
		if wait, ok := waitFor(answer, time.Second); ok {
			assert.GreaterOrEqual(t, wait, time.Second)
			assert.LessOrEqual(t, wait, maxRetryAfter)
		}
	})
}

// FuzzUnquote unquotes any JSON string as jsontext does.
func FuzzUnquote(f *testing.F) {
	for _, seed := range []string{"", "once", `\n\"\\\/`, `a\u00e9b`, `\ud83d\udc36\ud83d`, `\\n\`, "\u00e9\u2028", `\b\f\r\t`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		quoted := []byte(`"` + text + `"`)
		if checkStrict(quoted) != nil {
			t.Skip("not one JSON string")
		}
		want, _ := jsontext.AppendUnquote(nil, quoted)
		assert.Equal(t, string(want), unquote(quoted))
		value := slices.Concat(quoted, []byte(" ,"), quoted)
		assert.Equal(t, len(quoted), valueLength(value), "where the string ends in a list")
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
		if checkStrict(body) != nil || value[0] != '{' && value[0] != '[' {
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
