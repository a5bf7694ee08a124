package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
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

// contenders run one workflow and give the length of its story. All have the same canned answer and no network.
var contenders = []struct {
	id, name string
	make     func(testing.TB, http.RoundTripper) func() int
}{
	{"ours", "Client.Run, validated", ours},
	{"handwritten", "net/http and encoding/json by hand, not validated", handWritten},
	{"generated", "the generated client, not validated", generated},
	{"filtered", "the generated client and openapi3filter", generatedAndFiltered},
}

// BenchmarkRun is a call with the answer's size and who makes it.
func BenchmarkRun(b *testing.B) {
	for _, size := range benchSizes {
		for _, contender := range contenders {
			b.Run(size.name+"/"+contender.id, func(b *testing.B) {
				run := contender.make(b, cannedAnswer(b, size.bytes))
				require.Equal(b, size.bytes, run())
				b.ReportAllocs()
				for b.Loop() {
					run()
				}
			})
		}
	}
}

// BenchmarkNew is a New; the contract is parsed by the first call.
func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_, err := client.New(benchKey)
		require.NoError(b, err)
	}
}

// BenchmarkRatios prints how the contenders compare, as medians of rounds in which they take turns: on a machine that
// does other work as well, the ratios hold where the times do not. Run it with -benchtime=1x.
func BenchmarkRatios(b *testing.B) {
	for b.Loop() {
		fmt.Printf("\n%s, %s/%s, %d cores\n\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
		fmt.Println("| answer | who | time | ours to it | allocations | ours to it |")
		fmt.Println("| --- | --- | ---: | ---: | ---: | ---: |")
		for _, size := range benchSizes {
			times, allocs := takeTurns(b, size.bytes)
			for i, contender := range contenders {
				fmt.Printf("| %s | %s | %v | %.2f | %.0f | %.2f |\n", size.name, contender.name,
					times[i].Round(100*time.Nanosecond), float64(times[0])/float64(times[i]), allocs[i], allocs[0]/allocs[i])
			}
		}
	}
}

// takeTurns measures each contender in rounds of about a millisecond and gives the medians.
func takeTurns(b *testing.B, size int) ([]time.Duration, []float64) {
	const rounds = 301
	var runs []func() int
	var allocs []float64
	for _, contender := range contenders {
		run := contender.make(b, cannedAnswer(b, size))
		require.Equal(b, size, run())
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

func ours(tb testing.TB, answer http.RoundTripper) func() int {
	c, err := client.New(benchKey, client.WithBaseURL(benchURL), client.WithHTTPClient(&http.Client{Transport: answer}))
	require.NoError(tb, err)
	return func() int {
		run, err := c.Run(tb.Context(), "wf_bench", gen.RunRequest{Story: "a story about a dog"})
		require.NoError(tb, err)
		return len(run.Text)
	}
}

func handWritten(tb testing.TB, answer http.RoundTripper) func() int {
	hc := &http.Client{Transport: answer}
	run := func(ctx context.Context, id, story string) (string, error) {
		body, err := json.Marshal(map[string]string{"story": story})
		if err != nil {
			return "", err
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, benchURL+"/api/v1/run/"+id, bytes.NewReader(body))
		if err != nil {
			return "", err
		}
		req.Header.Set("Authorization", "Bearer "+benchKey)
		req.Header.Set("Content-Type", "application/json")
		res, err := hc.Do(req)
		if err != nil {
			return "", err
		}
		defer res.Body.Close()
		data, err := io.ReadAll(res.Body)
		if err != nil {
			return "", err
		}
		if res.StatusCode != http.StatusOK {
			return "", fmt.Errorf("status %d: %s", res.StatusCode, data)
		}
		var result struct {
			Success bool   `json:"success"`
			RunID   string `json:"run_id"`
			Status  string `json:"status"`
			Output  struct {
				GeneratedStory string `json:"generated_story"`
			} `json:"output"`
		}
		if err := json.Unmarshal(data, &result); err != nil {
			return "", err
		}
		return result.Output.GeneratedStory, nil
	}
	return func() int {
		story, err := run(tb.Context(), "wf_bench", "a story about a dog")
		require.NoError(tb, err)
		return len(story)
	}
}

func generated(tb testing.TB, answer http.RoundTripper) func() int {
	c, err := gen.NewClientWithResponses(benchURL, gen.WithHTTPClient(&http.Client{Transport: answer}), withBenchKey)
	require.NoError(tb, err)
	return func() int {
		res, err := c.RunWorkflowWithResponse(tb.Context(), "wf_bench", gen.RunRequest{Story: "a story about a dog"})
		require.NoError(tb, err)
		run, err := res.JSON200.AsCompletedRun()
		require.NoError(tb, err)
		return len(run.Output.GeneratedStory)
	}
}

func generatedAndFiltered(tb testing.TB, answer http.RoundTripper) func() int {
	router, err := legacy.NewRouter(api.Document())
	require.NoError(tb, err)
	return generated(tb, filteringTransport{answer, router})
}

// filteringTransport validates answers as openapi3filter's README does.
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

func withBenchKey(c *gen.Client) error {
	return gen.WithRequestEditorFn(func(_ context.Context, req *http.Request) error {
		req.Header.Set("Authorization", "Bearer "+benchKey)
		return nil
	})(c)
}

// cannedAnswer answers every request with the documented form of a story of some size.
func cannedAnswer(tb testing.TB, size int) http.RoundTripper {
	paragraph := strings.Repeat("Once upon a time, there was a friendly dog named Charlie. ", 6) + "\n\n"
	story := strings.Repeat(paragraph, size/len(paragraph)+1)[:size]
	body, err := json.Marshal(gen.CompletedRun{
		Success: true, RunID: "run_bench", Status: "completed", Output: gen.RunOutput{GeneratedStory: story},
	})
	require.NoError(tb, err)
	return roundTripper(func(req *http.Request) (*http.Response, error) {
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
			Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: req,
		}, nil
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
