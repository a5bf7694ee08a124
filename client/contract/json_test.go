package contract_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestViolationsOfBrokenJSON(t *testing.T) {
	const sound = `{"success":true,"result":"a dog","prompt":"a dog","deep":[{"x":[{"y":"z"}]}]}`
	replace := func(old, replaced string) string { return strings.Replace(sound, old, replaced, 1) }
	tests := []struct{ name, body, pointer, message string }{
		{"sound", sound, "", ""},
		{"space around", "\t\r\n " + sound + " \r\n\t", "", ""},
		{"half a surrogate pair as an escape", replace("a dog", `\ud83d`), "", ""},
		{"a duplicate name", replace(`"success"`, `"result":"x","success"`), "/result", "duplicate"},
		{"a duplicate name, written otherwise", replace(`"success"`, `"\u0072esult":"x","success"`), "/result", "duplicate"},
		{"a duplicate name far down", replace(`"y":"z"`, `"y":"z","y":"z"`), "/deep/0/x/0/y", "duplicate"},
		{"invalid UTF-8 in a value", replace("a dog", "\xff"), "", "invalid UTF-8"},
		{"invalid UTF-8 far down", replace("z", "\xc3"), "", "invalid UTF-8"},
		{"invalid UTF-8 in a name", replace("y", "\x80"), "", "invalid UTF-8"},
		{"another value after it", sound + "{}", "", "data after"},
		{"a text after it", sound + "\nx", "", "data after"},
		{"a zero byte after it", sound + "\x00", "", "data after"},
		{"a byte order mark", "\uFEFF" + sound, "", "invalid character"},
		{"UTF-16", "\xff\xfe{\x00}\x00", "", "invalid UTF-8"},
		{"a comma too many", replace(`"z"`, `"z",`), "", "is not JSON"},
		{"a comment", replace("{", "{/**/"), "", "is not JSON"},
		{"a number that JSON does not have", replace(`"z"`, "01"), "", "is not JSON"},
		{"not a number", replace(`"z"`, "NaN"), "", "is not JSON"},
		{"a line break in a text", replace("a dog", "a\ndog"), "", "is not JSON"},
		{"nested 20,000 deep", replace(`"z"`, strings.Repeat("[", 20000)+strings.Repeat("]", 20000)), "", "is not JSON"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			req := newRequest(t, http.MethodPost, runURL, test.body)
			for _, err := range []error{
				runs().ValidateRequest(req),
				validateResponse(runs(), req, 200, test.body),
			} {
				if test.message == "" {
					require.NoError(t, err)
					continue
				}
				found := violations(t, err)
				require.Len(t, found, 1)
				assert.Equal(t, "body", found[0].In)
				assert.Contains(t, found[0].Message, "is not JSON: ")
				assert.Contains(t, found[0].Message, test.message)
				assertOneLineEach(t, err, 1)
				if test.pointer != "" {
					assert.Equal(t, test.pointer, found[0].Pointer)
				}
			}
		})
	}
}
