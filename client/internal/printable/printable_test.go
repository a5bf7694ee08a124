package printable

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

func TestClip(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"nothing", "", ""},
		{"a line", "one line", "one line"},
		{"lines", "one\n\ttwo\r\n three ", "one two three"},
		{"control characters", "a\x00\x1b[31mb\u0085c", "a [31mb c"},
		{"300 bytes", strings.Repeat("x", 300), strings.Repeat("x", 300)},
		{"a byte more", strings.Repeat("x", 301), strings.Repeat("x", 300) + "..."},
		{"a character across the limit", strings.Repeat("x", 299) + "é and more", strings.Repeat("x", 299) + "..."},
		{"bytes that are no text, if they are left", "a\xffb", "a\xffb"},
		{"bytes that are no text, if it is clipped", "a\xffb" + strings.Repeat("x", 300),
			"a\uFFFDb" + strings.Repeat("x", 297) + "..."},
		{"much white space", strings.Repeat(" ", 10_000) + "x", "..."},
	} {
		assert.Equal(t, test.want, Clip(test.text), test.name)
	}
}

func TestLine_HasNoLineEndAndNoControlCharacter(t *testing.T) {
	assert.Equal(t, "a b c", Line("\x7fa\u2028 b\v\fc\n"))
	assert.Equal(t, strings.Repeat("x ", 999)+"x", Line(strings.Repeat("x\n", 1000)), "of any length")
	assert.True(t, utf8.ValidString(Line("é\né")))
}
