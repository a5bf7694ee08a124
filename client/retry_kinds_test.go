package client_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/client/contract"
)

func TestWhatIsTriedAgain(t *testing.T) {
	contract.Default()
	written := func(req *http.Request) (*http.Response, error) { // a transport's error of a connection that it had
		return nil, fmt.Errorf("%s: %w", req.Method, io.ErrUnexpectedEOF)
	}
	for _, test := range []struct {
		name string
		step func(*http.Request) (*http.Response, error)
		runs int
	}{
		{"429", stepAnswer(429, limitedBody), 3},
		{"429 with a page", stepAnswer(429, "<html>", "Content-Type", "text/html"), 3},
		{"a dial that failed", stepError(errNoConnection), 3},
		{"a name that was not found", stepError(&net.DNSError{Err: "no such host", IsNotFound: true}), 3},
		{"a dial that failed, wrapped", stepError(fmt.Errorf("proxy: %w", errNoConnection)), 3},
		{"a request that could not be read back", stepError(&net.OpError{Op: "read", Err: io.ErrUnexpectedEOF}), 1},
		{"a request that could not be written", stepError(&net.OpError{Op: "write", Err: io.ErrClosedPipe}), 1},
		{"a TLS error of which nobody knows when it came", stepError(&tls.CertificateVerificationError{Err: io.EOF}), 1},
		{"a connection that broke", written, 1},
		{"an error that nobody knows", stepError(errors.New("teapot")), 1},
		{"a transport's error about a 429 of another call", stepError(fmt.Errorf("token: %w", &client.APIError{StatusCode: 429})), 1},
		{"429 without a reason", stepAnswer(429, `{"success":true}`), 3},
		{"429 with a result of null", stepAnswer(429, `{"result":null,"error":"slow down"}`), 3},
		{"429 with a run", stepAnswer(429, `{"success":true,"result":"Once"}`), 1},
		{"500", stepAnswer(500, limitedBody), 1},
		{"502", stepAnswer(502, limitedBody), 1},
		{"503 with a Retry-After", stepAnswer(503, limitedBody, "Retry-After", "1"), 1},
		{"504", stepAnswer(504, limitedBody), 1},
		{"408", stepAnswer(408, limitedBody), 1},
		{"425", stepAnswer(425, limitedBody), 1},
		{"409", stepAnswer(409, limitedBody), 1},
		{"401", stepAnswer(401, limitedBody), 1},
		{"a rate limit under 200", stepAnswer(200, limitedBody), 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport := &scriptedTransport{steps: []func(*http.Request) (*http.Response, error){test.step}}
				_, err := transport.client(t).RunStory(t.Context(), hostileWorkflow, hostileStory)
				require.Error(t, err)
				assert.Len(t, transport.asked, test.runs)
				assert.Equal(t, test.runs > 1, client.SafeToRetry(err), "SafeToRetry tells the same: %v", err)
				assert.Equal(t, client.SafeToRetry(err), client.SafeToRetry(fmt.Errorf("job 7: %w", err)))
			})
		})
	}
}

func TestARunIsNotTriedAgainWhateverTheViolationHandlerReturns(t *testing.T) {
	refused, err := client.New("k", client.WithBaseURL("http://127.0.0.1:1"), client.WithMaxRetries(0))
	require.NoError(t, err)
	_, unsent := refused.RunStory(t.Context(), hostileWorkflow, hostileStory)
	require.True(t, client.SafeToRetry(unsent), "%v", unsent)

	for name, refuse := range map[string]func(*contract.Error) error{
		"a 429 of another call":                 func(*contract.Error) error { return &client.APIError{StatusCode: 429} },
		"a 429, and the violation":              func(v *contract.Error) error { return errors.Join(&client.APIError{StatusCode: 429}, v) },
		"a 429 that breaks the contract itself": func(v *contract.Error) error { return &client.APIError{StatusCode: 429, Violation: v} },
		"a violation of another call":           func(*contract.Error) error { return &contract.Error{StatusCode: 429} },
		"another call that was not sent":        func(*contract.Error) error { return fmt.Errorf("elsewhere: %w", unsent) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport := &scriptedTransport{steps: []func(*http.Request) (*http.Response, error){stepAnswer(200, `{"success":true,"result":5}`)}}
				var refusal error
				c := transport.client(t, client.WithViolationHandler(func(_ context.Context, v *contract.Error) error {
					refusal = refuse(v)
					return refusal
				}))
				_, err := c.RunStory(t.Context(), hostileWorkflow, hostileStory)
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

func TestSafeToRetryOfOtherErrors(t *testing.T) {
	for name, err := range map[string]error{
		"no error":                  nil,
		"another package's error":   io.EOF,
		"a bad argument":            client.ErrInvalidRequest,
		"the sentinel of 429 alone": client.ErrRateLimited,
		"a violation":               &contract.Error{StatusCode: 429},
		"a cancelled context":       context.Canceled,
		"a deadline":                context.DeadlineExceeded,
		"500":                       &client.APIError{StatusCode: 500, Code: "rate_limited"},
		"429, but cancelled":        errors.Join(context.Canceled, &client.APIError{StatusCode: 429}),
		"a dial error that is bare": errNoConnection,
	} {
		assert.False(t, client.SafeToRetry(err), name)
	}
	limited := &client.APIError{StatusCode: 429}
	assert.True(t, client.SafeToRetry(limited))
	assert.True(t, client.SafeToRetry(errors.Join(io.EOF, fmt.Errorf("twice: %w; %w", limited, limited))))
	for _, sent := range []error{
		&client.APIError{StatusCode: 500}, &client.APIError{StatusCode: 200},
		&contract.Error{StatusCode: 200}, contract.Error{StatusCode: 200},
	} {
		assert.False(t, client.SafeToRetry(errors.Join(limited, sent)))
		assert.False(t, client.SafeToRetry(errors.Join(sent, limited)))
		assert.False(t, client.SafeToRetry(fmt.Errorf("first: %w; second: %w", limited, fmt.Errorf("again: %w", sent))))
	}
}
