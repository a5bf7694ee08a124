// Package redact keeps a secret out of texts, headers and errors.
package redact

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Mark stands in the place of a secret that was redacted.
const Mark = "[redacted]"

// Secret returns the secret, and after it its other spellings: in a quoted string, a JSON pointer, a URL. It is a func
// because fmt cannot print what a func returns.
type Secret func() []string

// New returns the Secret of a text of printable ASCII.
func New(secret string) Secret {
	spellings := []string{secret}
	for _, spelling := range []string{
		strings.Trim(strconv.Quote(secret), `"`),
		strings.NewReplacer("~", "~0", "/", "~1").Replace(secret),
		url.QueryEscape(secret),
		url.PathEscape(secret),
	} {
		if !slices.Contains(spellings, spelling) {
			spellings = append(spellings, spelling)
		}
	}
	return func() []string { return spellings }
}

// Reveal returns the secret.
func (s Secret) Reveal() string { return s()[0] }

// MaxLen returns the length of the longest spelling, in bytes.
func (s Secret) MaxLen() int {
	return len(slices.MaxFunc(s(), func(a, b string) int { return len(a) - len(b) }))
}

// Text returns text with the Mark in place of the secret.
func (s Secret) Text(text string) string {
	for _, spelling := range s() {
		text = strings.ReplaceAll(text, spelling, Mark)
	}
	return text
}

// Header returns header, or a redacted copy of it if a name or a value holds the secret.
func (s Secret) Header(header http.Header) http.Header {
	clean, copied := header, false
	for name, values := range header {
		if !s.isInName(name) && !slices.ContainsFunc(values, s.isIn) {
			continue
		}
		if !copied {
			clean, copied = header.Clone(), true
		}
		delete(clean, name)
		if s.isInName(name) {
			name = Mark
		}
		for _, value := range values {
			clean[name] = append(clean[name], s.Text(value))
		}
	}
	return clean
}

// Error returns err, or if its text holds the secret, an error with the redacted text that matches what err matches.
func (s Secret) Error(err error) error {
	text := err.Error()
	if clean := s.Text(text); clean != text {
		return &redactedError{text: clean, is: func(target error) bool { return errors.Is(err, target) }}
	}
	return err
}

// IsInURL reports whether the path or the query holds the secret. A secret of less than 16 bytes may be in one by chance:
// then only the whole last segment of the path counts.
func (s Secret) IsInURL(u *url.URL) bool {
	secret, path := s.Reveal(), u.EscapedPath()
	return len(secret) >= 16 && (strings.Contains(path, secret) || strings.Contains(u.RawQuery, secret)) ||
		path[strings.LastIndexByte(path, '/')+1:] == secret
}

func (s Secret) isIn(text string) bool {
	return slices.ContainsFunc(s(), func(spelling string) bool { return strings.Contains(text, spelling) })
}

// isInName reports whether the name of a header holds the secret, in any case: net/http changes that of names.
func (s Secret) isInName(name string) bool {
	secret := s.Reveal()
	for start := 0; start+len(secret) <= len(name); start++ {
		if strings.EqualFold(name[start:start+len(secret)], secret) {
			return true
		}
	}
	return false
}

// redactedError holds the error that it stands for in a func, for the reason that Secret is one.
type redactedError struct {
	text string
	is   func(target error) bool
}

func (e *redactedError) Error() string        { return e.text }
func (e *redactedError) Is(target error) bool { return e.is(target) }
