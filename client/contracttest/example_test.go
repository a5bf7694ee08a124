package contracttest_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/aitutor-api/aitutor-go/client/clienttest"
	"github.com/aitutor-api/aitutor-go/client/contracttest"
)

// A monitor checks a running server, without a run that would be billed.
func ExampleCheck() {
	server := clienttest.NewServer()
	defer server.Close()

	report, err := contracttest.Check(context.Background(), contracttest.Target{
		BaseURL:    server.URL,
		APIKey:     server.APIKey,
		WorkflowID: server.WorkflowID,
		NoRuns:     true,
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, failure := range report.Failures() {
		fmt.Printf("%s: %v\n%s\n", failure.Check, failure.Err, failure.Curl)
	}
	fmt.Println(len(report.Failures()), "failures")
	// Output: 0 failures
}

// A monitor of the service as it is today, which runs whatever a valid key sends: what is known to fail does not alarm
// anybody, until it passes. It starts at most two runs each time.
func ExampleCheck_monitor() {
	server := clienttest.NewServer(clienttest.Lenient(), clienttest.WithTextResults()) // in place of the service
	defer server.Close()

	report, err := contracttest.Check(context.Background(), contracttest.Target{
		BaseURL:    server.URL,
		APIKey:     server.APIKey,
		WorkflowID: server.WorkflowID,
		Only:       []string{"runWorkflow/runs/valid", "runWorkflow/unauthorized/*", "runWorkflow/request/empty-body"},
		Known:      []string{"runWorkflow/request/empty-body the service runs it"}, // a line of a file for -known
		MaxRuns:    2,
	})
	if err != nil && !errors.Is(err, contracttest.ErrUnsure) {
		log.Fatal(err) // the service cannot be reached, or refuses the key
	}
	fmt.Println("runs:", report.Runs, "known:", len(report.Known()), "unsure:", len(report.Unsure()))
	for _, failure := range report.Failures() {
		fmt.Println("new:", failure.Check, failure.Err)
	}
	// Output: runs: 2 known: 1 unsure: 0
}
