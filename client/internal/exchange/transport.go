package exchange

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync"
)

// DefaultTransport returns the transport of whoever has none: a copy of [http.DefaultTransport] for runs, or the
// program's, if it has put another in its place (a mock, a tracer).
func DefaultTransport() http.RoundTripper {
	if http.DefaultTransport != standard {
		return http.DefaultTransport
	}
	return shared()
}

var standard = http.DefaultTransport // what shared is made of

var shared = sync.OnceValue(func() http.RoundTripper {
	if transport, ok := standard.(*http.Transport); ok {
		return newShared(transport)
	}
	return standard
})

// newShared returns a transport for runs: over HTTP/1.1, in which no run shares a connection with another, and no
// server can take a request back; with room for as many idle connections as there are concurrent calls.
func newShared(standard *http.Transport) *http.Transport {
	transport := standard.Clone()
	transport.Protocols = new(http.Protocols)
	transport.Protocols.SetHTTP1(true)
	transport.ForceAttemptHTTP2, transport.TLSNextProto = false, nil
	if transport.TLSClientConfig != nil {
		transport.TLSClientConfig.NextProtos = nil // a copy, in which net/http has put h2
	}
	transport.MaxIdleConns = 0 // no limit; each is closed after 90 s
	transport.MaxIdleConnsPerHost = 1000
	if transport.OnProxyConnectResponse == nil {
		transport.OnProxyConnectResponse = refusedByProxy
	}
	return transport
}

// refusedByProxy returns the error of a proxy's response to CONNECT.
func refusedByProxy(_ context.Context, _ *url.URL, _ *http.Request, res *http.Response) error {
	if res.StatusCode == http.StatusOK {
		return nil
	}
	return fmt.Errorf("the proxy refused the connection: %s", res.Status)
}
