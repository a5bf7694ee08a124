package client_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"

	"github.com/aitutor-api/aitutor-go/client"
)

// endlessly answers with text, and then with chunk again and again until the client goes.
func endlessly(status int, contentType, text, chunk string) http.HandlerFunc {
	block := []byte(strings.Repeat(chunk, max(1, 64<<10/len(chunk))))
	return func(w http.ResponseWriter, r *http.Request) {
		answer(status, contentType, text)(w, r)
		for {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}
}

// gzippedZeros is 16 MiB of zeros as a gzip member; members may follow each other.
var gzippedZeros = sync.OnceValue(func() []byte {
	var member bytes.Buffer
	compressor := gzip.NewWriter(&member)
	_, _ = compressor.Write(make([]byte, 16<<20))
	_ = compressor.Close()
	return member.Bytes()
})

// gzipBomb answers with 1 GiB of zeros in about 1 MB.
func gzipBomb(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		for range 64 {
			_, _ = w.Write(gzippedZeros())
		}
	}
}

// endlessRows send more than anybody wants.
func endlessRows() []hostileRow {
	const limit = 100_000
	long := func(name string, status int, handler http.HandlerFunc) hostileRow {
		return hostileRow{
			name: name, handler: handler, runs: 1, status: status, invalid: true, bodySize: limit,
			says: []string{"longer than 100000 bytes (WithMaxResponseBytes)"},
			opts: []client.Option{client.WithMaxResponseBytes(limit)},
		}
	}
	exact := strings.Replace(goodAnswer, "{", `{"p":"`+strings.Repeat("x", limit-len(goodAnswer)-7)+`",`, 1)
	tooLong := long("answers a byte over the limit", 200, answerJSON(200, exact+" "))
	tooLong.invalid, tooLong.bodySize, tooLong.body = false, 0, exact
	atLimit := hostileRow{
		name: "answers with just the limit", handler: answerJSON(200, exact), runs: 1, text: "Once upon a time",
		opts: []client.Option{client.WithMaxResponseBytes(int64(len(exact)))},
	}
	chunked := atLimit
	chunked.name = "answers with just the limit, in chunks"
	chunked.handler = func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Transfer-Encoding", "chunked")
		answerJSON(200, exact)(w, r)
	}
	return []hostileRow{
		atLimit, chunked, tooLong,
		long("answers with an endless text", 200, endlessly(200, "application/json", `{"success":true,"result":"`, "once ")),
		long("answers with endless white space", 200, endlessly(200, "application/json", "", " ")),
		long("answers with endless objects", 200, endlessly(200, "application/json", `{"success":true,"result":"x","n":[`, `{},`)),
		long("answers with an endless error", 500, endlessly(500, "application/json", `{"success":false,"error":"`, "sorry ")),
		long("answers with an endless page", 502, endlessly(502, "text/html", "<h1>", "sorry ")),
		long("answers with an endless page under 200", 200, endlessly(200, "text/html", "<h1>", "sorry ")),
		long("answers with a gzip bomb", 200, gzipBomb(200)),
		long("answers an error with a gzip bomb", 500, gzipBomb(500)),
		long("promises an exabyte", 200, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1152921504606846976")
			endlessly(200, "application/json", "", " ")(w, r)
		}),
		{
			name: "promises an exabyte to a client without a limit", runs: 1, status: 200, invalid: true, body: "{", says: []string{"unexpected EOF"},
			raw:  rawAnswer("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9223372036854775807\r\n\r\n{"),
			opts: []client.Option{client.WithMaxResponseBytes(1<<63 - 1)},
		},
		{
			name: "promises a terabyte to a client that takes one", runs: 1, status: 200, invalid: true, body: "{", says: []string{"unexpected EOF"},
			raw:  rawAnswer("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1099511627776\r\n\r\n{"),
			opts: []client.Option{client.WithMaxResponseBytes(1 << 40)},
		},
		{
			name: "answers a client without a limit", runs: 1, text: "Once upon a time", handler: answerJSON(200, exact),
			opts: []client.Option{client.WithMaxResponseBytes(1<<63 - 1)},
		},
		{
			name: "sends endless headers", runs: 1, says: []string{"header", "may have been billed"},
			raw: func(conn *net.TCPConn, _ *http.Request, _ int) {
				_, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
				for err == nil {
					_, err = io.WriteString(conn, strings.Repeat("X-Endless: 1\r\n", 1000))
				}
			},
		},
		{
			name: "sends an endless header", runs: 1, says: []string{"header", "may have been billed"},
			raw: func(conn *net.TCPConn, _ *http.Request, _ int) {
				_, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\nX-Endless: ")
				for err == nil {
					_, err = io.WriteString(conn, strings.Repeat("x", 64<<10))
				}
			},
		},
		{
			name: "sends an endless status line", runs: 1, says: []string{"header", "may have been billed"},
			raw: func(conn *net.TCPConn, _ *http.Request, _ int) {
				_, err := io.WriteString(conn, "HTTP/1.1 200 ")
				for err == nil {
					_, err = io.WriteString(conn, strings.Repeat("x", 64<<10))
				}
			},
		},
		{
			name: "says 100 Continue endlessly", runs: 1, says: []string{"may have been billed"},
			raw: func(conn *net.TCPConn, _ *http.Request, _ int) {
				var err error
				for err == nil {
					_, err = io.WriteString(conn, strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 100))
				}
			},
		},
	}
}
