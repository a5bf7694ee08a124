// Package wire sends the requests of checks to a server, within its rate limit, and takes keys out of what comes back.
// It prints requests for people, with variables for keys.
package wire

import (
	"net/url"
	"slices"
	"strings"
)

// WrongKey is sent in place of a valid key.
const WrongKey = "contracttest-wrong-key"

// Request is what a check sends. Its methods return changed copies.
type Request struct {
	Method   string
	Path     string // escaped, below the base URL, with the query
	Body     []byte
	Keyed    bool // it has a valid key
	Existing bool // its path parameters are those of what exists
	Cookies  bool // it is sent with the cookies that the server has set
	Headers  []Header

	secrets []secret // in any part of it
}

// Header is a header of a request. Its name is in no other of it.
type Header struct{ Name, Value string }

// secret is text in a request that is a key or part of one, and what a shell expands to it within double quotes.
type secret struct{ value, shell string }

// With returns the request with one value of a header.
func (r Request) With(name, value string) Request {
	r = r.without(name)
	r.Headers = append(r.Headers, Header{name, value})
	return r
}

func (r Request) without(name string) Request {
	r.Headers = slices.DeleteFunc(slices.Clone(r.Headers), func(h Header) bool { return strings.EqualFold(h.Name, name) })
	return r
}

// WithQuery returns the request with more in its query, which is escaped already.
func (r Request) WithQuery(query string) Request {
	separator := "?"
	if strings.Contains(r.Path, "?") {
		separator = "&"
	}
	if query != "" {
		r.Path += separator + query
	}
	return r
}

// WithBody returns the request with another body; of no content type if that is "".
func (r Request) WithBody(contentType string, body []byte) Request {
	r = r.without("Content-Type")
	r.Body = body
	if contentType != "" {
		r = r.With("Content-Type", contentType)
	}
	return r
}

// WithSecret returns the request with a note that it has a secret, as it is or escaped in the URL, and what a shell
// expands to it within double quotes.
func (r Request) WithSecret(value, shell string) Request {
	if value == "" || value == shell && !strings.Contains(value, WrongKey) { // nothing to hide: null, say
		return r
	}
	r.secrets = append(slices.Clone(r.secrets), secret{value, shell})
	if escaped := url.QueryEscape(value); escaped != value && strings.HasPrefix(shell, "$") {
		r.secrets = append(r.secrets, secret{escaped, `$(printf %s "` + shell +
			`" | od -An -v -tx1 | tr -d '\n' | tr ' ' %)`})
	}
	return r
}

// Get returns the value of a header, or "".
func (r Request) Get(name string) string {
	for _, h := range r.Headers {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}

// longestFirst returns the secrets so that one that is part of another comes after it.
func (r Request) longestFirst() []secret {
	secrets := slices.Clone(r.secrets)
	slices.SortStableFunc(secrets, func(a, b secret) int { return len(b.value) - len(a.value) })
	return secrets
}
