// Command serve runs the test server (clienttest) on loopback until it is interrupted, and prints what to set to use
// it:
//
//	serve -address 127.0.0.1:8080 -text
//
// With -text it responds in the deployed variant, with -lenient it runs whatever it is sent, as the service does, and
// with -delay 5s each run takes that long.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"

	"github.com/aitutor-api/aitutor-go/client/clienttest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Stdout, os.Stderr, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "serve:", err)
		os.Exit(2)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, out, usage io.Writer, args []string) error {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // an error is printed once, by main
	address := flags.String("address", "127.0.0.1:8080", "loopback `address` to listen on; port 0 takes a free one")
	text := flags.Bool("text", false, "respond in the deployed variant instead of the documented one")
	lenient := flags.Bool("lenient", false, "run whatever is sent, as the service does, instead of refusing bad inputs")
	delay := flags.Duration("delay", 0, "how long each run takes")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			flags.SetOutput(usage)
			flags.PrintDefaults()
		}
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if *delay < 0 {
		return fmt.Errorf("the delay %v is negative", *delay)
	}
	if err := checkAddress(ctx, *address); err != nil {
		return err
	}
	options := []clienttest.Option{clienttest.WithAddress(*address), clienttest.WithDelay(*delay)}
	if *text {
		options = append(options, clienttest.WithTextResults())
	}
	if *lenient {
		options = append(options, clienttest.Lenient())
	}
	server := clienttest.NewServer(options...)
	defer server.Close()
	fmt.Fprintf(out, `export AITUTOR_BASE_URL=%s
export AITUTOR_API_KEY=%s
export AITUTOR_WORKFLOW_ID=%s
make contract URL=%[1]s
`, server.URL, server.APIKey, server.WorkflowID)
	<-ctx.Done()
	return nil
}

// checkAddress refuses what is not loopback, since the key is known to everyone, and what cannot be listened on.
func checkAddress(ctx context.Context, address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("%s is not a loopback address", address)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	return listener.Close()
}
