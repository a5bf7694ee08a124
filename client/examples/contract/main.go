// Command contract checks that a running server keeps the contract of the AI Tutor API, one line per check:
//
//	AITUTOR_API_KEY=... AITUTOR_WORKFLOW_ID=... contract -url https://host/prefix
//
// AITUTOR_OTHER_API_KEY and AITUTOR_OTHER_WORKFLOW_ID, of another account, add the checks that accounts are kept apart.
// It exits with 1 if the contract is broken (with -strict, if a check fails for good practice too), and with 2 if the
// checks could not be made.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/aitutor-api/aitutor-go/client/contracttest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	failed, err := run(ctx, os.Stdout, os.Stderr, os.Getenv, os.Args[1:])
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "contract:", strings.TrimPrefix(err.Error(), "contracttest: "))
		os.Exit(2)
	case failed > 0:
		os.Exit(1)
	}
}

// arguments are what the command is told.
type arguments struct {
	target      contracttest.Target
	junit, json string // files to write
}

// run prints the checks of the target that the arguments and the environment name, and counts those that failed.
func run(ctx context.Context, out, usage io.Writer, getenv func(string) string, args []string) (failed int, err error) {
	parsed, err := parse(usage, getenv, args)
	if err != nil {
		return 0, err
	}
	counts := map[string]int{}
	parsed.target.OnResult = func(result contracttest.Result) {
		counts[result.Outcome()]++
		fmt.Fprintf(out, "%s %s\n", result.Outcome(), result.Check)
	}
	report, err := contracttest.Check(ctx, parsed.target)
	if err != nil {
		return 0, err
	}
	fmt.Fprintln(out)
	if err := report.WriteText(out); err != nil {
		return 0, err
	}
	for _, result := range report.Unsure() {
		if result.Outcome() == "unsure" {
			fmt.Fprintf(out, "unsure: %s: %v\n", result.Check, result.Unsure)
		}
	}
	if unseen := report.Unseen(); len(unseen) > 0 {
		fmt.Fprintf(out, "not seen, and so not checked: %s\n", strings.Join(unseen, ", "))
	}
	fmt.Fprintf(out, "%d passed, %d failed, %d advice, %d skipped, %d unsure\n",
		counts["pass"], counts["fail"], counts["advice"], counts["skip"], counts["unsure"])
	if err := write(parsed.junit, report.WriteJUnit); err != nil {
		return 0, err
	}
	if err := write(parsed.json, report.WriteJSON); err != nil {
		return 0, err
	}
	return len(report.Failures()), nil
}

// write writes a file, if it has a name.
func write(name string, report func(io.Writer) error) error {
	if name == "" {
		return nil
	}
	file, err := os.Create(name) //nolint:gosec // the file that the user names
	if err != nil {
		return err
	}
	return errors.Join(report(file), file.Close())
}

// parse reads the arguments and the environment.
func parse(usage io.Writer, getenv func(string) string, args []string) (arguments, error) {
	var parsed arguments
	target := &parsed.target
	flags := flag.NewFlagSet("contract", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // an error is printed once, by main
	flags.StringVar(&target.BaseURL, "url", "", "base `URL` of the server (required)")
	flags.BoolVar(&target.NoRuns, "no-runs", false, "send nothing that could start a run")
	flags.BoolVar(&target.Strict, "strict", false, "advice fails too")
	flags.StringVar(&parsed.junit, "junit", "", "write the report as JUnit XML to `FILE`")
	flags.StringVar(&parsed.json, "json", "", "write the report as JSON to `FILE`")
	flags.Func("inputs", "a valid request as `JSON` (default: the contract's example)", func(text string) error {
		if !json.Valid([]byte(text)) {
			return errors.New("not JSON")
		}
		target.Inputs = json.RawMessage(text)
		return nil
	})
	flags.Func("path", "a path parameter as `name=value`, of an operation that has others than workflow_id; may be repeated", func(text string) error {
		name, value, ok := strings.Cut(text, "=")
		if !ok || name == "" || value == "" {
			return errors.New("not name=value")
		}
		if target.PathParameters == nil {
			target.PathParameters = map[string]string{}
		}
		target.PathParameters[name] = value
		return nil
	})
	flags.Func("skip", "`names` of checks to leave out, with commas between", func(text string) error {
		for name := range strings.SplitSeq(text, ",") {
			if name = strings.TrimSpace(name); name != "" {
				target.Skip = append(target.Skip, name)
			}
		}
		return nil
	})
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			flags.SetOutput(usage)
			flags.PrintDefaults()
		}
		return parsed, err
	}
	switch {
	case flags.NArg() > 0:
		return parsed, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case target.BaseURL == "":
		return parsed, errors.New("no URL: set -url (make contract URL=...)")
	}
	for _, variable := range []struct {
		name     string
		value    *string
		required bool
	}{
		{"AITUTOR_API_KEY", &target.APIKey, true},
		{"AITUTOR_WORKFLOW_ID", &target.WorkflowID, true},
		{"AITUTOR_OTHER_API_KEY", &target.OtherAPIKey, false},
		{"AITUTOR_OTHER_WORKFLOW_ID", &target.OtherWorkflowID, false},
	} {
		if *variable.value = getenv(variable.name); *variable.value == "" && variable.required {
			return parsed, fmt.Errorf("%s is not set in the environment", variable.name)
		}
	}
	return parsed, nil
}
