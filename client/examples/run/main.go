// Run runs a workflow with the inputs of the contract's example, and prints the text.
//
//	go run ./client/examples/run [-h] [PROMPT | INPUTS]
//
// PROMPT is set as the first required text of the inputs. INPUTS is a JSON object, sent as it is, for a workflow with
// other inputs. There are no flags but -h; a prompt that begins with one comes after --.
//
// With AITUTOR_API_KEY and AITUTOR_WORKFLOW_ID set it runs that workflow of the real service (of AITUTOR_BASE_URL, if
// that is set too). With neither it starts a test server in the process and runs the workflow there.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/api"
	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/client/clienttest"
	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
	"github.com/aitutor-api/aitutor-go/gen"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
	case errors.As(err, new(usageError)):
		fmt.Fprintln(os.Stderr, "run:", oneLine(err))
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "run:", oneLine(err))
		os.Exit(1)
	}
}

// usageError is an error of the arguments: nothing was run.
type usageError struct{ error }

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	args, err := parse(args, stderr)
	if err != nil {
		return err
	}
	c, workflowID, done, err := connect(stderr)
	if err != nil {
		return err
	}
	defer done()
	stopClock := showSeconds(stderr)
	result, err := start(ctx, c, workflowID, strings.Join(args, " "), len(args) > 0)
	stopClock()
	if result != nil { // beside an error too: it was paid for
		text := result.Text
		if text == "" {
			text = string(result.Body)
		}
		if _, err := fmt.Fprintln(stdout, text); err != nil {
			return err
		}
	}
	return err
}

// parse returns the words of the prompt. What looks like a flag, wherever it stands, is one: a run is billed.
func parse(args []string, usage io.Writer) (words []string, err error) {
	for i, arg := range args {
		switch {
		case arg == "--":
			return append(words, args[i+1:]...), nil
		case len(arg) < 2 || arg[0] != '-' || strings.ContainsAny(arg, " \t\n"): // a text that begins with a dash is none
			words = append(words, arg)
		case slices.Contains([]string{"h", "help"}, strings.TrimLeft(arg, "-")):
			_, _ = fmt.Fprintln(usage, "usage: run [-h] [--] [PROMPT | INPUTS]")
			return nil, flag.ErrHelp
		default:
			return nil, usageError{fmt.Errorf("there is no flag %s: a prompt that begins with a dash comes after --", arg)}
		}
	}
	return words, nil
}

// connect returns a client of the service, or of a test server in this process, and a workflow there.
func connect(stderr io.Writer) (c *client.Client, workflowID string, done func(), err error) {
	key, workflowID := os.Getenv("AITUTOR_API_KEY"), os.Getenv("AITUTOR_WORKFLOW_ID")
	switch {
	case key == "" && workflowID == "":
		_, _ = fmt.Fprintln(
			stderr,
			"Running on a test server in this process. Set AITUTOR_API_KEY and AITUTOR_WORKFLOW_ID to use the real service.",
		)
		server := clienttest.NewServer()
		c, err = client.New(server.APIKey, client.WithBaseURL(server.URL))
		return c, server.WorkflowID, server.Close, err
	case key == "":
		return nil, "", nil, errors.New(
			"AITUTOR_API_KEY is not set, and AITUTOR_WORKFLOW_ID is: set both, or neither for a test server",
		)
	case workflowID == "":
		return nil, "", nil, errors.New(
			"AITUTOR_WORKFLOW_ID is not set, and AITUTOR_API_KEY is: set both, or neither for a test server",
		)
	}
	c, err = client.FromEnv()
	return c, workflowID, func() {}, err
}

// start runs the workflow with the inputs in arg, or with those of the contract's example and arg as the prompt.
func start(ctx context.Context, c *client.Client, workflowID, arg string, hasArg bool) (*client.Run, error) {
	if strings.HasPrefix(strings.TrimSpace(arg), "{") {
		return c.RunInputs(ctx, workflowID, json.RawMessage(arg))
	}
	inputs, err := exampleInputs()
	if err != nil {
		return nil, err
	}
	if hasArg {
		if err := inputs.setPrompt(arg); err != nil {
			return nil, err
		}
	}
	encoded, err := json.Marshal(inputs.values)
	if err != nil {
		return nil, err
	}
	var in gen.RunRequest
	if err := json.Unmarshal(encoded, &in); err != nil {
		return nil, err
	}
	return c.Run(ctx, workflowID, in)
}

// inputs are those of the contract's example.
type inputs struct {
	values map[string]any
	schema *openapi3.Schema
}

func exampleInputs() (*inputs, error) {
	for _, operation := range openapi.Operations(api.Document()) {
		if _, media := operation.Body(); media != nil && operation.OperationID == openapi.RunWorkflow {
			value, err := openapi.ForRequests(api.Document()).Example(media)
			values, _ := value.(map[string]any)
			return &inputs{maps.Clone(values), openapi.Merged(media.Schema.Value)}, err
		}
	}
	return nil, errors.New("the contract has no operation runWorkflow that takes JSON")
}

var errNoText = errors.New("the workflow has no text for a prompt: give its inputs as a JSON object")

// setPrompt sets the first required text that has no format and no list of values.
func (in *inputs) setPrompt(prompt string) error {
	for _, name := range in.schema.Required {
		property := &openapi3.Schema{}
		if ref := in.schema.Properties[name]; ref != nil {
			property = openapi.Merged(ref.Value)
		}
		if _, isText := in.values[name].(string); isText && property.Format == "" && len(property.Enum) == 0 {
			in.values[name] = prompt
			return nil
		}
	}
	return errNoText
}

// showSeconds shows on a terminal how many seconds have passed, until it is stopped.
func showSeconds(w io.Writer) (stop func()) {
	file, ok := w.(*os.File)
	if !ok {
		return func() {}
	}
	if info, err := file.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return func() {}
	}
	start, ticker := time.Now(), time.NewTicker(time.Second)
	stopped, cleared := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(cleared)
		for {
			select {
			case <-ticker.C:
				_, _ = fmt.Fprintf(w, "\rwaiting for the model: %.0f s", time.Since(start).Seconds())
			case <-stopped:
				_, _ = fmt.Fprint(w, "\r\x1b[K")
				return
			}
		}
	}()
	return func() {
		ticker.Stop()
		close(stopped)
		<-cleared
	}
}

// oneLine returns the text of an error, which may list violations of the contract, as one line.
func oneLine(err error) string {
	return strings.Join(strings.Fields(err.Error()), " ")
}
