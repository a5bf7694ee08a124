package client

import (
	"fmt"
	"net/http"
)

// attemptTransport is the transport of one attempt. It keeps http.Client from following a redirect.
type attemptTransport struct {
	next   http.RoundTripper
	status int // of the response
}

// do sends the request with hc, and gives the response back the status that RoundTrip hid.
func (t *attemptTransport) do(hc http.Client, req *http.Request) (*http.Response, error) {
	if t.next = hc.Transport; t.next == nil {
		t.next = http.DefaultTransport
	}
	hc.Transport = t
	res, err := hc.Do(req) //nolint:gosec // to the base URL, which the caller chose
	if err == nil {
		res.StatusCode = t.status
	}
	return res, err
}

// RoundTrip hides the status from http.Client, which would follow a redirect, and lose one that it cannot parse.
func (t *attemptTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := t.next.RoundTrip(req)
	switch {
	case err != nil:
		return res, err
	case res == nil:
		return nil, fmt.Errorf("%T returned a nil response and a nil error", t.next)
	case res.Body == nil && res.ContentLength > 0:
		return nil, fmt.Errorf("%T returned a response of %d bytes with a nil Body", t.next, res.ContentLength)
	}
	t.status = res.StatusCode
	hidden := *res // the transport may keep its own
	hidden.StatusCode = 0
	return &hidden, nil
}
