package contract

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"

	"github.com/getkin/kin-openapi/openapi3"
)

// An Option changes how a Validator works. It is for [New] alone: it cannot change a Validator that exists.
type Option func(*options) error

type options struct {
	maxBodyBytes int64
	report       func(context.Context, *Error) // nil: violations are errors
	regexps      func(string) (openapi3.RegexMatcher, error)
	onError      func(w http.ResponseWriter, r *http.Request, status int, err *Error)
}

func defaultOptions() options { return options{maxBodyBytes: 10 << 20} }

// WithMaxBodyBytes sets how many bytes of a body are read, 10 MiB by default. A longer body is a violation;
// [Error.Body] has what was read of it, and the body is left readable whole.
func WithMaxBodyBytes(n int64) Option {
	return func(o *options) error {
		if n <= 0 {
			return fmt.Errorf("WithMaxBodyBytes: %d is not positive", n)
		}
		o.maxBodyBytes = min(n, math.MaxInt64-1) // one byte more is read, to see that there is one
		return nil
	}
}

// WithReport makes [Validator.RoundTripper] and [Validator.Middleware] call f with each exchange that breaks the
// contract and let it pass unchanged.
func WithReport(f func(context.Context, *Error)) Option {
	return func(o *options) error {
		if f == nil {
			return errors.New("WithReport: the function is nil")
		}
		o.report = f
		return nil
	}
}

// WithRegexp sets the engine that compiles the patterns of the document, in place of regexp (RE2). A pattern that the
// engine does not know is not judged; [Validator.Warnings] names it. With github.com/dlclark/regexp2, which knows all
// of ECMA-262, but may take exponential time:
//
//	type matcher struct{ *regexp2.Regexp }
//
//	func (m matcher) MatchString(text string) bool { ok, _ := m.Regexp.MatchString(text); return ok }
//
//	validator, err := contract.New(spec, contract.WithRegexp(func(pattern string) (openapi3.RegexMatcher, error) {
//		compiled, err := regexp2.Compile(pattern, regexp2.ECMAScript)
//		return matcher{compiled}, err
//	}))
func WithRegexp(compile func(pattern string) (openapi3.RegexMatcher, error)) Option {
	return func(o *options) error {
		if compile == nil {
			return errors.New("WithRegexp: the function is nil")
		}
		o.regexps = compile
		return nil
	}
}

// WithErrorHandler makes [Validator.Middleware] call f to respond in place of an exchange that breaks the contract: to
// a request with the status 400, or 401, 404 or 405 if the document describes that, to a response with 500.
func WithErrorHandler(f func(w http.ResponseWriter, r *http.Request, status int, err *Error)) Option {
	return func(o *options) error {
		if f == nil {
			return errors.New("WithErrorHandler: the function is nil")
		}
		o.onError = f
		return nil
	}
}
