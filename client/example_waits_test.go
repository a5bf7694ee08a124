package client_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aitutor-api/aitutor-go/client"
)

// busyTwice responds with 429 twice, then with a run.
type busyTwice struct{ attempts int }

func (b *busyTwice) RoundTrip(req *http.Request) (*http.Response, error) {
	status, body := http.StatusOK, `{"success": true, "result": "done"}`
	if b.attempts++; b.attempts <= 2 {
		status, body = http.StatusTooManyRequests, `{"success": false, "error": "Rate limit exceeded"}`
	}
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Request: req,
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}, nil
}

// A test of code that waits: in a bubble of testing/synctest, the waits between the attempts take no time.
func TestExample_WaitsTakeNoTimeInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport := &busyTwice{}
		c, err := client.New("test-key", client.WithHTTPClient(&http.Client{Transport: transport}))
		if err != nil {
			t.Fatal(err)
		}
		run, err := c.RunInputs(t.Context(), "wf_1", map[string]any{"topic": "dogs"})
		if err != nil || run.Text != "done" || transport.attempts != 3 {
			t.Errorf("got %v, %v after %d attempts", run, err, transport.attempts)
		}
	})
}
