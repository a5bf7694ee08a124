package contracttest

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
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
	// maxBody is how much of a response's body is read.
	maxBody = 10 << 20
	atOnce  = 8 // requests
)

// errNotFinished is the error of an exchange that takes too long.
var errNotFinished = errors.New("not finished")

var errBefore = fmt.Errorf("%w: a request before it, which must be refused, succeeded", ErrSkipped)

// sender sends requests to a server, and takes keys out of responses.
type sender struct {
	base    string
	client  http.Client
	secrets []redact.Secret // of the target

	mu      sync.Mutex
	cookies map[string]string // that responses to requests with the key have set
}

func newSender(target Target) *sender {
	s := &sender{base: strings.TrimRight(target.BaseURL, "/"), cookies: map[string]string{}}
	for _, key := range append([]string{target.APIKey, target.OtherAPIKey}, credentialValues(target)...) {
		s.secrets = append(s.secrets, redact.New(key))
	}
	if target.HTTPClient != nil {
		s.client = *target.HTTPClient
	} else {
		dialer := &net.Dialer{Timeout: 30 * time.Second}
		transport := &http.Transport{
			Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: atOnce, DisableCompression: true,
			ExpectContinueTimeout: time.Second,
			IdleConnTimeout:       time.Second, // before a server closes it, with a request on its way
			Protocols:             new(http.Protocols), TLSHandshakeTimeout: 10 * time.Second,
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				conn, err := dialer.DialContext(ctx, network, address)
				if err != nil {
					return nil, err
				}
				return &readableConn{conn}, nil
			},
		}
		transport.Protocols.SetHTTP1(true)
		s.client.Transport = transport
	}
	s.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	s.client.Jar = nil
	return s
}

func credentialValues(target Target) []string {
	var list []string
	for _, value := range target.Credentials {
		list = append(list, value)
	}
	return list
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

func (s *sender) close() { s.client.CloseIdleConnections() }

// sendFresh sends requests one after another over a fresh connection, each within a time limit, and returns the last
// response. If an earlier one is a success, it ends with that and errBefore: the others might start more runs.
func (s *sender) sendFresh(ctx context.Context, limit time.Duration, requests ...request) (res *response, err error) {
	client := s.client
	if transport, ok := client.Transport.(*http.Transport); ok {
		transport = transport.Clone()
		transport.MaxConnsPerHost = 1
		client.Transport = transport
		defer transport.CloseIdleConnections()
	}
	for i, r := range requests {
		res, err = s.exchange(ctx, client, r, limit, nil)
		if err == nil && res.status/100 == 2 && i < len(requests)-1 {
			return res, errBefore
		}
	}
	return res, err
}

// send sends a request that starts no run over any connection. If a connection that was used before is closed before a
// byte of the response, the request is sent again: the server may have closed it before the request came.
func (s *sender) send(ctx context.Context, limit time.Duration, r request) (*response, error) {
	var stale atomic.Bool
	res, err := s.exchange(ctx, s.client, r, limit, &stale)
	if err != nil && stale.Load() && ctx.Err() == nil && !errors.Is(err, errNotFinished) {
		again, againErr := s.sendFresh(ctx, limit, r)
		if errors.Is(againErr, syscall.ECONNREFUSED) { // the server is gone, and this request may have been under way
			return nil, err
		}
		return again, againErr
	}
	return res, err
}

// exchange does one exchange within a time limit, whatever the server and the transport do. It sets stale if the
// connection was used before and brought no byte.
func (s *sender) exchange(ctx context.Context, client http.Client, r request, limit time.Duration,
	stale *atomic.Bool) (*response, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("%w after %s", errNotFinished, limit))
	defer cancel()
	if stale != nil {
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
			GotConn:              func(info httptrace.GotConnInfo) { stale.Store(info.Reused) },
			GotFirstResponseByte: func() { stale.Store(false) },
		})
	}
	type outcome struct {
		res *response
		err error
	}
	done := make(chan outcome, 1)
	go func() {
		res, err := s.roundTrip(ctx, client, r)
		done <- outcome{res, err}
	}()
	select {
	case o := <-done:
		if o.err != nil && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return o.res, o.err
	case <-ctx.Done(): // a transport may not watch it
		return nil, context.Cause(ctx)
	}
}

func (s *sender) roundTrip(ctx context.Context, client http.Client, r request) (*response, error) {
	req, err := http.NewRequestWithContext(ctx, r.method, s.base+r.path, nil)
	if err != nil {
		return nil, err
	}
	req.Close = r.method == http.MethodHead // a body, which a faulty server sends, would be taken for the next response
	req.Header.Set("Accept-Encoding", "identity")
	for _, h := range r.headers {
		req.Header.Set(h.name, h.value)
	}
	sent, _ := exchange.NewAttempt(ctx, req, r.body)
	received, err := client.Do(sent) //nolint:bodyclose // ReadResponse closes it
	if err != nil {
		return nil, err
	}
	res := &response{status: received.StatusCode, header: received.Header, method: r.method}
	_, res.reason, _ = strings.Cut(received.Status, " ")
	res.body, err = exchange.ReadResponse(ctx, received, maxBody)
	var long *exchange.TooLongError
	switch {
	case errors.As(err, &long):
		res.body = res.body[:1000] // more than is shown
	case errors.Is(err, exchange.ErrSwitchedProtocols):
		err = nil
	case err != nil && slices.Contains(tooMuch, res.status):
		err = nil // the connection is closed before the request was read
	case err == nil:
		res.unzip(r)
	}
	if r.keyed {
		s.keepCookies(received)
	}
	s.redactResponse(res, received.Trailer, r)
	if err != nil {
		return nil, fmt.Errorf("the body of %s broke off: %w", res, err)
	}
	return res, nil
}

// tooMuch are the statuses with which a server refuses a request that it has not read.
var tooMuch = []int{http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType,
	http.StatusRequestHeaderFieldsTooLarge}

// unzip decodes the body if it was asked for in gzip, and is.
func (res *response) unzip(r request) {
	if r.header("Accept-Encoding") != "gzip" || !strings.EqualFold(res.header.Get("Content-Encoding"), "gzip") {
		return
	}
	reader, err := gzip.NewReader(bytes.NewReader(res.body))
	if err != nil {
		return
	}
	if plain, err := io.ReadAll(io.LimitReader(reader, maxBody)); err == nil {
		res.body = plain
		res.header.Del("Content-Encoding")
	}
}

// keepCookies keeps the cookies that a response sets.
func (s *sender) keepCookies(received *http.Response) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, cookie := range received.Cookies() {
		s.cookies[cookie.Name] = cookie.Value
	}
}

// withCookies returns a request with the cookies that the server has set.
func (s *sender) withCookies(r request) request {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []string
	for name, value := range s.cookies {
		list = append(list, name+"="+value)
	}
	slices.Sort(list)
	if len(list) == 0 {
		list = []string{"session=contracttest"}
	}
	return r.with("Cookie", strings.Join(list, "; "))
}

// redact takes the target's keys out of a text, and what was sent in their place.
func (s *sender) redact(text string, r request) string {
	for _, known := range s.secrets {
		text = known.Text(text)
	}
	for _, sent := range r.secrets {
		text = redact.New(sent.value).Text(text)
	}
	return text
}

// redactResponse takes the keys out of a response, and notes where they were.
func (s *sender) redactResponse(res *response, trailer http.Header, r request) {
	clean := func(header http.Header, what string) {
		for name, values := range header {
			for i, value := range values {
				if values[i] = s.redact(value, r); values[i] != value {
					res.leaks = append(res.leaks, what+" "+s.redact(name, r))
				}
			}
			if s.redact(name, r) != name {
				res.leaks = append(res.leaks, "name of a "+what)
				delete(header, name)
			}
		}
	}
	clean(res.header, "header")
	clean(trailer, "trailer")
	if s.redact(res.reason, r) != res.reason {
		res.leaks = append(res.leaks, "reason phrase")
	}
	if body := s.redact(string(res.body), r); body != string(res.body) {
		res.leaks = append(res.leaks, "body")
		res.body = []byte(body)
	}
}
