// Command har validates recorded traffic against an OpenAPI document: a HAR file, as browsers, proxies and Postman
// write it. It starts no run.
//
//	har traffic.har
//	har -spec petstore.yaml traffic.har
//
// Without -spec the document is that of the AI Tutor API. A request that the document has no operation for is other
// traffic, and is only counted. Credentials are not asked for, as most programs leave them out of the file. It exits
// with 1 if an exchange breaks the contract, and with 2 if the file or the document cannot be read.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/aitutor-api/aitutor-go/client/contract"
)

func main() {
	broken, err := run(os.Stdout, os.Stderr, os.Args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "har:", err)
		os.Exit(2)
	case broken > 0:
		os.Exit(1)
	}
}

// run prints the exchanges of a file that break the contract, and counts them.
func run(out, usage io.Writer, args []string) (broken int, err error) {
	flags := flag.NewFlagSet("har", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // main prints an error once
	spec := flags.String("spec", "", "OpenAPI document, as a `FILE` (default: that of the AI Tutor API)")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			flags.SetOutput(usage)
			flags.PrintDefaults()
		}
		return 0, err
	}
	if flags.NArg() != 1 {
		return 0, fmt.Errorf("want one HAR file, got %d arguments", flags.NArg())
	}
	validator, err := newValidator(*spec)
	if err != nil {
		return 0, err
	}
	exchanges, err := readHAR(flags.Arg(0))
	if err != nil {
		return 0, err
	}
	kept, other, unanswered := 0, 0, 0
	for i, e := range exchanges {
		where := fmt.Sprintf("entry %d, %s %s", i, e.request.Method, e.request.URL.Path)
		problems, described := check(validator, e)
		switch {
		case !described:
			other++
		case len(problems) > 0:
			broken++
			fmt.Fprintf(out, "%s:\n\t%s\n", where, strings.Join(problems, "\n\t"))
		case e.response == nil:
			unanswered++
		default:
			kept++
		}
	}
	fmt.Fprintf(
		out,
		"%d keep the contract, %d break it, %d have no response, %d are other traffic\n",
		kept,
		broken,
		unanswered,
		other,
	)
	return broken, nil
}

func newValidator(spec string) (*contract.Validator, error) {
	if spec == "" {
		return contract.Default(), nil
	}
	data, err := os.ReadFile(spec) //nolint:gosec // the file that the user names
	if err != nil {
		return nil, err
	}
	return contract.New(data)
}

// check lists how an exchange breaks the contract, and reports whether the contract has its operation.
func check(v *contract.Validator, e exchange) (problems []string, described bool) {
	for _, violation := range violations(v.CheckRequest(e.request, e.requestBody)) {
		switch {
		case violation.Pointer == "" && (violation.In == "path" || violation.In == "method"):
			return nil, false
		case violation.Keyword != "security":
			problems = append(problems, "request "+violation.String())
		}
	}
	if e.response == nil {
		return problems, true
	}
	for _, violation := range violations(v.CheckResponse(e.response, e.responseBody)) {
		if violation.In != "body" || e.responseBody != nil { // the file may lack the body
			problems = append(problems, "response "+violation.String())
		}
	}
	return problems, true
}

func violations(err error) []contract.Violation {
	if broken, ok := errors.AsType[*contract.Error](err); ok {
		return broken.Violations
	}
	return nil
}
