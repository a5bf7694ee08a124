// Story runs the story workflow and prints the story.
//
//	go run ./client/examples/story a story about a dog named charlie
//
// With AITUTOR_API_KEY and AITUTOR_WORKFLOW_ID set it runs that workflow of the real service (of AITUTOR_BASE_URL, where
// that is set too). With neither it starts a test server in the process and runs the workflow there.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/client/clienttest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "story:", oneLine(err))
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	prompt := strings.Join(args, " ")
	if len(args) == 0 {
		prompt = "a story about a dog named charlie"
	}

	key, workflowID := os.Getenv("AITUTOR_API_KEY"), os.Getenv("AITUTOR_WORKFLOW_ID")
	var c *client.Client
	var err error
	switch {
	case key == "" && workflowID == "":
		server := clienttest.NewServer()
		defer server.Close()
		_, _ = fmt.Fprintln(stderr, "Running on a test server in this process. Set AITUTOR_API_KEY and AITUTOR_WORKFLOW_ID to use the real service.")
		workflowID = server.WorkflowID
		c, err = client.New(server.APIKey, client.WithBaseURL(server.URL))
	case key == "":
		return errors.New("AITUTOR_API_KEY is not set, and AITUTOR_WORKFLOW_ID is: set both, or neither for a test server")
	case workflowID == "":
		return errors.New("AITUTOR_WORKFLOW_ID is not set, and AITUTOR_API_KEY is: set both, or neither for a test server")
	default:
		c, err = client.FromEnv()
	}
	if err != nil {
		return err
	}

	// As RunStory does, but this program still compiles when the contract is that of another workflow.
	story, err := c.RunInputs(ctx, workflowID, map[string]string{"story": prompt})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(stdout, story.Text)
	return err
}

// oneLine puts the text of an error, which lists violations of the contract a line each, on one line.
func oneLine(err error) string {
	return strings.Join(strings.Fields(err.Error()), " ")
}
