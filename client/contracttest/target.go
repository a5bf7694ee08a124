package contracttest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/client/contract"
)

const (
	atOnce = 8 // requests

	// The service stops a run at 120 s.
	runTimeout = 150 * time.Second
	timeout    = 30 * time.Second
)

// kit is a target with its checks.
type kit struct {
	*material
	base     string
	client   *http.Client
	validate func(*http.Response) error
	checks   []check
	noRuns   bool
	skip     []string
	slots    chan struct{}
	timeout  func(check) time.Duration
	pause    func(context.Context, time.Duration) error // before a request that got 429 is sent again
	close    func()
}

// open checks the target, serves its handler, and reaches it.
func open(ctx context.Context, document *openapi3.T, target Target) (*kit, error) {
	k, err := newKit(document, target)
	if err != nil {
		return nil, fmt.Errorf("contracttest: %w", err)
	}
	if target.Handler != nil {
		if err := k.serve(ctx, target.Handler); err != nil {
			return nil, fmt.Errorf("contracttest: serve the handler: %w", err)
		}
	}
	if err := k.reach(ctx); err != nil {
		k.close()
		return nil, fmt.Errorf("contracttest: %w", err)
	}
	return k, nil
}

func newKit(document *openapi3.T, target Target) (*kit, error) {
	base := target.BaseURL
	if (base == "") == (target.Handler == nil) {
		return nil, errors.New("the target needs a BaseURL or a Handler, and not both")
	}
	if target.Handler == nil {
		if err := checkBase(base); err != nil {
			return nil, err
		}
	}
	m, err := newMaterial(document, target)
	if err != nil {
		return nil, err
	}
	k := &kit{
		material: m,
		base:     strings.TrimRight(base, "/"),
		validate: contract.Default().ValidateResponse,
		checks:   m.checks(),
		noRuns:   target.NoRuns,
		skip:     target.Skip,
		slots:    make(chan struct{}, atOnce),
		timeout: func(c check) time.Duration {
			if c.runs {
				return runTimeout
			}
			return timeout
		},
		pause: pause,
	}
	if err := m.checkNames(target.Skip, k.checks); err != nil {
		return nil, err
	}
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: atOnce, DisableCompression: true,
	}
	if target.NoRuns { // a server that lets a wrong key pass must not run anything: the key is checked before the workflow
		for i := range k.checks {
			if strings.HasPrefix(k.checks[i].name, "unauthorized/") {
				k.checks[i].request.path = m.at(unknownWorkflow)
			}
		}
	}
	k.close = transport.CloseIdleConnections
	own := *cmp.Or(target.HTTPClient, &http.Client{Transport: transport})
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	k.client = &own
	return k, nil
}

// checkNames refuses a name that is no check's, neither of this target nor of one with the contract's example.
func (m *material) checkNames(skip []string, checks []check) error {
	if len(skip) == 0 {
		return nil
	}
	all := names(checks)
	if m.foreign {
		all = names(m.own().checks())
	}
	for _, name := range skip {
		if !slices.Contains(all, name) {
			return fmt.Errorf("the target's Skip names %q, which is no check; the checks are: %s", name, strings.Join(all, ", "))
		}
	}
	return nil
}

// checkBase refuses what the client refuses as well.
func checkBase(base string) error {
	if _, err := client.New("unused", client.WithBaseURL(base)); err != nil {
		return fmt.Errorf("the target's BaseURL: %w", err)
	}
	return nil
}

// serve serves the handler on loopback until the kit is closed.
func (k *kit) serve(ctx context.Context, handler http.Handler) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: timeout}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener) // ends with ErrServerClosed
	}()
	k.base = "http://" + listener.Addr().String()
	closeClient := k.close
	k.close = func() {
		closeClient()
		// Handlers may finish what they are at; one that never does is left behind.
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = server.Shutdown(ctx)
		_ = server.Close()
		<-served
	}
	return nil
}

// reach reports an error where nothing is at the base URL. What it is, the checks say.
func (k *kit) reach(ctx context.Context) error {
	var connected atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	probe := k.valid()
	probe.path, probe.credential = k.at(unknownWorkflow), credential{}
	_, err := k.send(traced, probe, timeout)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil && !connected.Load():
		return fmt.Errorf("the target at %s cannot be reached: %w", k.base, err)
	}
	return nil
}

// leftOut says why a check is left out, and nothing where it is not.
func (k *kit) leftOut(c check) string {
	switch {
	case slices.Contains(k.skip, c.name):
		return "left out by Target.Skip"
	case k.noRuns && c.runs:
		return "left out by Target.NoRuns: a server might bill it"
	}
	return ""
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// redact takes the key out of a text, and what was sent in its place.
func (k *kit) redact(text, sent string) string {
	for _, secret := range []string{k.key, sent} {
		if len(secret) >= minSecret {
			text = strings.ReplaceAll(text, secret, "[key]")
		}
	}
	return text
}
