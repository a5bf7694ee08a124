package contract

import (
	"fmt"
	"net/http"
)

// RoundTripper validates the exchanges of next (nil: [http.DefaultTransport]). A request that breaks the contract is not
// sent; an answer that breaks it is returned as a [*Error], which has its body.
func (v *Validator) RoundTripper(next http.RoundTripper) http.RoundTripper {
	if next == nil {
		next = http.DefaultTransport
	}
	return &validatingTransport{validator: v, next: next}
}

type validatingTransport struct {
	validator *Validator
	next      http.RoundTripper
}

func (t *validatingTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	sent := req.WithContext(req.Context()) // a RoundTripper leaves the request that it is given as it is
	if err := t.validator.ValidateRequest(sent); err != nil {
		if sent.Body != nil {
			_ = sent.Body.Close()
		}
		return nil, err
	}
	res, err := t.next.RoundTrip(sent)
	if err != nil {
		return nil, err
	}
	if res == nil {
		return nil, fmt.Errorf("%T returned neither an answer nor an error", t.next)
	}
	if res.Request == nil {
		res.Request = sent
	}
	if err := t.validator.ValidateResponse(res); err != nil {
		if res.Body != nil {
			_ = res.Body.Close()
		}
		return nil, err
	}
	return res, nil
}

// CloseIdleConnections is what [http.Client.CloseIdleConnections] calls.
func (t *validatingTransport) CloseIdleConnections() {
	if next, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		next.CloseIdleConnections()
	}
}
