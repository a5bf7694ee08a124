package client

import (
	"errors"
	"net/http"
	"strings"
)

// secret gives the API key. It is a func so that no verb of fmt prints the key, however deep the secret is in a value.
type secret func() string

func newSecret(key string) (secret, error) {
	if key == "" {
		return nil, errors.New("the API key is empty")
	}
	for _, r := range key {
		if r <= ' ' || r > '~' {
			return nil, errors.New("the API key holds a space, a control character or one outside ASCII: check how it was copied")
		}
	}
	return func() string { return key }, nil
}

// redact takes the key out of a text that came from outside.
func (s secret) redact(text string) string {
	return strings.ReplaceAll(text, s(), "[redacted]")
}

// redactHeader is header, or a copy of it where a value or a name holds the key.
func (s secret) redactHeader(header http.Header) http.Header {
	clean := header
	for name, values := range header {
		if !strings.Contains(name+"\n"+strings.Join(values, "\n"), s()) {
			continue
		}
		if len(clean) == len(header) {
			clean = header.Clone()
		}
		delete(clean, name)
		for _, value := range values {
			clean[s.redact(name)] = append(clean[s.redact(name)], s.redact(value))
		}
	}
	return clean
}

// redactError is err, or a stand-in that only answers errors.Is where its text holds the key.
func (s secret) redactError(err error) error {
	if text := err.Error(); strings.Contains(text, s()) {
		return &redactedError{text: s.redact(text), err: err}
	}
	return err
}

type redactedError struct {
	text string
	err  error
}

func (e *redactedError) Error() string        { return e.text }
func (e *redactedError) Is(target error) bool { return errors.Is(e.err, target) }
