package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/aitutor-api/aitutor-go/client/internal/exchange"
	"github.com/aitutor-api/aitutor-go/client/internal/redact"
)

const (
	// AtOnce is how many requests are sent at the same time.
	AtOnce = 8

	maxBody    = 10 << 20          // of a response's body is read
	timeout    = 30 * time.Second  // of a request that starts no run
	runTimeout = 330 * time.Second // the service stops a run at 300 s
)

var (
	// ErrNotFinished is the error of an exchange that takes too long.
	ErrNotFinished = errors.New("not finished")
	// ErrBefore is the error of a request that was not sent, as one before it succeeded that must be refused.
	ErrBefore = errors.New("a request before it, which must be refused, succeeded")
)

// Sender sends requests to a server, and takes keys out of responses.
type Sender struct {
	// Base is the address of the server, without a slash at its end.
	Base string
	// Pause waits; a test puts another in its place.
	Pause func(context.Context, time.Duration) error

	client  http.Client
	secrets []redact.Secret
	pace    pacer

	mu      sync.Mutex
	cookies map[string]*http.Cookie // that responses to requests with the key have set
}

// NewSender returns a Sender of requests with some keys. It uses a copy of client, or a new one over HTTP/1.1 if that
// is nil, and follows no redirect.
func NewSender(base string, client *http.Client, keys []string) *Sender {
	s := &Sender{Base: strings.TrimRight(base, "/"), Pause: pause, cookies: map[string]*http.Cookie{}}
	for _, key := range keys {
		s.secrets = append(s.secrets, redact.New(key))
	}
	if client != nil {
		s.client = *client
	} else {
		s.client.Transport = newTransport()
	}
	s.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	s.client.Jar = nil
	return s
}

func newTransport() *http.Transport {
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: AtOnce, DisableCompression: true,
		ExpectContinueTimeout: time.Second, Protocols: new(http.Protocols),
		IdleConnTimeout: time.Second, // before a server closes it, with a request on its way
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &readableConn{conn}, nil
		},
	}
	transport.Protocols.SetHTTP1(true)
	return transport
}

// readableConn is a connection on which a response can be read that came before the request was written whole: a server
// may refuse a long one with 413, and reset the connection.
type readableConn struct{ net.Conn }

func (c *readableConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) {
		return len(p), nil // reading has the response, or the same error
	}
	return n, err
}

// Close closes the connections that are not used.
func (s *Sender) Close() { s.client.CloseIdleConnections() }

// Exchange sends a request within the server's rate limit: over a fresh connection, once, if it may start a run; over a
// connection that has sent others before it, if there are any; and else over any. It returns the time without waits.
func (s *Sender) Exchange(ctx context.Context, r Request, mayRun bool, before ...Request) (*Response, time.Duration,
	error) {
	return s.pace.send(ctx, s.Pause, func() (*Response, error) {
		if mayRun && len(before) == 0 {
			return s.sendFresh(ctx, runTimeout, r)
		}
		return s.send(ctx, append(slices.Clone(before), r)...)
	})
}

// sendFresh sends requests one after another over a fresh connection, each within a time limit, and returns the last
// response. If an earlier one is a success, it ends with that and ErrBefore: the others might start more runs.
func (s *Sender) sendFresh(ctx context.Context, limit time.Duration, requests ...Request) (res *Response, err error) {
	client := s.client
	if shared, ok := client.Transport.(*http.Transport); ok {
		fresh := shared.Clone()
		fresh.MaxConnsPerHost = 1
		defer fresh.CloseIdleConnections()
		client.Transport = fresh
	}
	for i, r := range requests {
		res, err = s.exchange(ctx, client, r, limit)
		if err == nil && res.Status/100 == 2 && i < len(requests)-1 {
			return res, ErrBefore
		}
	}
	return res, err
}

// send sends requests that start no run: one over any connection, more over a fresh one. If the connection is closed
// before a byte of the response, they are sent again over fresh ones, twice at most: what is between may have
// restarted.
func (s *Sender) send(ctx context.Context, requests ...Request) (res *Response, err error) {
	var responds atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteHeaders:         func() { responds.Store(false) },
		GotFirstResponseByte: func() { responds.Store(true) },
	})
	if len(requests) == 1 {
		res, err = s.exchange(traced, s.client, requests[0], timeout)
	} else {
		res, err = s.sendFresh(traced, timeout, requests...)
	}
	for range 2 {
		if err == nil || responds.Load() || ctx.Err() != nil || errors.Is(err, ErrNotFinished) {
			break
		}
		again, againErr := s.sendFresh(traced, timeout, requests...)
		if IsRefused(againErr) { // the server is gone, and these requests may have been under way
			break
		}
		res, err = again, againErr
	}
	return res, err
}

// exchange does one exchange within a time limit, whatever the server and the transport do.
func (s *Sender) exchange(ctx context.Context, client http.Client, r Request, limit time.Duration) (*Response, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("%w after %s", ErrNotFinished, limit))
	defer cancel()
	var res *Response
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		res, err = s.roundTrip(ctx, client, r)
	}()
	select {
	case <-done:
		if err == nil || ctx.Err() == nil {
			return res, err
		}
	case <-ctx.Done(): // a transport may not watch it
	}
	return nil, context.Cause(ctx)
}

func (s *Sender) roundTrip(ctx context.Context, client http.Client, r Request) (*Response, error) {
	req, err := http.NewRequestWithContext(ctx, r.Method, s.Base+r.Path, nil)
	if err != nil {
		return nil, err
	}
	req.Close = r.Method == http.MethodHead // a body, which a faulty server sends, would be taken for the next response
	req.Header.Set("Accept-Encoding", "identity")
	for _, h := range r.Headers {
		req.Header.Set(h.Name, h.Value)
	}
	if r.Cookies {
		s.addCookies(req)
	}
	sent, _ := exchange.NewAttempt(ctx, req, r.Body)
	received, err := client.Do(sent) //nolint:bodyclose // ReadResponse closes it
	if err != nil {
		return nil, err
	}
	res := &Response{Status: received.StatusCode, Header: received.Header, Method: r.Method, Host: req.URL.Host}
	res.Body, err = exchange.ReadResponse(ctx, received, maxBody)
	_, isLong := errors.AsType[*exchange.TooLongError](err)
	switch {
	case isLong:
		res.Body = res.Body[:1000] // more than is shown
	case errors.Is(err, exchange.ErrSwitchedProtocols), err != nil && slices.Contains(unread, res.Status):
		err = nil
	case err == nil && r.Get("Accept-Encoding") == "gzip":
		if plain, err := exchange.Decompress(res.Header.Get("Content-Encoding"), res.Body, maxBody); err == nil {
			res.Body = plain
			res.Header.Del("Content-Encoding")
		}
	}
	if r.Keyed {
		s.keepCookies(received)
	}
	s.redactResponse(res, received, r)
	if err != nil {
		return nil, fmt.Errorf("the body of %s broke off: %w", res, err)
	}
	return res, nil
}

// unread are the statuses with which a server refuses a request that it has not read. It may close the connection.
var unread = []int{http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType,
	http.StatusRequestHeaderFieldsTooLarge}

// keepCookies keeps the cookies that a response sets.
func (s *Sender) keepCookies(received *http.Response) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, cookie := range received.Cookies() {
		s.cookies[cookie.Name] = cookie
	}
}

// addCookies adds the cookies that the server has set, or one that it has not.
func (s *Sender) addCookies(req *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, cookie := range s.cookies {
		req.AddCookie(cookie)
	}
	if len(s.cookies) == 0 {
		req.Header.Set("Cookie", "session=contracttest")
	}
}

// Redact takes the keys of the Sender and of a request out of a text.
func (s *Sender) Redact(text string, r Request) string { return redactAll(text, s.secretsOf(r)) }

// secretsOf returns the keys of the Sender, and those that a request has besides.
func (s *Sender) secretsOf(r Request) []redact.Secret {
	secrets := slices.Clone(s.secrets)
	for _, sent := range r.secrets {
		isKnown := func(known redact.Secret) bool { return known.Reveal() == sent.value }
		if !slices.ContainsFunc(secrets, isKnown) {
			secrets = append(secrets, redact.New(sent.value))
		}
	}
	return secrets
}

func redactAll(text string, secrets []redact.Secret) string {
	for _, secret := range secrets {
		text = secret.Text(text)
	}
	return text
}

// redactResponse takes the keys out of a response, and notes where they were.
func (s *Sender) redactResponse(res *Response, received *http.Response, r Request) {
	secrets := s.secretsOf(r)
	clean := func(text, place string) string {
		redacted := redactAll(text, secrets)
		if redacted != text {
			res.Leaks = append(res.Leaks, place)
		}
		return redacted
	}
	cleanHeader := func(header http.Header, what string) {
		for name, values := range header {
			for i, value := range values {
				values[i] = clean(value, what+" "+redactAll(name, secrets))
			}
			if clean(name, "name of a "+what) != name {
				delete(header, name)
			}
		}
	}
	cleanHeader(res.Header, "header")
	cleanHeader(received.Trailer, "trailer")
	_, reason, _ := strings.Cut(received.Status, " ")
	clean(reason, "reason phrase")
	res.Body = []byte(clean(string(res.Body), "body"))
}

// IsThere reports whether err, of an exchange, shows that there is a server, however it behaves.
func IsThere(err error) bool {
	op, isOp := errors.AsType[*net.OpError](err)
	_, isDNS := errors.AsType[*net.DNSError](err)
	return !(isOp && op.Op == "dial") && !isDNS && !errors.Is(err, ErrNotFinished)
}

// IsRefused reports whether err, of an exchange, shows that the server accepts no connections.
func IsRefused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

// IsGone reports whether the server, which did not respond to a request, no longer accepts connections. While a server
// stops, it may accept one and close it: that says nothing yet.
func (s *Sender) IsGone(ctx context.Context, err error) bool {
	const tries = 50
	for range tries {
		switch {
		case IsRefused(err):
			return true
		case err == nil, errors.Is(err, ErrNotFinished), pause(ctx, 20*time.Millisecond) != nil:
			return false
		}
		err = s.probe(ctx)
	}
	return false
}

// IsBack waits some time until the server accepts connections again.
func (s *Sender) IsBack(ctx context.Context, limit time.Duration) bool {
	for began := time.Now(); time.Since(began) < limit; {
		if !s.IsGone(ctx, s.probe(ctx)) {
			return true
		}
		if s.Pause(ctx, 100*time.Millisecond) != nil {
			return false
		}
	}
	return false
}

// probe sends a request that starts nothing.
func (s *Sender) probe(ctx context.Context) error {
	_, err := s.sendFresh(ctx, timeout, Request{Method: http.MethodGet, Path: "/"})
	return err
}
