package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/client/clienttest"
	"github.com/aitutor-api/aitutor-go/client/contract"
	"github.com/aitutor-api/aitutor-go/gen"
)

func ExampleNew() {
	c, err := client.New("sk_your_key",
		client.WithTimeout(3*time.Minute),
		client.WithMaxRetries(5),
	)
	if err != nil {
		log.Fatal(err)
	}
	defer c.CloseIdleConnections()

	_, err = client.New("sk_your_key", client.WithBaseURL("http://example.com"))
	fmt.Println(err)
	// Output:
	// new client: base URL "http://example.com": plain http would send the key in the clear: use https
}

func ExampleFromEnv() {
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

func ExampleClient_RunStory() {
	server := clienttest.NewServer()
	defer server.Close()
	c, err := client.New(server.APIKey, client.WithBaseURL(server.URL))
	if err != nil {
		log.Fatal(err)
	}

	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	run, err := c.RunStory(ctx, server.WorkflowID, "a story about a dog named charlie")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(run.ID, run.Status)
	fmt.Println(run.Text)
	// Output:
	// run_abc123xyz completed
	// Once upon a time, there was a friendly dog named Charlie...
}

func ExampleClient_Run() {
	server := clienttest.NewServer(clienttest.WithTextResults()) // answers as the service does today
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

	_, err = c.Run(context.Background(), server.WorkflowID, gen.RunRequest{})
	fmt.Println(errors.Is(err, client.ErrInvalidRequest)) // nothing was sent
	// Output:
	// Once upon a time, there was a friendly dog named Charlie...
	// 9 of 10 requests left in this second
	// true
}

func ExampleClient_RunInputs() {
	server := clienttest.NewServer(clienttest.WithWorkflow("wf_quiz",
		func(_ context.Context, inputs map[string]any) (map[string]any, error) {
			return map[string]any{"questions": []string{fmt.Sprintf("What do %s eat?", inputs["topic"])}}, nil
		}))
	defer server.Close()
	c, err := client.New(server.APIKey, client.WithBaseURL(server.URL))
	if err != nil {
		log.Fatal(err)
	}

	run, err := c.RunInputs(context.Background(), "wf_quiz", map[string]any{"topic": "dogs", "level": 3})
	if err != nil {
		log.Fatal(err)
	}
	var quiz struct {
		Questions []string `json:"questions"`
	}
	if err := run.Decode(&quiz); err != nil {
		log.Fatal(err)
	}
	fmt.Println(quiz.Questions[0])
	// Output:
	// What do dogs eat?
}

func ExampleAPIError() {
	server := clienttest.NewServer()
	defer server.Close()
	c, err := client.New("sk_wrong", client.WithBaseURL(server.URL))
	if err != nil {
		log.Fatal(err)
	}

	run, err := c.RunStory(context.Background(), server.WorkflowID, "a story about a dog named charlie")
	var answer *client.APIError
	var broken *contract.Error
	switch {
	case err == nil:
		fmt.Println(run.Text)
	case errors.Is(err, client.ErrUnauthorized):
		fmt.Println(err)
	case errors.Is(err, client.ErrPaymentRequired):
		fmt.Println("no credits left")
	case errors.Is(err, client.ErrInvalidRequest):
		fmt.Println("mend the arguments or the inputs:", err)
	case errors.As(err, &answer):
		fmt.Println("not a run:", answer.StatusCode, answer.Code, answer.Message, answer.RequestID)
	case errors.As(err, &broken):
		fmt.Println("a run, paid for, that breaks the contract:", string(broken.Body))
	default:
		fmt.Println("no answer; safe to run again:", client.SafeToRetry(err), err)
	}
	// Output:
	// run workflow wf_b1c45lj9pabaotitahwfk9gb: 401 Unauthorized: Invalid API key (code unauthorized): check the API key
}

func ExampleWithViolationHandler() {
	server := clienttest.NewServer()
	defer server.Close()
	server.Answer(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"success": true, "result": "Once upon a time...", "citations": "none"}`)
	})

	c, err := client.New(server.APIKey, client.WithBaseURL(server.URL),
		client.WithViolationHandler(func(_ context.Context, violation *contract.Error) error {
			fmt.Println("accepted:", violation)
			return nil // or violation, to fail the call
		}))
	if err != nil {
		log.Fatal(err)
	}
	run, err := c.RunStory(context.Background(), server.WorkflowID, "a story about a dog named charlie")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(run.Text)
	// Output:
	// accepted: answer 200 to POST /api/v1/run/wf_b1c45lj9pabaotitahwfk9gb breaks the contract: body /citations: value must be an array
	// Once upon a time...
}

func ExampleWithLogger() {
	server := clienttest.NewServer()
	defer server.Close()

	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		Level:       slog.LevelDebug,
		ReplaceAttr: withoutTimes, // so that the example prints the same each time
	}))
	c, err := client.New(server.APIKey, client.WithBaseURL(server.URL), client.WithLogger(logger))
	if err != nil {
		log.Fatal(err)
	}
	if _, err := c.RunStory(context.Background(), server.WorkflowID, "a story about a dog named charlie"); err != nil {
		log.Fatal(err)
	}
	// Output:
	// level=DEBUG msg="aitutor: run workflow" method=POST path=/api/v1/run/wf_b1c45lj9pabaotitahwfk9gb status=200 run_id=run_abc123xyz
}

func withoutTimes(_ []string, attr slog.Attr) slog.Attr {
	if attr.Key == slog.TimeKey || attr.Key == "duration" {
		return slog.Attr{}
	}
	return attr
}

func ExampleWithHTTPClient() {
	server := clienttest.NewServer()
	defer server.Close()

	transport := &http.Transport{
		Proxy:           http.ProxyFromEnvironment,
		MaxConnsPerHost: 20, // and certificates, tracing: whatever a Transport does
	}
	c, err := client.New(server.APIKey, client.WithBaseURL(server.URL),
		client.WithHTTPClient(&http.Client{Transport: transport}))
	if err != nil {
		log.Fatal(err)
	}
	defer c.CloseIdleConnections()
	run, err := c.RunStory(context.Background(), server.WorkflowID, "a story about a dog named charlie")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(run.ID)
	// Output:
	// run_abc123xyz
}
