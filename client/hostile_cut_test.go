package client_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/aitutor-api/aitutor-go/client"
)

const chunkedHead = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"

// cutRows break the connection at every point.
func cutRows() []hostileRow {
	resetAfter := func(text string) rawScript {
		return func(conn *net.TCPConn, _ *http.Request, _ int) {
			_, _ = io.WriteString(conn, text)
			reset(conn)
		}
	}
	lost := func(name string, script rawScript, says ...string) hostileRow {
		return hostileRow{name: name, raw: script, runs: 1, says: append(says, "may have been billed")}
	}
	cut := func(name, text, body string) hostileRow {
		return hostileRow{
			name: name, raw: rawAnswer(text), runs: 1, status: 200, invalid: true, body: body, says: []string{"200", "unexpected EOF"},
		}
	}
	chunk := func(text string) string { return strconv.FormatInt(int64(len(text)), 16) + "\r\n" + text + "\r\n" }
	part := goodAnswer[:40]
	whole := cut("sends the whole JSON and less than its length", head(len(goodAnswer)+1)+goodAnswer, goodAnswer)
	whole.invalid = false
	wholeChunk := cut("sends the whole JSON in chunks without an end", chunkedHead+chunk(goodAnswer), goodAnswer)
	wholeChunk.invalid = false
	badChunk := cut("sends a chunk with a length that is no number", chunkedHead+chunk(part)+"zz\r\n", part)
	badChunk.says = []string{"chunk"}
	cutReset := cut("resets the connection in the middle of the body", "", part)
	script, telling := resetAfterRead(head(1000) + part)
	cutReset.raw, cutReset.opts, cutReset.says = script, []client.Option{telling}, []string{"connection reset"}
	cutError := hostileRow{
		name: "breaks an error off in the middle", runs: 1, status: 500, invalid: true, body: `{"success":false,"error":"Sor`,
		raw: rawAnswer("HTTP/1.1 500 Oops\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n" + `{"success":false,"error":"Sor`),
	}
	long := `{"success":false,"error":"No credits","more":[` + strings.Repeat("0,", 200_000) + `0],"code":"invalid_billing"`
	cutLong := hostileRow{
		name: "breaks a long error off at its end", runs: 1, status: 500, invalid: true, body: long, is: []error{client.ErrPaymentRequired},
		says: []string{"No credits (code invalid_billing)"},
		raw:  rawAnswer("HTTP/1.1 500 Oops\r\nContent-Type: application/json\r\nContent-Length: 500000\r\n\r\n" + long),
	}
	cutLimited := hostileRow{
		name: "breaks a 429 off in the middle", runs: 3, status: 429, invalid: true, safe: true, body: `{"success":`, is: []error{client.ErrRateLimited},
		raw: rawAnswer("HTTP/1.1 429 Slow\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n" + `{"success":`),
	}
	return []hostileRow{
		lost("reads the request and closes", rawAnswer(""), "EOF"),
		lost("reads the request and resets", resetAfter(""), "connection reset"),
		lost("closes in the middle of the status line", rawAnswer("HTTP/1.1 2")),
		lost("closes in the middle of the headers", rawAnswer("HTTP/1.1 200 OK\r\nContent-Ty")),
		lost("resets in the middle of the headers", resetAfter("HTTP/1.1 200 OK\r\nContent-Ty")),
		{
			name: "panics", runs: 1, says: []string{"EOF", "may have been billed"},
			handler: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		},
		cut("closes after the headers", head(100), ""),
		cut("closes in the middle of the body", head(1000)+part, part),
		cut("closes in the middle of a chunk", chunkedHead+"ff\r\n"+part, part),
		cut("closes between chunks", chunkedHead+chunk(part), part),
		whole, wholeChunk, badChunk, cutReset, cutError, cutLong, cutLimited,
	}
}

// timeRows keep the client waiting.
func timeRows() []hostileRow {
	bounded := []client.Option{client.WithTimeout(200 * time.Millisecond)}
	until := func(r *http.Request) { <-r.Context().Done() }
	drip := func(text string, status int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			pace := time.NewTicker(time.Millisecond)
			defer pace.Stop()
			for i := 0; ; i++ {
				if _, err := io.WriteString(w, text[i%len(text):i%len(text)+1]); err != nil {
					return
				}
				_ = http.NewResponseController(w).Flush()
				select {
				case <-pace.C:
				case <-r.Context().Done():
					return
				}
			}
		}
	}
	dripped := func(name string, status int) hostileRow {
		return hostileRow{
			name: name, handler: drip(strings.Repeat(" ", 1000), status), runs: 1, opts: bounded,
			status: status, invalid: true, bodySize: anySize, is: []error{context.DeadlineExceeded}, says: []string{"WithTimeout"},
		}
	}
	return []hostileRow{
		{
			name: "never answers", runs: 1, opts: bounded, says: []string{"no whole answer within 200ms (WithTimeout)", "may have been billed"},
			is:      []error{context.DeadlineExceeded},
			handler: func(_ http.ResponseWriter, r *http.Request) { until(r) },
		},
		{
			name: "sends the headers and falls silent", runs: 1, opts: bounded, status: 200, invalid: true,
			is: []error{context.DeadlineExceeded}, says: []string{"WithTimeout"},
			handler: func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_ = http.NewResponseController(w).Flush()
				until(r)
			},
		},
		{
			name: "sends half a body and falls silent", runs: 1, opts: bounded, status: 200, invalid: true, body: goodAnswer[:40],
			is: []error{context.DeadlineExceeded}, says: []string{"WithTimeout"},
			handler: func(w http.ResponseWriter, r *http.Request) {
				answerJSON(200, goodAnswer[:40])(w, r)
				_ = http.NewResponseController(w).Flush()
				until(r)
			},
		},
		{
			name: "sends a whole run and never ends it", runs: 1, opts: bounded, status: 200, body: goodAnswer,
			is: []error{context.DeadlineExceeded}, says: []string{"WithTimeout"},
			handler: func(w http.ResponseWriter, r *http.Request) {
				answerJSON(200, goodAnswer)(w, r)
				_ = http.NewResponseController(w).Flush()
				until(r)
			},
		},
		dripped("drips a body byte by byte", 200),
		dripped("drips an error byte by byte", 500),
		{
			name: "drips headers line by line", runs: 1, opts: bounded, is: []error{context.DeadlineExceeded}, says: []string{"WithTimeout"},
			raw: func(conn *net.TCPConn, _ *http.Request, _ int) {
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
				pace := time.NewTicker(time.Millisecond)
				defer pace.Stop()
				for range pace.C {
					if _, err := io.WriteString(conn, "X-Drip: 1\r\n"); err != nil {
						return
					}
				}
			},
		},
	}
}
