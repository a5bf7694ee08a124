package interop_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/client/clienttest"
)

// A group stops starting runs when one fails, and lets those run that have started: they are paid for.
func TestErrgroupKeepsWhatWasPaidFor(t *testing.T) {
	server := newServer(t)
	server.Answer(clienttest.Error(http.StatusPaymentRequired))
	c := newClient(t, server, nil)

	var mu sync.Mutex
	var texts []string
	group, ctx := errgroup.WithContext(context.Background())
	group.SetLimit(4)
	for range 50 {
		if ctx.Err() != nil {
			break // start no more
		}
		group.Go(func() error {
			run, err := c.RunInputs(context.WithoutCancel(ctx), server.WorkflowID, inputs())
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			texts = append(texts, run.Text)
			return nil
		})
	}
	require.ErrorIs(t, group.Wait(), client.ErrPaymentRequired)
	assert.Len(t, texts, server.Runs(), "every run that was billed has its text")
}

func TestSlogWritesJSONWithoutTheKeyAndTheText(t *testing.T) {
	server := newServer(t)
	var out bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	c := newClient(t, server, nil, client.WithLogger(logger))

	paid, err := run(c, server)
	require.NoError(t, err)
	server.Answer(clienttest.BrokenContract())
	_, broken := run(c, server)
	require.Error(t, broken)
	server.Answer(clienttest.Error(http.StatusUnauthorized))
	_, refused := run(c, server)
	require.Error(t, refused)
	logger.Info("done", "run", paid, "broken", broken, "refused", refused)
	logger.Info("nothing", "run", (*client.Run)(nil), "refused", (*client.APIError)(nil))

	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	assert.GreaterOrEqual(t, len(lines), 5, "a record per attempt, and the last two")
	for _, line := range lines {
		assert.True(t, json.Valid([]byte(line)), line)
		assert.NotContains(t, line, server.APIKey)
		assert.NotContains(t, line, paid.Text)
		assert.NotContains(t, line, "PANIC")
	}
	var failure *client.APIError
	assert.ErrorAs(t, refused, &failure)
}
