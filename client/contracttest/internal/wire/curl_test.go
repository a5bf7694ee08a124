package wire

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// That a shell sends the same request is tested with all checks of the kit.
func TestCurl(t *testing.T) {
	t.Parallel()
	const options = "--silent --show-error --include --globoff --path-as-is"
	get := Request{Method: http.MethodGet, Path: "/"}
	keyed := get.WithSecret("key one/two", "$KEY")
	for _, test := range []struct {
		name    string
		request Request
		want    string
	}{
		{"a request of HEAD", Request{Method: http.MethodHead, Path: "/a"}, "curl " + options + " --head 'http://host/a'"},
		{"a header without a value", get.With("X-Empty", ""), "curl " + options +
			" --request GET 'http://host/' \\\n  --header 'X-Empty;'"},
		{"a quote in a body", get.WithBody("", []byte("it's")), "curl " + options +
			" --request GET 'http://host/' \\\n  --data-binary 'it'\\''s' \\\n  --header 'Content-Type:'"},
		{"a key in a header", keyed.With("Authorization", "Bearer key one/two"), "curl " + options +
			` --request GET 'http://host/' \
  --header 'Authorization: Bearer '"$KEY"`},
		{"a key that is escaped in the query", keyed.WithQuery("k=key+one%2Ftwo"), "curl " + options +
			` --request GET 'http://host/?k='"$(printf %s "$KEY" | od -An -v -tx1 | tr -d '\n' | tr ' ' %)"`},
		{"a text that is repeated", get.WithBody("text/plain", []byte("{"+strings.Repeat("ab", 500)+"}")), "curl " + options +
			` --request GET 'http://host/' \
  --header 'Content-Type: text/plain' \
  --data-binary '{'"$(yes 'ab' | head -n 500 | tr -d '\n')"'}'`},
		{"a key in bytes that are no argument", keyed.WithBody("text/plain", []byte("%\x00key one/two")),
			`{ printf '%%\000'; printf %s "$KEY"; } |
curl ` + options + ` --request GET 'http://host/' \
  --header 'Content-Type: text/plain' \
  --data-binary @-`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, test.request.Curl("http://host"))
		})
	}
}

func TestTextHasVariablesForKeysAndTheBeginningOfALongBody(t *testing.T) {
	t.Parallel()
	r := Request{Method: http.MethodPost, Path: "/a"}.WithSecret("key-12345678", "$KEY").With("X-Key", "key-12345678").
		WithBody("text/plain", []byte(strings.Repeat("a", 2000)))
	want := "POST /a\nX-Key: $KEY\nContent-Type: text/plain\n\n" + strings.Repeat("a", 500) + "... (2000 bytes)"
	assert.Equal(t, want, r.Text())
}
