// Package printable prepares text from outside for errors and log records.
package printable

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clip returns text as one line of at most 300 bytes, and "..." after it if something is left out.
func Clip(text string) string {
	const limit, lookedAt = 300, 4096
	whole := len(text) <= lookedAt
	text = Line(text[:min(len(text), lookedAt)])
	if whole && len(text) <= limit {
		return text
	}
	end := min(len(text), limit)
	for end > 0 && end < len(text) && !utf8.RuneStart(text[end]) {
		end--
	}
	// Replaced, not dropped: dropping bytes could rejoin a split key.
	return strings.ToValidUTF8(text[:end], "\uFFFD") + "..."
}

// Line returns text as one line: each run of white space and control characters becomes a space.
func Line(text string) string {
	return strings.Join(
		strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }),
		" ",
	)
}
