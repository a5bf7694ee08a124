package client_test

import (
	"compress/gzip"
	"io"
	"net"
	"net/http"
	"strings"
)

// headerRows answer a good run with odd headers.
func headerRows() []hostileRow {
	odd := func(name, header, value string) hostileRow {
		return hostileRow{name: name, handler: withHeader(answerJSON(200, goodAnswer), header, value), runs: 1, text: "Once upon a time"}
	}
	typed := func(name, contentType string) hostileRow {
		return hostileRow{
			name: name, handler: answer(200, contentType, goodAnswer), runs: 1, text: "Once upon a time",
		}
	}
	refused := func(row hostileRow, says string) hostileRow {
		row.text, row.invalid, row.body, row.says = "", true, goodAnswer, []string{says}
		return row
	}
	status := func(name string, status int, body string) hostileRow {
		return hostileRow{name: name, handler: answerJSON(status, body), runs: 1, invalid: true, body: body}
	}
	noContent := status("answers 204", http.StatusNoContent, "")
	noContent.status = http.StatusNoContent
	return []hostileRow{
		typed("answers with a charset", "application/json; charset=utf-8"),
		typed("answers with a type in capitals", "Application/JSON"),
		refused(typed("answers without a content type", ""), "content-type"),
		refused(typed("answers with a run as text", "text/plain"), "content-type"),
		refused(typed("answers with a run as HTML", "text/html"), "content-type"),
		refused(typed("answers with a type that cannot be parsed", "application/;;"), "content-type"),
		refused(odd("answers with a rate limit that is no number", "X-Ratelimit-Limit", "many"), "x-ratelimit-limit"),
		refused(odd("answers with a rate limit below zero", "X-Ratelimit-Remaining", "-1"), "x-ratelimit-remaining"),
		refused(odd("answers with an empty rate limit", "X-Ratelimit-Limit", ""), "x-ratelimit-limit"),
		refused(odd("answers with a rate limit that no integer holds", "X-Ratelimit-Limit", strings.Repeat("9", 30)), "x-ratelimit-limit"),
		status("answers 201 with a run", http.StatusCreated, goodAnswer),
		status("answers 203 with a run", http.StatusNonAuthoritativeInfo, goodAnswer),
		status("answers 206 with a run", http.StatusPartialContent, goodAnswer),
		noContent,
		odd("sets a cookie", "Set-Cookie", "a=b; Path=/"),
		odd("asks to switch the protocol under 200", "Upgrade", "h2c"),
		{
			name: "compresses a run", runs: 1, text: "Once upon a time",
			handler: func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Encoding", "gzip")
				w.Header().Set("Content-Type", "application/json")
				compressor := gzip.NewWriter(w)
				_, _ = io.WriteString(compressor, goodAnswer)
				_ = compressor.Close()
			},
		},
		{
			name: "says gzip and sends none", runs: 1, status: 200, invalid: true, says: []string{"gzip"},
			handler: withHeader(answerJSON(200, goodAnswer), "Content-Encoding", "gzip"),
		},
		{
			name: "compresses as nobody asked", runs: 1, status: 200, invalid: true, body: "\x1b\x07brotli", says: []string{"is not JSON"},
			handler: withHeader(answerJSON(200, "\x1b\x07brotli"), "Content-Encoding", "br"),
		},
	}
}

// protocolRows speak HTTP in ways of their own.
func protocolRows() []hostileRow {
	lost := func(name string, script rawScript, says ...string) hostileRow {
		return hostileRow{name: name, raw: script, runs: 1, says: append(says, "may have been billed")}
	}
	fine := func(name string, script rawScript) hostileRow {
		return hostileRow{name: name, raw: script, runs: 1, text: "Once upon a time"}
	}
	good := head(len(goodAnswer)) + goodAnswer
	return []hostileRow{
		fine("speaks HTTP/1.0 and ends the body with the connection", rawAnswer("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n"+goodAnswer)),
		fine("answers 100 Continue first", rawAnswer("HTTP/1.1 100 Continue\r\n\r\n"+good)),
		fine("answers 103 Early Hints first", rawAnswer("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"+good)),
		fine("ends lines with a newline alone", rawAnswer(strings.ReplaceAll(head(len(goodAnswer)), "\r", "")+goodAnswer)),
		lost("answers in no protocol", rawAnswer("hello\r\n\r\n"), "malformed HTTP"),
		lost("answers in TLS", rawAnswer("\x15\x03\x01\x00\x02\x02\x28")),
		lost("answers with a status that is no number", rawAnswer("HTTP/1.1 two hundred\r\n\r\n"), "malformed HTTP"),
		lost("answers with a status of four digits", rawAnswer("HTTP/1.1 2000 OK\r\n\r\n"), "malformed HTTP"),
		fine("says that it speaks HTTP 2.0", rawAnswer(strings.Replace(good, "HTTP/1.1", "HTTP/2.0", 1))),
		lost("answers with two lengths", rawAnswer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}")),
		lost("answers with a length below zero", rawAnswer("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}")),
		lost("answers with an encoding that nobody knows", rawAnswer("HTTP/1.1 200 OK\r\nTransfer-Encoding: rot13\r\n\r\n{}")),
		lost("answers with a header without a colon", rawAnswer("HTTP/1.1 200 OK\r\nnonsense\r\n\r\n{}")),
		lost("answers 100 Continue a thousand times and goes", rawAnswer(strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 1000))),
		{
			name: "switches to another protocol and falls silent", runs: 1, status: http.StatusSwitchingProtocols, invalid: true,
			says: []string{"switched to another protocol"},
			raw: func(conn *net.TCPConn, _ *http.Request, _ int) {
				_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")
				_, _ = io.Copy(io.Discard, conn) // until the client goes
			},
		},
		{
			name: "sends a second answer that nobody asked for", runs: 1, text: "Once upon a time",
			raw: rawAnswer(good + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
		},
	}
}
