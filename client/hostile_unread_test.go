package client_test

import (
	"context"
	"io"
	"net"
	"net/http"

	"github.com/aitutor-api/aitutor-go/client"
)

// resetAfterRead is a server that writes text, and resets the connection as soon as the client has read it, with the
// option that makes the client tell. A reset before that may take what was not read with it.
func resetAfterRead(text string) (rawScript, client.Option) {
	read := make(chan struct{}, 16)
	script := func(conn *net.TCPConn, _ *http.Request, _ int) {
		_, _ = io.WriteString(conn, text)
		<-read
		reset(conn)
	}
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			return &tellingConn{Conn: conn, left: len(text), read: read}, err
		},
	}
	return script, client.WithHTTPClient(&http.Client{Transport: transport})
}

// tellingConn tells when a number of bytes was read from it.
type tellingConn struct {
	net.Conn
	left int
	read chan<- struct{}
}

func (c *tellingConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.left -= n; c.left <= 0 || err != nil {
		select {
		case c.read <- struct{}{}:
		default:
		}
	}
	return n, err
}
