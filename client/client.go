// Package client runs workflows of the AI Tutor API and validates every response against the API's contract.
//
// Call [FromEnv] or [New] once, then [Client.Run] for each run, or [Client.RunInputs] for a workflow with its own
// inputs. [Client.API] has every operation of the contract. A [Client] is safe for concurrent use and holds no state
// between calls.
//
//   - Every run that starts is billed, even if its response never arrives, and the API has no idempotency key. A
//     request is sent again only if the run certainly did not start: after a failure before the request was written,
//     and after a 429, for which the client waits as long as Retry-After says. If that is over 60 s, it returns the
//     error at once. [SafeToRetry] tells a queue the same.
//   - A run takes seconds, up to five minutes. [WithTimeout] bounds an attempt, a context bounds a call. If either ends
//     it, the run is billed all the same, and its text is lost: to stop a batch, start no more runs and wait for those
//     that have started, with [context.WithoutCancel] (see the example "batch").
//   - The service has two variants of each response, the documented one and the one it gives today. A [Run] is filled
//     from either.
//   - A response that is not a run is an [*APIError], which [errors.Is] matches with [ErrUnauthorized] and the like. An
//     argument that breaks the contract is an [*ArgumentError]: nothing was sent.
//   - A run that breaks the contract or was cut off was paid for: the call returns an error, a [*contract.Error] in the
//     first case, and beside it the [Run] with what could be read. [WithViolationHandler] can accept it.
//   - The key is sent to the origin of the base URL and nowhere else: not to the target of a redirect, not into an
//     error, not into a log record. What comes back is searched for it, unless it is shorter than 8 characters: such a
//     key may be in any text by chance. Only Body is left as it was received.
//
// # Settings of one call
//
// A context has the deadline of a call. Other settings are those of a Client: for a call with others make a second one,
// which costs microseconds. Both share their connections if they have the default HTTP client, or the same one. The
// methods of [Client.API] take functions that edit the request.
//
// # Metrics and tracing
//
// An [http.RoundTripper] sees each attempt, also one that is then tried again. This one traces them:
//
//	http1 := new(http.Protocols) // over HTTP/2, all runs would share the fate of one connection
//	http1.SetHTTP1(true)
//	transport := otelhttp.NewTransport(&http.Transport{Proxy: http.ProxyFromEnvironment, Protocols: http1})
//	c, err := client.FromEnv(client.WithHTTPClient(&http.Client{Transport: transport}))
//
// One that counts statuses counts runs (see the example "metrics"): a response of 200 was billed, and an attempt
// without a response may have been. It must leave the request's body alone: a transport that reads the body is not
// believed when it says that it could not connect. [WithLogger] has a record of each attempt and of each wait.
//
// # Tests
//
// Package clienttest has a server to test callers with, and shows a test in which waits take no time. A fake behind an
// interface returns its own [Run], and [ErrRateLimited], or an error with a method NotSent() bool, for what is safe to
// retry. Package contract validates other traffic, package contracttest checks that a server keeps the contract.
package client

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/aitutor-api/aitutor-go/client/internal/operation"
	"github.com/aitutor-api/aitutor-go/gen"
)

// Client runs workflows. It holds no state between calls and is safe for concurrent use.
type Client struct {
	*config // nil if New did not make it
}

// New returns a Client that authenticates with apiKey. Its error names the argument or the option that has a bad value,
// or the security scheme of the contract that a key cannot serve.
func New(apiKey string, opts ...Option) (*Client, error) {
	c, err := newClient(apiKey, opts)
	if err != nil {
		return nil, fmt.Errorf("new client: %w", err)
	}
	return c, nil
}

// FromEnv calls [New] with the key in the environment variable AITUTOR_API_KEY and, if AITUTOR_BASE_URL is set, that
// base URL. Options come after it.
func FromEnv(opts ...Option) (*Client, error) {
	key := os.Getenv("AITUTOR_API_KEY")
	if key == "" {
		return nil, errors.New("new client: the environment variable AITUTOR_API_KEY is not set")
	}
	if base := os.Getenv("AITUTOR_BASE_URL"); base != "" {
		fromEnv := func(c *config) error {
			if err := WithBaseURL(base)(c); err != nil {
				return fmt.Errorf("AITUTOR_BASE_URL: %w", err)
			}
			return nil
		}
		opts = append([]Option{fromEnv}, opts...)
	}
	return New(key, opts...)
}

func newClient(apiKey string, opts []Option) (*Client, error) {
	switch {
	case apiKey == "":
		return nil, errors.New("the API key is empty")
	case !isPrintable(apiKey) || strings.Contains(apiKey, " "):
		return nil, errors.New("the API key holds a space, a control character or one outside ASCII: check how it was copied")
	}
	c := &Client{defaultConfig(apiKey)}
	for _, option := range opts {
		if option == nil {
			return nil, errors.New("an option is nil")
		}
		if err := option(c.config); err != nil {
			return nil, c.key.Error(err)
		}
	}
	c.timeoutOf = "WithTimeout"
	if limit := c.httpTimeout; limit > 0 && (c.timeout == 0 || limit < c.timeout) {
		c.timeout, c.timeoutOf = limit, "http.Client.Timeout"
	}
	if c.baseURL == nil {
		var err error
		if c.baseURL, err = operation.Server(); err != nil {
			return nil, err
		}
	}
	return c, operation.CheckSchemes()
}

// API returns the generated client: every operation of the contract, with this Client's key, limits and validation.
//
// A refusal that the contract describes (401, 404 ...) is a normal result. A response that breaks the contract is a
// [*contract.Error], which has the body, unless the handler of [WithViolationHandler] accepts it, and generated code
// can decode it. A request that breaks the contract is [ErrInvalidRequest], and is not sent. Every operation is tried
// again as [Client.Run] is. If a response was cut off, the methods without WithResponse in their name return it beside
// the error, as far as it came. A stream of events (text/event-stream) is returned as soon as it begins, and must be
// closed.
func (c *Client) API() *gen.ClientWithResponses {
	return &gen.ClientWithResponses{ClientInterface: c.generated(apiDoer{c.config})}
}

// generated returns the generated client with a doer.
func (c *Client) generated(doer gen.HttpRequestDoer) *gen.Client {
	server := "/"
	if c.config != nil {
		server = c.baseURL.String()
	}
	return &gen.Client{Server: server, Client: doer}
}

// CloseIdleConnections closes the connections that no call is using. With the default HTTP client they are shared by
// all Clients of the program.
func (c *Client) CloseIdleConnections() {
	if c.config == nil {
		return
	}
	transport, _ := c.transport()
	if closer, ok := transport.(interface{ CloseIdleConnections() }); ok {
		closer.CloseIdleConnections()
	}
}
