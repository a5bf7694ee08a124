package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/client/clienttest"
	"github.com/aitutor-api/aitutor-go/client/contract"
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
	server.Answer(clienttest.BrokenContract(), clienttest.RateLimited(0), clienttest.GatewayTimeout())
	c, err := client.New(server.APIKey, client.WithBaseURL(server.URL), client.WithMaxRetries(0))
	if err != nil {
		log.Fatal(err)
	}

	for range 4 {
		run, err := c.RunStory(context.Background(), server.WorkflowID, "a story about a dog named charlie")
		if run != nil && err != nil {
			fmt.Println("keep it, it was paid for:", string(run.Body))
		}
		var failure *client.APIError
		var broken *contract.Error
		switch {
		case err == nil:
			fmt.Println(run.Text)
		case errors.Is(err, client.ErrUnauthorized), errors.Is(err, client.ErrPaymentRequired):
			fmt.Println("another run will not help:", err)
		case errors.Is(err, client.ErrInvalidRequest):
			fmt.Println("correct the arguments or the inputs:", err)
		case client.SafeToRetry(err):
			fmt.Println("not billed, try again later:", err)
		case errors.As(err, &failure):
			fmt.Println("not a run:", failure.StatusCode, failure.Code, failure.Message, failure.RequestID)
		case errors.As(err, &broken):
			fmt.Println("a run that breaks the contract:", broken)
		default:
			fmt.Println("no whole response:", err)
		}
	}
	// Output:
	// keep it, it was paid for: {"output":{"generated_story":"Once upon a time, there was a friendly dog named Charlie..."},"run_id":"run_abc123xyz","status":1,"success":true}
	// a run that breaks the contract: response 200 to POST /api/v1/run/wf_b1c45lj9pabaotitahwfk9gb breaks the contract: body /status: value must be a string
	// not billed, try again later: run workflow wf_b1c45lj9pabaotitahwfk9gb: 429 Too Many Requests: Too Many Requests (code too_many_requests): try again in 1s
	// not a run: 504 FUNCTION_INVOCATION_TIMEOUT  clienttest::gateway-timeout
	// Once upon a time, there was a friendly dog named Charlie...
}
