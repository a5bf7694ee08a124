package clienttest_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/client/clienttest"
)

func Example() {
	server := clienttest.NewServer(clienttest.WithTextResults()) // responds as the service does today
	defer server.Close()
	c, err := client.New(server.APIKey, client.WithBaseURL(server.URL))
	if err != nil {
		log.Fatal(err)
	}
	_, err = c.RunInputs(context.Background(), "wf_unknown", map[string]any{"topic": "dogs"})
	fmt.Println(errors.Is(err, client.ErrWorkflowNotFound), server.Runs())
	// Output:
	// true 0
}

func ExampleServer_Answer() {
	server := clienttest.NewServer(clienttest.WithTextResults()) // responds as the service does today
	defer server.Close()
	server.Answer(clienttest.Error(http.StatusPaymentRequired)) // the spec's example of a 402
	server.Answer(clienttest.RateLimited(3 * time.Second))      // 429 with a Retry-After
	server.Answer(clienttest.GatewayTimeout())                  // 504 in HTML
	server.Answer(clienttest.CutOff())                          // half a run, then the connection breaks
	server.Answer(clienttest.BrokenContract())                  // a paid run that breaks the contract
	server.Answer(clienttest.Hang())                            // until the client goes away
	c, err := client.New(server.APIKey, client.WithBaseURL(server.URL), client.WithTimeout(time.Second), client.WithMaxRetries(0))
	if err != nil {
		log.Fatal(err)
	}
	for range 6 {
		run, err := c.RunInputs(context.Background(), server.WorkflowID, map[string]any{"topic": "dogs"})
		fmt.Println("paid:", run != nil, "safe to retry:", client.SafeToRetry(err))
	}
	// Output:
	// paid: false safe to retry: false
	// paid: false safe to retry: true
	// paid: false safe to retry: false
	// paid: true safe to retry: false
	// paid: true safe to retry: false
	// paid: false safe to retry: false
}

func ExampleWithWorkflow() {
	server := clienttest.NewServer(clienttest.WithWorkflow("wf_quiz",
		func(_ context.Context, inputs map[string]any) (map[string]any, error) {
			return map[string]any{"question": fmt.Sprintf("What do %s eat?", inputs["topic"])}, nil
		}))
	defer server.Close()
	c, err := client.New(server.APIKey, client.WithBaseURL(server.URL))
	if err != nil {
		log.Fatal(err)
	}
	run, err := c.RunInputs(context.Background(), "wf_quiz", map[string]any{"topic": "dogs"})
	if err != nil {
		log.Fatal(err)
	}
	var output struct{ Question string }
	if err := run.Decode(&output); err != nil {
		log.Fatal(err)
	}
	fmt.Println(output.Question)
	// Output:
	// What do dogs eat?
}

// The server has what it received, refused requests included.
func ExampleServer_Requests() {
	server := clienttest.NewServer(clienttest.WithCitations("https://example.com/dogs"), clienttest.WithWorkflow("wf_quiz",
		func(context.Context, map[string]any) (map[string]any, error) {
			return map[string]any{"question": "What do dogs eat?"}, nil
		}))
	defer server.Close()
	server.Answer(clienttest.RateLimited(0))
	c, err := client.New(server.APIKey, client.WithBaseURL(server.URL))
	if err != nil {
		log.Fatal(err)
	}
	run, err := c.RunInputs(context.Background(), "wf_quiz", map[string]any{"topic": "dogs"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(run.Text, run.Citations)
	for _, request := range server.Requests() {
		fmt.Println(request.Method, request.URL, string(request.Body))
	}
	fmt.Println("billed:", server.Runs())
	// Output:
	// What do dogs eat? [https://example.com/dogs]
	// POST /api/v1/run/wf_quiz {"topic":"dogs"}
	// POST /api/v1/run/wf_quiz {"topic":"dogs"}
	// billed: 1
}
