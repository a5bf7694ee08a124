package client

import (
	"errors"
	"net/http"

	"github.com/aitutor-api/aitutor-go/client/internal/exchange"
)

// WithHTTPClient sets the client that sends the requests: its Transport carries a proxy, certificates or tracing, its
// Jar the cookies, its Timeout replaces that of [WithTimeout] if it is shorter. CheckRedirect is not called: no
// redirect is followed, as that would send the inputs, and on a downgrade the key, to someone else. It is copied, never
// changed.
//
// By default one connection pool serves all Clients of the program, a copy of [http.DefaultTransport] that speaks
// HTTP/1.1: a run takes seconds, so a connection for it alone costs nothing, and no two runs share its fate. Whoever
// brings a client chooses. For HTTP/1.1, set the Protocols of an [http.Transport]; if it is a Clone, which keeps what
// was to be negotiated, also set its TLSClientConfig.NextProtos to nil.
//
// The Transport must send a request once: one that repeats it (a retrying client, a failover, an http.Client in it that
// follows redirects) bills a run each time. A Transport that fails before it has sent anything, such as a rate limiter,
// says so with an error that has a method NotSent() bool: if that is true, and nothing has read the request's body, the
// run is safe to retry. A request of [Client.API] that has no body, and is no GET or HEAD, is safe to retry only if
// net/http itself could not connect.
func WithHTTPClient(hc *http.Client) Option {
	return func(c *config) error {
		if hc == nil {
			return errors.New("WithHTTPClient: the client is nil")
		}
		own := *hc
		c.http, c.httpTimeout = func() *http.Client { return &own }, own.Timeout
		return nil
	}
}

// transport returns the transport and the cookies of the next attempt.
func (c *config) transport() (http.RoundTripper, http.CookieJar) {
	if c.http == nil {
		return exchange.DefaultTransport(), nil
	}
	own := c.http()
	if own.Transport == nil {
		return http.DefaultTransport, own.Jar
	}
	return own.Transport, own.Jar
}
