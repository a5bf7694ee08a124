package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/client/contract"
)

// assertNoKey formats everything that a call gave, with every verb, in log records and as JSON, and looks for the key.
// A Body is what was received, and may hold it: it is emptied first.
func assertNoKey(t *testing.T, key string, run *client.Run, err error, others ...any) {
	t.Helper()
	shortenBodies(run, err)
	values := append([]any{err, run}, others...)
	for _, inner := range chainOf(err) {
		values = append(values, inner)
	}
	if run != nil {
		bare := *run
		bare.Body = nil
		values = append(values, run, *run, bare, run.ID, run.Status, run.RateLimit)
	}
	for _, inner := range chainOf(err) {
		switch inner := inner.(type) { //nolint:errorlint // each of the chain in turn
		case *client.APIError:
			bare := *inner
			bare.Body, bare.Violation = nil, nil
			values = append(values, *inner, bare, &bare, inner.Header, inner.Message, inner.Code, inner.RequestID, inner.Violation)
		case *contract.Error:
			bare := *inner
			bare.Body = nil
			values = append(values, *inner, bare, &bare, inner.Violations)
			for _, violation := range inner.Violations {
				values = append(values, violation, &violation)
			}
		}
	}
	for _, value := range values {
		for how, text := range printed(value) {
			assert.NotContains(t, strings.ToLower(text), strings.ToLower(key), "%T with %s", value, how)
		}
	}
}

// shortenBodies keeps a hundred megabytes from being printed in twenty ways.
func shortenBodies(run *client.Run, err error) {
	const enough = 4096
	if run != nil {
		run.Body = run.Body[:min(len(run.Body), enough)]
		run.Text = run.Text[:min(len(run.Text), enough)]
	}
	for _, inner := range chainOf(err) {
		switch inner := inner.(type) { //nolint:errorlint // each of the chain in turn
		case *client.APIError:
			inner.Body = inner.Body[:min(len(inner.Body), enough)]
		case *contract.Error:
			inner.Body = inner.Body[:min(len(inner.Body), enough)]
		}
	}
}

// printed is value as every verb and every log handler prints it.
func printed(value any) map[string]string {
	texts := make(map[string]string)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T", "%10.200v"} {
		texts[verb] = fmt.Sprintf(verb, value)
	}
	// A Body's text may come with %s alone.
	var text, object bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).InfoContext(context.Background(), "record", "value", value)
	slog.New(slog.NewJSONHandler(&object, nil)).InfoContext(context.Background(), "record", "value", value)
	texts["slog text"], texts["slog JSON"] = text.String(), object.String()
	if encoded, err := json.Marshal(value); err == nil {
		texts["JSON"] = string(encoded)
	}
	if v := reflect.ValueOf(value); v.IsValid() && v.CanInterface() {
		texts["in a slice, %v"] = fmt.Sprintf("%v", []any{value})
		texts["in a slice, %#v"] = fmt.Sprintf("%#v", []any{value})
	}
	return texts
}

// oddKeys have characters that some notation spells in a way of its own.
var oddKeys = map[string]string{
	"plain":     hostileKey,
	"of base64": "QWxhZGRpbjpvcGVu+c2VzYW1l/abc==",
	"quoted":    `Key"with\odd'signs<&>%41~1#?{}` + "`",
	"short":     "K7#",
}

// TestTheKeyIsInNothingThatPrints has servers echo keys everywhere and looks for them in all that comes of it.
func TestTheKeyIsInNothingThatPrints(t *testing.T) {
	t.Parallel()
	for name, key := range oddKeys {
		quoted, err := json.Marshal(key)
		require.NoError(t, err)
		inJSON := string(quoted[1 : len(quoted)-1])
		for does, handler := range map[string]http.HandlerFunc{
			"in the documented error": answerJSON(401, `{"success":false,"error":{"message":"no `+inJSON+`","code":"`+inJSON+`"}}`),
			"in the deployed error":   answerJSON(400, `{"success":false,"error":"`+inJSON+`","code":"`+inJSON+`"}`),
			"in plain text":           answer(502, "text/plain", key),
			"in HTML":                 answer(502, "text/html", key),
			"in the content type":     answer(502, key, "x"),
			"in a header":             withHeader(answerJSON(500, "{}"), "X-Echo", key),
			"in the request's ID":     withHeader(answerJSON(500, "{}"), "X-Request-Id", "a"+key),
			"in a rate limit":         withHeader(answerJSON(200, goodAnswer), "X-Ratelimit-Limit", key),
			"in a run":                answerJSON(200, `{"success":true,"run_id":"`+inJSON+`","status":"`+inJSON+`","output":{"generated_story":"x"}}`),
			"as a duplicate name":     answerJSON(200, `{"success":true,"result":"","`+inJSON+`":1,"`+inJSON+`":2}`),
			"as a nested name":        answerJSON(500, `{"success":false,"`+inJSON+`":{"`+inJSON+`":[1,{"`+inJSON+`":}]}}`),
			"as a wrong value":        answerJSON(200, `{"success":"`+inJSON+`","result":["`+inJSON+`"]}`),
			"as a place to go":        withHeader(answer(302, "text/plain", key), "Location", "http://[::1/"+key),
		} {
			t.Run(name+" key "+does, func(t *testing.T) {
				t.Parallel()
				transport := &http.Transport{}
				t.Cleanup(transport.CloseIdleConnections)
				var records bytes.Buffer
				var handled []*contract.Error
				opts := []client.Option{
					client.WithBaseURL(serveHTTP(t, new(runCounter), handler)),
					client.WithHTTPClient(&http.Client{Transport: transport}),
					client.WithLogger(slog.New(slog.NewTextHandler(&records, &slog.HandlerOptions{Level: slog.LevelDebug}))),
					client.WithViolationHandler(func(_ context.Context, violation *contract.Error) error {
						handled = append(handled, violation)
						return violation
					}),
				}
				c, err := client.New(key, opts...)
				require.NoError(t, err)
				run, err := c.RunStory(t.Context(), hostileWorkflow, hostileStory)
				values := []any{c, *c, opts, opts[0], contract.Default(), *contract.Default(), records.String()}
				for _, violation := range handled {
					values = append(values, violation.Violations, violation.Error(), violation.Path)
				}
				assertNoKey(t, key, run, err, values...)
				assert.Contains(t, records.String(), "wf_hostile")
				assert.NotContains(t, records.String(), "story")
			})
		}
	}
}

func TestNoPartOfTheKeyIsLeftWhereALongTextIsCut(t *testing.T) {
	key := strings.Repeat("+/=", 8)
	for name, spelling := range map[string]string{"the key": key, "the key in a URL": url.QueryEscape(key)} {
		transport := &scriptedTransport{steps: []func(*http.Request) (*http.Response, error){
			stepAnswer(502, strings.Repeat("a", 4090-len(spelling)/2)+spelling, "Content-Type", "text/plain"),
		}}
		c, err := client.New(key, client.WithHTTPClient(&http.Client{Transport: transport}))
		require.NoError(t, err)
		_, err = c.RunStory(t.Context(), hostileWorkflow, hostileStory)
		var answer *client.APIError
		require.ErrorAs(t, err, &answer)
		assert.Regexp(t, "^a+$", answer.Message, name)
	}
}

func TestTheKeyIsInNoRefusal(t *testing.T) {
	t.Parallel()
	c, err := client.New(hostileKey)
	require.NoError(t, err)
	for name, call := range map[string]func() (*client.Run, error){
		"the key as workflow ID":     func() (*client.Run, error) { return c.RunStory(t.Context(), hostileKey, "x") },
		"the key as ID of a blank":   func() (*client.Run, error) { return c.RunStory(t.Context(), hostileKey, "") },
		"the key as ID of no object": func() (*client.Run, error) { return c.RunInputs(t.Context(), hostileKey, 5) },
		"the key as an input's name that does not encode": func() (*client.Run, error) {
			return c.RunInputs(t.Context(), hostileWorkflow, map[string]any{hostileKey: func() {}})
		},
		"an input whose error holds the key": func() (*client.Run, error) {
			return c.RunInputs(t.Context(), hostileWorkflow, failingInputs{})
		},
	} {
		run, err := call()
		require.ErrorIs(t, err, client.ErrInvalidRequest, name)
		assertNoKey(t, hostileKey, run, err)
	}
	for _, base := range []string{hostileKey, "https://" + hostileKey + "@host", "ftp://" + hostileKey, "http://" + hostileKey, "https://h/?" + hostileKey} {
		_, err := client.New(hostileKey, client.WithBaseURL(base))
		require.Error(t, err)
		assertNoKey(t, hostileKey, nil, err)
	}
	for _, option := range []client.Option{
		client.WithUserAgent(strings.Repeat("a", 50) + hostileKey + "\n"), client.WithBaseURL("ftp://h/" + strings.Repeat("a", 180) + hostileKey),
	} {
		_, err := client.New(hostileKey, option)
		require.Error(t, err)
		assertNoKey(t, hostileKey[:10], nil, err)
	}
	for _, key := range []string{hostileKey + "\n", hostileKey + " ", "\t" + hostileKey, hostileKey + "\x7f", hostileKey + "é"} {
		_, err := client.New(key)
		require.Error(t, err)
		assertNoKey(t, hostileKey, nil, err)
	}
}

type failingInputs struct{}

func (failingInputs) MarshalJSON() ([]byte, error) { return nil, errors.New("no " + hostileKey) }

// TestTheKeyIsInNoErrorOfARoundTripper has a transport of the caller's own tell the whole request.
func TestTheKeyIsInNoErrorOfARoundTripper(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]func(*http.Request) error{
		"as text":    func(req *http.Request) error { return fmt.Errorf("could not send %v", req.Header) },
		"quoted":     func(req *http.Request) error { return fmt.Errorf("could not send %q", req.Header) },
		"wrapped":    func(req *http.Request) error { return fmt.Errorf("wrapped: %w", fmt.Errorf("%v", req.Header)) },
		"joined":     func(req *http.Request) error { return errors.Join(io.EOF, fmt.Errorf("%v", req.Header)) },
		"as a value": func(req *http.Request) error { return tellingError{req.Header.Get("Authorization")} },
		"where it is a URL": func(req *http.Request) error {
			return &url.Error{Op: "Post", URL: req.Header.Get("Authorization"), Err: io.EOF}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, key := range oddKeys {
				c, err := client.New(key, client.WithHTTPClient(&http.Client{Transport: roundTrip(func(req *http.Request) (*http.Response, error) {
					return nil, failure(req)
				})}))
				require.NoError(t, err)
				run, err := c.RunStory(t.Context(), hostileWorkflow, hostileStory)
				require.Error(t, err)
				assertNoKey(t, key, run, err)
			}
		})
	}
}

// What a transport's own error holds but does not say is not printed with the call's error either.
func TestAnErrorPrintsNothingOfWhatItWraps(t *testing.T) {
	c, err := client.New(hostileKey, client.WithHTTPClient(&http.Client{Transport: roundTrip(func(req *http.Request) (*http.Response, error) {
		return nil, silentError{req.Header}
	})}))
	require.NoError(t, err)
	_, err = c.RunStory(t.Context(), hostileWorkflow, hostileStory)
	require.ErrorAs(t, err, new(silentError))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		assert.NotContains(t, fmt.Sprintf(verb, err), hostileKey, verb)
	}
}

type silentError struct{ Header http.Header }

func (silentError) Error() string { return "could not send" }

type tellingError struct{ Request string }

func (e tellingError) Error() string { return "could not send " + e.Request }

// TestTheKeyGoesToTheBaseURLAlone looks at what is sent where.
func TestTheKeyGoesToTheBaseURLAlone(t *testing.T) {
	t.Parallel()
	c, err := client.New(hostileKey, client.WithHTTPClient(&http.Client{Transport: roundTrip(func(req *http.Request) (*http.Response, error) {
		assert.Equal(t, "https://aitutor-api.vercel.app/api/v1/run/wf_hostile", req.URL.String())
		assert.Equal(t, []string{"Bearer " + hostileKey}, req.Header["Authorization"])
		req.Header.Del("Authorization")
		assert.NotContains(t, fmt.Sprint(req.Header, req.URL), hostileKey)
		return stepAnswer(200, goodAnswer)(req)
	})}))
	require.NoError(t, err)
	for range 2 { // the second as the first, whatever a transport does to the request that it is given
		_, err = c.RunStory(t.Context(), hostileWorkflow, hostileStory)
		require.NoError(t, err)
	}
	for _, base := range []string{"http://example.com", "http://localhost.evil.example", "http://127.0.0.1.evil.example", "http://0.0.0.0", "http://10.0.0.1", "http://[::]", "http://localhost@evil.example"} {
		_, err := client.New(hostileKey, client.WithBaseURL(base))
		assert.Error(t, err, base)
	}
}
