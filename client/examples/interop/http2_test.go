package interop_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/aitutor-api/aitutor-go/client"
)

// By default the client speaks HTTP/1.1. A caller's own transport may speak HTTP/2, where a server can take back a
// request that was written. Here it does so all the time, in every way.
func TestHTTP2ServerThatBreaksOffGetsEachRunOnce(t *testing.T) {
	runs := 2000
	if testing.Short() {
		runs = 300
	}
	for name, transport := range map[string]func(*tls.Config) http.RoundTripper{
		"net/http": func(config *tls.Config) http.RoundTripper {
			return &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}
		},
		"net/http in otelhttp": func(config *tls.Config) http.RoundTripper {
			return otelhttp.NewTransport(&http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true})
		},
		"golang.org/x/net/http2": func(config *tls.Config) http.RoundTripper {
			return &http2.Transport{TLSClientConfig: config}
		},
	} {
		t.Run(name, func(t *testing.T) {
			seed := uint64(time.Now().UnixNano())
			s := newStorm(t, seed)
			carrier := transport(&tls.Config{RootCAs: s.trusted})
			c, err := client.New("Key-Under-Test_0123456789", client.WithBaseURL(s.url),
				client.WithHTTPClient(&http.Client{Transport: carrier}))
			require.NoError(t, err)
			t.Cleanup(c.CloseIdleConnections)

			var all sync.WaitGroup
			var failed, safe atomic.Int64
			slots := make(chan struct{}, 32)
			for i := range runs {
				slots <- struct{}{}
				all.Go(func() {
					defer func() { <-slots }()
					id := fmt.Sprintf("wf_%d", i)
					_, err := c.RunInputs(t.Context(), id, inputs())
					if err == nil {
						return
					}
					failed.Add(1)
					if client.SafeToRetry(err) {
						safe.Add(1)
						assert.Zero(t, s.seen(id), "%s is said not to have been sent: %v", id, err)
					}
				})
			}
			all.Wait()
			total, twice := s.counts()
			t.Logf("seed %d: %d runs: %d reached the server, %d failed, %d of them safe to retry, %d were sent twice",
				seed, runs, total, failed.Load(), safe.Load(), twice)
			assert.Zero(t, twice, "runs that were sent twice")
			assert.NotZero(t, failed.Load(), "the server broke nothing")
			assert.Less(t, int(failed.Load()), runs, "the server responded to nothing")
		})
	}
}

// storm is a server of HTTP/2 that breaks off most requests, at a moment and in a way of a seeded random.
type storm struct {
	url     string
	trusted *x509.CertPool

	mu      sync.Mutex
	random  *rand.Rand
	headers map[string]int // requests by path
}

// A moment of a request at which the server breaks off.
const (
	onHeaders = iota
	onBody
	afterHeaders
	inTheBody
	afterTheBody
	never // or more
)

func newStorm(t *testing.T, seed uint64) *storm {
	t.Helper()
	certified := httptest.NewTLSServer(nil) // for its certificate
	certified.Close()
	s := &storm{
		trusted: x509.NewCertPool(),
		random:  rand.New(rand.NewPCG(seed, seed)),
		headers: make(map[string]int),
	}
	s.trusted.AddCert(certified.Certificate())
	config := &tls.Config{
		Certificates: certified.TLS.Certificates, NextProtos: []string{http2.NextProtoTLS}, MinVersion: tls.VersionTLS12,
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", config)
	require.NoError(t, err)
	s.url = "https://" + listener.Addr().String()
	var serving sync.WaitGroup
	var open sync.Map
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			open.Store(conn, nil)
			serving.Go(func() {
				defer func() { _ = conn.Close() }()
				s.serve(conn)
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		open.Range(func(conn, _ any) bool {
			if c, ok := conn.(net.Conn); ok {
				_ = c.Close()
			}
			return true
		})
		serving.Wait()
	})
	return s
}

// draw returns a number below n.
func (s *storm) draw(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.random.IntN(n)
}

func (s *storm) seen(id string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.headers["/api/v1/run/"+id]
}

func (s *storm) counts() (total, twice int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.headers {
		total++
		if n > 1 {
			twice++
		}
	}
	return total, twice
}

// serve serves a connection until it is closed, or the server closes it.
func (s *storm) serve(conn net.Conn) {
	if _, err := io.CopyN(io.Discard, conn, int64(len(http2.ClientPreface))); err != nil {
		return
	}
	framer := http2.NewFramer(conn, conn)
	framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	streams := uint32(1 + s.draw(20))
	_ = framer.WriteSettings(http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: streams})
	if s.draw(20) == 0 && !s.breakOff(framer, 1) {
		return
	}
	moments := make(map[uint32]int) // of each stream
	for {
		frame, err := framer.ReadFrame()
		if err != nil {
			return
		}
		at := onBody
		var ended bool
		switch frame := frame.(type) {
		case *http2.SettingsFrame:
			if !frame.IsAck() {
				_ = framer.WriteSettingsAck()
			}
			continue
		case *http2.PingFrame:
			if !frame.IsAck() {
				_ = framer.WritePing(true, frame.Data)
			}
			continue
		case *http2.MetaHeadersFrame:
			s.mu.Lock()
			s.headers[frame.PseudoValue("path")]++
			s.mu.Unlock()
			moments[frame.StreamID] = s.draw(2 * never) // half of them never
			at, ended = onHeaders, frame.StreamEnded()
		case *http2.DataFrame:
			ended = frame.StreamEnded()
		default:
			continue
		}
		stream := frame.Header().StreamID
		if moments[stream] == at {
			if !s.breakOff(framer, stream) {
				return
			}
			moments[stream] = never
		}
		if ended && !s.respond(framer, stream, moments[stream]) {
			return
		}
	}
}

// respond responds with a run, and breaks off at a moment of it. It reports whether the connection is still open.
func (s *storm) respond(framer *http2.Framer, stream uint32, moment int) bool {
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	encoder.SetMaxDynamicTableSize(0)
	for _, field := range []hpack.HeaderField{
		{Name: ":status", Value: "200"}, {Name: "content-type", Value: "application/json"},
	} {
		_ = encoder.WriteField(field)
	}
	body := []byte(mockedRun)
	for _, step := range []struct {
		at    int
		write func() error
	}{
		{afterHeaders, func() error {
			return framer.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block.Bytes(), EndHeaders: true})
		}},
		{inTheBody, func() error { return framer.WriteData(stream, false, body[:9]) }},
		{afterTheBody, func() error { return framer.WriteData(stream, true, body[9:]) }},
	} {
		if step.write() != nil {
			return false
		}
		if moment == step.at && !s.breakOff(framer, stream) {
			return false
		}
	}
	return true
}

// breakOff resets a stream with some code, says GOAWAY with some last stream and some code, once or twice, closes the
// connection, or all of it. It reports whether the connection is still open.
func (s *storm) breakOff(framer *http2.Framer, stream uint32) bool {
	code := func() http2.ErrCode {
		if s.draw(3) == 0 {
			return http2.ErrCodeRefusedStream // which net/http takes for a promise
		}
		return http2.ErrCode(s.draw(15))
	}
	last := func() uint32 {
		return []uint32{0, max(stream, 2) - 2, stream, stream + 2, math.MaxInt32}[s.draw(5)]
	}
	kind := s.draw(10)
	if kind < 6 {
		_ = framer.WriteRSTStream(stream, code())
	}
	if kind >= 5 {
		_ = framer.WriteGoAway(last(), code(), []byte(strings.Repeat("x", s.draw(9))))
	}
	if kind == 6 {
		_ = framer.WriteGoAway(last(), code(), nil)
	}
	return s.draw(10) > 0
}
