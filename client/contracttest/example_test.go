package contracttest_test

import (
	"context"
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
