package client_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
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

func TestRetry_HappensOnlyIfTheRunDidNotStart(t *testing.T) {
	contract.Default()
	for _, test := range []struct {
		name     string
		step     step
		attempts int
	}{
		{"429", stepResponse(429, limitedBody), 3},
		{"429 with a page", stepResponse(429, "<html>", "Content-Type", "text/html"), 3},
		{"429 without a reason", stepResponse(429, `{"success":true}`), 3},
		{"429 with a result of null", stepResponse(429, `{"result":null,"error":"slow down"}`), 3},
		{"429 with a run", stepResponse(429, runBody), 1},
		{"a dial that failed", stepError(errNoConnection), 3},
		{"a name that was not found", stepError(&net.DNSError{Err: "no such host", IsNotFound: true}), 3},
		{"a dial that failed, wrapped", stepError(fmt.Errorf("proxy: %w", errNoConnection)), 3},
		{"a request that could not be read back", stepError(&net.OpError{Op: "read", Err: io.ErrUnexpectedEOF}), 1},
		{"a request that could not be written", stepError(&net.OpError{Op: "write", Err: io.ErrClosedPipe}), 1},
		{"a TLS error of which nobody knows when it came", stepError(&tls.CertificateVerificationError{Err: io.EOF}), 1},
		{"a connection that broke", stepError(fmt.Errorf("POST: %w", io.ErrUnexpectedEOF)), 1},
		{"an error that nobody knows", stepError(errors.New("teapot")), 1},
		{"a transport's error about a 429 of another call",
			stepError(fmt.Errorf("token: %w", &client.APIError{StatusCode: 429})), 1},
		{"500", stepResponse(500, limitedBody), 1},
		{"502", stepResponse(502, limitedBody), 1},
		{"503 with a Retry-After", stepResponse(503, limitedBody, "Retry-After", "1"), 1},
		{"504", stepResponse(504, limitedBody), 1},
		{"408", stepResponse(408, limitedBody), 1},
		{"425", stepResponse(425, limitedBody), 1},
		{"409", stepResponse(409, limitedBody), 1},
		{"401", stepResponse(401, limitedBody), 1},
		{"a rate limit under 200", stepResponse(200, limitedBody), 1},
		{"a run that breaks the contract", stepResponse(200, `{"success":true,"result":5}`), 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport := scripted(test.step)
				_, err := runExample(t, newClient(t, transport))
				require.Error(t, err)
				assert.Len(t, transport.asked, test.attempts)
				assert.Equal(t, test.attempts > 1, client.SafeToRetry(err), "SafeToRetry says the same: %v", err)
				assert.Equal(t, client.SafeToRetry(err), client.SafeToRetry(fmt.Errorf("job 7: %w", err)))
			})
		})
	}
}

func TestRetry_IsNotUpToTheViolationHandler(t *testing.T) {
	_, unsent := runExample(t, newClient(t, scripted(stepError(errNoConnection)), client.WithMaxRetries(0)))
	require.True(t, client.SafeToRetry(unsent), "%v", unsent)

	for name, refuse := range map[string]func(*contract.Error) error{
		"a 429 of another call": func(*contract.Error) error { return &client.APIError{StatusCode: 429} },
		"a 429, and the violation": func(v *contract.Error) error {
			return errors.Join(&client.APIError{StatusCode: 429},
				v)
		},
		"a 429 that breaks the contract itself": func(v *contract.Error) error {
			return &client.APIError{StatusCode: 429,
				Violation: v}
		},
		"a violation of another call":    func(*contract.Error) error { return &contract.Error{StatusCode: 429} },
		"another call that was not sent": func(*contract.Error) error { return fmt.Errorf("elsewhere: %w", unsent) },
	} {
		t.Run("the handler returns "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport := scripted(stepResponse(200, `{"success":true,"result":5}`))
				var refusal error
				_, err := runExample(t, newClient(t, transport,
					client.WithViolationHandler(func(_ context.Context, v *contract.Error) error {
						refusal = refuse(v)
						return refusal
					})))
				require.ErrorIs(t, err, refusal)
				var violation *contract.Error
				require.ErrorAs(t, err, &violation)
				assert.JSONEq(t, `{"success":true,"result":5}`, string(violation.Body))
				assert.Len(t, transport.asked, 1)
				assert.False(t, client.SafeToRetry(err))
				assert.False(t, client.SafeToRetry(fmt.Errorf("job 7: %w", err)))
			})
		})
	}
}

func TestRetry_Waits(t *testing.T) {
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
			name: "half a second, doubled up to eight seconds", retries: 8,
			waits: [][2]time.Duration{{s / 2, s}, {s, 2 * s}, {2 * s, 4 * s}, {4 * s, 8 * s}, {5 * s, 8 * s}, {5 * s, 8 * s},
				{5 * s, 8 * s}, {5 * s, 8 * s}},
		},
		{name: "twice by default", retries: 2, waits: [][2]time.Duration{{s / 2, s}, {s, 2 * s}}},
		{name: "never with no retries", retries: 0},
		{name: "the Retry-After in seconds", retries: 1, retryAfter: func() string { return "7" },
			waits: [][2]time.Duration{{7 * s, 7*s + s/2}}},
		{name: "the Retry-After of a minute", retries: 1, retryAfter: func() string { return "60" },
			waits: [][2]time.Duration{{60 * s, 60*s + s/2}}},
		{name: "the Retry-After as a date", retries: 1, retryAfter: func() string { return in(9 * s) },
			waits: [][2]time.Duration{{9 * s, 9*s + s/2}}},
		{name: "not less than half a second for a Retry-After of zero", retries: 1, retryAfter: func() string { return "0" },
			waits: [][2]time.Duration{{s / 2, s}}},
		{name: "not less than half a second for a date that is over", retries: 1,
			retryAfter: func() string { return in(-9 * s) }, waits: [][2]time.Duration{{s / 2, s}}},
		{name: "its own time for a Retry-After below zero", retries: 1, retryAfter: func() string { return "-5" },
			waits: [][2]time.Duration{{s / 2, s}}},
		{name: "the Retry-After of a fraction, rounded up", retries: 1, retryAfter: func() string { return "5.5" },
			waits: [][2]time.Duration{{6 * s, 6*s + s/2}}},
		{name: "its own time for words", retries: 1, retryAfter: func() string { return "tomorrow" },
			waits: [][2]time.Duration{{s / 2, s}}},
		{name: "not 61 seconds", retries: 5, retryAfter: func() string { return "61" }},
		{name: "not until a date in two minutes", retries: 5, retryAfter: func() string { return in(120 * s) }},
		{name: "not for more seconds than there are", retries: 5,
			retryAfter: func() string { return strings.Repeat("9", 40) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport := scripted(func(req *http.Request) (*http.Response, error) {
					if test.retryAfter == nil {
						return stepResponse(429, limitedBody)(req)
					}
					return stepResponse(429, limitedBody, "Retry-After", test.retryAfter())(req)
				})
				var opts []client.Option
				if test.retries != 2 {
					opts = append(opts, client.WithMaxRetries(test.retries))
				}
				_, err := runExample(t, newClient(t, transport, opts...))
				require.ErrorIs(t, err, client.ErrRateLimited)
				assert.True(t, client.SafeToRetry(err))
				waits := transport.waits()
				require.Len(t, waits, len(test.waits), "%v", waits)
				for i, wait := range waits {
					assert.GreaterOrEqual(t, wait, test.waits[i][0], "wait %d", i)
					assert.LessOrEqual(t, wait, test.waits[i][1], "wait %d", i)
				}
				for _, inputs := range transport.inputs {
					assert.JSONEq(t, example(t, "RunRequest"), inputs, "every attempt sends the whole inputs")
				}
			})
		})
	}
}

func TestRetry_WaitsWithJitter(t *testing.T) {
	contract.Default()
	different := make(map[time.Duration]bool)
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			transport := scripted(stepError(errNoConnection))
			_, err := runExample(t, newClient(t, transport, client.WithMaxRetries(1)))
			require.Error(t, err)
			require.Len(t, transport.waits(), 1)
			different[transport.waits()[0]] = true
		})
	}
	assert.Greater(t, len(different), 10)
}

func TestRetry_BeginsNoWaitThatWouldOutlastTheDeadline(t *testing.T) {
	contract.Default()
	for name, limited := range map[string]step{
		"its own wait":  stepResponse(429, limitedBody),
		"a Retry-After": stepResponse(429, limitedBody, "Retry-After", "30"),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport := scripted(limited)
				ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
				defer cancel()
				start := time.Now()
				_, err := newClient(t, transport).Run(ctx, testWorkflow, exampleInputs(t))
				require.ErrorIs(t, err, client.ErrRateLimited)
				require.NotErrorIs(t, err, context.DeadlineExceeded)
				assert.True(t, client.SafeToRetry(err))
				assert.Zero(t, time.Since(start), "it returns at once")
				assert.Len(t, transport.asked, 1)
			})
		})
	}
}

func TestRetry_StopsWaitingIfTheCallIsCancelled(t *testing.T) {
	contract.Default()
	for name, test := range map[string]struct {
		cause error
		step  step
		is    error // what it waited for
	}{
		"after a 429": {nil, stepResponse(429, limitedBody, "Retry-After", "30"), client.ErrRateLimited},
		"after a 429, with a cause": {errors.New("the user went home"),
			stepResponse(429, limitedBody, "Retry-After", "30"), client.ErrRateLimited},
		"after a dial that failed":       {nil, stepError(errNoConnection), errNoConnection},
		"after a dial, with a cause too": {errors.New("the user went home"), stepError(errNoConnection), errNoConnection},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport := scripted(test.step)
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				start := time.Now()
				time.AfterFunc(400*time.Millisecond, func() { cancel(test.cause) })
				run, err := newClient(t, transport).Run(ctx, testWorkflow, exampleInputs(t))
				assert.Nil(t, run)
				require.ErrorIs(t, err, context.Canceled)
				require.ErrorIs(t, err, test.is, "what it waited for is said too")
				if test.cause != nil {
					require.ErrorIs(t, err, test.cause)
				}
				assert.False(t, client.SafeToRetry(err))
				assert.Equal(t, 400*time.Millisecond, time.Since(start))
				assert.Len(t, transport.asked, 1)
			})
		})
	}
}

func TestRetry_IsNotTriedIfTheCallIsCancelledAsA429Arrives(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	transport := scripted(func(req *http.Request) (*http.Response, error) {
		cancel()
		return stepResponse(429, limitedBody)(req)
	})
	_, err := newClient(t, transport).Run(ctx, testWorkflow, exampleInputs(t))
	require.ErrorIs(t, err, context.Canceled)
	assert.False(t, client.SafeToRetry(err))
	assert.Len(t, transport.asked, 1)
}

func TestRetry_WaitsAsLongAsRetryAfterSaysOrNotAtAll(t *testing.T) {
	t.Parallel()
	const body = `{"success":false,"error":"Too many requests."}`
	row := func(name, after string, requests int) serverCase {
		return serverCase{
			name:     "responds with 429 and a Retry-After " + name,
			handler:  withHeader(respondJSON(429, body), "Retry-After", after),
			requests: requests, opts: []client.Option{client.WithMaxRetries(1)}, status: 429, safe: true, body: body,
			is: []error{client.ErrRateLimited}, says: []string{"try again in "},
		}
	}
	soon := row("date, soon", "", 2)
	soon.handler = func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", time.Now().Add(time.Second).UTC().Format(http.TimeFormat))
		respondJSON(429, body)(w, r)
	}
	firstLimited := func(then http.HandlerFunc) http.HandlerFunc {
		first := new(counter)
		return func(w http.ResponseWriter, r *http.Request) {
			if first.add(); first.count() == 1 {
				respondJSON(429, body)(w, r)
				return
			}
			then(w, r)
		}
	}
	runServerCases(t, []serverCase{
		row("of zero", "0", 2),
		row("of one second", "1", 2),
		soon,
		row("of 61 seconds", "61", 1),
		row("of a year", "31536000", 1),
		row("of more seconds than fit 32 bits", "99999999999", 1),
		row("of more seconds than fit 64 bits", "99999999999999999999999999", 1),
		row("date in a thousand years", "Mon, 02 Jan 3006 15:04:05 GMT", 1),
		{name: "responds with 429 once, then with a run", requests: 2, text: runText,
			handler: firstLimited(respondJSON(200, runBody))},
		{name: "responds with 429, then fails a run", requests: 2, status: 500, body: body,
			handler: firstLimited(respondJSON(500, body))},
		{
			name: "responds with 429 without a body", requests: 1, status: 429, safe: true, violation: true,
			is:      []error{client.ErrRateLimited},
			handler: respond(429, "text/plain", ""), opts: []client.Option{client.WithMaxRetries(0)},
		},
		{
			name: "responds with 503 and a Retry-After", requests: 1, status: 503, body: body, is: []error{client.ErrServer},
			handler: withHeader(respondJSON(503, body), "Retry-After", "0"), says: []string{"503", "may have been billed"},
		},
	})
}

func TestRetry_OfAContextThatIsOverSendsNothing(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	withCause, cancelWith := context.WithCancelCause(t.Context())
	cancelWith(errors.New("the user went home"))
	late, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	for says, ctx := range map[string]context.Context{
		"context canceled": cancelled, "context canceled: the user went home": withCause, "context deadline exceeded": late,
	} {
		transport := scripted(stepResponse(200, runBody))
		run, err := newClient(t, transport).Run(ctx, testWorkflow, exampleInputs(t))
		require.ErrorIs(t, err, ctx.Err())
		require.EqualError(t, err, "run workflow wf_1: the context was over before the request was sent: "+says)
		assert.Nil(t, run)
		assert.Empty(t, transport.asked, "runs that were sent")
	}
}
