package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aitutor-api/aitutor-go/client/clienttest"
)

// demo runs 200 prompts on a test server in this process, with a database that is deleted afterwards.
func demo(ctx context.Context, stdout, stderr io.Writer) error {
	server := clienttest.NewServer(clienttest.WithDelay(300 * time.Millisecond))
	defer server.Close()
	for range 3 {
		server.Answer(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "1")
			http.Error(w, "slow down", http.StatusTooManyRequests)
		})
	}
	dir, err := os.MkdirTemp("", "fleet")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for name, value := range map[string]string{
		"FLEET_DATABASE":      filepath.Join(dir, "fleet.db"),
		"AITUTOR_API_KEY":     server.APIKey,
		"AITUTOR_BASE_URL":    server.URL,
		"AITUTOR_WORKFLOW_ID": server.WorkflowID,
	} {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	var prompts strings.Builder
	for i := range 200 {
		fmt.Fprintf(&prompts, "prompt %d\n", i+1)
	}
	for _, args := range [][]string{{"add", "-"}, {"work", "-rate", "40", "-until-empty"}, {"status"}} {
		fmt.Fprintln(stdout, "$ fleet", strings.Join(args, " "))
		if err := run(ctx, args, strings.NewReader(prompts.String()), stdout, stderr); err != nil {
			return err
		}
	}
	fmt.Fprintf(stdout, "The test server started %d runs.\n", server.Runs())
	return nil
}
