package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"
)

// add queues the lines of a file and prints how many it queued.
func add(ctx context.Context, path string, again bool, stdin io.Reader, stdout, stderr io.Writer) error {
	in := stdin
	if path != "-" {
		file, err := os.Open(path) //nolint:gosec // the path is the user's own
		if err != nil {
			return usageError{err}
		}
		defer file.Close()
		in = file
	}
	prompts, err := readPrompts(in)
	if err != nil {
		return usageError{fmt.Errorf("%s: %w", path, err)}
	}
	return withQueue(ctx, create, func(q queue) error {
		added, err := q.add(ctx, prompts, again)
		if err != nil {
			return fmt.Errorf("nothing was queued: %w", err)
		}
		fmt.Fprintf(stdout, "added %d\n", added)
		if known := len(prompts) - added; known > 0 {
			fmt.Fprintf(stderr, "skipped %d that were added before "+
				"(-again adds them; fleet rerun runs failed and unknown ones)\n", known)
		}
		return nil
	})
}

// readPrompts reads the lines that are not blank.
func readPrompts(r io.Reader) ([]string, error) {
	var prompts []string
	in := bufio.NewReader(r)
	for number := 1; ; number++ {
		line, err := in.ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		if !utf8.ValidString(line) || strings.ContainsRune(line, 0) {
			return nil, fmt.Errorf("line %d is not text in UTF-8", number)
		}
		if number == 1 {
			line = strings.TrimPrefix(line, "\uFEFF") // the byte order mark of some editors
		}
		if line = strings.TrimSpace(line); line != "" {
			prompts = append(prompts, line)
		}
		if errors.Is(err, io.EOF) {
			return prompts, nil
		}
	}
}

// anyState makes a job unique among all that there are, as none is ever deleted.
var anyState = river.UniqueOpts{ByArgs: true, ByState: rivertype.JobStates()}

func (db *database[TTx]) add(ctx context.Context, prompts []string, again bool) (added int, err error) {
	client, err := db.client(river.Config{})
	if err != nil {
		return 0, err
	}
	err = db.inTx(ctx, func(tx TTx, _ riverdriver.ExecutorTx) error {
		first, repeated := splitRepeated(prompts)
		known, err := insert(ctx, client, tx, first, river.InsertOpts{UniqueOpts: anyState})
		if err != nil {
			return err
		}
		added = len(first) - len(known)
		if !again {
			return nil
		}
		_, err = insert(ctx, client, tx, append(known, repeated...), river.InsertOpts{})
		added = len(prompts)
		return err
	})
	if err != nil {
		return 0, err
	}
	return added, nil
}

// splitRepeated splits off the prompts that stand in the list already.
func splitRepeated(prompts []string) (first, repeated []string) {
	seen := make(map[string]bool, len(prompts))
	for _, prompt := range prompts {
		if seen[prompt] {
			repeated = append(repeated, prompt)
		} else {
			first = append(first, prompt)
		}
		seen[prompt] = true
	}
	return first, repeated
}

// insert inserts jobs, and returns the prompts for which there was one already.
func insert[TTx any](ctx context.Context, client *river.Client[TTx], tx TTx, prompts []string, opts river.InsertOpts) (
	known []string, err error,
) {
	for len(prompts) > 0 {
		n := batch(prompts)
		params := make([]river.InsertManyParams, n)
		for i := range params {
			params[i] = river.InsertManyParams{Args: prompt{prompts[i]}, InsertOpts: &opts}
		}
		inserted, err := client.InsertManyTx(ctx, tx, params)
		if err != nil {
			return nil, err
		}
		for i, result := range inserted {
			if result.UniqueSkippedAsDuplicate {
				known = append(known, prompts[i])
			}
		}
		prompts = prompts[n:]
	}
	return known, nil
}

// batch returns how many of the prompts make a statement: up to 1,000 prompts or 1 MB, at least one. SQLite needs
// several times as much memory as the prompts have bytes.
func batch(prompts []string) int {
	bytes := 0
	for n, prompt := range prompts {
		if bytes += len(prompt); n > 0 && (n == 1000 || bytes > 1_000_000) {
			return n
		}
	}
	return len(prompts)
}
