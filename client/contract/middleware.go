package contract

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Middleware returns a handler that validates the exchanges of next. A request that breaks the contract is answered with
// 400 (or 401, 404 or 405, if the document describes that), and next is not called. A response that breaks it is replaced by
// a 500, and nothing of it is sent; its violations are logged to the [http.Server]'s ErrorLog. The bodies of both follow
// the schema that the contract has for the status, if such a body can be made; else they are JSON with a message and, of a
// request, up to 20 violations. [WithErrorHandler] responds otherwise.
//
// Every request must belong to an operation of the contract: put health checks and the like in front of the Middleware.
//
// A response is buffered, to the limit of [WithMaxBodyBytes], until next returns: Flush does nothing, a connection cannot be
// hijacked, and a Write beyond the limit fails. Deadlines and full duplex are set on the connection at once. A response
// whose body is not judged (see the package's table) passes at once, flushes included. With [WithReport] requests and
// responses pass unchanged and at once: Flush and Hijack work, and a response whose connection was hijacked is not
// validated. A request's body, if it is judged, is read before next is called, in all cases.
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
		r.finish()
	})
}

// recorder is the writer of a response that is validated. It holds the response back, or passes it on and keeps a copy of
// what is judged.
type recorder struct {
	http.ResponseWriter
	validator *Validator
	req       *http.Request
	passes    bool        // what is written is passed on at once
	header    http.Header // in which the handler sets fields, if the response is held back
	status    int         // 0: not set yet
	sent      http.Header // as it stood when the status was set
	check     *check      // nil: the response is not validated
	body      bytes.Buffer
	hijacked  bool
}

func (r *recorder) Header() http.Header {
	if r.header != nil {
		return r.header
	}
	return r.ResponseWriter.Header()
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && status < 200 && status != http.StatusSwitchingProtocols { // informational: the response comes later
		if r.passes {
			r.ResponseWriter.WriteHeader(status)
		}
		return
	}
	r.begin(status, nil)
}

// begin takes the status and the header as they are sent, and decides what happens with the body, which begins with data.
func (r *recorder) begin(status int, data []byte) {
	if r.status != 0 {
		return
	}
	r.status, r.sent = status, r.Header().Clone()
	if _, typed := r.sent["Content-Type"]; !typed && len(data) > 0 && r.sent.Get("Content-Encoding") == "" { // net/http does so too
		r.sent.Set("Content-Type", http.DetectContentType(data))
	}
	if r.validator.report == nil || r.validator.knows(r.req) { // else it was reported with the request
		r.check = r.validator.responseCheck(r.response())
	}
	isJudged := r.check != nil && (r.check.needsBody() || len(r.check.found) > 0)
	if !r.passes && !isJudged {
		r.passes = true
		maps.Copy(r.ResponseWriter.Header(), r.sent)
		r.header = nil
	}
	if r.passes {
		r.ResponseWriter.WriteHeader(status)
	}
	if !isJudged {
		r.check = nil
	}
}

func (r *recorder) response() *http.Response {
	return &http.Response{StatusCode: r.status, Header: r.sent, Request: r.req}
}

var errTooLong = errors.New("the response is longer than the Validator reads (WithMaxBodyBytes)")

func (r *recorder) Write(data []byte) (int, error) {
	r.begin(http.StatusOK, data)
	n, err := len(data), error(nil)
	if r.passes {
		n, err = r.ResponseWriter.Write(data)
	}
	if r.check == nil {
		return n, err
	}
	if len(r.sent["Content-Type"]) == 0 && r.body.Len() == 0 && n > 0 && r.sent.Get("Content-Encoding") == "" {
		r.sent.Set("Content-Type", http.DetectContentType(data[:n]))
	}
	room := r.validator.maxBodyBytes + 1 - int64(r.body.Len()) // one more, to see that it is longer
	r.body.Write(data[:min(int64(n), room)])
	if !r.passes && int64(n) > room {
		return int(room), errTooLong
	}
	return n, err
}

func (r *recorder) Flush() { _ = r.FlushError() }

// FlushError is called by [http.ResponseController].
func (r *recorder) FlushError() error {
	r.begin(http.StatusOK, nil)
	if !r.passes {
		return nil
	}
	return http.NewResponseController(r.ResponseWriter).Flush()
}

func (r *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if r.validator.report == nil {
		return nil, nil, fmt.Errorf("hijack: %w in a response that is validated before it is sent", http.ErrNotSupported)
	}
	conn, buffered, err := http.NewResponseController(r.ResponseWriter).Hijack()
	r.hijacked = r.hijacked || err == nil
	return conn, buffered, err
}

func (r *recorder) SetReadDeadline(deadline time.Time) error {
	return http.NewResponseController(r.ResponseWriter).SetReadDeadline(deadline)
}

func (r *recorder) SetWriteDeadline(deadline time.Time) error {
	return http.NewResponseController(r.ResponseWriter).SetWriteDeadline(deadline)
}

func (r *recorder) EnableFullDuplex() error {
	return http.NewResponseController(r.ResponseWriter).EnableFullDuplex()
}

// finish validates the response of a handler that has returned, and sends it if it was held back.
func (r *recorder) finish() {
	if r.hijacked {
		return
	}
	r.begin(http.StatusOK, nil)
	if r.check == nil {
		return
	}
	err := r.error()
	if r.passes {
		_ = r.validator.failure(r.req, err)
		return
	}
	if err != nil {
		errorLog(r.req)("contract: %v", err)
		r.validator.refuse(r.ResponseWriter, r.req, err)
		return
	}
	header := r.ResponseWriter.Header()
	clear(header)
	maps.Copy(header, r.sent)
	r.ResponseWriter.WriteHeader(r.status)
	_, _ = r.ResponseWriter.Write(r.body.Bytes())
	for name, values := range r.header { // trailers, for which the body must not have a length
		if _, isSent := r.sent[name]; !isSent {
			_ = http.NewResponseController(r.ResponseWriter).Flush()
			header[name] = values
		}
	}
}

func (r *recorder) error() error {
	r.check.header = r.sent
	body := bytes.NewReader(r.body.Bytes())
	var closer = restoredBody{body, http.NoBody}
	res := r.response()
	res.Body, res.ContentLength = closer, int64(body.Len())
	data, err := readBody(&res.Body, res.ContentLength, r.validator.maxBodyBytes)
	return r.check.errorOf(data, err)
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
		if ownType, own := op.errorBody(status, refusal.Message); own != nil {
			contentType, body = ownType, own
		} else if ownType, own := op.errorBody(status, http.StatusText(status)+"."); own != nil {
			contentType, body = ownType, own
		}
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body) //nolint:gosec // it is JSON, with < and > escaped, or plain text
}

// statusOf returns the status with which a broken exchange is refused, and the operation that describes it.
func (v *Validator) statusOf(req *http.Request, broken *Error) (int, *operation) {
	op, _, missing := v.router.Find(methodOf(req), req.URL)
	if broken.isResponse {
		return http.StatusInternalServerError, op
	}
	status := http.StatusBadRequest
	switch {
	case missing != nil && missing.Path:
		status = http.StatusNotFound
	case missing != nil:
		status = http.StatusMethodNotAllowed
	case len(op.checkSecurity(req)) > 0:
		status = http.StatusUnauthorized
	}
	if op != nil && op.responses.byStatus[status] != nil {
		return status, op
	}
	if missing != nil { // the document may describe it elsewhere
		for _, other := range v.operations {
			if other.responses.byStatus[status] != nil {
				return status, other
			}
		}
	}
	return http.StatusBadRequest, op
}

// refusal is the body of a response for which the document has no schema that can be kept.
type refusal struct {
	Message    string      `json:"message"`
	Violations []Violation `json:"violations,omitempty"`
}

func refusalOf(broken *Error) refusal {
	const maxViolations, maxBytes = 20, 7 << 10 // as JSON; each text comes twice
	var r refusal
	size := 0
	var texts []string
	for i, violation := range broken.Violations {
		text := violation.String() // clipped
		encoded, _ := json.Marshal(text)
		if size += len(encoded) + 40; i == maxViolations || size > maxBytes {
			texts = append(texts, fmt.Sprintf("and %d more", len(broken.Violations)-i))
			break
		}
		violation.Pointer, violation.Message = clipLine(violation.Pointer), clipLine(violation.Message)
		r.Violations = append(r.Violations, violation)
		texts = append(texts, text)
	}
	r.Message = strings.Join(texts, "; ")
	return r
}

// sortedOperations lists the operations of a document by path and method.
func sortedOperations(operations map[string]map[string]*operation) []*operation {
	var all []*operation
	for _, path := range slices.Sorted(maps.Keys(operations)) {
		for _, method := range slices.Sorted(maps.Keys(operations[path])) {
			all = append(all, operations[path][method])
		}
	}
	return all
}
