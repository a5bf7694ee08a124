package client_test

import (
	"bufio"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
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

	codeInternal = 2
	codeRefused  = 7
)

func writeFrame(w io.Writer, kind byte, stream uint32, payload []byte) {
	frame := make([]byte, 0, 9+len(payload))
	frame = append(frame, byte(len(payload)>>16), byte(len(payload)>>8), byte(len(payload)), kind, 0)
	frame = binary.BigEndian.AppendUint32(frame, stream)
	_, _ = w.Write(append(frame, payload...))
}

// serveHTTP2 reads whole requests over HTTP/2 and gives each stream to script.
func serveHTTP2(t *testing.T, seen *runCounter, certificates []tls.Certificate, script func(conn net.Conn, stream uint32)) string {
	t.Helper()
	return "https" + strings.TrimPrefix(serveAccepted(t, func(tcp net.Conn) {
		conn := tls.Server(tcp, &tls.Config{Certificates: certificates, NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS12})
		reader := bufio.NewReader(conn)
		if _, err := io.CopyN(io.Discard, reader, 24); err != nil { // the preface
			return
		}
		writeFrame(conn, frameSettings, 0, nil)
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

func TestAnHTTP2ServerThatBreaksOffIsAskedOnce(t *testing.T) {
	t.Parallel()
	goAway := func(last uint32, code uint32, debug string) []byte {
		payload := binary.BigEndian.AppendUint32(nil, last)
		return append(binary.BigEndian.AppendUint32(payload, code), debug...)
	}
	for name, test := range map[string]struct {
		script func(conn net.Conn, stream uint32)
		most   int // runs
	}{
		"resets the stream": {func(conn net.Conn, stream uint32) {
			writeFrame(conn, frameRSTStream, stream, []byte{0, 0, 0, codeInternal})
		}, 1},
		"goes away and echoes the key": {func(conn net.Conn, stream uint32) {
			writeFrame(conn, frameGoAway, 0, goAway(stream, codeInternal, "Bearer "+hostileKey))
			_ = conn.Close()
		}, 1},
		"says that it did not take the stream": {func(conn net.Conn, stream uint32) {
			writeFrame(conn, frameRSTStream, stream, []byte{0, 0, 0, codeRefused})
		}, 1},
		"goes away before the stream": {func(conn net.Conn, _ uint32) {
			writeFrame(conn, frameGoAway, 0, goAway(0, 0, "Bearer "+hostileKey))
			_ = conn.Close()
		}, 1},
		"answers in HTTP/1": {func(conn net.Conn, _ uint32) { _, _ = io.WriteString(conn, head(len(goodAnswer))+goodAnswer) }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seen := new(runCounter)
			trusted := httptest.NewUnstartedServer(nil)
			trusted.EnableHTTP2 = true
			trusted.StartTLS()
			t.Cleanup(trusted.Close)
			c := newHostileClient(t, serveHTTP2(t, seen, trusted.TLS.Certificates, test.script),
				client.WithHTTPClient(trusting(t, trusted)), client.WithTimeout(5*time.Second))
			_, err := c.RunStory(t.Context(), hostileWorkflow, hostileStory)
			require.Error(t, err)
			assert.LessOrEqual(t, seen.count(), test.most, "runs that the server saw: %v", err)
			assert.False(t, client.SafeToRetry(err), "%v", err)
			assertNoKey(t, hostileKey, nil, err)
		})
	}
}
