package exchange

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// RoundTrip sends req, which NewAttempt returned, as http.Client does, but follows no redirect, loses none that it
// cannot parse, and leaves the time to the context. Its errors say what they mean, if net/http's text does not. It
// returns both a response and an error if the transport does.
func (a *Attempt) RoundTrip(
	transport http.RoundTripper,
	jar http.CookieJar,
	req *http.Request,
) (*http.Response, error) {
	if jar != nil {
		for _, cookie := range jar.Cookies(req.URL) {
			req.AddCookie(cookie)
		}
	}
	to := *req.URL // a transport may change the request's
	res, err := transport.RoundTrip(req)
	switch {
	case err != nil && (res == nil || res.StatusCode == 0 || res.Body == nil):
		return nil, a.describe(err)
	case res == nil:
		return nil, fmt.Errorf("%T returned a nil response and a nil error", transport)
	case res.Body == nil && res.ContentLength > 0:
		return nil, fmt.Errorf("%T returned a response of %d bytes with a nil Body", transport, res.ContentLength)
	}
	kept := *res // the transport may keep its own
	if kept.Body == nil {
		kept.Body = http.NoBody
	}
	if jar != nil {
		if cookies := kept.Cookies(); len(cookies) > 0 {
			jar.SetCookies(&to, cookies)
		}
	}
	if err != nil {
		err = a.describe(err)
	}
	return &kept, err
}

// describe returns an error of a transport with what it means, if its text does not say it.
func (a *Attempt) describe(err error) error {
	if request, ok := errors.AsType[*url.Error](err); ok { // an http.Client in the transport, which says the URL again
		err = request.Err
	}
	text := err.Error()
	record, isRecord := errors.AsType[tls.RecordHeaderError](err)
	switch {
	case a.negotiatedHTTP2.Load() && a.overHTTP1.Load():
		return fmt.Errorf("the transport negotiated HTTP/2 and speaks HTTP/1.1: "+
			"set the NextProtos of its TLSClientConfig to nil (a Clone keeps them): %w", err)
	case errors.Is(err, io.EOF):
		return fmt.Errorf("the connection was closed without a response: %w", err)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("the connection was closed before the response was whole: %w", err)
	case isRecord && string(record.RecordHeader[:]) == "HTTP/":
		return fmt.Errorf("the server gave an HTTP response to HTTPS client: %w", err)
	case errors.Is(err, ErrTakenBack), strings.Contains(text, "GOAWAY"), strings.HasPrefix(text, "stream error: "):
		return fmt.Errorf("the server took the request back over HTTP/2 (GOAWAY or a reset); use HTTP/1.1 for runs: %w", err)
	}
	for status := 300; status < 600; status++ { // net/http's error of a CONNECT has only the text of the status
		if text == http.StatusText(status) && a.connWanted.Load() && !a.connGot.Load() {
			return fmt.Errorf("the proxy refused the connection: %d %w", status, err)
		}
	}
	return err
}
