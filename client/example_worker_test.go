package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"

	"golang.org/x/time/rate"

	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/client/clienttest"
	"github.com/aitutor-api/aitutor-go/client/contract"
)

// A pacedTransport keeps the calls of everyone who shares it within the service's rate limit. It waits before a request
// is sent, and for no longer than the request's context lasts.
type pacedTransport struct {
	limiter *rate.Limiter
	next    http.RoundTripper
}

func (t *pacedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := t.limiter.Wait(req.Context()); err != nil {
		return nil, &net.OpError{Op: "dial", Err: err} // so that SafeToRetry knows: nothing was sent
	}
	return t.next.RoundTrip(req)
}

// job is a story to run, of whatever queue a team has.
type job struct{ prompt string }

// work takes jobs until there are none. The client holds no state: any number of workers, on any number of machines, may
// do this at once.
func work(ctx context.Context, c *client.Client, workflowID string, jobs chan job) {
	for {
		select {
		case next := <-jobs:
			run, err := c.RunStory(ctx, workflowID, next.prompt)
			var answer *client.APIError
			var broken *contract.Error
			switch {
			case err == nil:
				fmt.Println("done:", run.Text)
			case client.SafeToRetry(err): // it did not start, and was not billed
				fmt.Println("put back:", next.prompt)
				jobs <- next
			case errors.Is(err, client.ErrUnauthorized), errors.Is(err, client.ErrPaymentRequired):
				fmt.Println("stop, no job will do better:", err)
				return
			case errors.As(err, &answer): // not a run; it may have been billed, or would fail again
				fmt.Println("give up:", answer)
			case errors.As(err, &broken):
				fmt.Println("keep for a person, it was paid for:", string(broken.Body))
			default: // a bad argument, or a broken connection
				fmt.Println("give up:", err)
			}
		default:
			return
		}
	}
}

func ExampleSafeToRetry() {
	server := clienttest.NewServer()
	defer server.Close()
	server.Answer(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusTooManyRequests)
		fmt.Fprint(w, `{"success": false, "error": "Too many requests. Please try again later."}`)
	})

	paced := &pacedTransport{limiter: rate.NewLimiter(10, 1), next: http.DefaultTransport} // 10 a second, as the key allows
	c, err := client.New(server.APIKey, client.WithBaseURL(server.URL),
		client.WithHTTPClient(&http.Client{Transport: paced}),
		client.WithMaxRetries(0), // the queue is what tries again
	)
	if err != nil {
		log.Fatal(err)
	}
	jobs := make(chan job, 10)
	jobs <- job{"a story about a dog named charlie"}
	jobs <- job{" "}
	work(context.Background(), c, server.WorkflowID, jobs)
	// Output:
	// put back: a story about a dog named charlie
	// give up: run workflow "wf_b1c45lj9pabaotitahwfk9gb": invalid request: the story is blank
	// done: Once upon a time, there was a friendly dog named Charlie...
}
