package contracttest_test

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"testing"

	"github.com/aitutor-api/aitutor-go/client/clienttest"
	"github.com/aitutor-api/aitutor-go/client/contracttest"
)

// newProxy returns the handler to test: it passes everything on to another server.
func newProxy(upstream string) http.Handler {
	to, err := url.Parse(upstream)
	if err != nil {
		panic(err)
	}
	return httputil.NewSingleHostReverseProxy(to)
}

func TestContract(t *testing.T) {
	url := os.Getenv("STAGING_URL") // https://staging.example.com
	if url == "" {
		t.Skip("STAGING_URL is not set")
	}
	contracttest.Run(t, contracttest.Target{
		BaseURL:    url,
		APIKey:     os.Getenv("AITUTOR_API_KEY"),
		WorkflowID: os.Getenv("AITUTOR_WORKFLOW_ID"),
		NoRuns:     true, // starts no run
	})
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
