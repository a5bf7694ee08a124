package redact

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const key = "Test?key>of/the_~kit&1"

func eachByte(format string) string {
	var text strings.Builder
	for _, b := range []byte(key) {
		fmt.Fprintf(&text, format, b)
	}
	return text.String()
}

func TestText_TakesOutTheSecretInEveryForm(t *testing.T) {
	inJSON, err := json.Marshal(key)
	require.NoError(t, err)
	for name, text := range map[string]string{
		"as it is":                  key,
		"in capitals":               strings.ToUpper(key),
		"in lower case":             strings.ToLower(key),
		"escaped in a query":        url.QueryEscape(key),
		"escaped in a path":         url.PathEscape(key),
		"escaped by encoding/json":  string(inJSON[1 : len(inJSON)-1]),
		"escaped in JSON":           eachByte(`\u%04x`),
		"escaped in a JSON pointer": strings.NewReplacer("~", "~0", "/", "~1").Replace(key),
		"slashes escaped in JSON":   strings.ReplaceAll(key, "/", `\/`),
		"percent-encoded":           eachByte("%%%02X"),
		"escaped in HTML":           eachByte("&#x%x;"),
		"escaped in HTML, decimal":  eachByte("&#%03d;"),
		"escaped by html":           html.EscapeString(key),
		"partly escaped":            `Test\u003fkey>of/the%5F~kit&amp;1`,
		"in hex":                    hex.EncodeToString([]byte(key)),
		"in hex, in capitals":       strings.ToUpper(hex.EncodeToString([]byte(key))),
		"in base64":                 base64.StdEncoding.EncodeToString([]byte(key)),
		"in base64 of more":         base64.StdEncoding.EncodeToString([]byte("Bearer " + key + "!")),
		"in base64, moved":          base64.URLEncoding.EncodeToString([]byte("Bearer  " + key)),
		"in base64, twice":          base64.RawURLEncoding.EncodeToString([]byte("a" + key + key)),
	} {
		t.Run(name, func(t *testing.T) {
			secret := New(key)
			assert.Equal(t, Mark, secret.Text(text))
			assert.Equal(t, "before "+Mark+" after", secret.Text("before "+text+" after"))
			assert.Equal(t, "{\xff"+Mark+","+Mark+"}%", secret.Text("{\xff"+text+","+text+"}%"))
			assert.Equal(t, "%41 \\u00e9 "+Mark+",%42 "+Mark+"&lt;", secret.Text("%41 \\u00e9 "+text+",%42 "+text+"&lt;"))
		})
	}
	for _, key := range []string{`Key"with\odd'signs<&>%41~1#?{}` + "`", "QWxhZGRpbjpvcGVu+c2VzYW1l/abc=="} {
		for _, text := range []string{key, strconv.Quote(key), url.QueryEscape(key), url.PathEscape(key),
			html.EscapeString(key)} {
			assert.Equal(t, Mark, strings.Trim(New(key).Text(text), `"`), text)
		}
	}
}

func TestText_LeavesWhatIsNotTheSecret(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":         "",
		"another text":    "100% of \\u0041 is not &#65; the key, &lt; ~1 \\\" \\",
		"a part of it":    key[1:],
		"a masked key":    "Test****kit&1",
		"a split key":     key[:6] + "\xff" + key[6:],
		"another base64":  base64.StdEncoding.EncodeToString([]byte("another text that is as long")),
		"escapes at ends": "%41 and %42",
	} {
		assert.Equal(t, text, New(key).Text(text), name)
	}
	assert.Equal(t, "run_test_a1", New("test").Text("run_test_a1"), "a short key may be in any text by chance")
	assert.Equal(t, "a text", Secret(nil).Text("a text"))
	assert.Equal(t, "a text", New("").Text("a text"))
}

// TestText_TakesLinearTime redacts texts that are full of the secret: in an instant, or not before the test times out.
func TestText_TakesLinearTime(t *testing.T) {
	secret := New(key)
	for name, form := range map[string]string{
		"as it is":        key + " ",
		"in capitals":     strings.ToUpper(key) + " ",
		"percent-encoded": eachByte("%%%02X") + " ",
		"in hex":          hex.EncodeToString([]byte(key)) + " ",
		"in base64":       base64.StdEncoding.EncodeToString([]byte(key)) + " ",
	} {
		const n = 5_000
		assert.Equal(t, n, strings.Count(secret.Text(strings.Repeat(form, n)), Mark), name)
	}
	for name, text := range map[string]string{
		"beginnings of it": strings.Repeat(key[:len(key)-1], 10_000),
		"escapes":          strings.Repeat("%54%65", 50_000),
		"base64":           strings.Repeat(base64.StdEncoding.EncodeToString([]byte(key[:15])), 10_000),
	} {
		assert.Equal(t, text, secret.Text(text), name)
	}
}

func TestText_AllocatesNothingForAShortTextWithoutTheSecret(t *testing.T) {
	secret := New(key)
	assert.Zero(t, testing.AllocsPerRun(100,
		func() { _ = secret.Text("Wed, 25 Nov 2026 04:54:57 GMT, and a little more") }))
}

func TestBeginning_LeavesNoPartOfTheSecretAtItsEnd(t *testing.T) {
	secret := New(key)
	assert.Equal(t, "it is "+Mark, secret.Beginning([]byte("it is "+key), 100))
	for name, form := range map[string]string{"as it is": key, "percent-encoded": eachByte("%%%02X"),
		"in HTML": eachByte("&#x%04x;")} {
		for cut := range len(form) {
			text := strings.Repeat(" ", 1000) + form + strings.Repeat(" ", 1000)
			assert.Empty(t, strings.TrimSpace(secret.Beginning([]byte(text), 1000+cut)), name)
		}
	}
}

func TestHeader_IsRedactedInACopy(t *testing.T) {
	header := http.Header{"A": {"1", "Bearer " + key}, "B": {"2"}, "X-" + strings.ToUpper(key): {"3"}}
	assert.Equal(t, http.Header{"A": {"1", "Bearer " + Mark}, "B": {"2"}, "X-" + Mark: {"3"}}, New(key).Header(header))
	assert.Equal(t, "Bearer "+key, header["A"][1])
	clean := http.Header{"A": {"1"}}
	assert.Equal(t, clean, New(key).Header(clean))
	assert.Nil(t, New(key).Header(nil))
}

func TestError_MatchesWhatItsErrorMatches(t *testing.T) {
	secret := New(key)
	assert.Same(t, io.EOF, secret.Error(io.EOF))
	err := secret.Error(fmt.Errorf("no such key: %s: %w", key, io.EOF))
	require.EqualError(t, err, "no such key: [redacted]: EOF")
	require.ErrorIs(t, err, io.EOF)
	assert.NoError(t, errors.Unwrap(err))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		assert.NotContains(t, fmt.Sprintf(verb, err), "Test?key", verb)
		assert.NotContains(t, fmt.Sprintf(verb, secret), "Test?key", verb)
	}
}

func TestIsInURL(t *testing.T) {
	for _, test := range []struct {
		name, key, url string
		want           bool
	}{
		{"the path", "Key-Under-Test_0123456789", "https://h/a/Key-Under-Test_0123456789/b", true},
		{"the query", "Key-Under-Test_0123456789", "https://h/a?k=Key-Under-Test_0123456789", true},
		{"a short key as a segment", "test", "https://h/run/test", true},
		{"a short key in a segment", "test", "https://h/run/test_1", false},
		{"a short key in the path", "run", "https://h/run/test_1", false},
		{"another", "Key-Under-Test_0123456789", "https://h/run/test_1", false},
	} {
		u, err := url.Parse(test.url)
		require.NoError(t, err)
		assert.Equal(t, test.want, New(test.key).IsInURL(u), test.name)
	}
}
