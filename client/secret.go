package client

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// secret gives the API key, and after it the other ways in which notations spell it: a quoted string, a JSON pointer, a
// URL. It is a func so that no verb of fmt prints the key, however deep the secret is in a value.
type secret func() []string

func newSecret(key string) (secret, error) {
	if key == "" {
		return nil, errors.New("the API key is empty")
	}
	for _, r := range key {
		if r <= ' ' || r > '~' {
			return nil, errors.New("the API key holds a space, a control character or one outside ASCII: check how it was copied")
		}
	}
	spellings := []string{key}
	for _, spelling := range []string{
		strings.Trim(strconv.Quote(key), `"`), strings.NewReplacer("~", "~0", "/", "~1").Replace(key), url.QueryEscape(key), url.PathEscape(key),
	} {
		if !slices.Contains(spellings, spelling) {
			spellings = append(spellings, spelling)
		}
	}
	return func() []string { return spellings }, nil
}

func (s secret) key() string { return s()[0] }

// longest is the length of the key's longest spelling.
func (s secret) longest() int {
	return len(slices.MaxFunc(s(), func(a, b string) int { return len(a) - len(b) }))
}

const redacted = "[redacted]"

// redact takes the key out of a text that came from outside.
func (s secret) redact(text string) string {
	for _, spelling := range s() {
		text = strings.ReplaceAll(text, spelling, redacted)
	}
	return text
}

// redactHeader is header, or a copy of it where a name or a value holds the key.
func (s secret) redactHeader(header http.Header) http.Header {
	clean, copied := header, false
	for name, values := range header {
		if !s.isIn(name, values) {
			continue
		}
		if !copied {
			clean, copied = header.Clone(), true
		}
		delete(clean, name)
		if s.isInName(name) {
			name = redacted
		}
		for _, value := range values {
			clean[name] = append(clean[name], s.redact(value))
		}
	}
	return clean
}

// isIn reports whether a header's name or values hold the key.
func (s secret) isIn(name string, values []string) bool {
	for _, value := range values {
		for _, spelling := range s() {
			if strings.Contains(value, spelling) {
				return true
			}
		}
	}
	return s.isInName(name)
}

// isInName reports whether a header's name holds the key, in any case: net/http changes that of names.
func (s secret) isInName(name string) bool {
	key := s.key()
	for start := 0; start+len(key) <= len(name); start++ {
		if strings.EqualFold(name[start:start+len(key)], key) {
			return true
		}
	}
	return false
}

// redactError is err, or a stand-in that only answers errors.Is where its text holds the key.
func (s secret) redactError(err error) error {
	text := err.Error()
	if clean := s.redact(text); clean != text {
		return &redactedError{text: clean, is: func(target error) bool { return errors.Is(err, target) }}
	}
	return err
}

// redactedError holds the error that it stands for in a func, which no verb of fmt prints.
type redactedError struct {
	text string
	is   func(target error) bool
}

func (e *redactedError) Error() string        { return e.text }
func (e *redactedError) Is(target error) bool { return e.is(target) }
