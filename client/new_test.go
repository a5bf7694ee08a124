package client_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/client/clienttest"
	"github.com/aitutor-api/aitutor-go/client/contract"
)

func TestNewRefusesABadValueByName(t *testing.T) {
	tests := []struct {
		name    string
		key     string
		option  client.Option
		message string
	}{
		{"an empty key", "", nil, "the API key is empty"},
		{"a key with a newline", "sk_test\n", nil, "the API key holds"},
		{"a key with a space", "sk test", nil, "the API key holds"},
		{"a key outside ASCII", "sk_tést", nil, "the API key holds"},
		{"a base URL that does not parse", "sk_test", client.WithBaseURL("https://h:port"), "base URL"},
		{"an empty base URL", "sk_test", client.WithBaseURL(""), "base URL"},
		{"a base URL with a user that does not parse", "sk_test", client.WithBaseURL("https://u:password#@example.com"), "it cannot be parsed"},
		{"a base URL without a scheme", "sk_test", client.WithBaseURL("example.com"), "the scheme must be https"},
		{"a base URL of another scheme", "sk_test", client.WithBaseURL("ftp://example.com"), "the scheme must be https"},
		{"a base URL without a host", "sk_test", client.WithBaseURL("https:///api"), "there is no host"},
		{"a base URL with a port that is none", "sk_test", client.WithBaseURL("https://example.com:65536"), "the port must be at most 65535"},
		{"a base URL with only a port", "sk_test", client.WithBaseURL("https://:443"), "there is no host"},
		{"a base URL with a user", "sk_test", client.WithBaseURL("https://user:password@example.com"), "a user does not belong"},
		{"a base URL with a query", "sk_test", client.WithBaseURL("https://example.com?a=b"), "a query or fragment"},
		{"a base URL with a fragment", "sk_test", client.WithBaseURL("https://example.com#a"), "a query or fragment"},
		{"plain http to another machine", "sk_test", client.WithBaseURL("http://example.com"), "use https"},
		{"plain http to a name that begins like loopback", "sk_test", client.WithBaseURL("http://127.0.0.1.example.com"), "use https"},
		{"no HTTP client", "sk_test", client.WithHTTPClient(nil), "WithHTTPClient"},
		{"a negative timeout", "sk_test", client.WithTimeout(-time.Second), "WithTimeout: -1s"},
		{"negative retries", "sk_test", client.WithMaxRetries(-1), "WithMaxRetries: -1"},
		{"a negative response size", "sk_test", client.WithMaxResponseBytes(-1), "WithMaxResponseBytes: -1"},
		{"no response size", "sk_test", client.WithMaxResponseBytes(0), "WithMaxResponseBytes: 0"},
		{"no logger", "sk_test", client.WithLogger(nil), "WithLogger"},
		{"a user agent with a newline", "sk_test", client.WithUserAgent("a\r\nb"), "WithUserAgent"},
		{"a blank user agent", "sk_test", client.WithUserAgent(" "), "WithUserAgent"},
		{"no violation handler", "sk_test", client.WithViolationHandler(nil), "WithViolationHandler"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var options []client.Option
			if test.option != nil {
				options = append(options, test.option)
			}
			c, err := client.New(test.key, options...)
			require.Error(t, err)
			assert.Nil(t, c)
			assert.Contains(t, err.Error(), test.message)
			assert.NotContains(t, err.Error(), "\n")
			assert.NotContains(t, err.Error(), "password")
		})
	}
	t.Run("an option that is nil", func(t *testing.T) {
		_, err := client.New("sk_test", nil)
		require.ErrorContains(t, err, "an option is nil")
	})
}

// A program that makes a Client and runs nothing does not pay for the parsed contract. This process may have parsed it
// before: another one makes the Client.
func TestNewParsesNothing(t *testing.T) {
	const inAnother = "AITUTOR_TEST_NEW"
	if os.Getenv(inAnother) == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestNewParsesNothing$", "-test.v")
		cmd.Env = append(os.Environ(), inAnother+"=1")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		t.Logf("%s", out)
		return
	}
	made := allocated(func() {
		_, err := client.New("sk_test")
		assert.NoError(t, err)
	})
	parsed := allocated(func() { contract.Default() })
	t.Logf("New: %d bytes allocated; the parsed contract: %d", made, parsed)
	assert.Less(t, 10*made, parsed)
}

func TestNewAcceptsLoopbackOverPlainHTTP(t *testing.T) {
	for _, base := range []string{"http://localhost:8080", "http://LOCALHOST", "http://127.0.0.1", "http://127.8.9.1/x", "http://[::1]:80/"} {
		_, err := client.New("sk_test", client.WithBaseURL(base))
		assert.NoError(t, err, base)
	}
}

func TestFromEnv(t *testing.T) {
	server := clienttest.NewServer()
	defer server.Close()

	t.Run("reads the key and the base URL", func(t *testing.T) {
		t.Setenv("AITUTOR_API_KEY", server.APIKey)
		t.Setenv("AITUTOR_BASE_URL", server.URL)
		c, err := client.FromEnv()
		require.NoError(t, err)
		_, err = c.RunStory(t.Context(), server.WorkflowID, "a story about a dog")
		require.NoError(t, err)
		assert.Equal(t, 1, server.Runs())
	})
	t.Run("names the variable that is missing", func(t *testing.T) {
		t.Setenv("AITUTOR_API_KEY", "")
		_, err := client.FromEnv()
		require.ErrorContains(t, err, "AITUTOR_API_KEY is not set")
	})
	t.Run("names the variable that is wrong", func(t *testing.T) {
		t.Setenv("AITUTOR_API_KEY", "sk_test")
		t.Setenv("AITUTOR_BASE_URL", "http://example.com")
		_, err := client.FromEnv()
		require.ErrorContains(t, err, "AITUTOR_BASE_URL")
	})
	t.Run("lets an option have the last word", func(t *testing.T) {
		t.Setenv("AITUTOR_API_KEY", server.APIKey)
		t.Setenv("AITUTOR_BASE_URL", "https://unused.example")
		c, err := client.FromEnv(client.WithBaseURL(server.URL))
		require.NoError(t, err)
		_, err = c.RunStory(t.Context(), server.WorkflowID, "a story about a dog")
		require.NoError(t, err)
	})
}

func TestARequestIsTheDocumentedOne(t *testing.T) {
	tests := []struct{ name, prefix, path string }{
		{"at the root", "", "/api/v1/run/wf_1"},
		{"at the root with a slash", "/", "/api/v1/run/wf_1"},
		{"under a prefix", "/proxy/ai", "/proxy/ai/api/v1/run/wf_1"},
		{"under a prefix with a slash", "/proxy/", "/proxy/api/v1/run/wf_1"},
		{"under an escaped prefix", "/a%2Fb/", "/a%2Fb/api/v1/run/wf_1"},
		{"under a prefix that ends with an escaped slash", "/a%2F", "/a%2F/api/v1/run/wf_1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got *http.Request
			var body []byte
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				got = r
				body, _ = io.ReadAll(r.Body)
				w.Header().Set("Content-Type", "application/json")
				_, _ = io.WriteString(w, `{"success":true,"result":"Once"}`)
			}))
			defer server.Close()
			c, err := client.New("sk_test", client.WithBaseURL(server.URL+test.prefix), client.WithUserAgent("storyteller/1.0"))
			require.NoError(t, err)
			_, err = c.RunStory(t.Context(), "wf_1", `a "story" about Zoë`)
			require.NoError(t, err)

			assert.Equal(t, http.MethodPost, got.Method)
			assert.Equal(t, test.path, got.URL.EscapedPath())
			assert.Empty(t, got.URL.RawQuery)
			assert.Equal(t, "Bearer sk_test", got.Header.Get("Authorization"))
			assert.Equal(t, "application/json", got.Header.Get("Content-Type"))
			assert.Equal(t, "application/json", got.Header.Get("Accept"))
			assert.Equal(t, "storyteller/1.0", got.Header.Get("User-Agent"))
			assert.JSONEq(t, `{"story":"a \"story\" about Zoë"}`, string(body))
		})
	}
}

func TestTheHTTPClientIsCopied(t *testing.T) {
	hc := &http.Client{}
	_, err := client.New("sk_test", client.WithHTTPClient(hc))
	require.NoError(t, err)
	assert.Nil(t, hc.CheckRedirect)
	assert.Nil(t, hc.Transport)
}
