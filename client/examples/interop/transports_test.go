package interop_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/sony/gobreaker/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
	"golang.org/x/time/rate"
	"gopkg.in/dnaeon/go-vcr.v4/pkg/cassette"
	"gopkg.in/dnaeon/go-vcr.v4/pkg/recorder"

	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/client/clienttest"
)

func TestOtelhttpTracesEachAttempt(t *testing.T) {
	server := newServer(t)
	server.Answer(clienttest.RateLimited(0))
	t.Setenv("AITUTOR_API_KEY", server.APIKey)
	t.Setenv("AITUTOR_BASE_URL", server.URL)
	spans := tracetest.NewSpanRecorder()
	otel.SetTracerProvider(trace.NewTracerProvider(trace.WithSpanProcessor(spans)))

	http1 := new(http.Protocols) // over HTTP/2, all runs would share the fate of one connection
	http1.SetHTTP1(true)
	transport := otelhttp.NewTransport(&http.Transport{Proxy: http.ProxyFromEnvironment, Protocols: http1})
	c, err := client.FromEnv(client.WithHTTPClient(&http.Client{Transport: transport}))
	require.NoError(t, err)
	_, err = run(c, server)
	require.NoError(t, err)
	var statuses []int64
	for _, span := range spans.Ended() {
		for _, attr := range span.Attributes() {
			if attr.Key == "http.response.status_code" {
				statuses = append(statuses, attr.Value.AsInt64())
			}
			if attr.Value.Type() == attribute.STRING {
				assert.NotContains(t, attr.Value.AsString(), server.APIKey, "the key in an attribute")
			}
		}
	}
	assert.Equal(t, []int64{429, 200}, statuses, "one span per attempt")
}

func TestGoVCRReplaysARunWithoutTheServer(t *testing.T) {
	server := newServer(t)
	file := filepath.Join(t.TempDir(), "run")
	withoutKey := recorder.WithHook(func(i *cassette.Interaction) error {
		delete(i.Request.Headers, "Authorization")
		return nil
	}, recorder.AfterCaptureHook)
	sameRun := recorder.WithMatcher(func(r *http.Request, i cassette.Request) bool {
		return r.Method == i.Method && r.URL.String() == i.URL
	})
	tape := func(mode recorder.Mode) *recorder.Recorder {
		r, err := recorder.New(file, recorder.WithMode(mode), withoutKey, sameRun, recorder.WithSkipRequestLatency(true))
		require.NoError(t, err)
		return r
	}
	recording := tape(recorder.ModeRecordOnly)
	recorded, err := run(newClient(t, server, recording), server)
	require.NoError(t, err)
	require.NoError(t, recording.Stop())
	server.Close()

	replaying := tape(recorder.ModeReplayOnly)
	replayed, err := run(newClient(t, server, replaying), server)
	require.NoError(t, err)
	require.NoError(t, replaying.Stop())
	assert.Equal(t, recorded.Text, replayed.Text)
	assert.Equal(t, 1, server.Runs())
	data, err := os.ReadFile(file + ".yaml")
	require.NoError(t, err)
	assert.NotContains(t, string(data), server.APIKey, "the key on the tape")
}

// A gateway that wants its own token gets it from oauth2's transport, which replaces the Authorization header.
func TestOAuth2SetsTheTokenOfAGateway(t *testing.T) {
	server := newServer(t)
	transport := &oauth2.Transport{Source: oauth2.StaticTokenSource(&oauth2.Token{AccessToken: server.APIKey})}
	hc := &http.Client{Transport: transport}
	c, err := client.New("placeholder-key", client.WithBaseURL(server.URL), client.WithHTTPClient(hc))
	require.NoError(t, err)

	_, err = run(c, server)
	require.NoError(t, err)
	assert.Equal(t, 1, server.Runs())
}

// notSentError is how a transport says that it sent nothing.
type notSentError struct{ error }

func (notSentError) NotSent() bool   { return true }
func (e notSentError) Unwrap() error { return e.error }

// tokenFirst gets a token before it sends anything, and says so if there is none.
type tokenFirst struct {
	source oauth2.TokenSource
	next   http.RoundTripper
}

func (t tokenFirst) RoundTrip(req *http.Request) (*http.Response, error) {
	if _, err := t.source.Token(); err != nil {
		return nil, notSentError{err}
	}
	return (&oauth2.Transport{Source: t.source, Base: t.next}).RoundTrip(req)
}

func TestATokenEndpointThatIsDownIsSafeToRetry(t *testing.T) {
	server := newServer(t)
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer endpoint.Close()
	config := clientcredentials.Config{ClientID: "id", ClientSecret: "secret", TokenURL: endpoint.URL}
	c := newClient(t, server, tokenFirst{config.TokenSource(context.Background()), http.DefaultTransport},
		client.WithMaxRetries(0))

	_, err := run(c, server)
	var retrieve *oauth2.RetrieveError
	require.ErrorAs(t, err, &retrieve)
	assert.True(t, client.SafeToRetry(err), "%v", err)
	assert.Equal(t, 0, server.Runs())
}

// limited waits for a limiter before it sends.
type limited struct {
	limiter *rate.Limiter
	next    http.RoundTripper
}

func (l limited) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := l.limiter.Wait(req.Context()); err != nil {
		return nil, notSentError{err}
	}
	return l.next.RoundTrip(req)
}

func TestALimiterThatRefusesIsSafeToRetry(t *testing.T) {
	server := newServer(t)
	c := newClient(t, server, limited{rate.NewLimiter(0, 1), http.DefaultTransport}, client.WithMaxRetries(0))

	_, err := run(c, server)
	require.NoError(t, err, "the first has a token")
	_, err = run(c, server)
	require.Error(t, err)
	assert.True(t, client.SafeToRetry(err), "%v", err)
	assert.Equal(t, 1, server.Runs())
}

// guarded sends through a circuit breaker, which sends nothing while it is open.
type guarded struct {
	breaker *gobreaker.CircuitBreaker[*http.Response]
	next    http.RoundTripper
}

func (g guarded) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := g.breaker.Execute(func() (*http.Response, error) { return g.next.RoundTrip(req) })
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return nil, notSentError{err}
	}
	return res, err
}

func TestABreakerThatIsOpenIsSafeToRetry(t *testing.T) {
	server := newServer(t)
	breaker := gobreaker.NewCircuitBreaker[*http.Response](gobreaker.Settings{
		ReadyToTrip: func(counts gobreaker.Counts) bool { return counts.ConsecutiveFailures == 2 },
	})
	c := newClient(t, server, guarded{breaker, http.DefaultTransport}, client.WithMaxRetries(0))

	breaksOff := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	server.Answer(breaksOff, breaksOff)
	for range 2 {
		_, err := run(c, server)
		require.Error(t, err)
		assert.False(t, client.SafeToRetry(err), "%v", err)
	}
	_, err := run(c, server)
	require.ErrorIs(t, err, gobreaker.ErrOpenState)
	assert.True(t, client.SafeToRetry(err), "%v", err)
}

// A transport that says that it sent nothing is not believed if it read the body.
func TestATransportThatReadTheBodyMayHaveStartedTheRun(t *testing.T) {
	server := newServer(t)
	c := newClient(t, server, roundTripper(func(req *http.Request) (*http.Response, error) {
		_, err := new(bytes.Buffer).ReadFrom(req.Body)
		return nil, notSentError{errors.Join(errors.New("out of luck"), err)}
	}))

	_, err := run(c, server)
	require.ErrorContains(t, err, "out of luck")
	assert.False(t, client.SafeToRetry(err), "%v", err)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
