package contract

import (
	"errors"
	"fmt"
	"net/http"
)

// RoundTripper returns an [http.RoundTripper] that validates the exchanges of next (nil: [http.DefaultTransport]). It
// checks what [Validator.Middleware] does. A request that breaks the contract is not sent; a response that breaks it is
// returned as an [*Error], which has its body. With [WithReport] both pass unchanged.
//
// Bodies that are judged are read whole, to the limit, before they are passed on. Those of media types that are not
// decoded, such as event streams, pass as they come.
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
	sent := req.WithContext(req.Context()) // a RoundTripper must not change the request it is given
	if err := t.validator.failure(sent, t.validator.ValidateRequest(sent)); err != nil {
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
		return nil, fmt.Errorf("%T returned neither a response nor an error", t.next)
	}
	if res.Request == nil {
		res.Request = sent
	}
	if t.validator.report != nil && !t.validator.knows(sent) { // it was reported with the request
		return res, nil
	}
	if err := t.validator.failure(sent, t.validator.ValidateResponse(res)); err != nil {
		if res.Body != nil {
			_ = res.Body.Close()
		}
		return nil, err
	}
	return res, nil
}

// knows reports whether the contract has an operation for a request.
func (v *Validator) knows(req *http.Request) bool {
	_, _, missing := v.router.Find(methodOf(req), req.URL)
	return missing == nil
}

// failure returns the error of an exchange that must not pass. With WithReport an *Error is reported and the exchange
// passes.
func (v *Validator) failure(req *http.Request, err error) error {
	broken, ok := errors.AsType[*Error](err)
	if !ok || v.report == nil {
		return err
	}
	v.report(req.Context(), broken)
	return nil
}

// CloseIdleConnections closes those of the base transport, for [http.Client.CloseIdleConnections].
func (t *validatingTransport) CloseIdleConnections() {
	if next, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		next.CloseIdleConnections()
	}
}
