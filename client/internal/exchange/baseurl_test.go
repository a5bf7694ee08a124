package exchange

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseBaseURL_TakesAnAddressThatAKeyMayBeSentTo(t *testing.T) {
	for text, want := range map[string]string{
		"http://localhost:8080":             "http://localhost:8080/",
		"http://LOCALHOST":                  "http://localhost/",
		"http://LOCALHOST:1/":               "http://localhost:1/",
		"http://localhost:":                 "http://localhost/",
		"http://127.0.0.1":                  "http://127.0.0.1/",
		"http://127.8.9.10":                 "http://127.8.9.10/",
		"http://127.8.9.1/x":                "http://127.8.9.1/x/",
		"http://[::1]:8080":                 "http://[::1]:8080/",
		"http://[::1]/":                     "http://[::1]/",
		"http://[::1]:80/":                  "http://[::1]:80/",
		"http://[::ffff:127.0.0.1]":         "http://[::ffff:127.0.0.1]/",
		"HTTPS://example.com":               "https://example.com/",
		"https://EXAMPLE.com":               "https://example.com/",
		"https://example.com/a%2Fb":         "https://example.com/a%2Fb/",
		"https://example.com/a%2Fb/":        "https://example.com/a%2Fb/",
		"https://example.com/a b/":          "https://example.com/a%20b/",
		"https://example.com/ö/{x}":         "https://example.com/%C3%B6/%7Bx%7D/",
		"https://example.com//":             "https://example.com/",
		"https://example.com/%3Fq=1%23f":    "https://example.com/%3Fq=1%23f/",
		"https://example.com:8443/v2/proxy": "https://example.com:8443/v2/proxy/",
	} {
		base, err := ParseBaseURL(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, base.String(), text)
	}
}

func TestParseBaseURL_RefusesWhatIsNoBaseURL(t *testing.T) {
	const anything, noHost, https = "base URL", "there is no host", "use https"
	for text, says := range map[string]string{
		"":                                  "the scheme must be https",
		" ":                                 anything,
		"/":                                 anything,
		"example.com":                       "the scheme must be https",
		"//example.com":                     anything,
		"https:example.com":                 anything,
		"https://":                          noHost,
		"https:///path":                     noHost,
		"https://:443":                      noHost,
		"https://h:port":                    "it cannot be parsed",
		"https://example.com:port":          "it cannot be parsed",
		"https://example.com:65536":         "the port must be at most 65535",
		"https://user@example.com":          "must not contain a user",
		"https://user:password@example.com": "must not contain a user",
		"https://u:password#@example.com":   "it cannot be parsed",
		"https://example.com?":              "must not contain a query or fragment",
		"https://example.com?a=b":           "must not contain a query or fragment",
		"https://example.com#a":             "must not contain a query or fragment",
		"ftp://example.com":                 "the scheme must be https",
		"unix:///a":                         "the scheme must be https",
		"http://example.com":                https,
		"http://127.0.0.1.example.com":      https,
		"http://localhost.evil.example":     https,
		"http://127.0.0.1.evil.example":     https,
		"http://0.0.0.0":                    https,
		"http://10.0.0.1":                   https,
		"http://[::]":                       https,
		"http://[fe80::1%25lo]":             https,
		"http://localhost@evil.example":     "must not contain a user",
		"https://exa mple.com":              anything,
		"https://[::1":                      anything,
		"https://example.com/%zz":           anything,
		"https://example.com/\n":            anything,
	} {
		base, err := ParseBaseURL(text)
		require.ErrorContains(t, err, "base URL", text)
		require.ErrorContains(t, err, says, text)
		assert.Nil(t, base)
		assert.NotContains(t, err.Error(), "\n")
		assert.NotContains(t, err.Error(), "password")
	}
}
