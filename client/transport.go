package client

import (
	"net/http"

	"github.com/aitutor-api/aitutor-go/client/internal/exchange"
)

// CloseIdleConnections closes the connections that no call is using. With the default HTTP client they are shared by
// all Clients of the program.
func (c *Client) CloseIdleConnections() {
	if c.config == nil {
		return
	}
	transport, _ := c.transport()
	if closer, ok := transport.(interface{ CloseIdleConnections() }); ok {
		closer.CloseIdleConnections()
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
