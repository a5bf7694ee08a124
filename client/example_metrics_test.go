package client_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"sync"

	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/client/clienttest"
)

// A RoundTripper counts attempts by status. An attempt of status 200 was billed, and one of 0 may have been.
func Example_metrics() {
	server := clienttest.NewServer(clienttest.WithWorkflow("wf_quiz", // in place of the service
		func(context.Context, map[string]any) (map[string]any, error) {
			return map[string]any{"question": "What do dogs eat?"}, nil
		}))
	defer server.Close()
	server.Answer(clienttest.RateLimited(0))

	http1 := new(http.Protocols) // over HTTP/2, all runs would share the fate of one connection
	http1.SetHTTP1(true)
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, Protocols: http1}
	defer transport.CloseIdleConnections()
	attempts := &countAttempts{next: transport, byStatus: make(map[int]int)}
	c, err := client.New(server.APIKey, client.WithBaseURL(server.URL), client.WithHTTPClient(&http.Client{Transport: attempts}))
	if err != nil {
		log.Fatal(err)
	}
	if _, err := c.RunInputs(context.Background(), "wf_quiz", map[string]any{"topic": "dogs"}); err != nil {
		log.Fatal(err)
	}
	fmt.Println(attempts.byStatus)
	// Output:
	// map[200:1 429:1]
}

// countAttempts counts what passes through a transport. It leaves the request's body alone.
type countAttempts struct {
	next     http.RoundTripper
	mu       sync.Mutex
	byStatus map[int]int // 0: no response
}

func (c *countAttempts) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := c.next.RoundTrip(req)
	status := 0
	if err == nil {
		status = res.StatusCode
	}
	c.mu.Lock()
	c.byStatus[status]++
	c.mu.Unlock()
	return res, err
}
