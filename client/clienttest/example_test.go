package clienttest_test

import (
	"context"
	"fmt"
	"log"
	"net/http"

	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/client/clienttest"
)

func ExampleNewServer() {
	server := clienttest.NewServer(clienttest.WithTextResults()) // answers as the service does today
	defer server.Close()
	c, err := client.New(server.APIKey, client.WithBaseURL(server.URL))
	if err != nil {
		log.Fatal(err)
	}
	run, err := c.RunStory(context.Background(), server.WorkflowID, "a story about a dog named charlie")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(run.Text)
	fmt.Println(server.Runs(), "run")
	// Output:
	// Once upon a time, there was a friendly dog named Charlie...
	// 1 run
}

func ExampleServer_Answer() {
	server := clienttest.NewServer()
	defer server.Close()
	server.Answer(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusGatewayTimeout)
		fmt.Fprint(w, "An error occurred")
	})
	c, err := client.New(server.APIKey, client.WithBaseURL(server.URL))
	if err != nil {
		log.Fatal(err)
	}
	_, err = c.RunStory(context.Background(), server.WorkflowID, "a story about a dog named charlie")
	fmt.Println(err)
	fmt.Println(server.Runs(), "runs: it was not sent again")
	// Output:
	// run workflow wf_b1c45lj9pabaotitahwfk9gb: 504 Gateway Timeout: An error occurred: the answer breaks the contract: content-type: unexpected value "text/plain; charset=utf-8": the run may have been billed
	// 0 runs: it was not sent again
}
