package client_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

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
	resets.raw, resets.opts, resets.says = script, []client.Option{telling}, []string{"cut off after 40 bytes", "connection reset"}
	long := `{"success":false,"error":"No credits","more":[` + strings.Repeat("0,", 200_000) + `0],"code":"invalid_billing"`
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
			raw:  rawResponse("HTTP/1.1 500 Oops\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n" + `{"success":false,"error":"Sor`),
			is:   []error{client.ErrServer, io.ErrUnexpectedEOF},
			says: []string{"the response was cut off after 29 bytes", "may have been billed"},
		},
		{
			name: "breaks a long error off at its end", requests: 1, status: 500, body: long, is: []error{client.ErrPaymentRequired},
			says: []string{"No credits (code invalid_billing)", "cut off"},
			raw:  rawResponse("HTTP/1.1 500 Oops\r\nContent-Type: application/json\r\nContent-Length: 500000\r\n\r\n" + long),
		},
		{
			name: "breaks a 429 off in the middle", requests: 2, status: 429, safe: true, body: `{"success":`, is: []error{client.ErrRateLimited},
			opts: []client.Option{client.WithMaxRetries(1)},
			raw:  rawResponse("HTTP/1.1 429 Slow\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n" + `{"success":`),
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
			handler: withHeader(respondJSON(200, "\x1b\x07brotli"), "Content-Encoding", "br"), says: []string{`the content coding "br" cannot be decoded`},
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
		{name: "responds with just the limit", handler: respondJSON(200, exact), requests: 1, text: runText, body: exact, opts: exactLimit},
		{name: "responds with just the limit, in chunks", handler: inChunks, requests: 1, text: runText, body: exact, opts: exactLimit},
		over,
		long("responds with an endless text", endlessly(200, "application/json", `{"success":true,"result":"`, "once ")),
		long("responds with endless white space", endlessly(200, "application/json", "", " ")),
		long("responds with endless objects", endlessly(200, "application/json", `{"success":true,"result":"x","n":[`, `{},`)),
		long("responds with an endless page under 200", endlessly(200, "text/html", "<h1>", "sorry ")),
		long("responds with a gzip bomb", gzipBomb(200)),
		long("promises an exabyte", promiseOfAnExabyte),
		longError("responds with an endless error", 500, endlessly(500, "application/json", `{"success":false,"error":"`, "sorry ")),
		longError("responds with an endless page", 502, endlessly(502, "text/html", "<h1>", "sorry ")),
		longError("responds with a gzip bomb under an error", 500, gzipBomb(500)),
		{
			name: "promises an exabyte to a client without a limit", requests: 1, cut: true, body: "{", says: []string{"unexpected EOF"},
			raw:  rawResponse("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9223372036854775807\r\n\r\n{"),
			opts: []client.Option{client.WithMaxResponseBytes(1<<63 - 1)},
		},
		{
			name: "promises a terabyte to a client that takes one", requests: 1, cut: true, body: "{", says: []string{"unexpected EOF"},
			raw:  rawResponse("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1099511627776\r\n\r\n{"),
			opts: []client.Option{client.WithMaxResponseBytes(1 << 40)},
		},
		{
			name: "responds to a client without a limit", requests: 1, text: runText, body: exact, handler: respondJSON(200, exact),
			opts: []client.Option{client.WithMaxResponseBytes(1<<63 - 1)},
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

// TestBody_TakesNoMemoryForWhatTheContractDoesNotName reads long runs that are nearly all unknown values.
func TestBody_TakesNoMemoryForWhatTheContractDoesNotName(t *testing.T) {
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
		"objects, as the error's message":      `"result":"The text of the run.","run_id":5,"error":{"message":` + objects + "}",
		"numbers, as the code":                 `"result":"The text of the run.","run_id":5,"code":` + numbers,
		"numbers, as the documented output":    `"result":"The text of the run.","run_id":5,"output":` + numbers,
	} {
		t.Run(name, func(t *testing.T) {
			c := newTestClient(t, serveHTTP(t, new(counter), respondJSON(200, `{"success":true,`+fields+"}")))
			inputs := exampleInputs(t)
			var run *client.Run
			var err error
			took := allocated(func() { run, err = c.Run(t.Context(), testWorkflow, inputs) })
			require.NoError(t, err)
			assert.Equal(t, runText, run.Text)
			t.Logf("2 MiB: %.1f MiB allocated in all", float64(took)/(1<<20))
			assert.LessOrEqual(t, took, uint64(2*size+1<<20))
		})
	}
}
