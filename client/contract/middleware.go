package contract

import (
	"bufio"
	"bytes"
	"log"
	"maps"
	"net"
	"net/http"
)

// Middleware returns a handler that validates the exchanges of next. A request that breaks the contract is answered with
// 400, and next is not called. A response that breaks it is replaced by a 500, and nothing of it is sent; its violations
// are logged to the [http.Server]'s ErrorLog. The bodies of both follow the schema that the contract has for the status,
// if it has one; else they are JSON with a message and, for a 400, the violations.
//
// Every request must belong to an operation of the contract: put health checks and the like in front of the Middleware.
//
// A response is buffered, to the limit of [WithMaxBodyBytes], until next returns: Flush does nothing, and a connection
// cannot be hijacked. With [WithReport] requests and responses pass unchanged, and responses pass at once: Flush and Hijack
// work, and a response whose connection was hijacked is not validated. The request's body is read before next is called,
// in both cases.
func (v *Validator) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		req = req.WithContext(req.Context()) // its body is replaced
		if err := v.failure(req, v.ValidateRequest(req)); err != nil {
			v.writeError(w, req, http.StatusBadRequest, err)
			return
		}
		if v.report != nil {
			recorder := &recordingWriter{recordedResponse: recordedResponse{limit: v.maxBodyBytes}, ResponseWriter: w}
			next.ServeHTTP(recorder, req)
			if !recorder.hijacked {
				_ = v.failure(req, v.ValidateResponse(recorder.response(req, w.Header()))) //nolint:bodyclose // in memory
			}
			return
		}
		buffer := &bufferingWriter{recordedResponse: recordedResponse{limit: v.maxBodyBytes}, header: w.Header().Clone()}
		if buffer.header == nil {
			buffer.header = make(http.Header)
		}
		next.ServeHTTP(buffer, req)
		if err := v.ValidateResponse(buffer.response(req, buffer.header)); err != nil { //nolint:bodyclose // in memory
			errorLog(req)("contract: %v", err)
			v.writeError(w, req, http.StatusInternalServerError, err)
			return
		}
		clear(w.Header())
		maps.Copy(w.Header(), buffer.header)
		w.WriteHeader(buffer.status)
		_, _ = w.Write(buffer.body.Bytes())
	})
}

// errorLog returns the function with which the server of a request logs errors.
func errorLog(req *http.Request) func(format string, args ...any) {
	if server, ok := req.Context().Value(http.ServerContextKey).(*http.Server); ok && server.ErrorLog != nil {
		return server.ErrorLog.Printf
	}
	return log.Printf
}

// recordedResponse is what a handler responds. Of the body it keeps one byte more than the limit, to see that it is longer.
type recordedResponse struct {
	status int // 0: not set yet
	body   bytes.Buffer
	limit  int64
}

// writeHeader records a status. Those of 1XX are not the response's.
func (r *recordedResponse) writeHeader(status int) {
	if r.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		r.status = status
	}
}

func (r *recordedResponse) write(data []byte) {
	r.writeHeader(http.StatusOK)
	room := r.limit + 1 - int64(r.body.Len())
	r.body.Write(data[:min(int64(len(data)), room)])
}

// response returns the response as a client gets it.
func (r *recordedResponse) response(req *http.Request, header http.Header) *http.Response {
	r.writeHeader(http.StatusOK)
	body := r.body.Bytes()
	header = header.Clone()
	_, typed := header["Content-Type"]
	if !typed && len(body) > 0 && header.Get("Content-Encoding") == "" { // net/http does so too
		header.Set("Content-Type", http.DetectContentType(body))
	}
	return &http.Response{
		StatusCode: r.status, Header: header, Request: req,
		Body: restoredBody{bytes.NewReader(body), http.NoBody}, ContentLength: int64(len(body)),
	}
}

// bufferingWriter keeps a response until it is validated.
type bufferingWriter struct {
	recordedResponse
	header http.Header
}

func (w *bufferingWriter) Header() http.Header    { return w.header }
func (w *bufferingWriter) WriteHeader(status int) { w.writeHeader(status) }
func (w *bufferingWriter) Flush()                 {}

func (w *bufferingWriter) Write(data []byte) (int, error) {
	w.write(data)
	return len(data), nil
}

// recordingWriter passes a response on and records it.
type recordingWriter struct {
	recordedResponse
	http.ResponseWriter
	hijacked bool
}

func (w *recordingWriter) WriteHeader(status int) {
	w.writeHeader(status)
	w.ResponseWriter.WriteHeader(status)
}

func (w *recordingWriter) Write(data []byte) (int, error) {
	n, err := w.ResponseWriter.Write(data)
	w.write(data[:n])
	return n, err
}

func (w *recordingWriter) Flush() {
	w.writeHeader(http.StatusOK)
	_ = http.NewResponseController(w.ResponseWriter).Flush()
}

func (w *recordingWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(w.ResponseWriter).Hijack()
	w.hijacked = w.hijacked || err == nil
	return conn, buffered, err
}

// Unwrap gives [http.ResponseController] the writer below.
func (w *recordingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
