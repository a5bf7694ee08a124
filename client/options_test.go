package client_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client"
)

func TestOptions_RefuseABadValueByName(t *testing.T) {
	for name, test := range map[string]struct {
		option client.Option
		says   string
	}{
		"an option that is nil":       {nil, "an option is nil"},
		"no HTTP client":              {client.WithHTTPClient(nil), "WithHTTPClient"},
		"a negative timeout":          {client.WithTimeout(-time.Second), "WithTimeout: -1s"},
		"negative retries":            {client.WithMaxRetries(-1), "WithMaxRetries: -1"},
		"a negative response size":    {client.WithMaxResponseBytes(-1), "WithMaxResponseBytes: -1"},
		"no response size":            {client.WithMaxResponseBytes(0), "WithMaxResponseBytes: 0"},
		"no logger":                   {client.WithLogger(nil), "WithLogger"},
		"a user agent with a newline": {client.WithUserAgent("a\r\nb"), "WithUserAgent"},
		"a blank user agent":          {client.WithUserAgent(" "), "WithUserAgent"},
		"no violation handler":        {client.WithViolationHandler(nil), "WithViolationHandler"},
		"no logger of violations": {client.WithViolationHandler(client.LogViolations(nil)),
			"LogViolations has no logger"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := client.New("sk_test", test.option)
			require.ErrorContains(t, err, test.says)
			assert.Nil(t, c)
			assertOneLine(t, err)
		})
	}
}

func TestWithBaseURL_ReachesThePathThatItSaysOnTheHostThatItSays(t *testing.T) {
	t.Parallel()
	const path = "/api/v1/run/" + testWorkflow
	for base, want := range map[string]string{
		"http://localhost:8080":             "http://localhost:8080" + path,
		"http://LOCALHOST":                  "http://localhost" + path,
		"http://LOCALHOST:1/":               "http://localhost:1" + path,
		"http://localhost:":                 "http://localhost" + path,
		"http://127.0.0.1":                  "http://127.0.0.1" + path,
		"http://127.8.9.10":                 "http://127.8.9.10" + path,
		"http://127.8.9.1/x":                "http://127.8.9.1/x" + path,
		"http://[::1]:8080":                 "http://[::1]:8080" + path,
		"http://[::1]/":                     "http://[::1]" + path,
		"http://[::1]:80/":                  "http://[::1]:80" + path,
		"http://[::ffff:127.0.0.1]":         "http://[::ffff:127.0.0.1]" + path,
		"HTTPS://example.com":               "https://example.com" + path,
		"https://EXAMPLE.com":               "https://example.com" + path,
		"https://example.com/a%2Fb":         "https://example.com/a%2Fb" + path,
		"https://example.com/a%2Fb/":        "https://example.com/a%2Fb" + path,
		"https://example.com/a b/":          "https://example.com/a%20b" + path,
		"https://example.com/ö/{x}":         "https://example.com/%C3%B6/%7Bx%7D" + path,
		"https://example.com//":             "https://example.com" + path,
		"https://example.com/%3Fq=1%23f":    "https://example.com/%3Fq=1%23f" + path,
		"https://example.com:8443/v2/proxy": "https://example.com:8443/v2/proxy" + path,
	} {
		var url, host string
		c := newClient(t, roundTrip(func(req *http.Request) (*http.Response, error) {
			url, host = req.URL.String(), req.Host
			return stepResponse(200, runBody)(req)
		}), client.WithBaseURL(base))
		_, err := runExample(t, c)
		require.NoError(t, err, base)
		assert.Equal(t, want, url, base)
		assert.NotContains(t, host, "LOCALHOST", "the name is compared with that of loopback, by net/http too")
	}
}

func TestWithBaseURL_SendsItsPathEscapedAsItIs(t *testing.T) {
	for name, test := range map[string]struct{ prefix, path string }{
		"at the root":                                    {"", "/api/v1/run/wf_1"},
		"at the root with a slash":                       {"/", "/api/v1/run/wf_1"},
		"under a prefix":                                 {"/proxy/ai", "/proxy/ai/api/v1/run/wf_1"},
		"under a prefix with a slash":                    {"/proxy/", "/proxy/api/v1/run/wf_1"},
		"under an escaped prefix":                        {"/a%2Fb/", "/a%2Fb/api/v1/run/wf_1"},
		"under a prefix that ends with an escaped slash": {"/a%2F", "/a%2F/api/v1/run/wf_1"},
	} {
		t.Run(name, func(t *testing.T) {
			var path, query string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				path, query = r.URL.EscapedPath(), r.URL.RawQuery
				respondJSON(200, runBody)(w, r)
			}))
			defer server.Close()
			_, err := runExample(t, newTestClient(t, server.URL+test.prefix))
			require.NoError(t, err)
			assert.Equal(t, test.path, path)
			assert.Empty(t, query)
		})
	}
}

func TestWithBaseURL_RefusesWhatIsNoBaseURL(t *testing.T) {
	t.Parallel()
	c, err := client.New(testKey, client.WithBaseURL("https://user:password@example.com"))
	require.EqualError(t, err, `new client: base URL "...@example.com": it must not contain a user`)
	assert.Nil(t, c)
}

func TestWithHTTPClient_CopiesTheClient(t *testing.T) {
	hc := &http.Client{Timeout: time.Minute}
	_, err := client.New("sk_test", client.WithHTTPClient(hc))
	require.NoError(t, err)
	assert.Nil(t, hc.CheckRedirect)
	assert.Nil(t, hc.Transport)
	assert.Equal(t, time.Minute, hc.Timeout)
}

func TestLogViolations_LogsThemWithoutTheBodyAndAcceptsTheRun(t *testing.T) {
	var record bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&record, nil))
	body := `{"success":true,"result":"` + runText + `","citations":null}`
	run, err := runExample(t, clientOf(t, reply{200, nil, body},
		client.WithViolationHandler(client.LogViolations(logger))))
	require.NoError(t, err)
	assert.Equal(t, runText, run.Text)
	assert.Contains(t, record.String(), `"level":"WARN"`)
	assert.Contains(t, record.String(), "/citations")
	assert.NotContains(t, record.String(), runText)
}
