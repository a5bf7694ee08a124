package client

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// clip makes one line of text, of a length that a person reads.
func clip(text string) string {
	const limit, lookedAt = 300, 4096
	whole := len(text) <= lookedAt
	text = oneLine(text[:min(len(text), lookedAt)])
	if whole && len(text) <= limit {
		return text
	}
	end := min(len(text), limit)
	for end > 0 && end < len(text) && !utf8.RuneStart(text[end]) {
		end--
	}
	return strings.ToValidUTF8(text[:end], "\uFFFD") + "..." // and not "", which would close a key up that is in pieces
}

// oneLine makes one line of text: each run of white space and control characters becomes a space.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
}

// pointer writes a path as a JSON pointer.
func pointer(path []string) string {
	var text strings.Builder
	for _, name := range path {
		text.WriteByte('/')
		text.WriteString(escapeToken.Replace(name))
	}
	return text.String()
}

var escapeToken = strings.NewReplacer("~", "~0", "/", "~1")
