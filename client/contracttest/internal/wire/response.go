package wire

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Response is what came back, without any key.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
	Leaks  []string // where a key was
	Method string   // of the request
	Host   string   // that it was sent to

	Limited *Response // the 429 that came before it, if the request was sent again
}

// Refused reports whether the status is 4xx.
func (res *Response) Refused() bool { return res.Status/100 == 4 }

// Line returns the status and its name: "404 Not Found".
func (res *Response) Line() string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", res.Status, http.StatusText(res.Status)))
}

// String returns the response on one line: status, content type, and at most 300 bytes of the body.
func (res *Response) String() string {
	const limit = 300
	text := res.Line()
	if res.Status == http.StatusMethodNotAllowed {
		text += fmt.Sprintf(", Allow %q", strings.Join(res.Header.Values("Allow"), ", "))
	}
	if location := res.Header.Get("Location"); location != "" {
		text += fmt.Sprintf(", Location %q", location)
	}
	switch {
	case res.Method == http.MethodHead || len(res.Body) == 0:
		return text + ", no body"
	case res.Header.Get("Content-Type") == "":
		text += ", no content type"
	default:
		text += ", " + strings.Join(res.Header.Values("Content-Type"), ", ")
	}
	if len(res.Body) <= limit {
		return text + ", " + readable(string(res.Body))
	}
	end := limit
	for end > limit-utf8.UTFMax && !utf8.RuneStart(res.Body[end]) {
		end--
	}
	return fmt.Sprintf("%s, %s... (%d bytes)", text, readable(string(res.Body[:end])), len(res.Body))
}

// readable returns text as it is, if it is one line that a terminal can show, else quoted.
func readable(text string) string {
	text = strings.TrimSuffix(text, "\n")
	if utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return text
	}
	return strconv.Quote(text)
}
