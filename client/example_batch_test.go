package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/client/clienttest"
)

// A batch that stops without losing a run that was paid for, and goes on where it stopped.
//
// Its file says what became of each prompt. An interrupt ends the waits, and lets the runs end that have started.
func Example_batch() {
	var runs atomic.Int64
	interrupt := func() {}
	server := clienttest.NewServer(clienttest.WithWorkflow("wf_quiz",
		func(_ context.Context, inputs map[string]any) (map[string]any, error) {
			if runs.Add(1) == 3 {
				interrupt()
			}
			return map[string]any{"question": fmt.Sprintf("What is %s?", inputs["topic"])}, nil
		}))
	defer server.Close()
	server.Answer(clienttest.RateLimited(0))
	dir, err := os.MkdirTemp("", "batch")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	c, err := client.New(server.APIKey, client.WithBaseURL(server.URL),
		client.WithMaxRetries(0)) // the batch tries again: an interrupt ends its waits
	if err != nil {
		log.Fatal(err)
	}

	var prompts []string
	for n := range 20 {
		prompts = append(prompts, fmt.Sprint("topic ", n))
	}
	for range 2 {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
		interrupt = stop             // here it is the third run that presses Ctrl-C
		b, err := openBatch(filepath.Join(dir, "batch.jsonl"), c, "wf_quiz", 2)
		if err != nil {
			log.Fatal(err)
		}
		err = b.run(ctx, prompts)
		fmt.Println(err, "- every run is in the file:", b.count("done") == server.Runs(), "- all done:", b.count("done") == len(prompts))
		b.file.Close()
		stop()
	}
	// Output:
	// context canceled - every run is in the file: true - all done: false
	// <nil> - every run is in the file: true - all done: true
}

// batch runs prompts, a few at a time.
type batch struct {
	client     *client.Client
	workflowID string
	slots      chan struct{} // as many as may run at a time

	mu     sync.Mutex
	file   *os.File         // a line per entry
	latest map[string]entry // by prompt
}

type entry struct {
	Prompt string
	State  string // started, done, failed (look at it: it may have been billed) or waiting (it was not)
	Text   string `json:",omitempty"`
	Error  string `json:",omitempty"`
}

// openBatch reads what became of the prompts in earlier starts of the program.
func openBatch(name string, c *client.Client, workflowID string, limit int) (*batch, error) {
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_APPEND|os.O_SYNC, 0o600)
	if err != nil {
		return nil, err
	}
	b := &batch{client: c, workflowID: workflowID, slots: make(chan struct{}, limit), file: file, latest: make(map[string]entry)}
	for decoder := json.NewDecoder(file); decoder.More(); {
		var e entry
		if err := decoder.Decode(&e); err != nil {
			return nil, fmt.Errorf("%s: after byte %d: %w", name, decoder.InputOffset(), err)
		}
		b.latest[e.Prompt] = e
	}
	return b, nil
}

// run runs the prompts that never started, and those that wait. Once ctx is done it starts no more.
func (b *batch) run(ctx context.Context, prompts []string) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var group sync.WaitGroup
	for _, prompt := range prompts {
		if state := b.state(prompt); state != "" && state != "waiting" {
			continue // if it had started when the program died, it may have been billed: leave it to a person
		}
		b.slots <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		if err := b.save(entry{Prompt: prompt, State: "started"}); err != nil {
			stop(err)
			break
		}
		group.Go(func() {
			defer func() { <-b.slots }()
			if err := b.runPrompt(ctx, prompt); err != nil {
				stop(err)
			}
		})
	}
	group.Wait() // for the runs that have started
	return context.Cause(ctx)
}

// runPrompt runs one prompt and saves what became of it. Its error says why no other prompt should start.
func (b *batch) runPrompt(ctx context.Context, prompt string) error {
	run, err := b.runOnce(ctx, map[string]any{"topic": prompt})
	switch {
	case err == nil:
		return b.save(entry{Prompt: prompt, State: "done", Text: run.Text})
	case client.SafeToRetry(err), errors.Is(err, client.ErrUnauthorized), errors.Is(err, client.ErrPaymentRequired),
		errors.Is(err, client.ErrWorkflowNotFound):
		return errors.Join(err, b.save(entry{Prompt: prompt, State: "waiting"}))
	case run != nil: // it breaks the contract, or was cut off: it was paid for
		return b.save(entry{Prompt: prompt, State: "failed", Error: err.Error(), Text: string(run.Body)})
	default:
		return b.save(entry{Prompt: prompt, State: "failed", Error: err.Error()})
	}
}

// runOnce starts one run. As long as none has started, it tries again until ctx is done.
func (b *batch) runOnce(ctx context.Context, inputs any) (*client.Run, error) {
	for {
		run, err := b.client.RunInputs(context.WithoutCancel(ctx), b.workflowID, inputs) // a run that started is waited for
		if !client.SafeToRetry(err) {
			return run, err
		}
		wait := time.Second
		if failure, ok := errors.AsType[*client.APIError](err); ok && failure.RetryAfter > 0 {
			wait = failure.RetryAfter
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, err // nothing was billed
		}
	}
}

func (b *batch) state(prompt string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.latest[prompt].State
}

// save adds a line to the file. Its error has the line, so that no text is lost.
func (b *batch) save(e entry) error {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.latest[e.Prompt] = e
	if _, err := b.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("save %s: %w", line, err)
	}
	return nil
}

// count returns how many prompts are in a state.
func (b *batch) count(state string) (n int) {
	for _, e := range b.latest {
		if e.State == state {
			n++
		}
	}
	return n
}
