package contracttest

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// request is what a check sends.
type request struct {
	method  string
	path    string // escaped, below the base URL, with the query
	headers []header
	body    []byte
	secrets []secret // in any part of it

	keyed    bool // it has a valid key
	existing bool // its path parameters are those of what exists
}

// wrongKey is sent in place of a valid key.
const wrongKey = "contracttest-wrong-key"

type header struct{ name, value string }

// secret is text in a request that is a key or part of one, and what a shell expands to it within double quotes.
type secret struct{ value, shell string }

// with returns the request with one value of a header.
func (r request) with(name, value string) request {
	r = r.without(name)
	r.headers = append(r.headers, header{name, value})
	return r
}

func (r request) without(name string) request {
	r.headers = slices.DeleteFunc(slices.Clone(r.headers), func(h header) bool { return strings.EqualFold(h.name, name) })
	return r
}

// withQuery returns the request with more in its query, which is escaped already.
func (r request) withQuery(query string) request {
	separator := "?"
	if strings.Contains(r.path, "?") {
		separator = "&"
	}
	if query != "" {
		r.path += separator + query
	}
	return r
}

// withSecret returns the request with a note that it has a secret, as it is or escaped in the URL.
func (r request) withSecret(value, shell string) request {
	if value == "" || value == shell && !strings.Contains(value, wrongKey) { // nothing to hide: null, say
		return r
	}
	r.secrets = append(slices.Clone(r.secrets), secret{value, shell})
	if escaped := url.QueryEscape(value); escaped != value && strings.HasPrefix(shell, "$") {
		r.secrets = append(r.secrets, secret{escaped, `$(printf %s "` + shell +
			`" | od -An -v -tx1 | tr -d '\n' | tr ' ' %)`})
	}
	return r
}

func (r request) withBody(contentType string, body []byte) request {
	r = r.without("Content-Type")
	r.body = body
	if contentType != "" {
		r = r.with("Content-Type", contentType)
	}
	return r
}

func (r request) header(name string) string {
	for _, h := range r.headers {
		if strings.EqualFold(h.name, name) {
			return h.value
		}
	}
	return ""
}

// response is what came back, without any key.
type response struct {
	status int
	reason string // the status line without the number
	header http.Header
	body   []byte
	leaks  []string // where a key was
	method string   // of the request
}

// refused reports whether the status is 4xx.
func (res *response) refused() bool { return res.status/100 == 4 }

func (res *response) line() string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", res.status, http.StatusText(res.status)))
}

// String returns the response on one line: status, content type, and at most 300 bytes of the body.
func (res *response) String() string {
	const limit = 300
	text := res.line()
	if res.status == http.StatusMethodNotAllowed {
		text += fmt.Sprintf(", Allow %q", strings.Join(res.header.Values("Allow"), ", "))
	}
	if location := res.header.Get("Location"); location != "" {
		text += fmt.Sprintf(", Location %q", location)
	}
	switch {
	case res.method == http.MethodHead || len(res.body) == 0:
		return text + ", no body"
	case res.header.Get("Content-Type") == "":
		text += ", no content type"
	default:
		text += ", " + strings.Join(res.header.Values("Content-Type"), ", ")
	}
	if len(res.body) <= limit {
		return text + ", " + readable(res.body)
	}
	end := limit
	for end > limit-utf8.UTFMax && !utf8.RuneStart(res.body[end]) {
		end--
	}
	return fmt.Sprintf("%s, %s... (%d bytes)", text, readable(res.body[:end]), len(res.body))
}

// readable returns text as it is, if it is one line that a terminal can show, else quoted.
func readable(body []byte) string {
	text := strings.TrimSuffix(string(body), "\n")
	if utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return text
	}
	return strconv.Quote(text)
}

func (res *response) object() map[string]any {
	object, _ := decode(res.body).(map[string]any)
	return object
}

func (res *response) field(name string) any { return res.object()[name] }

// status wants a response to have one of some statuses.
func status(codes ...int) func(*response) bool {
	return func(res *response) bool { return slices.Contains(codes, res.status) }
}

// refused wants a response to be 4xx.
func refused(res *response) bool { return res.refused() }

// refusedBody wants a response to say that the body is at fault.
func refusedBody(res *response) bool {
	return slices.Contains([]int{400, 413, 415, 422}, res.status)
}
