package client_test

import (
	"bufio"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client"
)

// Frames of HTTP/2 (RFC 9113).
const (
	frameData      = 0
	frameHeaders   = 1
	frameRSTStream = 3
	frameSettings  = 4
	frameGoAway    = 7
	flagEndStream  = 1
	flagEndHeaders = 4

	codeProtocol = 1
	codeInternal = 2
	codeRefused  = 7
)

func writeFrame(w io.Writer, kind, flags byte, stream uint32, payload []byte) {
	frame := make([]byte, 0, 9+len(payload))
	frame = append(frame, byte(len(payload)>>16), byte(len(payload)>>8), byte(len(payload)), kind, flags)
	frame = binary.BigEndian.AppendUint32(frame, stream)
	_, _ = w.Write(append(frame, payload...))
}

// writeEarlyHints writes an answer of 103, in the encoding of RFC 7541, which is not the last to the stream.
func writeEarlyHints(w io.Writer, stream uint32) {
	writeFrame(w, frameHeaders, flagEndHeaders, stream, []byte{0x08, 3, '1', '0', '3'})
}

// serveHTTP2 reads whole requests over HTTP/2, without TLS where there are no certificates, and gives each stream to script.
func serveHTTP2(t *testing.T, seen *runCounter, certificates []tls.Certificate, script func(conn net.Conn, stream uint32)) string {
	t.Helper()
	scheme := "http"
	if certificates != nil {
		scheme = "https"
	}
	return scheme + strings.TrimPrefix(serveAccepted(t, func(conn net.Conn) {
		if certificates != nil {
			conn = tls.Server(conn, &tls.Config{Certificates: certificates, NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS12})
		}
		reader := bufio.NewReader(conn)
		if _, err := io.CopyN(io.Discard, reader, 24); err != nil { // the preface
			return
		}
		writeFrame(conn, frameSettings, 0, 0, nil)
		for {
			var header [9]byte
			if _, err := io.ReadFull(reader, header[:]); err != nil {
				return
			}
			size := int64(header[0])<<16 | int64(header[1])<<8 | int64(header[2])
			if _, err := io.CopyN(io.Discard, reader, size); err != nil {
				return
			}
			kind, flags, stream := header[3], header[4], binary.BigEndian.Uint32(header[5:])
			if kind == frameHeaders {
				seen.add()
			}
			if (kind == frameHeaders || kind == frameData) && flags&flagEndStream != 0 {
				script(conn, stream)
			}
		}
	}), "http")
}

// trustedOverHTTP2 is a server for its certificates and the client that trusts them.
func trustedOverHTTP2(t *testing.T) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

func TestAnHTTP2ServerThatBreaksOffIsAskedOnce(t *testing.T) {
	t.Parallel()
	goAway := func(conn net.Conn, last uint32, code uint32) {
		payload := binary.BigEndian.AppendUint32(nil, last)
		payload = binary.BigEndian.AppendUint32(payload, code)
		writeFrame(conn, frameGoAway, 0, 0, append(payload, "Bearer "+hostileKey...))
		_ = conn.Close()
	}
	reset := func(conn net.Conn, stream uint32, code byte) {
		writeFrame(conn, frameRSTStream, 0, stream, []byte{0, 0, 0, code})
	}
	trusted := trustedOverHTTP2(t)
	for name, script := range map[string]func(conn net.Conn, stream uint32){
		"resets the stream":                    func(conn net.Conn, stream uint32) { reset(conn, stream, codeInternal) },
		"says that it did not take the stream": func(conn net.Conn, stream uint32) { reset(conn, stream, codeRefused) },
		"says that the stream is wrong":        func(conn net.Conn, stream uint32) { reset(conn, stream, codeProtocol) },
		"goes away and echoes the key":         func(conn net.Conn, stream uint32) { goAway(conn, stream, codeInternal) },
		"goes away before the stream":          func(conn net.Conn, _ uint32) { goAway(conn, 0, 0) },
		"gives early hints endlessly": func(conn net.Conn, stream uint32) {
			for range 10_000 {
				writeEarlyHints(conn, stream)
			}
		},
		"answers in HTTP/1": func(conn net.Conn, _ uint32) { _, _ = io.WriteString(conn, head(len(goodAnswer))+goodAnswer) },
	} {
		for _, hints := range []bool{false, true} {
			broken := script
			if hints {
				name += ", after early hints"
				broken = func(conn net.Conn, stream uint32) {
					writeEarlyHints(conn, stream)
					script(conn, stream)
				}
			}
			ask := func(t *testing.T, certificates []tls.Certificate, hc *http.Client) {
				t.Helper()
				t.Parallel()
				seen := new(runCounter)
				c := newHostileClient(t, serveHTTP2(t, seen, certificates, broken), client.WithHTTPClient(hc), client.WithTimeout(5*time.Second))
				_, err := c.RunStory(t.Context(), hostileWorkflow, hostileStory)
				require.Error(t, err)
				assert.LessOrEqual(t, seen.count(), 1, "runs that the server saw: %v", err)
				assert.False(t, client.SafeToRetry(err), "%v", err)
				assertNoKey(t, hostileKey, nil, err)
			}
			t.Run(name, func(t *testing.T) { ask(t, trusted.TLS.Certificates, trusting(t, trusted)) })
			t.Run(name+", without TLS", func(t *testing.T) {
				transport := &http.Transport{Protocols: new(http.Protocols)}
				transport.Protocols.SetUnencryptedHTTP2(true)
				t.Cleanup(transport.CloseIdleConnections)
				ask(t, nil, &http.Client{Transport: transport})
			})
		}
	}
}

func TestARedirectOverHTTP2IsAnAnswer(t *testing.T) {
	t.Parallel()
	trusted := trustedOverHTTP2(t)
	for name, hints := range map[string]bool{"at once": false, "after early hints": true} {
		t.Run(name, func(t *testing.T) {
			seen := new(runCounter)
			c := newHostileClient(t, serveHTTP2(t, seen, trusted.TLS.Certificates, func(conn net.Conn, stream uint32) {
				if hints {
					writeEarlyHints(conn, stream)
				}
				header := append([]byte{0x08, 3}, "307"...)             // :status
				header = append(append(header, 0x0f, 0x1f, 2), "/x"...) // location
				writeFrame(conn, frameHeaders, flagEndHeaders, stream, header)
				writeFrame(conn, frameData, flagEndStream, stream, []byte("gone"))
			}), client.WithHTTPClient(trusting(t, trusted)))
			_, err := c.RunStory(t.Context(), hostileWorkflow, hostileStory)
			var answer *client.APIError
			require.ErrorAs(t, err, &answer)
			assert.Equal(t, 307, answer.StatusCode)
			assert.Equal(t, "/x", answer.Header.Get("Location"))
			assert.Equal(t, "gone", string(answer.Body))
			assert.Equal(t, 1, seen.count())
		})
	}
}
