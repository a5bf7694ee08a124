package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/api"
	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/gen"
)

const (
	benchURL = "https://aitutor-api.vercel.app"
	benchKey = "sk_bench"
)

var benchSizes = []struct {
	name  string
	bytes int
}{{"100B", 100}, {"4KB", 4 << 10}, {"256KB", 256 << 10}}

// caller makes a func that runs the contract's workflow at a base URL and returns the output.
type caller func(tb testing.TB, base string, transport http.RoundTripper) func() gen.RunOutput

// callers get the same response, without a network. The ratios are those of the first to each.
var callers = []struct {
	id, name string
	make     caller
}{
	{"run", "Client.Run, validated", validatedRun},
	{"generated", "the generated client, not validated", generated},
	{"filtered", "the generated client and openapi3filter", generatedAndFiltered},
	{"handwritten", "net/http and encoding/json by hand, not validated", handWritten},
}

// BenchmarkRun measures a call, by the size of the text in the response and by who makes it.
func BenchmarkRun(b *testing.B) {
	for _, size := range benchSizes {
		for _, caller := range callers {
			b.Run(size.name+"/"+caller.id, func(b *testing.B) {
				response, output := cannedResponse(b, size.bytes)
				run := caller.make(b, benchURL, response)
				require.Equal(b, output, run())
				b.ReportAllocs()
				for b.Loop() {
					run()
				}
			})
		}
	}
}

// BenchmarkInFlight measures the memory of a call that waits for its response, with 2,000 at once over loopback.
func BenchmarkInFlight(b *testing.B) {
	for _, caller := range callers {
		b.Run(caller.id, func(b *testing.B) {
			for b.Loop() {
				b.ReportMetric(float64(bytesInFlight(b, caller.make)), "B/call")
			}
		})
	}
}

// BenchmarkNew measures New; the contract is parsed by the first call.
func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_, err := client.New(benchKey)
		require.NoError(b, err)
	}
}

// BenchmarkRatios prints how the callers compare, as medians of rounds in which they take turns: on a machine that does
// other work as well, the ratios hold even if the times do not. Run it with -benchtime=1x.
func BenchmarkRatios(b *testing.B) {
	for b.Loop() {
		fmt.Printf("\n%s, %s/%s, %d cores\n\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
		fmt.Println("| text | who | time | to the generated client | Run to it | allocations | Run to it |")
		fmt.Println("| --- | --- | ---: | ---: | ---: | ---: | ---: |")
		for _, size := range benchSizes {
			times, allocs := takeTurns(b, size.bytes)
			for i, caller := range callers {
				fmt.Printf("| %s | %s | %v | %.2f | %.2f | %.0f | %.2f |\n", size.name, caller.name,
					times[i].Round(100*time.Nanosecond),
					float64(times[i])/float64(times[1]), float64(times[0])/float64(times[i]), allocs[i], allocs[0]/allocs[i])
			}
		}
		fmt.Printf("\n| %d calls in flight, by | memory of each | Run to it |\n| --- | ---: | ---: |\n", inFlight)
		var memory []int
		for i, caller := range callers {
			memory = append(memory, bytesInFlight(b, caller.make))
			fmt.Printf("| %s | %.1f KiB | %.2f |\n", caller.name, float64(memory[i])/1024, float64(memory[0])/float64(memory[i]))
		}
	}
}

// takeTurns measures each caller in rounds of about a millisecond and returns the medians.
func takeTurns(b *testing.B, size int) ([]time.Duration, []float64) {
	b.Helper()
	const rounds = 301
	var runs []func() gen.RunOutput
	var allocs []float64
	for _, caller := range callers {
		response, output := cannedResponse(b, size)
		run := caller.make(b, benchURL, response)
		require.Equal(b, output, run())
		runs = append(runs, run)
		allocs = append(allocs, testing.AllocsPerRun(100, func() { run() }))
	}
	repeat := max(1, (64<<10)/(size+1<<10))
	times := make([][]time.Duration, len(runs))
	for range rounds {
		for i, run := range runs {
			start := time.Now()
			for range repeat {
				run()
			}
			times[i] = append(times[i], time.Since(start)/time.Duration(repeat))
		}
	}
	medians := make([]time.Duration, len(runs))
	for i := range times {
		slices.Sort(times[i])
		medians[i] = times[i][rounds/2]
	}
	return medians, allocs
}

const inFlight = 2000

// bytesInFlight returns the memory of a call that waits for its response over loopback, of many at once: its goroutine
// and its connection. The server has one goroutine, and uses next to no memory.
func bytesInFlight(b *testing.B, newRun caller) int {
	b.Helper()
	listener, err := new(net.ListenConfig).Listen(b.Context(), "tcp", "127.0.0.1:0")
	require.NoError(b, err)
	defer func() { _ = listener.Close() }()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	run := newRun(b, "http://"+listener.Addr().String(), transport)
	response, _ := documentedResponse(b, 100)
	response = head(len(response)) + response

	calls := func(n int) (used int) {
		before := memoryInUse()
		var running sync.WaitGroup
		for range n {
			running.Go(func() { run() })
		}
		var conns []net.Conn
		for range n {
			conn, err := listener.Accept()
			require.NoError(b, err)
			_, err = conn.Read(request[:]) // then it was sent
			require.NoError(b, err)
			conns = append(conns, conn)
		}
		used = int(memoryInUse()-before) / n
		for _, conn := range conns {
			_, _ = io.WriteString(conn, response)
			_ = conn.Close()
		}
		running.Wait()
		return used
	}
	calls(1) // makes what is made once
	return calls(inFlight)
}

// request is what bytesInFlight reads requests into.
var request [4096]byte

// memoryInUse returns the bytes of the heap and of the stacks.
func memoryInUse() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc + stats.StackInuse
}

func validatedRun(tb testing.TB, base string, transport http.RoundTripper) func() gen.RunOutput {
	tb.Helper()
	c, err := client.New(benchKey, client.WithBaseURL(base), client.WithHTTPClient(&http.Client{Transport: transport}))
	require.NoError(tb, err)
	inputs := exampleInputs(tb)
	return func() gen.RunOutput {
		run, err := c.Run(tb.Context(), "wf_bench", inputs)
		require.NoError(tb, err)
		return run.Output
	}
}

func handWritten(tb testing.TB, base string, transport http.RoundTripper) func() gen.RunOutput {
	tb.Helper()
	hc := &http.Client{Transport: transport}
	run := func(ctx context.Context, id string, inputs gen.RunRequest) (output gen.RunOutput, err error) {
		body, err := json.Marshal(inputs)
		if err != nil {
			return output, err
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/api/v1/run/"+id, bytes.NewReader(body))
		if err != nil {
			return output, err
		}
		req.Header.Set("Authorization", "Bearer "+benchKey)
		req.Header.Set("Content-Type", "application/json")
		res, err := hc.Do(req)
		if err != nil {
			return output, err
		}
		defer res.Body.Close()
		data, err := io.ReadAll(res.Body)
		if err != nil {
			return output, err
		}
		if res.StatusCode != http.StatusOK {
			return output, fmt.Errorf("status %d: %s", res.StatusCode, data)
		}
		var result struct {
			Success bool          `json:"success"`
			RunID   string        `json:"run_id"`
			Status  string        `json:"status"`
			Output  gen.RunOutput `json:"output"`
		}
		err = json.Unmarshal(data, &result)
		return result.Output, err
	}
	inputs := exampleInputs(tb)
	return func() gen.RunOutput {
		output, err := run(tb.Context(), "wf_bench", inputs)
		require.NoError(tb, err)
		return output
	}
}

func generated(tb testing.TB, base string, transport http.RoundTripper) func() gen.RunOutput {
	tb.Helper()
	c, err := gen.NewClientWithResponses(base, gen.WithHTTPClient(&http.Client{Transport: transport}),
		gen.WithRequestEditorFn(func(_ context.Context, req *http.Request) error {
			req.Header.Set("Authorization", "Bearer "+benchKey)
			return nil
		}))
	require.NoError(tb, err)
	inputs := exampleInputs(tb)
	return func() gen.RunOutput {
		res, err := c.RunWorkflowWithResponse(tb.Context(), "wf_bench", inputs)
		require.NoError(tb, err)
		run, err := res.JSON200.AsCompletedRun()
		require.NoError(tb, err)
		return run.Output
	}
}

func generatedAndFiltered(tb testing.TB, base string, transport http.RoundTripper) func() gen.RunOutput {
	tb.Helper()
	document := *api.Document()
	document.Servers = nil // so that it finds the operation at any base URL
	router, err := legacy.NewRouter(&document)
	require.NoError(tb, err)
	return generated(tb, base, filteringTransport{transport, router})
}

// filteringTransport validates responses as the README of openapi3filter does.
type filteringTransport struct {
	next   http.RoundTripper
	router routers.Router
}

func (t filteringTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := t.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	route, parameters, err := t.router.FindRoute(req)
	if err != nil {
		return nil, err
	}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: req, PathParams: parameters, Route: route},
		Status:                 res.StatusCode, Header: res.Header, Body: res.Body,
	}
	if err := openapi3filter.ValidateResponse(req.Context(), input); err != nil {
		return nil, err
	}
	res.Body = input.Body
	return res, nil
}

// cannedResponse returns a RoundTripper whose every response is a documentedResponse, and its output.
func cannedResponse(tb testing.TB, size int) (http.RoundTripper, gen.RunOutput) {
	tb.Helper()
	body, output := documentedResponse(tb, size)
	return roundTrip(func(req *http.Request) (*http.Response, error) {
		if req.Body != nil {
			_, _ = io.Copy(io.Discard, req.Body)
			_ = req.Body.Close()
		}
		return &http.Response{
			Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: http.Header{
				"Content-Type":          {"application/json"},
				"X-Ratelimit-Limit":     {"10"},
				"X-Ratelimit-Remaining": {"9"},
			},
			Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: req,
		}, nil
	}), output
}

// documentedResponse returns the contract's example of a run, with size bytes as the first text of its output, and that
// output.
func documentedResponse(tb testing.TB, size int) (body string, output gen.RunOutput) {
	tb.Helper()
	paragraph := strings.Repeat("A sentence, and a comma, of a text that is long enough. ", 6) + "\n\n"
	text := strings.Repeat(paragraph, size/len(paragraph)+1)[:size]
	replaced := false
	example := documentedWith(func(run, output map[string]any) { run["output"] = withText(output, text, &replaced) }, "")
	require.True(tb, replaced, "the output has a text")
	var run gen.CompletedRun
	require.NoError(tb, json.Unmarshal([]byte(example), &run))
	return string(toJSON(run)), run.Output // in the order of the contract's fields
}

// withText returns a JSON value with text in place of the first text in it.
func withText(value any, text string, replaced *bool) any {
	switch value := value.(type) {
	case string:
		if !*replaced {
			*replaced = true
			return text
		}
	case []any:
		for i := range value {
			value[i] = withText(value[i], text, replaced)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			value[name] = withText(value[name], text, replaced)
		}
	}
	return value
}
