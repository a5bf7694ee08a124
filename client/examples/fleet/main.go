// Fleet runs a workflow once for each line of a file, with as many processes as you like. The queue is River
// (https://riverqueue.com), in a SQLite file for the processes of one machine, or in PostgreSQL for those of many.
//
//	fleet add FILE      queue one run per line of FILE (-: standard input), in one transaction
//	fleet work          run what is queued, until interrupted
//	fleet status        how many runs wait, run, are done, failed or unknown
//	fleet results       the runs as JSON Lines
//	fleet rerun         queue failed or unknown ones again
//
// A line is a prompt: the text of the contract's first required string input. Blank lines are skipped, and so is a line
// that was added before, whatever became of it, unless -again is given.
//
// The environment says where: FLEET_DATABASE (a file, fleet.db by default, or PostgreSQL's postgres://... or host=...
// dbname=...), AITUTOR_API_KEY, AITUTOR_BASE_URL and AITUTOR_WORKFLOW_ID. Only add creates a SQLite file; status and
// results change nothing. The exit status is 2 for bad arguments or a bad environment, 1 for any other error, and 130
// after a second interrupt.
//
// # At most once
//
// Every run is billed and there is no idempotency key, so a run that may have reached the service is never sent again
// by itself:
//
//   - River marks a job as running in the transaction that fetches it. MaxAttempts is 1, so that River never fetches it
//     again. If its worker dies, River discards it that worker's -rescue-after later, and it is unknown: it may have
//     been billed. River's rescuer, which does that, is part of a process of fleet work, and looks every 30 seconds.
//   - Directly before the request a row of fleet_run claims the attempt, in a committed statement that succeeds only
//     once and only while the job is still running. It makes "at most once" independent of what River's own writes do:
//     River repeats a snooze whose commit was cut off, and by then another worker may run the job. The claim is on disk
//     when the request is sent (synchronous=full in SQLite, synchronous_commit=on in PostgreSQL).
//   - The response is stored as it came, in the statement that ends the claim, before it is judged. If the worker dies
//     before it has judged it, another one does.
//   - The result is stored in the transaction that completes the job (river.JobCompleteTx). If the database is away,
//     that is repeated for as long as the process lives. A result that comes after the rescue is stored just the same.
//   - A run that certainly did not start (client.SafeToRetry, 401, 402, 404, an interrupt before the request) gives its
//     claim back and snoozes the job, which does not count as an attempt. 401, 402 and 404 pause the queue.
//
// It does not hold if the database forgets what it has committed: if a standby that PostgreSQL replicates to
// asynchronously takes over, or if an older copy is restored, what was claimed since then may run again.
//
// River's states say what waits and runs; fleet_run says what is done and failed; a job that neither waits nor runs and
// has no result is unknown. The service cannot tell whether it billed it, but its log may, by the time of the claim and
// the request ID, which fleet results prints.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	err := run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, "fleet:", oneLine(err))
	if errors.As(err, new(usageError)) {
		os.Exit(2)
	}
	os.Exit(1)
}

// run runs one command. Its error is a usageError if nothing was done because of the arguments or the environment.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		return usageError{errors.New("which command? add, work, status, results or rerun (fleet -h says more)")}
	}
	flags := flag.NewFlagSet("fleet "+args[0], flag.ContinueOnError)
	switch args[0] {
	case "add":
		again := flags.Bool("again", false, "add lines that were added before as well")
		return command(flags, args, 1, stdout, func(file string) error {
			return add(ctx, file, *again, stdin, stdout, stderr)
		})
	case "work":
		var opts workOptions
		flags.IntVar(&opts.workers, "workers", 20, "runs at a time")
		flags.Float64Var(&opts.rate, "rate", 10, "runs started per second at most, by this process")
		flags.BoolVar(&opts.untilEmpty, "until-empty", false, "end when nothing waits or runs")
		flags.DurationVar(&opts.rescueAfter, "rescue-after", 10*time.Minute,
			"when the run of a worker that died becomes unknown")
		return command(flags, args, 0, stdout, func(string) error { return work(untilInterrupted(ctx), opts, stderr) })
	case "status":
		return command(flags, args, 0, stdout, func(string) error { return status(ctx, stdout) })
	case "results":
		return command(flags, args, 0, stdout, func(string) error { return results(ctx, stdout) })
	case "rerun":
		var which rerunOptions
		flags.BoolVar(&which.failed, "failed", false, "queue the failed runs again that certainly were not billed")
		flags.BoolVar(&which.billed, "billed", false, "with -failed: also those that may have been billed")
		flags.BoolVar(&which.unknown, "unknown", false, "queue the unknown runs again: they may have been billed")
		return command(flags, args, 0, stdout, func(string) error { return rerun(ctx, which, stdout, stderr) })
	case "demo": // for make fleet
		return command(flags, args, 0, stdout, func(string) error { return demo(ctx, stdout, stderr) })
	case "-h", "-help", "--help", "help":
		_, err := fmt.Fprint(stdout, usage)
		return err
	}
	return usageError{fmt.Errorf("no command %q: add, work, status, results or rerun", args[0])}
}

const usage = `fleet add [-again] FILE                 queue one run per line of FILE (-: standard input)
fleet work [-workers 20] [-rate 10] [-until-empty] [-rescue-after 10m]
                                        run what is queued, until interrupted
fleet status                            how many runs wait, run, are done, failed or unknown
fleet results                           the runs as JSON Lines
fleet rerun [-failed [-billed]] [-unknown]
                                        queue those again; -failed: those that certainly were not billed,
                                        -billed, -unknown: those that may have been

Environment: FLEET_DATABASE (default fleet.db; or postgres://..., or host=... dbname=...), AITUTOR_API_KEY,
AITUTOR_BASE_URL, AITUTOR_WORKFLOW_ID.
`

// untilInterrupted returns a context that ends with the first interrupt. The second one ends the process.
func untilInterrupted(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	interrupts := make(chan os.Signal, 2)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-interrupts
		cancel()
		<-interrupts
		os.Exit(130)
	}()
	return ctx
}

// command parses the flags, before and after the operand if the command takes one, and runs f.
func command(flags *flag.FlagSet, args []string, operands int, stdout io.Writer, f func(operand string) error) error {
	flags.SetOutput(io.Discard) // the error says it
	var operand string
	n := 0
	for args = args[1:]; len(args) > 0; n++ {
		if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
			_, err = fmt.Fprint(stdout, usage, "\n")
			flags.SetOutput(stdout)
			flags.PrintDefaults()
			return err
		} else if err != nil {
			return usageError{fmt.Errorf("%s: %w", flags.Name(), err)}
		}
		if flags.NArg() == 0 {
			break
		}
		operand, args = flags.Arg(0), flags.Args()[1:]
	}
	if n != operands {
		plural := "s"
		if operands == 1 {
			plural = ""
		}
		return usageError{fmt.Errorf("%s takes %d argument%s, not %d", flags.Name(), operands, plural, n)}
	}
	return f(operand)
}

// usageError is an error of the arguments or of the environment: exit status 2.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// die ends the process with an error, from wherever it is.
func die(text string) {
	fmt.Fprintln(os.Stderr, "fleet:", text)
	os.Exit(1)
}

// oneLine returns the text of an error, which may list violations of the contract, as one line.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
