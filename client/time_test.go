package client_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client"
)

// TestACancelledCallReturnsAndLeavesNothing cancels at every point of a call. That no goroutine is left is TestMain's
// to say; that no connection is left is seen by the server.
func TestACancelledCallReturnsAndLeavesNothing(t *testing.T) {
	t.Parallel()
	errCause := errors.New("the user went home")
	for name, answering := range map[string]func(net.Conn){
		"before the headers":           func(net.Conn) {},
		"in the middle of the headers": func(conn net.Conn) { _, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Le") },
		"before the body":              func(conn net.Conn) { _, _ = io.WriteString(conn, head(len(goodAnswer))) },
		"in the middle of the body":    func(conn net.Conn) { _, _ = io.WriteString(conn, head(len(goodAnswer))+goodAnswer[:40]) },
		"in an error's body": func(conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 429 Slow\r\nContent-Length: 9\r\n\r\nslow")
		},
	} {
		for how, cause := range map[string]error{"": nil, ", with a cause": errCause} {
			t.Run(name+how, func(t *testing.T) {
				t.Parallel()
				seen := new(runCounter)
				ctx, cancel := context.WithCancelCause(t.Context())
				gone := make(chan struct{})
				c := newHostileClient(t, serveRaw(t, seen, func(conn *net.TCPConn, _ *http.Request, _ int) {
					answering(conn)
					cancel(cause)
					_, _ = io.Copy(io.Discard, conn) // until the client has closed the connection
					close(gone)
				}))
				run, err := c.RunStory(ctx, hostileWorkflow, hostileStory)
				<-gone
				assert.Nil(t, run)
				require.ErrorIs(t, err, context.Canceled)
				if cause != nil {
					require.ErrorIs(t, err, cause)
				}
				assert.False(t, client.SafeToRetry(err))
				assert.Equal(t, 1, seen.count())
				assert.NotContains(t, err.Error(), "WithTimeout")
				assertNoKey(t, hostileKey, run, err)
			})
		}
	}
}

func TestACallWithACancelledContextSendsNothing(t *testing.T) {
	t.Parallel()
	seen := new(runCounter)
	c := newHostileClient(t, serveHTTP(t, seen, answerJSON(200, goodAnswer)))
	for name, ctx := range map[string]func() (context.Context, context.CancelFunc){
		"cancelled": func() (context.Context, context.CancelFunc) { return context.WithCancel(t.Context()) },
		"too late": func() (context.Context, context.CancelFunc) {
			return context.WithDeadline(t.Context(), time.Unix(0, 0))
		},
	} {
		ctx, cancel := ctx()
		if name == "cancelled" {
			cancel()
		}
		_, err := c.RunStory(ctx, hostileWorkflow, hostileStory)
		require.ErrorIs(t, err, ctx.Err(), name)
		assert.NotContains(t, err.Error(), "billed")
		cancel()
	}
	assert.Zero(t, seen.count(), "runs that the server saw")
}

func TestTheDeadlineOfTheCallerIsNotCalledWithTimeout(t *testing.T) {
	t.Parallel()
	silent := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	seen := new(runCounter)
	base := serveHTTP(t, seen, silent)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := newHostileClient(t, base).RunStory(ctx, hostileWorkflow, hostileStory)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.NotContains(t, err.Error(), "WithTimeout")
	assert.Equal(t, 1, seen.count())
}

func TestTheTimeoutOfTheHTTPClientIsNotCalledWithTimeout(t *testing.T) {
	t.Parallel()
	seen := new(runCounter)
	base := serveHTTP(t, seen, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	own := &http.Client{Transport: transport, Timeout: time.Second}
	_, err := newHostileClient(t, base, client.WithHTTPClient(own)).RunStory(t.Context(), hostileWorkflow, hostileStory)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.ErrorContains(t, err, "no whole answer within 1s (http.Client.Timeout)")
	assert.False(t, client.SafeToRetry(err))
	assert.Equal(t, 1, seen.count())
}

func TestATimeoutOfADialIsSafeToRetry(t *testing.T) {
	t.Parallel()
	// The transport lets a dial go on when the call that wanted it is over: the end of the test ends it.
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		<-t.Context().Done()
		return nil, t.Context().Err()
	}}
	c := newHostileClient(t, "https://127.0.0.1:1", client.WithHTTPClient(&http.Client{Transport: transport}),
		client.WithTimeout(20*time.Millisecond), client.WithMaxRetries(0))
	_, err := c.RunStory(t.Context(), hostileWorkflow, hostileStory)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.True(t, client.SafeToRetry(err), "%v", err)
	assert.ErrorContains(t, err, "no whole answer within 20ms (WithTimeout)")
	assert.NotContains(t, err.Error(), "billed")
}
