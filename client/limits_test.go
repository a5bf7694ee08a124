package client_test

import (
	"encoding/json"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/client/contract"
)

// allocated is how many bytes the program allocates, in all, while do runs.
func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestABombTakesTwiceTheLimitOfMemory reads answers of any size with the default limit of 10 MiB. All that is allocated
// in the meantime counts, also by the server, and what is freed again.
func TestABombTakesTwiceTheLimitOfMemory(t *testing.T) {
	const limit, slack = 10 << 20, 4 << 20
	for _, bomb := range []struct {
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
		t.Run(bomb.name, func(t *testing.T) {
			gzippedZeros()
			c := newHostileClient(t, serveHTTP(t, new(runCounter), bomb.handler), client.WithMaxRetries(0))
			runtime.GC()
			var err error
			took := allocated(func() { _, err = c.RunStory(t.Context(), hostileWorkflow, hostileStory) })
			var answer *client.APIError
			require.ErrorAs(t, err, &answer)
			assert.Equal(t, bomb.status, answer.StatusCode)
			assert.Len(t, answer.Body, limit, "what was received, to the limit")
			assert.ErrorContains(t, err, "longer than 10485760 bytes (WithMaxResponseBytes)")
			t.Logf("%s: %.1f MiB allocated in all, limit 10 MiB", bomb.name, float64(took)/(1<<20))
			assert.LessOrEqual(t, took, uint64(2*limit+slack), "bytes allocated")
		})
	}
}

// TestALongRunTakesTwiceItsSizeOfMemory reads a run that is just within the limit: Body, and the text decoded from it.
func TestALongRunTakesTwiceItsSizeOfMemory(t *testing.T) {
	const limit, slack = 10 << 20, 4 << 20
	text := strings.Repeat("once ", (limit-1000)/5)
	body := `{"success":true,"result":"` + text + `"}`
	c := newHostileClient(t, serveHTTP(t, new(runCounter), answerJSON(200, body)))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	run, err := c.RunStory(t.Context(), hostileWorkflow, hostileStory)
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

// TestWhatTheContractDoesNotNameTakesNoMemory reads long runs that are nearly all unknown values.
func TestWhatTheContractDoesNotNameTakesNoMemory(t *testing.T) {
	contract.Default()
	const size = 2 << 20
	objects := "[" + strings.Repeat("{},", size/3) + "1]"
	numbers := "[" + strings.Repeat("1,", size/2) + "1]"
	for name, fields := range map[string]string{
		"objects":                              `"result":"Once upon a time","more":` + objects,
		"numbers":                              `"result":"Once upon a time","more":` + numbers,
		"numbers, with a name that is escaped": `"r\u0065sult":"Once upon a time","more":` + numbers,
		"objects, as the error":                `"result":"Once upon a time","run_id":5,"error":` + objects,
		"objects, as the error's message":      `"result":"Once upon a time","run_id":5,"error":{"message":` + objects + "}",
		"numbers, as the code":                 `"result":"Once upon a time","run_id":5,"code":` + numbers,
		"numbers, as the documented output":    `"result":"Once upon a time","run_id":5,"output":` + numbers,
	} {
		body := `{"success":true,` + fields + "}"
		c := newHostileClient(t, serveHTTP(t, new(runCounter), answerJSON(200, body)))
		var run *client.Run
		var err error
		took := allocated(func() { run, err = c.RunStory(t.Context(), hostileWorkflow, hostileStory) })
		require.NoError(t, err, name)
		assert.Equal(t, "Once upon a time", run.Text)
		t.Logf("2 MiB of %s: %.1f MiB allocated in all", name, float64(took)/(1<<20))
		assert.LessOrEqual(t, took, uint64(2*size+1<<20), name)
	}
}

func TestTheTextOfAnErrorTakesLittleOfALongMessage(t *testing.T) {
	message := strings.Repeat("a ", 1<<20)
	body := `{"success":false,"error":"` + message + `"}`
	_, err := newHostileClient(t, serveHTTP(t, new(runCounter), answerJSON(500, body))).RunStory(t.Context(), hostileWorkflow, hostileStory)
	var answer *client.APIError
	require.ErrorAs(t, err, &answer)
	assert.Equal(t, message, answer.Message)
	var text string
	took := allocated(func() { text = answer.Error() })
	assert.Less(t, len(text), 1000)
	assert.Less(t, took, uint64(1<<20), "bytes allocated")
}

func TestTenThousandViolationsAreOneError(t *testing.T) {
	t.Parallel()
	body := `{"success":true,"result":"x","citations":[` + strings.Repeat("1,", 10_000) + `1]}`
	c := newHostileClient(t, serveHTTP(t, new(runCounter), answerJSON(200, body)))
	_, err := c.RunStory(t.Context(), hostileWorkflow, hostileStory)
	var violation *contract.Error
	require.ErrorAs(t, err, &violation)
	assert.Len(t, violation.Violations, 10_001)
	assert.Less(t, len(err.Error()), 10_000)
	assert.ErrorContains(t, err, "and 9951 more")
}

func TestARunWithAHugeOutputOfItsOwnIsStillHeldToTheRest(t *testing.T) {
	t.Parallel()
	output := `{"chapters":[` + strings.Repeat(`"a",`, 100_001) + `"z"]}`
	c := newHostileClient(t, serveHTTP(t, new(runCounter), answerJSON(200, `{"success":true,"run_id":5,"status":"completed","output":`+output+`}`)))
	for range 3 {
		_, err := c.RunInputs(t.Context(), hostileWorkflow, map[string]any{"topic": "dogs"})
		require.ErrorContains(t, err, "/run_id")
	}
}

// TestOneClientServesSixtyFourGoroutines shares a client between goroutines, each with answers of its own.
func TestOneClientServesSixtyFourGoroutines(t *testing.T) {
	t.Parallel()
	seen := new(runCounter)
	c := newHostileClient(t, serveEcho(t, seen))
	const goroutines, calls = 64, 20
	var all sync.WaitGroup
	for g := range goroutines {
		all.Go(func() {
			for i := range calls {
				story := strings.Repeat("x", g) + strings.Repeat("y", i+1)
				run, err := c.RunStory(t.Context(), hostileWorkflow, story)
				switch {
				case g%4 == 3:
					assert.ErrorIs(t, err, client.ErrPaymentRequired)
					assert.ErrorContains(t, err, story)
				case assert.NoError(t, err):
					var answer struct {
						Story string `json:"story"`
					}
					assert.Equal(t, story, run.Text)
					assert.Error(t, run.Decode(&answer), "a text that is no JSON")
				}
				if i == calls/2 {
					c.CloseIdleConnections()
				}
			}
		})
	}
	all.Wait()
	assert.Equal(t, goroutines*calls, seen.count(), "runs that the server saw")
}

// serveEcho answers a run with its story, or with 402 where the story has 3 x more than a multiple of 4.
func serveEcho(t *testing.T, seen *runCounter) string {
	t.Helper()
	return serveUnread(t, func(w http.ResponseWriter, r *http.Request) {
		seen.add()
		var inputs struct {
			Story string `json:"story"`
		}
		body, _ := io.ReadAll(r.Body)
		_ = json.Unmarshal(body, &inputs)
		if strings.Count(inputs.Story, "x")%4 == 3 {
			answerJSON(402, `{"success":false,"error":"`+inputs.Story+`"}`)(w, r)
			return
		}
		answerJSON(200, `{"success":true,"result":"`+inputs.Story+`"}`)(w, r)
	})
}
