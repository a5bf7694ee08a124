package redact

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// forms are a secret and what it looks like in a text.
type forms struct {
	secret  string
	plain   [][]byte // as it is, and as others would escape it, in lower case
	encoded [][]byte // in hexadecimal and base64, in lower case
}

func newForms(secret string) forms {
	f := forms{secret: secret}
	if len(secret) < MinLen {
		return f
	}
	inJSON, _ := json.Marshal(secret)
	f.plain = lowered(
		secret, url.QueryEscape(secret), url.PathEscape(secret), html.EscapeString(secret),
		strings.Trim(string(inJSON), `"`), strings.Trim(strconv.Quote(secret), `"`),
		strings.ReplaceAll(strings.ReplaceAll(secret, "~", "~0"), "/", "~1"), // in a JSON pointer
	)
	encoded := []string{hex.EncodeToString([]byte(secret))}
	// In base64 a text looks different by where in three bytes it begins; its first and last characters share theirs.
	for offset := range 3 {
		begin, end := (offset*8+5)/6, (offset+len(secret))*8/6
		for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			encoded = append(encoded, encoding.EncodeToString([]byte(strings.Repeat("\x00", offset) + secret))[begin:end])
		}
	}
	f.encoded = lowered(encoded...)
	return f
}

// lowered returns texts in lower case, each once.
func lowered(texts ...string) [][]byte {
	var all [][]byte
	for _, text := range texts {
		low := lower([]byte(text))
		if !slices.ContainsFunc(all, func(other []byte) bool { return bytes.Equal(other, low) }) {
			all = append(all, low)
		}
	}
	return all
}

// part is a part of a text.
type part struct{ begin, end int }

// find returns where in text the secret stands, in order, without overlaps.
func (f forms) find(text string) []part {
	if len(f.plain) == 0 || len(text) < len(f.secret) { // no form is shorter
		return nil
	}
	var short [256]byte // so that a short text is not allocated
	low := lower(append(short[:0], text...))
	var found []part
	for _, plain := range f.plain {
		found = appendFound(found, low, plain, false)
	}
	for _, encoded := range f.encoded {
		found = appendFound(found, low, encoded, true)
	}
	if strings.ContainsAny(text, escapeStarts) {
		found = f.appendEscaped(found, text)
	}
	if len(found) < 2 {
		return found
	}
	slices.SortFunc(found, func(a, b part) int { return cmp.Compare(a.begin, b.begin) })
	merged := found[:1]
	for _, next := range found[1:] {
		if last := &merged[len(merged)-1]; next.begin < last.end {
			last.end = max(last.end, next.end)
		} else {
			merged = append(merged, next)
		}
	}
	return merged
}

// appendFound appends where form stands in text; if it is encoded, together with the text that was encoded with it.
func appendFound(found []part, text, form []byte, encoded bool) []part {
	for start := 0; ; {
		begin := bytes.Index(text[start:], form)
		if begin < 0 {
			return found
		}
		begin += start
		end := begin + len(form)
		if encoded {
			for begin > start && isBase64(text[begin-1]) {
				begin--
			}
			for end < len(text) && isBase64(text[end]) {
				end++
			}
		}
		found = append(found, part{begin, end})
		start = end
	}
}

func isBase64(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= '0' && b <= '9' || strings.IndexByte("+/-_=", b) >= 0
}

// lower changes the case of ASCII letters in place, and no length.
func lower(text []byte) []byte {
	for i, b := range text {
		if b >= 'A' && b <= 'Z' {
			text[i] = b - 'A' + 'a'
		}
	}
	return text
}

const (
	escapeStarts = `\%&~`
	maxEscape    = len(`&#x0000;`)
)

// escapes matches how JSON, a JSON pointer, a URL and HTML write an ASCII character that may be in a secret.
var escapes = regexp.MustCompile(
	`\\u00[0-9A-Fa-f]{2}|\\["\\/]|~[01]|%[0-9A-Fa-f]{2}|&#[0-9]{2,5};|&#[xX][0-9A-Fa-f]{2,4};|&(?:amp|lt|gt|quot|apos);`,
)

// appendEscaped appends where the secret stands with escapes in it. What is found is mapped back to text by going
// through the escapes once more, in step.
func (f forms) appendEscaped(found []part, text string) []part {
	matches := escapes.FindAllStringIndex(text, -1)
	if len(matches) == 0 {
		return found
	}
	decoded := make([]byte, 0, len(text))
	at := 0
	for _, match := range matches {
		decoded = append(append(decoded, text[at:match[0]]...), unescape(text[match[0]:match[1]]))
		at = match[1]
	}
	decoded = append(decoded, text[at:]...)
	shorter := 0 // by how much decoded is shorter than text, up to the escape before i
	i := 0
	position := func(end int) int { // of what ends there in decoded
		for ; i < len(matches) && matches[i][0]-shorter < end; i++ {
			shorter += matches[i][1] - matches[i][0] - 1
		}
		return end + shorter
	}
	for _, in := range appendFound(nil, lower(decoded), f.plain[0], false) {
		begin := position(in.begin)
		found = append(found, part{begin, position(in.end)})
	}
	return found
}

// unescape returns the character that an escape stands for.
func unescape(escape string) byte {
	switch {
	case escape == "~0":
		return '~'
	case escape == "~1":
		return '/'
	case escape[0] == '&':
		return html.UnescapeString(escape)[0]
	case escape[0] == '\\' && escape[1] != 'u':
		return escape[1]
	}
	code, _ := strconv.ParseUint(escape[len(escape)-2:], 16, 8)
	return byte(code)
}
