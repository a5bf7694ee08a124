package client_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client"
)

// TestOddBaseURLs reach the path that they say, on the host that they say.
func TestOddBaseURLs(t *testing.T) {
	t.Parallel()
	const path = "/api/v1/run/wf_hostile"
	for base, want := range map[string]string{
		"http://[::1]:8080":                 "http://[::1]:8080" + path,
		"http://[::1]/":                     "http://[::1]" + path,
		"http://[::ffff:127.0.0.1]":         "http://[::ffff:127.0.0.1]" + path,
		"http://127.8.9.10":                 "http://127.8.9.10" + path,
		"http://LOCALHOST:1/":               "http://LOCALHOST:1" + path,
		"HTTPS://example.com":               "https://example.com" + path,
		"https://example.com/a%2Fb":         "https://example.com/a%2Fb" + path,
		"https://example.com/a%2Fb/":        "https://example.com/a%2Fb" + path,
		"https://example.com/a b/":          "https://example.com/a%20b" + path,
		"https://example.com/ö/{x}":         "https://example.com/%C3%B6/%7Bx%7D" + path,
		"https://example.com//":             "https://example.com" + path,
		"https://example.com/%3Fq=1%23f":    "https://example.com/%3Fq=1%23f" + path,
		"https://example.com:8443/v2/proxy": "https://example.com:8443/v2/proxy" + path,
	} {
		var got string
		c, err := client.New(hostileKey, client.WithBaseURL(base), client.WithHTTPClient(&http.Client{Transport: roundTrip(
			func(req *http.Request) (*http.Response, error) {
				got = req.URL.String()
				return stepAnswer(200, goodAnswer)(req)
			})}))
		require.NoError(t, err, base)
		_, err = c.RunStory(t.Context(), hostileWorkflow, hostileStory)
		require.NoError(t, err, base)
		assert.Equal(t, want, got, base)
	}
	for _, base := range []string{
		"", " ", "/", "example.com", "//example.com", "https:example.com", "https://", "https:///path", "https://:443",
		"https://user@example.com", "https://user:pass@example.com", "https://example.com?", "https://example.com?a=b",
		"https://example.com#a", "http://example.com", "http://[fe80::1%25lo]", "http://[::]", "ftp://example.com",
		"https://exa mple.com", "https://example.com:port", "https://[::1", "https://example.com/%zz", "https://example.com/\n", "unix:///a",
	} {
		_, err := client.New(hostileKey, client.WithBaseURL(base))
		require.ErrorContains(t, err, "base URL", base)
		assert.NotContains(t, err.Error(), "pass@")
	}
}

func TestTheCookiesOfAServerStayWithTheCallersJar(t *testing.T) {
	t.Parallel()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	var cookies []string
	base := serveHTTP(t, new(runCounter), func(w http.ResponseWriter, r *http.Request) {
		cookies = append(cookies, r.Header.Get("Cookie"))
		withHeader(answerJSON(200, goodAnswer), "Set-Cookie", "a=b")(w, r)
	})
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	c := newHostileClient(t, base, client.WithHTTPClient(&http.Client{Transport: transport, Jar: jar}))
	for range 2 {
		_, err := c.RunStory(t.Context(), hostileWorkflow, hostileStory)
		require.NoError(t, err)
	}
	assert.Equal(t, []string{"", "a=b"}, cookies)
}

// net/http takes a request with such a header for one that may be written twice.
func TestARunWithAnIdempotencyKeyIsNotWrittenAgain(t *testing.T) {
	for _, name := range []string{"Idempotency-Key", "X-Idempotency-Key"} {
		seen := new(runCounter)
		base := serveAccepted(t, func(conn net.Conn) { // answers one request, reads the next and goes
			reader := bufio.NewReader(conn)
			for i := range 2 {
				req, err := http.ReadRequest(reader)
				if err != nil {
					return
				}
				_, _ = io.Copy(io.Discard, req.Body)
				seen.add()
				if i == 0 {
					_, _ = io.WriteString(conn, head(len(goodAnswer))+goodAnswer)
				}
			}
		})
		transport := &http.Transport{}
		t.Cleanup(transport.CloseIdleConnections)
		c := newHostileClient(t, base, client.WithHTTPClient(&http.Client{Transport: roundTrip(func(req *http.Request) (*http.Response, error) {
			req = req.Clone(req.Context())
			req.Header.Set(name, "1")
			return transport.RoundTrip(req)
		})}))
		_, err := c.RunStory(t.Context(), hostileWorkflow, hostileStory)
		require.NoError(t, err, name)
		_, err = c.RunStory(t.Context(), hostileWorkflow, hostileStory)
		require.Error(t, err, name)
		assert.False(t, client.SafeToRetry(err), name)
		assert.Equal(t, 2, seen.count(), name)
	}
}

func TestClosingIdleConnectionsBreaksNoCall(t *testing.T) {
	t.Parallel()
	seen := new(runCounter)
	c := newHostileClient(t, serveHTTP(t, seen, answerJSON(200, goodAnswer)))
	stop := make(chan struct{})
	var closing, calling sync.WaitGroup
	closing.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				c.CloseIdleConnections()
			}
		}
	})
	for range 8 {
		calling.Go(func() {
			for range 50 {
				_, err := c.RunStory(t.Context(), hostileWorkflow, hostileStory)
				assert.NoError(t, err)
			}
		})
	}
	calling.Wait()
	close(stop)
	closing.Wait()
	assert.Equal(t, 400, seen.count())
}

func TestAProxyThatRefusesIsSafeToRetry(t *testing.T) {
	t.Parallel()
	proxied := new(runCounter)
	proxy := serveRaw(t, proxied, rawAnswer("HTTP/1.1 403 "+hostileKey+"\r\nContent-Length: 0\r\n\r\n"))
	transport := &http.Transport{
		Proxy: func(req *http.Request) (*url.URL, error) { return req.URL.Parse(proxy) },
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	c, err := client.New(hostileKey, client.WithHTTPClient(&http.Client{Transport: transport}), client.WithMaxRetries(1))
	require.NoError(t, err)
	_, err = c.RunStory(t.Context(), hostileWorkflow, hostileStory)
	require.Error(t, err)
	assert.True(t, client.SafeToRetry(err), "the key and the story went nowhere: %v", err)
	assert.Equal(t, 2, proxied.count())
	assertNoKey(t, hostileKey, nil, err)
}
