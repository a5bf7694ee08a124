// Package redact keeps a secret out of texts, headers and errors.
package redact

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
)

const (
	// Mark stands in the place of a secret that was redacted.
	Mark = "[redacted]"
	// MinLen is the length of the shortest secret that is looked for. A shorter one may be in any text by chance.
	MinLen = 8
)

// Secret is a func because fmt and reflection cannot print what a func returns. The zero Secret is in no text.
type Secret func() forms

// New returns the Secret of a text of printable ASCII.
func New(secret string) Secret {
	all := newForms(secret)
	return func() forms { return all }
}

// Reveal returns the secret.
func (s Secret) Reveal() string { return s.forms().secret }

func (s Secret) forms() forms {
	if s == nil {
		return forms{}
	}
	return s()
}

// Text returns text with the Mark in place of the secret, in whichever form it stands there: as it is or in another
// case, escaped as in JSON, a JSON pointer, a URL or HTML, in hexadecimal, or in base64. It takes time linear in the
// text.
func (s Secret) Text(text string) string {
	found := s.forms().find(text)
	if len(found) == 0 {
		return text
	}
	var clean strings.Builder
	end := 0
	for _, part := range found {
		clean.WriteString(text[end:part.begin])
		clean.WriteString(Mark)
		end = part.end
	}
	clean.WriteString(text[end:])
	return clean.String()
}

// Beginning returns the beginning of text, of about limit bytes, with the Mark in place of the secret and without a
// part of it at the end.
func (s Secret) Beginning(text []byte, limit int) string {
	if len(text) <= limit {
		return s.Text(string(text))
	}
	clean := s.Text(string(text[:limit]))
	return clean[:max(0, len(clean)-maxEscape*len(s.Reveal()))]
}

// Header returns header, or a redacted copy of it if a name or a value holds the secret.
func (s Secret) Header(header http.Header) http.Header {
	clean, copied := header, false
	for name, values := range header {
		cleanName := s.Text(name)
		for i, value := range values {
			cleanValue := s.Text(value)
			if cleanValue == value && cleanName == name {
				continue
			}
			if !copied {
				clean, copied = header.Clone(), true
			}
			clean[name][i] = cleanValue
		}
		if cleanName != name && copied {
			clean[cleanName] = append(clean[cleanName], clean[name]...)
			delete(clean, name)
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

// IsInURL reports whether the path or the query holds the secret. A secret of less than 16 bytes may be in one by
// chance: then only the whole last segment of the path counts.
func (s Secret) IsInURL(u *url.URL) bool {
	secret, path := s.Reveal(), u.EscapedPath()
	return len(secret) >= 16 && (strings.Contains(path, secret) || strings.Contains(u.RawQuery, secret)) ||
		path[strings.LastIndexByte(path, '/')+1:] == secret
}

// redactedError holds the error that it stands for in a func, for the reason that Secret is one.
type redactedError struct {
	text string
	is   func(target error) bool
}

func (e *redactedError) Error() string        { return e.text }
func (e *redactedError) Is(target error) bool { return e.is(target) }
