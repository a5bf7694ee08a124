// Command contract checks that a running server keeps the contract of the AI Tutor API, or another OpenAPI document:
//
//	AITUTOR_API_KEY=... AITUTOR_WORKFLOW_ID=... contract -url https://host/prefix
//	PETSTORE_KEY=... contract -url https://host -spec petstore.yaml -credential petstore_key
//
// AITUTOR_OTHER_API_KEY and AITUTOR_OTHER_WORKFLOW_ID, of another account, add the checks that accounts are kept apart.
// It starts at most 20 runs, unless -max-runs says otherwise. It exits with 1 if the contract is broken (with -strict,
// if a check fails for good practice too), and with 2 if the checks could not be made, or told too little.
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
	"slices"
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
	target                  contracttest.Target
	junit, json, writeKnown string // files to write
	verbose, allowUnsure    bool
}

// run prints what the checks found of the target that the arguments and the environment name, and counts those that
// failed.
func run(ctx context.Context, out, usage io.Writer, getenv func(string) string, args []string) (failed int, err error) {
	parsed, err := parse(usage, getenv, args)
	if err != nil {
		return 0, err
	}
	for _, name := range []string{parsed.junit, parsed.json} { // if no report is made, an old one must not stand for it
		if err := os.Remove(name); name != "" && err != nil && !errors.Is(err, os.ErrNotExist) {
			return 0, err
		}
	}
	if parsed.verbose {
		parsed.target.OnResult = func(result contracttest.Result) {
			_ = result.WriteLine(out) // the report shows whether out can be written
		}
	}
	report, err := contracttest.Check(ctx, parsed.target)
	unsure := errors.Is(err, contracttest.ErrUnsure)
	if err != nil && !unsure {
		return 0, err
	}
	if err := report.WriteText(out); err != nil {
		return 0, err
	}
	if unsure && !parsed.allowUnsure {
		return 0, err
	}
	for _, file := range []struct {
		name   string
		report func(io.Writer) error
	}{{parsed.junit, report.WriteJUnit}, {parsed.json, report.WriteJSON}, {parsed.writeKnown, writeKnown(report)}} {
		if err := write(file.name, file.report); err != nil {
			return 0, err
		}
	}
	return len(report.Failures()), nil
}

// writeKnown returns a func that writes a file for -known: what fails, and what was known and still does.
func writeKnown(report *contracttest.Report) func(io.Writer) error {
	return func(w io.Writer) error {
		var text strings.Builder
		failures := report.Failures()
		for _, result := range report.Results {
			switch {
			case result.Known != "":
				fmt.Fprintf(&text, "%s %s\n", result.Check, result.Known)
			case slices.ContainsFunc(failures, func(f contracttest.Result) bool { return f.Check == result.Check }):
				reason, _, _ := strings.Cut(result.Err.Error(), "\n")
				fmt.Fprintf(&text, "%s %s\n", result.Check, reason)
			}
		}
		_, err := io.WriteString(w, text.String())
		return err
	}
}

// readKnown reads a file of known failures: a name and a reason a line, and comments after a #.
func readKnown(name string) ([]string, error) {
	data, err := os.ReadFile(name) //nolint:gosec // the file that the user names
	if err != nil {
		return nil, err
	}
	var known []string
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			known = append(known, line)
		}
	}
	return known, nil
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
	target.Credentials, target.PathParameters = map[string]string{}, map[string]string{}
	flags := flag.NewFlagSet("contract", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // an error is printed once, by main
	flags.StringVar(&target.BaseURL, "url", "", "base `URL` of the server (required)")
	flags.BoolVar(&target.NoRuns, "no-runs", false, "send nothing that could start a run")
	flags.IntVar(&target.MaxRuns, "max-runs", 20, "start at most `N` runs; 0 is any number")
	flags.BoolVar(&target.Strict, "strict", false, "advice fails too")
	flags.BoolVar(&parsed.verbose, "v", false, "print each check as it ends, also those that pass")
	flags.BoolVar(&parsed.allowUnsure, "allow-unsure", false, "do not exit with 2 if too little was checked")
	flags.StringVar(&parsed.writeKnown, "write-known", "", "write what fails to `FILE`, for -known")
	flags.Func("known", "`FILE` of checks that are known to fail: a name and a reason a line",
		func(name string) (err error) {
			target.Known, err = readKnown(name)
			return err
		})
	flags.Func("spec", "OpenAPI document in `FILE` (default: that of the AI Tutor API)", func(name string) (err error) {
		target.Spec, err = os.ReadFile(name) //nolint:gosec // the file that the user names
		return err
	})
	flags.Func("credential",
		"security `scheme` of -spec whose credential the environment has, under its name in capitals; may be repeated",
		func(scheme string) error {
			value := getenv(contracttest.Variable(scheme))
			if value == "" {
				return fmt.Errorf("%s is not set in the environment", contracttest.Variable(scheme))
			}
			target.Credentials[scheme] = value
			return nil
		})
	flags.Func("only", "`patterns` of checks to run, with commas between: runWorkflow/method or runWorkflow/*/missing-key",
		addTo(&target.Only))
	flags.Func("skip", "`names` of checks to leave out, with commas between", addTo(&target.Skip))
	flags.StringVar(&parsed.junit, "junit", "", "write the report as JUnit XML to `FILE`")
	flags.StringVar(&parsed.json, "json", "", "write the report as JSON to `FILE`")
	flags.Func("inputs", "a valid request as `JSON` (default: the contract's example)", func(text string) error {
		if !json.Valid([]byte(text)) {
			return errors.New("not JSON")
		}
		target.Inputs = json.RawMessage(text)
		return nil
	})
	flags.Func("path",
		"a path parameter as `name=value`, of an operation that has others than workflow_id; may be repeated",
		func(text string) error {
			name, value, ok := strings.Cut(text, "=")
			if !ok || name == "" || value == "" {
				return errors.New("not name=value")
			}
			target.PathParameters[name] = value
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
		{"AITUTOR_API_KEY", &target.APIKey, target.Spec == nil},
		{"AITUTOR_WORKFLOW_ID", &target.WorkflowID, target.Spec == nil},
		{"AITUTOR_OTHER_API_KEY", &target.OtherAPIKey, false},
		{"AITUTOR_OTHER_WORKFLOW_ID", &target.OtherWorkflowID, false},
	} {
		if *variable.value = getenv(variable.name); *variable.value == "" && variable.required {
			return parsed, fmt.Errorf("%s is not set in the environment", variable.name)
		}
	}
	return parsed, nil
}

// addTo returns a func that adds the names in a list with commas between.
func addTo(names *[]string) func(string) error {
	return func(text string) error {
		for name := range strings.SplitSeq(text, ",") {
			if name = strings.TrimSpace(name); name != "" {
				*names = append(*names, name)
			}
		}
		return nil
	}
}
