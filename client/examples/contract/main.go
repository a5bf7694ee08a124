// Command contract holds a running server against the contract of the AI Tutor API, a line a check:
//
//	AITUTOR_API_KEY=... AITUTOR_WORKFLOW_ID=... contract -url https://host/prefix
//
// It exits with 1 where a check fails, and with 2 where the checks could not be done.
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

// run prints the checks of the target that the arguments and the environment name, and counts those that failed.
func run(ctx context.Context, out, usage io.Writer, getenv func(string) string, args []string) (failed int, err error) {
	target, err := parse(usage, getenv, args)
	if err != nil {
		return 0, err
	}
	report, err := contracttest.Check(ctx, target)
	if err != nil {
		return 0, err
	}
	results := make(map[string]contracttest.Result, len(report.Results))
	for _, result := range report.Results {
		results[result.Check] = result
	}
	passed, skipped := 0, 0
	for _, name := range contracttest.Checks() {
		switch result, done := results[name]; {
		case !done:
			skipped++
			fmt.Fprintln(out, "skip", name)
		case result.Err != nil:
			failed++
			fmt.Fprintf(out, "fail %s\n%s\n%s\n", name, indent(result.Err.Error()), indent(result.Curl))
		default:
			passed++
			fmt.Fprintln(out, "pass", name)
		}
	}
	fmt.Fprintf(out, "%d passed, %d failed, %d skipped\n", passed, failed, skipped)
	return failed, nil
}

// parse reads the target from the arguments and the environment.
func parse(usage io.Writer, getenv func(string) string, args []string) (contracttest.Target, error) {
	var target contracttest.Target
	flags := flag.NewFlagSet("contract", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // an error is printed once, by main
	flags.StringVar(&target.BaseURL, "url", "", "base `URL` of the server (required)")
	flags.BoolVar(&target.NoRuns, "no-runs", false, "only the checks that a server cannot bill")
	flags.Func("inputs", "a valid request as `JSON` (default: the contract's example)", func(text string) error {
		if !json.Valid([]byte(text)) {
			return errors.New("not JSON")
		}
		target.Inputs = json.RawMessage(text)
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
		return target, err
	}
	switch {
	case flags.NArg() > 0:
		return target, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case target.BaseURL == "":
		return target, errors.New("no URL: set -url (make contract URL=...)")
	}
	for _, variable := range []struct {
		name  string
		value *string
	}{
		{"AITUTOR_API_KEY", &target.APIKey},
		{"AITUTOR_WORKFLOW_ID", &target.WorkflowID},
	} {
		if *variable.value = getenv(variable.name); *variable.value == "" {
			return target, fmt.Errorf("%s is not set in the environment", variable.name)
		}
	}
	return target, nil
}

func indent(text string) string { return "    " + strings.ReplaceAll(text, "\n", "\n    ") }
