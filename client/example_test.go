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
)

// quiz is a workflow with other inputs and another output.
var quiz = clienttest.WithWorkflow("wf_quiz", func(_ context.Context, inputs map[string]any) (map[string]any, error) {
	return map[string]any{"questions": []string{fmt.Sprintf("What do %s eat?", inputs["topic"])}}, nil
})

// send returns a handler that responds as the service does.
func send(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

func Example() {
	server := clienttest.NewServer(quiz) // in place of the service
	defer server.Close()
	c, err := client.New(server.APIKey, client.WithBaseURL(server.URL))
	if err != nil {
		log.Fatal(err)
	}

	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	run, err := c.RunInputs(ctx, "wf_quiz", map[string]any{"topic": "dogs"})
	if err != nil {
		log.Fatal(err)
	}
	var quiz struct {
		Questions []string `json:"questions"`
	}
	if err := run.Decode(&quiz); err != nil {
		log.Fatal(err)
	}
	fmt.Println(quiz.Questions)
	// Output:
	// [What do dogs eat?]
}

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

// A call with other settings is made by a second Client, which costs microseconds. Both use the same connections.
func ExampleNew_settingsOfOneCall() {
	server := clienttest.NewServer(quiz, clienttest.WithTextResults())
	defer server.Close()
	hc := server.Client() // or none: the default one is shared, too
	c, err := client.New(server.APIKey, client.WithBaseURL(server.URL), client.WithHTTPClient(hc))
	if err != nil {
		log.Fatal(err)
	}
	patient, err := client.New(server.APIKey, client.WithBaseURL(server.URL), client.WithHTTPClient(hc),
		client.WithTimeout(10*time.Minute), client.WithMaxRetries(10))
	if err != nil {
		log.Fatal(err)
	}
	for _, each := range []*client.Client{c, patient} {
		run, err := each.RunInputs(context.Background(), "wf_quiz", map[string]any{"topic": "dogs"})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(run.Text)
	}
	// Output:
	// {"questions":["What do dogs eat?"]}
	// {"questions":["What do dogs eat?"]}
}

func ExampleFromEnv() {
	server := clienttest.NewServer(quiz, clienttest.WithTextResults())
	defer server.Close()
	os.Setenv("AITUTOR_API_KEY", server.APIKey)
	os.Setenv("AITUTOR_BASE_URL", server.URL)
	defer os.Unsetenv("AITUTOR_API_KEY")
	defer os.Unsetenv("AITUTOR_BASE_URL")

	c, err := client.FromEnv()
	if err != nil {
		log.Fatal(err)
	}
	run, err := c.RunInputs(context.Background(), "wf_quiz", map[string]any{"topic": "dogs"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(run.Text)
	// Output:
	// {"questions":["What do dogs eat?"]}
}

// The inputs are anything that encodes to a JSON object, and the output is decoded into your own type.
func ExampleClient_RunInputs() {
	server := clienttest.NewServer(quiz)
	defer server.Close()
	c, err := client.New(server.APIKey, client.WithBaseURL(server.URL))
	if err != nil {
		log.Fatal(err)
	}

	type inputs struct {
		Topic string `json:"topic"`
		Level int    `json:"level,omitempty"`
	}
	run, err := c.RunInputs(context.Background(), "wf_quiz", inputs{Topic: "dogs", Level: 3})
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

// Decode reads the output object, or the JSON in the text.
func ExampleRun_Decode() {
	server := clienttest.NewServer(clienttest.WithTextResults(), quiz)
	defer server.Close()
	c, err := client.New(server.APIKey, client.WithBaseURL(server.URL))
	if err != nil {
		log.Fatal(err)
	}

	run, err := c.RunInputs(context.Background(), "wf_quiz", map[string]any{"topic": "cats"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(run.Text)
	var quiz struct {
		Questions []string `json:"questions"`
	}
	if err := run.Decode(&quiz); err != nil {
		log.Fatal(err)
	}
	fmt.Println(quiz.Questions[0])
	// Output:
	// {"questions":["What do cats eat?"]}
	// What do cats eat?
}

// runner is what the code under test needs of a Client.
type runner interface {
	RunInputs(ctx context.Context, workflowID string, inputs any) (*client.Run, error)
}

// fakeRunner is a runner without a server.
type fakeRunner struct{ run *client.Run }

func (f fakeRunner) RunInputs(context.Context, string, any) (*client.Run, error) { return f.run, nil }

// firstQuestion stands for the code under test.
func firstQuestion(ctx context.Context, r runner, topic string) (string, error) {
	run, err := r.RunInputs(ctx, "wf_quiz", map[string]any{"topic": topic})
	if err != nil {
		return "", err
	}
	var quiz struct {
		Questions []string `json:"questions"`
	}
	if err := run.Decode(&quiz); err != nil {
		return "", err
	}
	return quiz.Questions[0], nil
}

// A Run of a test's own has the fields that the code under test reads. Decode reads Body, or else Text.
func ExampleRun_fake() {
	for _, run := range []*client.Run{
		{Text: `{"questions": ["What do dogs eat?"]}`},
		{Body: []byte(`{"output": {"questions": ["Where do dogs sleep?"]}}`)},
	} {
		question, err := firstQuestion(context.Background(), fakeRunner{run}, "dogs")
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(question)
	}
	// Output:
	// What do dogs eat?
	// Where do dogs sleep?
}

func ExampleAPIError() {
	server := clienttest.NewServer()
	defer server.Close()
	server.Answer(send(http.StatusPaymentRequired, `{"success": false, "error": "No credits are left.", "code": "invalid_billing"}`))
	c, err := client.New(server.APIKey, client.WithBaseURL(server.URL))
	if err != nil {
		log.Fatal(err)
	}

	_, err = c.RunInputs(context.Background(), "wf_quiz", map[string]any{"topic": "dogs"})
	if errors.Is(err, client.ErrPaymentRequired) {
		fmt.Println(err)
	}
	if failure, ok := errors.AsType[*client.APIError](err); ok {
		fmt.Println(failure.StatusCode, failure.Code, failure.Message)
	}
	// Output:
	// run workflow wf_quiz: 402 Payment Required: No credits are left (code invalid_billing): check the account's credits and spend limit
	// 402 invalid_billing No credits are left.
}

// A run that breaks the contract was paid for. The Run beside the error has what could be read of it.
func ExampleClient_RunInputs_brokenContract() {
	server := clienttest.NewServer()
	defer server.Close()
	server.Answer(send(http.StatusOK, `{"success": true, "result": "What do dogs eat?", "citations": null}`))
	c, err := client.New(server.APIKey, client.WithBaseURL(server.URL))
	if err != nil {
		log.Fatal(err)
	}

	run, err := c.RunInputs(context.Background(), "wf_quiz", map[string]any{"topic": "dogs"})
	if run != nil && err != nil {
		fmt.Println("keep it:", run.Text)
	}
	if broken, ok := errors.AsType[*contract.Error](err); ok {
		fmt.Println("report it:", broken.Violations[0].Pointer)
	}
	// Output:
	// keep it: What do dogs eat?
	// report it: /citations
}

// A queue of your own runs again what certainly did not start.
func ExampleSafeToRetry() {
	server := clienttest.NewServer(quiz)
	defer server.Close()
	server.Answer(clienttest.RateLimited(time.Second))
	server.Answer(clienttest.GatewayTimeout())
	c, err := client.New(server.APIKey, client.WithBaseURL(server.URL),
		client.WithMaxRetries(0), // the queue is what tries again
	)
	if err != nil {
		log.Fatal(err)
	}

	queue := []string{"dogs", "cats"}
	for len(queue) > 0 {
		topic := queue[0]
		queue = queue[1:]
		_, err := c.RunInputs(context.Background(), "wf_quiz", map[string]any{"topic": topic})
		switch {
		case err == nil:
			fmt.Println(topic, "is done")
		case client.SafeToRetry(err):
			fmt.Println(topic, "did not start: put it back")
			queue = append(queue, topic)
		default:
			fmt.Println(topic, "may have been billed: leave it to a person")
		}
	}
	// Output:
	// dogs did not start: put it back
	// cats may have been billed: leave it to a person
	// dogs is done
}

func ExampleWithViolationHandler() {
	server := clienttest.NewServer()
	defer server.Close()
	server.Answer(send(http.StatusOK, `{"success": true, "result": "What do dogs eat?", "citations": "none"}`))

	c, err := client.New(server.APIKey, client.WithBaseURL(server.URL),
		client.WithViolationHandler(func(_ context.Context, violation *contract.Error) error {
			fmt.Println("accepted:", violation)
			return nil // or violation, to fail the call
		}))
	if err != nil {
		log.Fatal(err)
	}
	run, err := c.RunInputs(context.Background(), "wf_quiz", map[string]any{"topic": "dogs"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(run.Text)
	// Output:
	// accepted: response 200 to POST /api/v1/run/wf_quiz breaks the contract: body /citations: value must be an array
	// What do dogs eat?
}

func ExampleWithLogger() {
	server := clienttest.NewServer(quiz, clienttest.WithTextResults())
	defer server.Close()

	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		Level:       slog.LevelDebug,
		ReplaceAttr: withoutTimes, // so that the example prints the same each time
	}))
	c, err := client.New(server.APIKey, client.WithBaseURL(server.URL), client.WithLogger(logger))
	if err != nil {
		log.Fatal(err)
	}
	run, err := c.RunInputs(context.Background(), "wf_quiz", map[string]any{"topic": "dogs"})
	if err != nil {
		log.Fatal(err)
	}
	logger.Info("done", "run", run) // a Run logs itself without its text
	// Output:
	// level=DEBUG msg="aitutor: request" method=POST path=/api/v1/run/wf_quiz attempt=1 status=200 run_id="" error=""
	// level=INFO msg=done run.id="" run.status="" run.request_id="" run.text_bytes=35 run.body_bytes=67
}

func withoutTimes(_ []string, attr slog.Attr) slog.Attr {
	if attr.Key == slog.TimeKey || attr.Key == "duration" {
		return slog.Attr{}
	}
	return attr
}

func ExampleWithHTTPClient() {
	server := clienttest.NewServer(quiz, clienttest.WithTextResults())
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
	run, err := c.RunInputs(context.Background(), "wf_quiz", map[string]any{"topic": "dogs"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(run.Text)
	// Output:
	// {"questions":["What do dogs eat?"]}
}
