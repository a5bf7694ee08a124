package client_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/client/contract"
)

func TestBody_ThatIsCutOffStaysWithTheCaller(t *testing.T) {
	t.Parallel()
	cut := func(name, response, body string) serverCase {
		return serverCase{
			name: name, raw: rawResponse(response), requests: 1, cut: true, body: body,
			says: []string{"200 OK: the response was cut off after " + strconv.Itoa(len(body)) + " bytes", "unexpected EOF"},
		}
	}
	chunk := func(text string) string { return strconv.FormatInt(int64(len(text)), 16) + "\r\n" + text + "\r\n" }
	part := runBody[:40]
	badChunk := cut("sends a chunk with a length that is no number", chunkedHead+chunk(part)+"zz\r\n", part)
	badChunk.says = []string{"200 OK: the response was cut off after 40 bytes", "chunk"}
	resets := cut("resets the connection in the middle of the body", "", part)
	script, telling := resetAfterRead(head(1000) + part)
	resets.raw, resets.opts = script, []client.Option{telling}
	resets.says = []string{"cut off after 40 bytes", "connection reset"}
	long := `{"success":false,"error":"No credits","more":[` + strings.Repeat("0,", 200_000) +
		`0],"code":"invalid_billing"`
	runServerCases(t, []serverCase{
		cut("closes after the headers", head(100), ""),
		cut("closes in the middle of the body", head(1000)+part, part),
		cut("closes in the middle of a chunk", chunkedHead+"ff\r\n"+part, part),
		cut("closes between chunks", chunkedHead+chunk(part), part),
		cut("sends the whole JSON and less than its length", head(len(runBody)+1)+runBody, runBody),
		cut("sends the whole JSON in chunks without an end", chunkedHead+chunk(runBody), runBody),
		badChunk,
		resets,
		{
			name: "breaks an error off in the middle", requests: 1, status: 500, body: `{"success":false,"error":"Sor`,
			raw: rawResponse("HTTP/1.1 500 Oops\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n" +
				`{"success":false,"error":"Sor`),
			is:   []error{client.ErrServer, io.ErrUnexpectedEOF},
			says: []string{"the response was cut off after 29 bytes", "may have been billed"},
		},
		{
			name: "breaks a long error off at its end", requests: 1, status: 500, body: long,
			is:   []error{client.ErrPaymentRequired},
			says: []string{"No credits (code invalid_billing)", "cut off"},
			raw:  rawResponse("HTTP/1.1 500 Oops\r\nContent-Type: application/json\r\nContent-Length: 500000\r\n\r\n" + long),
		},
		{
			name: "breaks a 429 off in the middle", requests: 2, status: 429, safe: true, body: `{"success":`,
			is:   []error{client.ErrRateLimited},
			opts: []client.Option{client.WithMaxRetries(1)},
			raw: rawResponse("HTTP/1.1 429 Slow\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n" +
				`{"success":`),
		},
		{
			name: "switches to another protocol and falls silent", requests: 1, status: http.StatusSwitchingProtocols,
			says: []string{"switched to another protocol"},
			raw: func(conn *net.TCPConn, _ *http.Request, _ int) {
				_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")
				_, _ = io.Copy(io.Discard, conn) // until the client goes
			},
		},
	})
}

func TestBody_ThatIsCompressedIsDecompressed(t *testing.T) {
	t.Parallel()
	runServerCases(t, []serverCase{
		{
			name: "compresses a run", requests: 1, text: runText, body: runBody,
			handler: func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Encoding", "gzip")
				w.Header().Set("Content-Type", "application/json")
				compressor := gzip.NewWriter(w)
				_, _ = io.WriteString(compressor, runBody)
				_ = compressor.Close()
			},
		},
		{
			name: "says gzip and sends none", requests: 1, violation: true, says: []string{"gzip"}, text: runText, body: runBody,
			handler: withHeader(respondJSON(200, runBody), "Content-Encoding", "gzip"),
		},
		{
			name: "compresses as nobody asked", requests: 1, violation: true, body: "\x1b\x07brotli",
			handler: withHeader(respondJSON(200, "\x1b\x07brotli"), "Content-Encoding", "br"),
			says:    []string{`the content coding "br" cannot be decoded`},
		},
	})
}

func TestBody_IsReadUpToTheLimit(t *testing.T) {
	t.Parallel()
	const limit = 100_000
	limited := []client.Option{client.WithMaxResponseBytes(limit)}
	long := func(name string, handler http.HandlerFunc) serverCase {
		return serverCase{
			name: name, handler: handler, requests: 1, cut: true, bodySize: limit, opts: limited,
			says: []string{"200 OK: the response is longer than 100000 bytes (WithMaxResponseBytes)"},
		}
	}
	longError := func(name string, status int, handler http.HandlerFunc) serverCase {
		c := long(name, handler)
		c.cut, c.status, c.says = false, status, []string{"the response is longer than 100000 bytes (WithMaxResponseBytes)"}
		return c
	}
	exact := strings.Replace(runBody, "{", `{"p":"`+strings.Repeat("x", limit-len(runBody)-7)+`",`, 1)
	inChunks := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Transfer-Encoding", "chunked")
		respondJSON(200, exact)(w, r)
	}
	exactLimit := []client.Option{client.WithMaxResponseBytes(int64(len(exact)))}
	over := long("responds with a byte over the limit", respondJSON(200, exact+" "))
	over.opts, over.bodySize, over.says = exactLimit, len(exact), []string{"(WithMaxResponseBytes)"}
	runServerCases(t, []serverCase{
		{
			name: "responds with just the limit", requests: 1, text: runText, body: exact,
			handler: respondJSON(200, exact), opts: exactLimit,
		},
		{
			name: "responds with just the limit, in chunks", requests: 1, text: runText, body: exact,
			handler: inChunks, opts: exactLimit,
		},
		over,
		long("responds with an endless text", endlessly(200, "application/json", `{"success":true,"result":"`, "once ")),
		long("responds with endless white space", endlessly(200, "application/json", "", " ")),
		long("responds with endless objects",
			endlessly(200, "application/json", `{"success":true,"result":"x","n":[`, `{},`)),
		long("responds with an endless page under 200", endlessly(200, "text/html", "<h1>", "sorry ")),
		long("responds with a gzip bomb", gzipBomb(200)),
		long("promises an exabyte", promiseOfAnExabyte),
		longError("responds with an endless error", 500,
			endlessly(500, "application/json", `{"success":false,"error":"`, "sorry ")),
		longError("responds with an endless page", 502, endlessly(502, "text/html", "<h1>", "sorry ")),
		longError("responds with a gzip bomb under an error", 500, gzipBomb(500)),
		{
			name: "promises an exabyte to a client without a limit", requests: 1, cut: true, body: "{",
			says: []string{"unexpected EOF"},
			raw: rawResponse("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" +
				"Content-Length: 9223372036854775807\r\n\r\n{"),
			opts: []client.Option{client.WithMaxResponseBytes(1<<63 - 1)},
		},
		{
			name: "promises a terabyte to a client that takes one", requests: 1, cut: true, body: "{",
			says: []string{"unexpected EOF"},
			raw:  rawResponse("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1099511627776\r\n\r\n{"),
			opts: []client.Option{client.WithMaxResponseBytes(1 << 40)},
		},
		{
			name: "responds to a client without a limit", requests: 1, text: runText, body: exact,
			handler: respondJSON(200, exact),
			opts:    []client.Option{client.WithMaxResponseBytes(1<<63 - 1)},
		},
	})
}

// endlessly responds with text, and then with chunk again and again until the client goes.
func endlessly(status int, contentType, text, chunk string) http.HandlerFunc {
	block := []byte(strings.Repeat(chunk, max(1, 64<<10/len(chunk))))
	return func(w http.ResponseWriter, r *http.Request) {
		respond(status, contentType, text)(w, r)
		for {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}
}

func promiseOfAnExabyte(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Length", "1152921504606846976")
	endlessly(200, "application/json", "", " ")(w, r)
}

// gzippedZeros returns 16 MiB of zeros as a gzip member; members may follow each other.
var gzippedZeros = sync.OnceValue(func() []byte {
	var member bytes.Buffer
	compressor := gzip.NewWriter(&member)
	_, _ = compressor.Write(make([]byte, 16<<20))
	_ = compressor.Close()
	return member.Bytes()
})

// gzipBomb responds with 1 GiB of zeros in about 1 MB.
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

// TestBody_OfAnySizeTakesTwiceTheLimitOfMemory reads responses of any size with the default limit of 10 MiB. All that
// is allocated in the meantime counts, also by the server, and what is freed again.
func TestBody_OfAnySizeTakesTwiceTheLimitOfMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	const limit, slack = 10 << 20, 4 << 20
	for i, bomb := range []struct {
		name    string
		status  int
		handler http.HandlerFunc
	}{
		{"a gzip bomb of 1 GiB", 200, gzipBomb(200)},
		{"a gzip bomb under an error", 500, gzipBomb(500)},
		{"an endless error page", 502, endlessly(502, "text/html", "<h1>", "sorry ")},
		{"an endless error text", 502, endlessly(502, "text/plain", "", "sorry ")},
		{"an endless error", 500, endlessly(500, "application/json", `{"success":false,"error":"`, "sorry ")},
		{"an endless text", 200, endlessly(200, "application/json", `{"success":true,"result":"`, "once ")},
		{"endless zeros", 200, endlessly(200, "application/json", "", "\x00")},
		{"endless white space", 200, endlessly(200, "application/json", "", " ")},
		{"endless objects", 200, endlessly(200, "application/json", `{"success":true,"n":[`, "{},")},
		{"endless numbers in an error", 500, endlessly(500, "application/json", `{"success":false,"n":[`, "1,")},
		{"endless arrays in arrays", 200, endlessly(200, "application/json", "", "[")},
		{"a promise of an exabyte", 200, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1152921504606846976")
			endlessly(200, "application/json", "", " ")(w, r)
		}},
	} {
		if i%3 != 0 && os.Getenv("AITUTOR_TEST_ALL") == "" {
			continue // make test-all has them all
		}
		t.Run(bomb.name, func(t *testing.T) {
			gzippedZeros()
			contract.Default()
			c := newTestClient(t, serveHTTP(t, new(counter), bomb.handler), client.WithMaxRetries(0))
			inputs := exampleInputs(t)
			runtime.GC()
			var run *client.Run
			var err error
			took := allocated(func() { run, err = c.Run(t.Context(), testWorkflow, inputs) })
			require.ErrorContains(t, err, "longer than 10485760 bytes (WithMaxResponseBytes)")
			if bomb.status == 200 {
				require.NotNil(t, run)
				assert.Len(t, run.Body, limit, "what was received, to the limit")
				assert.Empty(t, run.Text)
			} else {
				var failure *client.APIError
				require.ErrorAs(t, err, &failure)
				assert.Equal(t, bomb.status, failure.StatusCode)
				assert.Len(t, failure.Body, limit, "what was received, to the limit")
			}
			t.Logf("%s: %.1f MiB allocated in all, limit 10 MiB", bomb.name, float64(took)/(1<<20))
			assert.LessOrEqual(t, took, uint64(2*limit+slack), "bytes allocated")
		})
	}
}

// TestBody_OfALongRunTakesTwiceItsSizeOfMemory reads a run that is just within the limit: Body, and the text decoded
// from it.
func TestBody_OfALongRunTakesTwiceItsSizeOfMemory(t *testing.T) {
	const limit, slack = 10 << 20, 4 << 20
	text := strings.Repeat("once ", (limit-1000)/5)
	c := newTestClient(t, serveHTTP(t, new(counter), respondJSON(200, `{"success":true,"result":"`+text+`"}`)))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	run, err := runExample(t, c)
	runtime.GC()
	runtime.ReadMemStats(&after)
	require.NoError(t, err)
	assert.Len(t, run.Text, len(text))
	kept := after.HeapAlloc - before.HeapAlloc
	t.Logf("a run of 10 MiB: %.1f MiB allocated in all, %.1f MiB kept",
		float64(after.TotalAlloc-before.TotalAlloc)/(1<<20), float64(kept)/(1<<20))
	assert.LessOrEqual(t, kept, uint64(2*limit+slack), "bytes kept")
	runtime.KeepAlive(run)
}

// TestBody_TakesEightBytesOfMemoryPerUnknownValue reads long runs that are nearly all values that the contract does not
// name: beside the body, the validator keeps where each value and name begins.
func TestBody_TakesEightBytesOfMemoryPerUnknownValue(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	contract.Default()
	const size = 2 << 20
	objects := "[" + strings.Repeat("{},", size/3) + "1]"
	numbers := "[" + strings.Repeat("1,", size/2) + "1]"
	for name, fields := range map[string]string{
		"objects":                              `"result":"The text of the run.","more":` + objects,
		"numbers":                              `"result":"The text of the run.","more":` + numbers,
		"numbers, with a name that is escaped": `"r\u0065sult":"The text of the run.","more":` + numbers,
		"objects, as the error":                `"result":"The text of the run.","run_id":5,"error":` + objects,
		"objects, as the error's message": `"result":"The text of the run.","run_id":5,"error":{"message":` + objects +
			"}",
		"numbers, as the code":              `"result":"The text of the run.","run_id":5,"code":` + numbers,
		"numbers, as the documented output": `"result":"The text of the run.","run_id":5,"output":` + numbers,
	} {
		t.Run(name, func(t *testing.T) {
			body := `{"success":true,` + fields + "}"
			values := 1
			for _, before := range []string{",", ":", "{", "["} {
				values += strings.Count(body, before) // at most: one of these stands before each
			}
			c := newTestClient(t, serveHTTP(t, new(counter), respondJSON(200, body)))
			inputs := exampleInputs(t)
			var run *client.Run
			var err error
			took := allocated(func() { run, err = c.Run(t.Context(), testWorkflow, inputs) })
			require.NoError(t, err)
			assert.Equal(t, runText, run.Text)
			t.Logf("2 MiB: %.1f MiB allocated in all", float64(took)/(1<<20))
			assert.LessOrEqual(t, took, uint64(2*len(body)+8*values+1<<20))
		})
	}
}

func TestBody_ThatTheTransportDidNotDecodeIsDecoded(t *testing.T) {
	var compressed bytes.Buffer
	w := gzip.NewWriter(&compressed)
	_, _ = io.WriteString(w, runBody)
	_ = w.Close()
	base := serveHTTP(t, new(counter), withHeader(respondJSON(200, compressed.String()), "Content-Encoding", "gzip"))
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	asking := roundTrip(func(req *http.Request) (*http.Response, error) {
		req.Header.Set("Accept-Encoding", "gzip, br")
		return transport.RoundTrip(req)
	})
	run, err := runExample(t, newTestClient(t, base, client.WithHTTPClient(&http.Client{Transport: asking})))
	require.NoError(t, err)
	assert.Equal(t, runText, run.Text)
	assert.Contains(t, string(run.Body), runBody)
	assert.Len(t, run.Body, len(runBody))
	assert.Empty(t, run.Header.Get("Content-Encoding"))

	hc := &http.Client{Transport: asking}
	small := newTestClient(t, base, client.WithMaxResponseBytes(10), client.WithHTTPClient(hc))
	_, err = runExample(t, small)
	require.ErrorContains(t, err, "WithMaxResponseBytes")
}

func TestBody_ThatIgnoresTheContextIsClosedInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reader, writer := io.Pipe()
		c := newClient(t, roundTrip(func(req *http.Request) (*http.Response, error) {
			go func() { _, _ = io.WriteString(writer, runBody[:20]) }()
			res, err := stepResponse(200, "")(req)
			res.Body, res.ContentLength = reader, -1
			return res, err
		}), client.WithTimeout(time.Minute))
		start := time.Now()
		run, err := c.RunInputs(t.Context(), testWorkflow, map[string]string{"topic": "x"})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "no whole response within 1m0s (WithTimeout)")
		assert.Equal(t, time.Minute, time.Since(start))
		require.NotNil(t, run)
		assert.Equal(t, runBody[:20], string(run.Body))
	})
}

// TestCall_ThatIsCancelledReturnsAndLeavesNothing cancels at every point of a call. TestMain sees that no goroutine is
// left, the server that no connection is.
func TestCall_ThatIsCancelledReturnsAndLeavesNothing(t *testing.T) {
	t.Parallel()
	errCause := errors.New("the user went home")
	const part = 20
	for name, test := range map[string]struct {
		responding func(net.Conn)
		begun      bool // a 2xx response may have come by then
	}{
		"before the headers": {func(net.Conn) {}, false},
		"in the middle of the headers": {func(conn net.Conn) { _, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Le") },
			false},
		"before the body": {func(conn net.Conn) { _, _ = io.WriteString(conn, head(len(runBody))) }, true},
		"in the middle of the body": {func(conn net.Conn) { _, _ = io.WriteString(conn, head(len(runBody))+runBody[:part]) },
			true},
		"in an error's body": {func(conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 500 Sorry\r\nContent-Length: 9\r\n\r\nsorr")
		}, false},
		"in a 429's body": {func(conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 429 Slow\r\nContent-Length: 9\r\n\r\nslow")
		}, false},
	} {
		for how, cause := range map[string]error{"": nil, ", with a cause": errCause} {
			t.Run(name+how, func(t *testing.T) {
				t.Parallel()
				seen := new(counter)
				ctx, cancel := context.WithCancelCause(t.Context())
				gone := make(chan struct{})
				c := newTestClient(t, serveRaw(t, seen, func(conn *net.TCPConn, _ *http.Request, _ int) {
					test.responding(conn)
					cancel(cause)
					_, _ = io.Copy(io.Discard, conn) // until the client has closed the connection
					close(gone)
				}))
				run, err := c.Run(ctx, testWorkflow, exampleInputs(t))
				<-gone
				if run != nil {
					assert.True(t, test.begun, "a Run without a 2xx response")
					assert.Equal(t, "application/json", run.Header.Get("Content-Type"))
					assert.True(t, strings.HasPrefix(runBody[:part], string(run.Body)))
				}
				require.ErrorIs(t, err, context.Canceled)
				if cause != nil {
					require.ErrorIs(t, err, cause)
				}
				assert.False(t, client.SafeToRetry(err))
				assert.Equal(t, 1, seen.count())
				assert.NotContains(t, err.Error(), "WithTimeout")
				assertNoKey(t, testKey, run, err)
			})
		}
	}
}

// TestCall_ThatAnotherCallsErrorCancelsIsNotOfItsType cancels as errgroup does: the cause is the error of the first
// call.
func TestCall_ThatAnotherCallsErrorCancelsIsNotOfItsType(t *testing.T) {
	t.Parallel()
	for name, another := range map[string]reply{
		"an APIError":   {503, nil, example(t, "Unauthorized")},
		"a 401":         {401, nil, example(t, "Unauthorized")},
		"a broken run":  {200, nil, `{"success":true,"result":5}`},
		"a run cut off": {200, http.Header{"Content-Length": {"90"}}, runBody},
	} {
		_, cause := runExample(t, clientOf(t, another))
		require.Error(t, cause)
		for when, begun := range map[string]string{"before the headers": "", "in the body": head(len(runBody))} {
			t.Run(name+", "+when, func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithCancelCause(t.Context())
				c := newTestClient(t, serveRaw(t, new(counter), func(conn *net.TCPConn, _ *http.Request, _ int) {
					_, _ = io.WriteString(conn, begun)
					cancel(cause)
					_, _ = io.Copy(io.Discard, conn)
				}))
				_, err := c.Run(ctx, testWorkflow, exampleInputs(t))
				require.ErrorIs(t, err, context.Canceled)
				assert.NotErrorIs(t, err, client.ErrUnauthorized)
				_, isAPIError := errors.AsType[*client.APIError](err)
				assert.False(t, isAPIError, "%v", err)
				_, isViolation := errors.AsType[*contract.Error](err)
				assert.False(t, isViolation, "%v", err)
				assertOneLine(t, err)
				assert.False(t, client.SafeToRetry(err))
			})
		}
	}
}

func TestCall_ThatIsCancelledTellsTheCauseOverHTTP2(t *testing.T) {
	errCause := errors.New("the user went home")
	for name, overHTTP2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
		for when, begin := range map[string]bool{"before the headers": false, "in the body": true} {
			t.Run(name+", "+when, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				server := newServer(t, counted(new(counter), func(w http.ResponseWriter, r *http.Request) {
					if begin {
						w.Header().Set("Content-Length", "90")
						respondJSON(200, runBody[:20])(w, r)
						_ = http.NewResponseController(w).Flush()
					}
					cancel(errCause)
					<-r.Context().Done()
				}))
				server.EnableHTTP2 = overHTTP2
				server.StartTLS()
				c := newTestClient(t, server.URL, client.WithHTTPClient(trusting(t, server)))
				_, err := c.Run(ctx, testWorkflow, exampleInputs(t))
				require.ErrorIs(t, err, context.Canceled)
				require.ErrorIs(t, err, errCause)
				assert.False(t, client.SafeToRetry(err))
			})
		}
	}
}

func TestCall_ThatIsCancelledKeepsTheCauseOfItsText(t *testing.T) {
	errCause := errors.New("the user went home")
	ctx, cancel := context.WithCancelCause(t.Context())
	_, err := newClient(t, roundTrip(func(*http.Request) (*http.Response, error) {
		cancel(errCause)
		return nil, errors.New("gateway: " + errCause.Error())
	})).Run(ctx, testWorkflow, exampleInputs(t))
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, errCause)
	assert.EqualError(t, err,
		"run workflow wf_1: context canceled: gateway: the user went home: the run may have been billed")
}

// A worker has one context for all its runs: what a call leaves on it stays as long as the program runs.
func TestCall_LeavesNothingOnItsContext(t *testing.T) {
	t.Parallel()
	ctx := &countingContext{Context: t.Context(), done: make(chan struct{})}
	for name, opts := range map[string][]client.Option{"by default": nil, "without a timeout": {client.WithTimeout(0)}} {
		for what, next := range map[string]step{
			"a run": stepResponse(200, runBody), "an error": stepResponse(500, "{}"), "no response": stepError(io.EOF),
		} {
			_, _ = newClient(t, roundTrip(next), opts...).Run(ctx, testWorkflow, exampleInputs(t))
			assert.Zero(t, ctx.left.Load(), "%s, %s", name, what)
		}
	}
}

// countingContext counts what waits for its end.
type countingContext struct {
	context.Context
	done chan struct{}
	left atomic.Int64
}

func (c *countingContext) Done() <-chan struct{} { return c.done }
func (c *countingContext) AfterFunc(func()) func() bool {
	c.left.Add(1)
	return func() bool { c.left.Add(-1); return true }
}

// TestTimeout_IsCalledByItsName has each of the times that may be up.
func TestTimeout_IsCalledByItsName(t *testing.T) {
	t.Parallel()
	const short = 300 * time.Millisecond
	for name, test := range map[string]struct {
		context    time.Duration // 0: no deadline
		httpClient time.Duration
		timeout    time.Duration
		says       string
	}{
		"the deadline of the context":               {short, 0, time.Minute, "the time of the context was up"},
		"WithTimeout":                               {0, 0, short, "no whole response within 300ms (WithTimeout)"},
		"WithTimeout below that of the http.Client": {0, time.Minute, short, "no whole response within 300ms (WithTimeout)"},
		"the Timeout of the http.Client": {0, short, time.Minute,
			"no whole response within 300ms (http.Client.Timeout)"},
		"the Timeout of the http.Client alone": {0, short, 0, "no whole response within 300ms (http.Client.Timeout)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seen := new(counter)
			base := serveHTTP(t, seen, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
			transport := &http.Transport{}
			t.Cleanup(transport.CloseIdleConnections)
			own := &http.Client{Transport: transport, Timeout: test.httpClient}
			ctx := t.Context()
			if test.context > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, test.context)
				defer cancel()
			}
			c := newTestClient(t, base, client.WithHTTPClient(own), client.WithTimeout(test.timeout))
			_, err := c.Run(ctx, testWorkflow, exampleInputs(t))
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.ErrorContains(t, err, test.says)
			assert.Equal(t, strings.Contains(test.says, "WithTimeout"), strings.Contains(err.Error(), "WithTimeout"))
			assert.False(t, client.SafeToRetry(err))
			assert.Equal(t, 1, seen.count())
		})
	}
}

func TestTimeout_OfADialIsSafeToRetry(t *testing.T) {
	t.Parallel()
	// The transport lets a dial go on when the call that wanted it is over: the end of the test ends it.
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		<-t.Context().Done()
		return nil, t.Context().Err()
	}}
	c := newTestClient(t, "https://127.0.0.1:1", client.WithHTTPClient(&http.Client{Transport: transport}),
		client.WithTimeout(20*time.Millisecond), client.WithMaxRetries(0))
	_, err := runExample(t, c)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.True(t, client.SafeToRetry(err), "%v", err)
	assert.ErrorContains(t, err, "no whole response within 20ms (WithTimeout)")
	assert.NotContains(t, err.Error(), "billed")
}

func TestTimeout_BoundsAnAttempt(t *testing.T) {
	t.Parallel()
	const limit = "no whole response within 1s (WithTimeout)"
	bounded := []client.Option{client.WithTimeout(time.Second)}
	row := func(name string, handler http.HandlerFunc) serverCase {
		return serverCase{
			name: name, handler: handler, requests: 1, opts: bounded,
			is: []error{context.DeadlineExceeded}, says: []string{"timed out", limit, "may have been billed"},
		}
	}
	cut := func(name, body string, handler http.HandlerFunc) serverCase {
		c := row(name, handler)
		c.cut, c.body = true, body
		return c
	}
	until := func(r *http.Request) { <-r.Context().Done() }
	thenSilent := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			respondJSON(200, body)(w, r)
			_ = http.NewResponseController(w).Flush()
			until(r)
		}
	}
	dripped := cut("drips a body byte by byte", "", drip(200, strings.Repeat(" ", 1000)))
	dripped.bodySize = anySize
	drippedError := dripped
	drippedError.name, drippedError.handler = "drips an error byte by byte", drip(500, strings.Repeat(" ", 1000))
	drippedError.cut, drippedError.status = false, 500
	drippedHeaders := row("drips headers line by line", nil)
	drippedHeaders.raw = func(conn *net.TCPConn, _ *http.Request, _ int) {
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
		pace := time.NewTicker(time.Millisecond)
		defer pace.Stop()
		for range pace.C {
			if _, err := io.WriteString(conn, "X-Drip: 1\r\n"); err != nil {
				return
			}
		}
	}
	runServerCases(t, []serverCase{
		row("never responds", func(_ http.ResponseWriter, r *http.Request) { until(r) }),
		cut("sends the headers and falls silent", "", thenSilent("")),
		cut("sends half a body and falls silent", runBody[:40], thenSilent(runBody[:40])),
		cut("sends a whole run and never ends it", runBody, thenSilent(runBody)),
		dripped,
		drippedError,
		drippedHeaders,
	})
}

// drip responds with text again and again, a byte at a time.
func drip(status int, text string) http.HandlerFunc {
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

func TestLog_HasARecordPerAttempt(t *testing.T) {
	contract.Default()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		logger := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		transport := scripted(
			stepError(&net.OpError{
				Op: "dial", Net: "tcp", Err: errors.New("no route\nfor " + testKey + strings.Repeat(" x", 1000)),
			}),
			stepResponse(429, `{"success":false,"error":"slow down, `+testKey+`"}`),
			stepResponse(200, documentedRun(t, map[string]any{"run_id": "run_1"})),
		)
		c := newClient(t, transport, client.WithLogger(logger))
		_, err := c.RunInputs(t.Context(), testWorkflow, map[string]string{"topic": "a secret topic"})
		require.NoError(t, err)
		assert.NotContains(t, log.String(), testKey)
		assert.NotContains(t, log.String(), "a secret topic")

		var records, waits []map[string]any
		for _, record := range recordsOf(t, log.Bytes()) {
			if record["msg"] == "aitutor: waiting to try again" {
				waits = append(waits, record)
			} else {
				records = append(records, record)
			}
		}
		require.Len(t, waits, 2)
		assert.Contains(t, waits[0]["reason"], "no route for [redacted] x")
		assert.Equal(t, "429 Too Many Requests", waits[1]["reason"])
		assert.Positive(t, waits[1]["wait"])
		require.Len(t, records, 3)
		problem, _ := records[0]["error"].(string)
		assert.Contains(t, problem, "dial tcp: no route for [redacted] x", "one line")
		assert.Less(t, len(problem), 400)
		records[0]["error"] = "..."
		want := map[string]any{"level": "DEBUG", "msg": "aitutor: request", "method": "POST", "path": "/api/v1/run/wf_1"}
		for i, own := range []map[string]any{
			{"attempt": 1.0, "status": 0.0, "run_id": "", "error": "..."},
			{"attempt": 2.0, "status": 429.0, "run_id": "", "error": ""},
			{"attempt": 3.0, "status": 200.0, "run_id": "run_1", "error": ""},
		} {
			for name, value := range want {
				assert.Equal(t, value, records[i][name], "record %d: %s", i, name)
			}
			for name, value := range own {
				if value == "" && records[i][name] == nil {
					continue // an attribute without a value may be left out
				}
				assert.Equal(t, value, records[i][name], "record %d: %s", i, name)
			}
			assert.Contains(t, records[i], "duration")
		}
	})
}

func TestLog_HasTheErrorOfAResponseThatIsCutOff(t *testing.T) {
	var log bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	cutOff := reply{200, http.Header{"Content-Length": {"90"}}, runBody}
	_, err := runExample(t, clientOf(t, cutOff, client.WithLogger(logger)))
	require.Error(t, err)
	records := recordsOf(t, log.Bytes())
	require.Len(t, records, 1)
	assert.EqualValues(t, 200, records[0]["status"])
	assert.Contains(t, records[0]["error"], "the response was cut off after")
	assert.NotContains(t, log.String(), runText)
}

func recordsOf(t *testing.T, log []byte) []map[string]any {
	t.Helper()
	var records []map[string]any
	for line := range bytes.Lines(log) {
		var record map[string]any
		require.NoError(t, json.Unmarshal(line, &record))
		records = append(records, record)
	}
	return records
}

// allocated returns how many bytes the program allocates, in all, while do runs.
func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// resetAfterRead returns a script that writes text, and resets the connection as soon as the client has read it, and
// the option that makes the client tell. An earlier reset may drop what was not read.
func resetAfterRead(text string) (rawScript, client.Option) {
	read := make(chan struct{}, 16)
	script := func(conn *net.TCPConn, _ *http.Request, _ int) {
		_, _ = io.WriteString(conn, text)
		<-read
		reset(conn)
	}
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			return &readCounter{Conn: conn, left: len(text), read: read}, err
		},
	}
	return script, client.WithHTTPClient(&http.Client{Transport: transport})
}

// readCounter sends to read when a number of bytes was read from the connection.
type readCounter struct {
	net.Conn
	left int
	read chan<- struct{}
}

func (c *readCounter) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.left -= n; c.left <= 0 || err != nil {
		select {
		case c.read <- struct{}{}:
		default:
		}
	}
	return n, err
}
