package contracttest

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAKeyIsFound(t *testing.T) {
	t.Parallel()
	const key = "test?key>of/the_kit"
	var jsonEscaped, percent, html strings.Builder
	for _, b := range []byte(key) {
		code := hex.EncodeToString([]byte{b})
		jsonEscaped.WriteString(`\u00` + strings.ToUpper(code))
		percent.WriteString("%" + code)
		html.WriteString("&#x" + code + ";")
	}
	for name, text := range map[string]string{
		"as it is":          key,
		"in capitals":       strings.ToUpper(key),
		"escaped in a URL":  url.QueryEscape(key),
		"escaped in JSON":   jsonEscaped.String(),
		"percent-encoded":   percent.String(),
		"escaped in HTML":   html.String(),
		"partly escaped":    `test\u003fkey>of/the%5Fkit`,
		"in hex":            hex.EncodeToString([]byte(key)),
		"in base64":         base64.StdEncoding.EncodeToString([]byte(key)),
		"in base64 of more": base64.StdEncoding.EncodeToString([]byte("Bearer " + key + "!")),
		"in base64, moved":  base64.URLEncoding.EncodeToString([]byte("Bearer  " + key)),
		"in base64, twice":  base64.RawURLEncoding.EncodeToString([]byte("a" + key + key)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, "before "+redacted+" after", newRedactor(key).redact("before "+text+" after"))
			assert.Equal(t, "{\xff"+redacted+","+redacted+"}%", newRedactor(key).redact("{\xff"+text+","+text+"}%"))
		})
	}
	for name, text := range map[string]string{
		"nothing":         "",
		"another text":    "100% of \\u0041 is not &#65; the key",
		"a part of it":    key[1:],
		"a masked key":    "test****_kit",
		"another base64":  base64.StdEncoding.EncodeToString([]byte("another text that is as long")),
		"escapes at ends": "%41 and %42",
	} {
		t.Run("not in "+name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, text, newRedactor(key).redact(text))
		})
	}
	assert.Equal(t, "short", newRedactor("short").redact("short"), "a placeholder may stand anywhere")
}
