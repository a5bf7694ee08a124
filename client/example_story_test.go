package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/client/clienttest"
	"github.com/aitutor-api/aitutor-go/gen"
)

// The inputs are a type that is generated from the contract.
func ExampleClient_Run() {
	server := clienttest.NewServer(clienttest.WithTextResults()) // responds as the service does today
	defer server.Close()
	c, err := client.New(server.APIKey, client.WithBaseURL(server.URL))
	if err != nil {
		log.Fatal(err)
	}

	run, err := c.Run(context.Background(), server.WorkflowID, gen.RunRequest{Story: "a story about a dog named charlie"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(run.Text)
	fmt.Println(run.RateLimit.Remaining, "of", run.RateLimit.Limit, "requests left in this second")

	_, err = c.Run(context.Background(), server.WorkflowID, gen.RunRequest{Story: " "})
	if problem, ok := errors.AsType[*client.ArgumentError](err); ok { // nothing was sent
		fmt.Println(problem.Field+":", problem.Reason)
	}
	// Output:
	// Once upon a time, there was a friendly dog named Charlie...
	// 9 of 10 requests left in this second
	// story: the story is blank
}

func ExampleClient_RunStory() {
	server := clienttest.NewServer() // in place of the service
	defer server.Close()
	os.Setenv("AITUTOR_API_KEY", server.APIKey)
	os.Setenv("AITUTOR_BASE_URL", server.URL)
	defer os.Unsetenv("AITUTOR_API_KEY")
	defer os.Unsetenv("AITUTOR_BASE_URL")

	c, err := client.FromEnv()
	if err != nil {
		log.Fatal(err)
	}
	run, err := c.RunStory(context.Background(), "wf_b1c45lj9pabaotitahwfk9gb", "a story about a dog named charlie")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(run.Text)
	// Output:
	// Once upon a time, there was a friendly dog named Charlie...
}

// A refusal that the contract describes is a normal result of the generated methods.
func ExampleClient_API() {
	server := clienttest.NewServer()
	defer server.Close()
	c, err := client.New("sk_wrong", client.WithBaseURL(server.URL))
	if err != nil {
		log.Fatal(err)
	}

	res, err := c.API().RunWorkflowWithResponse(context.Background(), server.WorkflowID,
		gen.RunRequest{Story: "a story about a dog named charlie"})
	if err != nil {
		log.Fatal(err)
	}
	refusal, err := res.JSON401.AsError()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Status(), refusal.Error.Code)
	// Output:
	// 401 Unauthorized unauthorized
}

// Each call is another of the things that can happen.
func ExampleClient_RunStory_errors() {
	server := clienttest.NewServer()
	defer server.Close()
	server.Answer(clienttest.BrokenContract(), clienttest.RateLimited(0), clienttest.GatewayTimeout(), clienttest.Error(http.StatusUnauthorized))
	c, err := client.New(server.APIKey, client.WithBaseURL(server.URL), client.WithMaxRetries(0))
	if err != nil {
		log.Fatal(err)
	}

	for range 5 {
		run, err := c.RunStory(context.Background(), server.WorkflowID, "a story about a dog named charlie")
		switch {
		case err == nil:
			fmt.Println(run.Text)
		case run != nil: // it breaks the contract, or was cut off
			fmt.Println("keep it, it was paid for:", string(run.Body))
		case errors.Is(err, client.ErrInvalidRequest):
			fmt.Println("correct the arguments or the inputs:", err)
		case errors.Is(err, client.ErrUnauthorized), errors.Is(err, client.ErrPaymentRequired), errors.Is(err, client.ErrWorkflowNotFound):
			fmt.Println("correct the key, the account or the workflow ID:", err)
		case client.SafeToRetry(err):
			fmt.Println("not billed, try again later:", err)
		default:
			fmt.Println("it may have been billed:", err)
		}
	}
	// Output:
	// keep it, it was paid for: {"output":{"generated_story":"Once upon a time, there was a friendly dog named Charlie..."},"run_id":"run_abc123xyz","status":1,"success":true}
	// not billed, try again later: run workflow wf_b1c45lj9pabaotitahwfk9gb: 429 Too Many Requests: Too Many Requests (code too_many_requests): try again in 1s
	// it may have been billed: run workflow wf_b1c45lj9pabaotitahwfk9gb: 504 Gateway Timeout (code FUNCTION_INVOCATION_TIMEOUT) (request ID clienttest::gateway-timeout): a gateway's page, not the service's response: the run may have been billed
	// correct the key, the account or the workflow ID: run workflow wf_b1c45lj9pabaotitahwfk9gb: 401 Unauthorized: Invalid API key (code unauthorized): check the API key
	// Once upon a time, there was a friendly dog named Charlie...
}
