package contract

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"time"

	"github.com/aitutor-api/aitutor-go/client/internal/exchange"
)

// recorder is the writer of a response that is validated. It holds the response back, or passes it on and keeps a copy
// of what is judged.
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
	// Informational: the response comes later.
	if r.status == 0 && status < 200 && status != http.StatusSwitchingProtocols {
		if r.passes {
			r.ResponseWriter.WriteHeader(status)
		}
		return
	}
	r.begin(status, nil)
}

// begin takes the status and the header as they are sent, and decides what happens with the body, which begins with
// data.
func (r *recorder) begin(status int, data []byte) {
	if r.status != 0 {
		return
	}
	r.status, r.sent = status, r.Header().Clone()
	// net/http does so too.
	if _, typed := r.sent["Content-Type"]; !typed && len(data) > 0 && r.sent.Get("Content-Encoding") == "" {
		r.sent.Set("Content-Type", http.DetectContentType(data))
	}
	if r.validator.report == nil || r.validator.knows(r.req) { // else it was reported with the request
		c := r.validator.responseCheck(r.response()) //nolint:bodyclose // it has none
		r.check = &c
	}
	isJudged := r.check != nil && r.check.needsBody()
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

// FlushError implements the flush of [http.ResponseController].
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

// validate returns how the response of a handler that has returned breaks the contract.
func (r *recorder) validate() error {
	if r.hijacked {
		return nil
	}
	r.begin(http.StatusOK, nil)
	if r.check == nil {
		return nil
	}
	r.check.header = r.sent
	if limit := r.validator.maxBodyBytes; int64(r.body.Len()) > limit {
		return r.check.errorOf(r.body.Bytes()[:limit], &exchange.TooLongError{Limit: limit})
	}
	return r.check.errorOf(r.body.Bytes(), nil)
}

// send sends a response that was held back.
func (r *recorder) send() {
	if r.passes || r.hijacked {
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
