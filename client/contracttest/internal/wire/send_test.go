package wire

import (
	"bufio"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// newHTTP2Server reads whole requests over HTTP/2, counts them, and refuses their streams (RFC 9113, 8.7).
func newHTTP2Server(t *testing.T, requests *atomic.Int64) (base string, client *http.Client) {
	t.Helper()
	trusted := httptest.NewUnstartedServer(nil)
	trusted.EnableHTTP2 = true
	trusted.StartTLS()
	t.Cleanup(trusted.Close)
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: trusted.TLS.Certificates,
		NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS12})
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go refuseStreams(conn, requests)
		}
	}()
	return "https://" + listener.Addr().String(), trusted.Client()
}

func refuseStreams(conn net.Conn, requests *atomic.Int64) {
	defer conn.Close()
	const data, headers, reset, settings, windowUpdate = 0, 1, 3, 4, 8
	write := func(kind byte, stream uint32, payload ...byte) {
		frame := []byte{0, 0, byte(len(payload)), kind, 0}
		_, _ = conn.Write(append(binary.BigEndian.AppendUint32(frame, stream), payload...))
	}
	reader := bufio.NewReader(conn)
	if _, err := io.CopyN(io.Discard, reader, 24); err != nil { // the preface
		return
	}
	write(settings, 0)
	write(windowUpdate, 0, 0x10, 0, 0, 0) // room for all bodies
	for {
		var frame [9]byte
		if _, err := io.ReadFull(reader, frame[:]); err != nil {
			return
		}
		if _, err := io.CopyN(io.Discard, reader, int64(frame[0])<<16|int64(frame[1])<<8|int64(frame[2])); err != nil {
			return
		}
		kind, endStream := frame[3], frame[4]&1 != 0
		if kind == headers {
			requests.Add(1)
		}
		if (kind == headers || kind == data) && endStream {
			write(reset, binary.BigEndian.Uint32(frame[5:]), 0, 0, 0, 7) // REFUSED_STREAM
		}
	}
}

func TestNoRequestWithABodyIsWrittenTwiceOverHTTP2(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	base, client := newHTTP2Server(t, &requests)
	sender := NewSender(base, client, nil)
	defer sender.Close()
	for name, body := range map[string]string{
		"a short body": "{}", "a body that is no JSON": "[[[", "a long body": strings.Repeat("a", 50_000), "a byte": "\x00",
	} {
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			before := requests.Load()
			r := Request{Method: method, Path: "/"}.WithBody("application/json", []byte(body))
			_, err := sender.sendFresh(t.Context(), timeout, r)
			require.Error(t, err, name)
			assert.EqualValues(t, 1, requests.Load()-before, name)
		}
	}
}

func TestAnExchangeEndsWhateverTheServerDoes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		script func(net.Conn)
		want   string // of the error
	}{
		"with a silent 101": {func(conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
		}, ""},
		"with an endless body": {func(conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
			for line := strings.Repeat(" ", 1<<16); ; {
				if _, err := io.WriteString(conn, line); err != nil {
					return
				}
			}
		}, "longer than"},
		"with a body that stops": {func(conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
		}, "not finished after 200ms"},
		"with silence": {func(net.Conn) {}, "not finished after 200ms"},
		"with a body that is cut off": {func(conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
			_ = conn.Close()
		}, "broke off"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				conn, _, err := http.NewResponseController(w).Hijack()
				if err != nil {
					return
				}
				t.Cleanup(func() { _ = conn.Close() })
				test.script(conn)
			}))
			t.Cleanup(server.Close)
			sender := NewSender(server.URL, nil, nil)
			defer sender.Close()
			limit := timeout
			if strings.Contains(test.want, "200ms") {
				limit = 200 * time.Millisecond
			}
			res, err := sender.sendFresh(t.Context(), limit, Request{Method: http.MethodPost, Path: "/"})
			if test.want != "" {
				require.ErrorContains(t, err, test.want)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, http.StatusSwitchingProtocols, res.Status)
		})
	}
}

func TestARequestIsSentAgainIfItsConnectionIsClosedAndItStartsNoRun(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		closed int64 // connections without a response
		mayRun bool
		before int
		sent   int64
		fails  bool
	}{
		{"once", 1, false, 0, 2, false},
		{"twice", 2, false, 0, 3, false},
		{"and no more often", 3, false, 0, 3, true},
		{"with those before it", 2, false, 1, 4, false},
		{"but not if it may start a run", 1, true, 0, 1, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var sent atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if sent.Add(1) <= test.closed {
					panic(http.ErrAbortHandler)
				}
				w.WriteHeader(http.StatusUnauthorized)
			}))
			t.Cleanup(server.Close)
			sender := NewSender(server.URL, nil, nil)
			defer sender.Close()
			r := Request{Method: http.MethodPost, Path: "/"}.WithBody("application/json", []byte("{}"))
			res, _, err := sender.Exchange(t.Context(), r, test.mayRun, slices.Repeat([]Request{r}, test.before)...)
			assert.Equal(t, test.sent, sent.Load())
			if test.fails {
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, http.StatusUnauthorized, res.Status)
		})
	}
}

func TestAKeyIsFoundInATrailer(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Trailer", "X-Debug")
		_, _ = io.WriteString(w, "{}")
		w.Header().Set("X-Debug", "key-12345678")
	}))
	t.Cleanup(server.Close)
	sender := NewSender(server.URL, nil, []string{"key-12345678"})
	defer sender.Close()
	res, _, err := sender.Exchange(t.Context(), Request{Method: http.MethodGet, Path: "/"}, false)
	require.NoError(t, err)
	assert.Equal(t, []string{"trailer X-Debug"}, res.Leaks)
}
