package client_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/client/contract"
)

var errNoConnection = &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}

// scriptedTransport answers each attempt with the next step, the last one again and again, and keeps when it was asked.
type scriptedTransport struct {
	steps  []func(*http.Request) (*http.Response, error)
	asked  []time.Time
	inputs []string
}

func (s *scriptedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	body, _ := io.ReadAll(req.Body)
	s.inputs = append(s.inputs, string(body))
	step := s.steps[min(len(s.asked), len(s.steps)-1)]
	s.asked = append(s.asked, time.Now())
	return step(req)
}

// waits are the times between the attempts.
func (s *scriptedTransport) waits() []time.Duration {
	var waits []time.Duration
	for i := 1; i < len(s.asked); i++ {
		waits = append(waits, s.asked[i].Sub(s.asked[i-1]))
	}
	return waits
}

func (s *scriptedTransport) client(t *testing.T, opts ...client.Option) *client.Client {
	t.Helper()
	c, err := client.New(hostileKey, append([]client.Option{client.WithHTTPClient(&http.Client{Transport: s})}, opts...)...)
	require.NoError(t, err)
	return c
}

func stepAnswer(status int, body string, header ...string) func(*http.Request) (*http.Response, error) {
	return func(req *http.Request) (*http.Response, error) {
		res := &http.Response{
			StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Request: req,
			Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
		}
		for i := 0; i < len(header); i += 2 {
			res.Header.Set(header[i], header[i+1])
		}
		return res, nil
	}
}

func stepError(err error) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

const limitedBody = `{"success":false,"error":"Too many requests."}`

func TestTheWaitBetweenAttempts(t *testing.T) {
	contract.Default()
	const s = time.Second
	in := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(http.TimeFormat) }
	for _, test := range []struct {
		name       string
		retryAfter func() string
		retries    int
		waits      [][2]time.Duration // each wait, from and to
	}{
		{
			name: "doubles from half a second to eight seconds", retries: 8,
			waits: [][2]time.Duration{{s / 2, s}, {s, 2 * s}, {2 * s, 4 * s}, {4 * s, 8 * s}, {5 * s, 8 * s}, {5 * s, 8 * s}, {5 * s, 8 * s}, {5 * s, 8 * s}},
		},
		{name: "happens twice unless it is said otherwise", retries: 2, waits: [][2]time.Duration{{s / 2, s}, {s, 2 * s}}},
		{name: "does not happen with no retries", retries: 0},
		{name: "is the Retry-After in seconds", retries: 1, retryAfter: func() string { return "7" }, waits: [][2]time.Duration{{7 * s, 7*s + s/2}}},
		{name: "is the Retry-After of a minute", retries: 1, retryAfter: func() string { return "60" }, waits: [][2]time.Duration{{60 * s, 60*s + s/2}}},
		{name: "is the Retry-After as a date", retries: 1, retryAfter: func() string { return in(9 * s) }, waits: [][2]time.Duration{{9 * s, 9*s + s/2}}},
		{name: "is not less than half a second for a Retry-After of zero", retries: 1, retryAfter: func() string { return "0" }, waits: [][2]time.Duration{{s / 2, s}}},
		{name: "is not less than half a second for a date that is over", retries: 1, retryAfter: func() string { return in(-9 * s) }, waits: [][2]time.Duration{{s / 2, s}}},
		{name: "is its own for a Retry-After below zero", retries: 1, retryAfter: func() string { return "-5" }, waits: [][2]time.Duration{{s / 2, s}}},
		{name: "is its own for a fraction", retries: 1, retryAfter: func() string { return "5.5" }, waits: [][2]time.Duration{{s / 2, s}}},
		{name: "is its own for words", retries: 1, retryAfter: func() string { return "tomorrow" }, waits: [][2]time.Duration{{s / 2, s}}},
		{name: "is not begun for 61 seconds", retries: 5, retryAfter: func() string { return "61" }},
		{name: "is not begun for a date in two minutes", retries: 5, retryAfter: func() string { return in(120 * s) }},
		{name: "is not begun for more seconds than there are", retries: 5, retryAfter: func() string { return strings.Repeat("9", 40) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport := &scriptedTransport{steps: []func(*http.Request) (*http.Response, error){func(req *http.Request) (*http.Response, error) {
					if test.retryAfter == nil {
						return stepAnswer(429, limitedBody)(req)
					}
					return stepAnswer(429, limitedBody, "Retry-After", test.retryAfter())(req)
				}}}
				var opts []client.Option
				if test.retries != 2 {
					opts = append(opts, client.WithMaxRetries(test.retries))
				}
				_, err := transport.client(t, opts...).RunStory(t.Context(), hostileWorkflow, hostileStory)
				require.ErrorIs(t, err, client.ErrRateLimited)
				assert.True(t, client.SafeToRetry(err))
				waits := transport.waits()
				require.Len(t, waits, len(test.waits), "%v", waits)
				for i, wait := range waits {
					assert.GreaterOrEqual(t, wait, test.waits[i][0], "wait %d", i)
					assert.LessOrEqual(t, wait, test.waits[i][1], "wait %d", i)
				}
				for _, inputs := range transport.inputs {
					assert.JSONEq(t, `{"story":"`+hostileStory+`"}`, inputs, "every attempt sends the whole inputs")
				}
			})
		})
	}
}

func TestTheWaitHasJitter(t *testing.T) {
	contract.Default()
	different := make(map[time.Duration]bool)
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			transport := &scriptedTransport{steps: []func(*http.Request) (*http.Response, error){stepError(errNoConnection)}}
			_, err := transport.client(t, client.WithMaxRetries(1)).RunStory(t.Context(), hostileWorkflow, hostileStory)
			require.Error(t, err)
			require.Len(t, transport.waits(), 1)
			different[transport.waits()[0]] = true
		})
	}
	assert.Greater(t, len(different), 10)
}

func TestAWaitThatWouldOutlastTheDeadlineIsNotBegun(t *testing.T) {
	contract.Default()
	for name, step := range map[string]func(*http.Request) (*http.Response, error){
		"its own wait":  stepAnswer(429, limitedBody),
		"a Retry-After": stepAnswer(429, limitedBody, "Retry-After", "30"),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport := &scriptedTransport{steps: []func(*http.Request) (*http.Response, error){step}}
				ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
				defer cancel()
				start := time.Now()
				_, err := transport.client(t).RunStory(ctx, hostileWorkflow, hostileStory)
				require.ErrorIs(t, err, client.ErrRateLimited)
				require.NotErrorIs(t, err, context.DeadlineExceeded)
				assert.True(t, client.SafeToRetry(err))
				assert.Zero(t, time.Since(start), "it returns at once")
				assert.Len(t, transport.asked, 1)
			})
		})
	}
}

func TestACallThatIsCancelledWhileItWaitsReturnsAtOnce(t *testing.T) {
	contract.Default()
	errCause := errors.New("the user went home")
	for name, ctxOf := range map[string]func(context.Context) (context.Context, func()){
		"cancelled": func(ctx context.Context) (context.Context, func()) {
			ctx, cancel := context.WithCancel(ctx)
			return ctx, cancel
		},
		"cancelled with a cause": func(ctx context.Context) (context.Context, func()) {
			ctx, cancel := context.WithCancelCause(ctx)
			return ctx, func() { cancel(errCause) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport := &scriptedTransport{steps: []func(*http.Request) (*http.Response, error){stepAnswer(429, limitedBody, "Retry-After", "30")}}
				ctx, cancel := ctxOf(t.Context())
				defer cancel()
				start := time.Now()
				time.AfterFunc(10*time.Second, cancel)
				_, err := transport.client(t).RunStory(ctx, hostileWorkflow, hostileStory)
				require.ErrorIs(t, err, context.Canceled)
				require.ErrorIs(t, err, client.ErrRateLimited, "what it waited for is told too")
				assert.False(t, client.SafeToRetry(err))
				assert.Equal(t, 10*time.Second, time.Since(start))
				assert.Len(t, transport.asked, 1)
			})
		})
	}
}

func TestACallThatIsCancelledAsA429ArrivesIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	transport := &scriptedTransport{steps: []func(*http.Request) (*http.Response, error){func(req *http.Request) (*http.Response, error) {
		cancel()
		return stepAnswer(429, limitedBody)(req)
	}}}
	_, err := transport.client(t).RunStory(ctx, hostileWorkflow, hostileStory)
	require.ErrorIs(t, err, context.Canceled)
	assert.False(t, client.SafeToRetry(err))
	assert.Len(t, transport.asked, 1)
}
