package contract

import (
	"errors"
	"log"
	"net/http"
)

// Middleware returns a handler that validates the exchanges of next:
//
//   - of a request: the contract has the operation, the credential is there, and the parameters and the body are as
//     described;
//   - of a response: the operation has the status, and the described headers and the body are as described.
//
// It does not check if a credential is right, headers that are not described, and bodies of media types that it cannot
// decode, such as HTML, images and event streams: the package doc has the whole list.
//
// A request that breaks the contract gets 400 (or 401, 404 or 405, if the document describes that), and next is not
// called. A response that breaks it is replaced by a 500, and nothing of it is sent; its violations are logged to the
// [http.Server]'s ErrorLog. The bodies of both follow the schema that the contract has for the status, if such a body
// can be made; else they are JSON with a message and, of a request, up to 20 violations. [WithErrorHandler] responds
// otherwise. With [WithReport] nothing is refused or replaced.
//
// Every request must belong to an operation of the contract: put health checks and the like in front of the Middleware.
//
// A request's body, if it is judged, is read before next is called. A response is buffered, to the limit of
// [WithMaxBodyBytes], until next returns: Flush does nothing, a connection cannot be hijacked, and a Write beyond the
// limit fails. Deadlines and full duplex are set on the connection at once. A response whose body is not judged passes
// at once, flushes included. With [WithReport] every response does: Flush and Hijack work, and a response whose
// connection was hijacked is not validated.
func (v *Validator) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		req = req.WithContext(req.Context()) // its body is replaced
		if err := v.failure(req, v.ValidateRequest(req)); err != nil {
			v.refuse(w, req, err)
			return
		}
		r := &recorder{ResponseWriter: w, validator: v, req: req, passes: v.report != nil}
		if !r.passes {
			r.header = w.Header().Clone()
			if r.header == nil {
				r.header = make(http.Header)
			}
		}
		next.ServeHTTP(r, req)
		err := r.validate()
		if r.passes {
			_ = v.failure(req, err)
			return
		}
		if err != nil {
			errorLog(req)("contract: %v", err)
			v.refuse(w, req, err)
			return
		}
		r.send()
	})
}

// errorLog returns the function with which the server of a request logs errors.
func errorLog(req *http.Request) func(format string, args ...any) {
	if server, ok := req.Context().Value(http.ServerContextKey).(*http.Server); ok && server.ErrorLog != nil {
		return server.ErrorLog.Printf
	}
	return log.Printf
}

// refuse responds in place of an exchange that broke the contract.
func (v *Validator) refuse(w http.ResponseWriter, req *http.Request, err error) {
	broken, ok := errors.AsType[*Error](err)
	if !ok {
		broken = &Error{Method: methodOf(req), Violations: []Violation{{In: "body", Message: err.Error()}}}
	}
	status, op := v.statusOf(req, broken)
	if v.onError != nil {
		v.onError(w, req, status, broken)
		return
	}
	refusal := refusal{Message: "The response breaks the contract."} // what is wrong with it stays inside
	if !broken.isResponse {
		refusal = refusalOf(broken)
	}
	contentType, body := "application/json", refusal.encode()
	if op != nil {
		c := composer{status: status, path: req.URL.Path}
		for _, c.message = range []string{refusal.Message, http.StatusText(status) + "."} { // the second is shorter
			if ownType, own := op.errorBody(c); own != nil {
				contentType, body = ownType, own
				break
			}
		}
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// statusOf returns the status with which a broken exchange is refused, and the operation that describes it.
func (v *Validator) statusOf(req *http.Request, broken *Error) (int, *operation) {
	op, _, missing := v.router.Find(methodOf(req), req.URL)
	if broken.isResponse {
		return http.StatusInternalServerError, op
	}
	status := http.StatusBadRequest
	switch {
	case missing != nil && missing.In == "path":
		status = http.StatusNotFound
	case missing != nil:
		status = http.StatusMethodNotAllowed
	case len(checkSecurity(op.security, req)) > 0:
		status = http.StatusUnauthorized
	}
	if op != nil && op.responses[status] != nil {
		return status, op
	}
	if missing != nil { // the document may describe it elsewhere
		for _, other := range v.operations {
			if other.responses[status] != nil {
				return status, other
			}
		}
	}
	return http.StatusBadRequest, op
}
