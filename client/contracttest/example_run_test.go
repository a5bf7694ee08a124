package contracttest_test

import (
	"net/http"
	"net/http/httputil"
	"net/url"
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

func TestHandlerKeepsTheContract(t *testing.T) {
	upstream := clienttest.NewServer()
	defer upstream.Close()
	contracttest.Run(t, contracttest.Target{
		Handler:    newProxy(upstream.URL),
		APIKey:     upstream.APIKey,
		WorkflowID: upstream.WorkflowID,
	})
}
