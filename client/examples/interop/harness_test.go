package interop_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/aitutor-api/aitutor-go/api"
	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/client/clienttest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// newServer starts a server that responds as the service does today.
func newServer(t *testing.T) *clienttest.Server {
	t.Helper()
	server := clienttest.NewServer(clienttest.WithTextResults())
	t.Cleanup(server.Close)
	return server
}

// newClient returns a Client of the server that sends through a transport; nil is the default.
func newClient(t *testing.T, server *clienttest.Server, transport http.RoundTripper,
	opts ...client.Option) *client.Client {
	t.Helper()
	opts = append(opts, client.WithBaseURL(server.URL))
	if transport != nil {
		opts = append(opts, client.WithHTTPClient(&http.Client{Transport: transport}))
	}
	c, err := client.New(server.APIKey, opts...)
	require.NoError(t, err)
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// inputs returns the contract's example of a workflow's inputs.
func inputs() any { return api.Document().Components.Examples["RunRequest"].Value.Value }

// run runs the server's workflow.
func run(c *client.Client, server *clienttest.Server) (*client.Run, error) {
	return c.RunInputs(context.Background(), server.WorkflowID, inputs())
}
