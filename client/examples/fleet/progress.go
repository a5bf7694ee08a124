package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// reportProgress shows the state of the queue until ctx ends: a progress bar on a terminal, else a line
// if something has changed, at most every ten seconds.
func reportProgress(ctx context.Context, count func(context.Context) (counts, error), stderr io.Writer) {
	show, interval := showLine(stderr), 10*time.Second
	if file, ok := stderr.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		show, interval = showBar(stderr), time.Second
	}
	ticks := time.NewTicker(interval)
	defer ticks.Stop()
	for {
		select {
		case <-ticks.C:
		case <-ctx.Done():
		}
		statement, cancel := context.WithTimeout(context.WithoutCancel(ctx), interval)
		if c, err := count(statement); err == nil { // if the database is away, the next time
			show(c)
		}
		cancel()
		if ctx.Err() != nil {
			return
		}
	}
}

func showLine(stderr io.Writer) func(counts) {
	var last *counts
	return func(c counts) {
		if last != nil && *last == c {
			return
		}
		last = &c
		fmt.Fprintf(stderr, "waiting %d, running %d, done %d, failed %d, unknown %d\n",
			c.waiting, c.running, c.done, c.failed, c.unknown)
	}
}

func showBar(stderr io.Writer) func(counts) {
	bar := progressbar.NewOptions(0, progressbar.OptionSetWriter(stderr), progressbar.OptionShowCount(),
		progressbar.OptionSetWidth(30), progressbar.OptionOnCompletion(func() { fmt.Fprintln(stderr) }))
	return func(c counts) {
		bar.ChangeMax(c.total())
		bar.Describe(fmt.Sprintf("running %d, failed %d, unknown %d", c.running, c.failed, c.unknown))
		_ = bar.Set(c.finished()) // the terminal may be gone
	}
}
