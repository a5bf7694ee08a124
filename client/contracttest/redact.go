package contracttest

import (
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const (
	minSecret = 8 // characters; less is a placeholder, and may stand in any text
	redacted  = "[key]"
)

// redactor finds a key in a text: as it is or in another case, with escapes of JSON, URLs or HTML, in base64 or in hex.
type redactor struct {
	key     string   // in lower case
	encoded []string // in lower case
}

func newRedactor(key string) redactor {
	if len(key) < minSecret {
		return redactor{}
	}
	r := redactor{key: lower(key), encoded: []string{hex.EncodeToString([]byte(key))}}
	// In base64 a text looks different by where in three bytes it begins; its first and last characters share theirs.
	for offset := range 3 {
		begin, end := (offset*8+5)/6, (offset+len(key))*8/6
		for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			text := encoding.EncodeToString([]byte(strings.Repeat("\x00", offset) + key))
			r.encoded = append(r.encoded, lower(text[begin:end]))
		}
	}
	slices.Sort(r.encoded)
	r.encoded = slices.Compact(r.encoded)
	return r
}

func (r redactor) redact(text string) string {
	if r.key == "" {
		return text
	}
	low := lower(text)
	for _, encoded := range append([]string{r.key}, r.encoded...) {
		if strings.Contains(low, encoded) {
			text = replace(text, encoded, encoded != r.key) // and what is encoded with it
		}
	}
	if unescaped, ends := unescape(text); ends != nil && strings.Contains(lower(unescaped), r.key) {
		at := strings.Index(lower(unescaped), r.key)
		begin := 0
		if at > 0 {
			begin = ends[at-1]
		}
		return text[:begin] + redacted + r.redact(text[ends[at+len(r.key)-1]:])
	}
	return text
}

// replace redacts a part, which is in lower case, in any case; with wide, the base64 around it too.
func replace(text, part string, wide bool) string {
	begin := strings.Index(lower(text), part)
	if begin < 0 {
		return text
	}
	end := begin + len(part)
	for wide && begin > 0 && isBase64(text[begin-1]) {
		begin--
	}
	for wide && end < len(text) && isBase64(text[end]) {
		end++
	}
	return text[:begin] + redacted + replace(text[end:], part, wide)
}

func isBase64(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || strings.IndexByte("+/-_=", b) >= 0
}

// lower changes the case of ASCII letters, and no length.
func lower(text string) string {
	data := []byte(text)
	for i, b := range data {
		if b >= 'A' && b <= 'Z' {
			data[i] = b - 'A' + 'a'
		}
	}
	return string(data)
}

var escapes = regexp.MustCompile(`\\u00([0-9A-Fa-f]{2})|%([0-9A-Fa-f]{2})|&#0*([0-9]{2,3});|&#[xX]0*([0-9A-Fa-f]{2});`)

// unescape decodes the escapes of ASCII characters, and says where in the text each byte ends. Without any escape, ends is nil.
func unescape(text string) (unescaped string, ends []int) {
	if !strings.Contains(text, `\u00`) && !strings.Contains(text, "%") && !strings.Contains(text, "&#") {
		return text, nil
	}
	matches := escapes.FindAllStringSubmatchIndex(text, -1)
	if matches == nil {
		return text, nil
	}
	var decoded strings.Builder
	at := 0
	plain := func(end int) {
		for ; at < end; at++ {
			decoded.WriteByte(text[at])
			ends = append(ends, at+1)
		}
	}
	for _, match := range matches {
		plain(match[0])
		for group, base := range []int{16, 16, 10, 16} {
			if begin := match[2+2*group]; begin >= 0 {
				code, _ := strconv.ParseUint(text[begin:match[3+2*group]], base, 16)
				decoded.WriteByte(byte(code & 0xff))
			}
		}
		at = match[1]
		ends = append(ends, at)
	}
	plain(len(text))
	return decoded.String(), ends
}

// redact takes the target's keys out of a text, and what was sent in their place.
func (r *runner) redact(text, sent string) string {
	for _, known := range r.secrets {
		text = known.redact(text)
	}
	if sent != "" && sent != r.target.APIKey {
		text = newRedactor(sent).redact(text)
	}
	return text
}

// redactResponse takes the keys out of a response, and notes where they were.
func (r *runner) redactResponse(res *response, sent string) {
	for name, values := range res.header {
		for i, value := range values {
			if values[i] = r.redact(value, sent); values[i] != value {
				res.leaks = append(res.leaks, "header "+r.redact(name, sent))
			}
		}
		if clean := r.redact(name, sent); clean != name {
			res.leaks = append(res.leaks, "name of a header")
			delete(res.header, name)
		}
	}
	body := r.redact(string(res.body), sent)
	if body != string(res.body) {
		res.leaks = append(res.leaks, "body")
		res.body = []byte(body)
	}
}
