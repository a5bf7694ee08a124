package client

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aitutor-api/aitutor-go/client/contract"
)

// Option changes how a Client works. [New] reports the first option that has a bad value.
type Option func(*config) error

type config struct {
	baseURL          *url.URL
	httpClient       *http.Client
	timeout          time.Duration
	maxRetries       int
	maxResponseBytes int64
	logger           *slog.Logger
	userAgent        string
	onViolation      func(context.Context, *contract.Error) error
}

func defaultConfig() config {
	return config{
		timeout:          150 * time.Second,
		maxRetries:       2,
		maxResponseBytes: 10 << 20,
		userAgent:        "aitutor-go",
	}
}

// WithBaseURL sets the address of the service; by default that of the contract, https://aitutor-api.vercel.app. It may
// carry a path prefix, with or without a slash at its end, but no user, query or fragment. Plain http is refused unless
// the host is loopback, as the key travels in a header.
func WithBaseURL(rawURL string) Option {
	return func(c *config) (err error) {
		c.baseURL, err = parseBaseURL(rawURL)
		return err
	}
}

// WithHTTPClient sets the client that sends the requests: its Transport carries a proxy, certificates or tracing; its
// Timeout, where it is the shorter one, stands in for [WithTimeout]. It is copied, never changed. No redirect is followed:
// the API has none, and following one would hand the inputs, and on a downgrade the key, to someone else. By default one
// connection pool serves all Clients.
func WithHTTPClient(hc *http.Client) Option {
	return func(c *config) error {
		if hc == nil {
			return errors.New("WithHTTPClient: the client is nil")
		}
		c.httpClient = hc
		return nil
	}
}

// WithTimeout bounds one attempt, from dial to the last byte of the answer: 150 s by default, as the service stops a run
// at 120 s. 0 means no bound. A run that was cut off may have been billed.
func WithTimeout(d time.Duration) Option {
	return func(c *config) error {
		if d < 0 {
			return fmt.Errorf("WithTimeout: %v is negative", d)
		}
		c.timeout = d
		return nil
	}
}

// WithMaxRetries sets how often a call is tried again, 2 times by default, where the run certainly did not start: after
// a 429, and after a failure before the request was written. Nothing else is ever tried again.
func WithMaxRetries(n int) Option {
	return func(c *config) error {
		if n < 0 {
			return fmt.Errorf("WithMaxRetries: %d is negative", n)
		}
		c.maxRetries = n
		return nil
	}
}

// WithMaxResponseBytes sets how many bytes of an answer are read, after decompression: 10 MiB by default. A longer
// answer is an error that holds that many bytes of it.
func WithMaxResponseBytes(n int64) Option {
	return func(c *config) error {
		if n <= 0 {
			return fmt.Errorf("WithMaxResponseBytes: %d is not positive", n)
		}
		c.maxResponseBytes = n
		return nil
	}
}

// WithLogger has one debug record written for each attempt: method, path, status (0 where no answer came), duration and
// run ID. The key, the inputs and the text are in none.
func WithLogger(l *slog.Logger) Option {
	return func(c *config) error {
		if l == nil {
			return errors.New("WithLogger: the logger is nil")
		}
		c.logger = l
		return nil
	}
}

// WithUserAgent sets the User-Agent header, "aitutor-go" by default.
func WithUserAgent(ua string) Option {
	return func(c *config) error {
		if strings.TrimSpace(ua) == "" || strings.ContainsFunc(ua, func(r rune) bool { return r < ' ' || r > '~' }) {
			return fmt.Errorf("WithUserAgent: %q is blank or holds a control character or one outside ASCII", ua)
		}
		c.userAgent = ua
		return nil
	}
}

// WithViolationHandler sets a function that is asked when an answer breaks the contract. Returning nil accepts the
// answer: the call returns what could be read of it. Returning an error fails the call with that error, and with the
// violation, for [errors.As]. Without it, a violation fails the call.
//
// It is asked about every answer that came whole, also one that is not a run; such an answer stays an [*APIError],
// whatever the function returns.
func WithViolationHandler(h func(context.Context, *contract.Error) error) Option {
	return func(c *config) error {
		if h == nil {
			return errors.New("WithViolationHandler: the handler is nil")
		}
		c.onViolation = h
		return nil
	}
}
