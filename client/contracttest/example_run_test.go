package contracttest_test

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"testing"

	"github.com/aitutor-api/aitutor-go/client/clienttest"
	"github.com/aitutor-api/aitutor-go/client/contracttest"
)

// newProxy is a handler to test: it passes everything on to another server.
func newProxy(upstream string) http.Handler {
	to, err := url.Parse(upstream)
	if err != nil {
		panic(err)
	}
	return httputil.NewSingleHostReverseProxy(to)
}

func TestHandlerKeepsTheContract(t *testing.T) {
	upstream := clienttest.NewServer()
	defer upstream.Close()
	contracttest.Run(t, contracttest.Target{
		Handler:    newProxy(upstream.URL),
		APIKey:     upstream.APIKey,
		WorkflowID: upstream.WorkflowID,
	})
}

// Of a running server, in a test. In the file of this example, TestHandlerKeepsTheContract tests a handler.
func ExampleRun() {
	var t *testing.T // the test's own
	contracttest.Run(t, contracttest.Target{
		BaseURL:    "https://staging.example.com",
		APIKey:     "sk_your_key",
		WorkflowID: "wf_your_workflow",
		NoRuns:     true, // starts no run
	})
}
