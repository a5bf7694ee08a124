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
	"github.com/aitutor-api/aitutor-go/client/internal/exchange"
	"github.com/aitutor-api/aitutor-go/client/internal/redact"
)

// Option changes how a Client works. [New] reports the first option that has a bad value.
type Option func(*config) error

// config is what a Client and its calls are made of.
type config struct {
	key              redact.Secret
	baseURL          *url.URL
	http             func() *http.Client // nil: the shared transport. A func: fmt cannot print what it returns
	httpTimeout      time.Duration
	timeout          time.Duration
	timeoutOf        string // the option that set timeout
	maxRetries       int
	maxResponseBytes int64
	logger           *slog.Logger
	userAgent        string
	onViolation      func(context.Context, *contract.Error) error
}

func defaultConfig(apiKey string) *config {
	return &config{
		key:              redact.New(apiKey),
		timeout:          330 * time.Second,
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
		c.baseURL, err = exchange.ParseBaseURL(rawURL)
		return err
	}
}

// WithTimeout bounds one attempt, from dial to the last byte of the response: 330 s by default, as the service stops a
// run at 300 s. 0 means no bound. A run that was cut off may have been billed.
func WithTimeout(d time.Duration) Option {
	return func(c *config) error {
		if d < 0 {
			return fmt.Errorf("WithTimeout: %v is negative", d)
		}
		c.timeout = d
		return nil
	}
}

// WithMaxRetries sets how often a call is tried again, 2 times by default, if the run certainly did not start: after a
// 429, and after a failure before the request was written. Nothing else is ever tried again. The wait is that of
// Retry-After, or 0.5 s to 8 s. If Retry-After is longer than 60 s, the call returns the error at once.
func WithMaxRetries(n int) Option {
	return func(c *config) error {
		if n < 0 {
			return fmt.Errorf("WithMaxRetries: %d is negative", n)
		}
		c.maxRetries = n
		return nil
	}
}

// WithMaxResponseBytes sets how many bytes of a response are read, after decompression: 10 MiB by default. A longer
// response is an error, with that many bytes of it in the Body of the [Run] or the [APIError].
func WithMaxResponseBytes(n int64) Option {
	return func(c *config) error {
		if n <= 0 {
			return fmt.Errorf("WithMaxResponseBytes: %d is not positive", n)
		}
		c.maxResponseBytes = n
		return nil
	}
}

// WithLogger sets the logger of one debug record per attempt: method, path, number of the attempt, status (0 if no
// response came), duration, run ID and error; and of one per wait before the next attempt. No record contains the key,
// the inputs or the text.
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
		if strings.TrimSpace(ua) == "" || !isPrintable(ua) {
			return fmt.Errorf("WithUserAgent: %q is blank or holds a control character or one outside ASCII", ua)
		}
		c.userAgent = ua
		return nil
	}
}

// WithViolationHandler sets a function that is asked about a response that breaks the contract, after the last attempt.
// If it returns nil, the response is accepted: the call returns what could be read of it. If it returns an error, the
// call fails with that error and with the violation, for [errors.As]. By default, a violation fails the call.
//
// It is also asked about a response that is not a run, but that stays an [*APIError]. [LogViolations] makes a handler.
func WithViolationHandler(h func(context.Context, *contract.Error) error) Option {
	return func(c *config) error {
		if h == nil {
			return errors.New("WithViolationHandler: the handler is nil, or LogViolations has no logger")
		}
		c.onViolation = h
		return nil
	}
}

// LogViolations returns a handler for [WithViolationHandler] that logs each violation, at level warn and without the
// body, and accepts the response.
func LogViolations(logger *slog.Logger) func(context.Context, *contract.Error) error {
	if logger == nil {
		return nil // which WithViolationHandler refuses
	}
	return func(ctx context.Context, violation *contract.Error) error {
		logger.WarnContext(ctx, "aitutor: a response breaks the contract", "violation", violation)
		return nil
	}
}

// isPrintable reports whether text is printable ASCII.
func isPrintable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' })
}
