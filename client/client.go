package client

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/aitutor-api/aitutor-go/client/contract"
)

// Client runs workflows. It holds no state between calls and is safe for concurrent use.
type Client struct {
	key              secret
	http             *http.Client
	server           func() (string, error) // looked up by the first call: New does not parse the contract
	authorization    func() []string        // a func, as secret is, so that nothing prints it
	userAgent        []string
	timeout          time.Duration
	timeoutOf        string // what set it
	maxRetries       int
	maxResponseBytes int64
	logger           *slog.Logger
	onViolation      func(context.Context, *contract.Error) error
}

// New makes a Client that authenticates with apiKey. Its error names the argument or the option that has a bad value.
func New(apiKey string, opts ...Option) (*Client, error) {
	c, err := newClient(apiKey, opts)
	if err != nil {
		return nil, fmt.Errorf("new client: %w", err)
	}
	return c, nil
}

// FromEnv is [New] with the key in the environment variable AITUTOR_API_KEY and, where AITUTOR_BASE_URL is set, that
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
	key, err := newSecret(apiKey)
	if err != nil {
		return nil, err
	}
	conf := defaultConfig()
	for _, option := range opts {
		if option == nil {
			return nil, errors.New("an option is nil")
		}
		if err := option(&conf); err != nil {
			return nil, key.redactError(err)
		}
	}
	authorization := []string{"Bearer " + apiKey}
	hc := newHTTPClient(conf.httpClient)
	timeout, timeoutOf := conf.timeout, "WithTimeout"
	if hc.Timeout > 0 && (timeout == 0 || hc.Timeout < timeout) {
		timeout, timeoutOf = hc.Timeout, "http.Client.Timeout"
	}
	hc.Timeout = 0
	return &Client{
		key:              key,
		http:             hc,
		server:           sync.OnceValues(func() (string, error) { return server(conf.baseURL) }),
		authorization:    func() []string { return authorization },
		userAgent:        []string{conf.userAgent},
		timeout:          timeout,
		timeoutOf:        timeoutOf,
		maxRetries:       conf.maxRetries,
		maxResponseBytes: conf.maxResponseBytes,
		logger:           conf.logger,
		onViolation:      conf.onViolation,
	}, nil
}

// CloseIdleConnections closes the connections that no call is using. With the default HTTP client they are shared by all
// Clients of the program.
func (c *Client) CloseIdleConnections() { c.http.CloseIdleConnections() }

func newHTTPClient(hc *http.Client) *http.Client {
	if hc == nil {
		return &http.Client{Transport: sharedTransport()}
	}
	client := *hc
	return &client
}

// sharedTransport is the default transport with room for as many idle connections as there are calls at a time: the
// standard one keeps two a host, and would dial anew for most calls of a busy program.
var sharedTransport = sync.OnceValue(func() http.RoundTripper {
	standard, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport
	}
	transport := standard.Clone()
	transport.MaxIdleConns = 0 // no limit; each is closed after 90 s
	transport.MaxIdleConnsPerHost = 1000
	return transport
})
