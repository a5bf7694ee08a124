package clienttest_test

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aitutor-api/aitutor-go/client/clienttest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRunsAreTheSpecsExamples(t *testing.T) {
	for _, variant := range variants {
		t.Run(variant.name, func(t *testing.T) {
			server := newServer(t, variant.options...)
			got := post(t, server, server.WorkflowID, encode(t, specInputs(t)), variant.run)
			assert.Equal(t, http.StatusOK, got.status)
			assert.Equal(t, exampleOf(t, variant.run), got.decode(t))
			assert.Equal(t, 1, server.Runs())
		})
	}
}

func TestRunsThatAreInOrder(t *testing.T) {
	extra := specInputs(t)
	extra["an input that the spec does not have"] = 1
	long := specInputs(t)
	long["long"] = strings.Repeat("a", 1<<20)
	for _, test := range []struct {
		name   string
		change func(*http.Request)
		inputs any
	}{
		{"an input that the spec does not have", nil, extra},
		{"inputs of 1 MB", nil, long},
		{"a scheme in small letters", func(r *http.Request) {
			r.Header.Set("Authorization", "bearer sk_test_clienttest")
		}, extra},
		{"a content type with a parameter", func(r *http.Request) {
			r.Header.Set("Content-Type", "Application/JSON; charset=utf-8")
		}, extra},
		{"an encoded letter in the ID", func(r *http.Request) {
			r.URL.RawPath = strings.Replace(r.URL.Path, "/run/w", "/run/%77", 1)
		}, extra},
	} {
		t.Run(test.name, func(t *testing.T) {
			if operation().RequestBody.Value.Content.Get("application/json").Schema.Value.VisitJSON(test.inputs) != nil {
				t.Skip("the spec does not allow these inputs")
			}
			server := newServer(t)
			request := newRequest(t, server, http.MethodPost, runPath+server.WorkflowID, encode(t, test.inputs))
			if test.change != nil {
				test.change(request)
			}
			got := send(t, request, "CompletedRun")
			assert.Equal(t, http.StatusOK, got.status)
		})
	}
}

func TestWithWorkflow(t *testing.T) {
	for _, test := range []struct {
		name   string
		output map[string]any
		text   string
	}{
		{"one string", map[string]any{"text": "Hello"}, "Hello"},
		{"one number", map[string]any{"n": 1.0}, `{"n":1}`},
		{"two strings", map[string]any{"b": "2", "a": "1"}, `{"a":"1","b":"2"}`},
		{"nothing", nil, `{}`},
	} {
		for _, variant := range variants {
			t.Run(test.name+", "+variant.name, func(t *testing.T) {
				var got map[string]any
				server := newServer(t, append(variant.options,
					clienttest.WithWorkflow("wf_own", func(_ context.Context, inputs map[string]any) (map[string]any, error) {
						got = inputs
						return test.output, nil
					}))...)
				request := newRequest(t, server, http.MethodPost, runPath+"wf_own", `{"system":"s","user":["u"]}`)
				response, err := http.DefaultClient.Do(request)
				require.NoError(t, err)
				defer func() { assert.NoError(t, response.Body.Close()) }()
				body, err := io.ReadAll(response.Body)
				require.NoError(t, err)
				require.Equal(t, http.StatusOK, response.StatusCode, string(body))
				run := answer{body: body}.decode(t)

				assert.Equal(t, map[string]any{"system": "s", "user": []any{"u"}}, got)
				assert.Equal(t, 1, server.Runs())
				assert.Equal(t, true, run["success"])
				if variant.run == "TextRun" {
					assert.Equal(t, test.text, run["result"])
					return
				}
				assert.NotEmpty(t, run["run_id"])
				assert.NotEmpty(t, run["status"])
				assert.JSONEq(t, encode(t, test.output), encode(t, run["output"]))
			})
		}
	}
}

func TestWithWorkflowReplacesTheDefault(t *testing.T) {
	id := newServer(t).WorkflowID
	called := false
	server := newServer(t, clienttest.WithTextResults(),
		clienttest.WithWorkflow(id, func(context.Context, map[string]any) (map[string]any, error) {
			called = true
			return map[string]any{"text": "Hello"}, nil
		}))
	got := post(t, server, id, "{}", "TextRun")
	assert.Equal(t, http.StatusOK, got.status)
	assert.True(t, called)
}

func TestARunThatFails(t *testing.T) {
	for _, variant := range variants {
		for _, test := range []struct {
			name    string
			output  map[string]any
			err     error
			message string
		}{
			{"with an error", nil, errors.New("the model is \xff down"), "the model is \uFFFD down"},
			{"with an output that is no JSON", map[string]any{"n": math.NaN()}, nil, "encode the workflow's output"},
		} {
			t.Run(test.name+", "+variant.name, func(t *testing.T) {
				server := newServer(t, append(variant.options,
					clienttest.WithWorkflow("wf_own", func(context.Context, map[string]any) (map[string]any, error) {
						return test.output, test.err
					}))...)
				got := post(t, server, "wf_own", "{}", variant.failure)
				assert.Equal(t, http.StatusInternalServerError, got.status)
				message, code := got.failure(t)
				assert.Contains(t, message, test.message)
				assert.Equal(t, "workflow_run_failed", code)
				assert.Equal(t, 1, server.Runs())
			})
		}
	}
}

func TestBadOptionsPanic(t *testing.T) {
	run := func(context.Context, map[string]any) (map[string]any, error) { return nil, nil }
	for name, option := range map[string]clienttest.Option{
		"an empty ID":             clienttest.WithWorkflow("", run),
		"an ID of two segments":   clienttest.WithWorkflow("a/b", run),
		"an ID of dots":           clienttest.WithWorkflow("..", run),
		"an ID with a line break": clienttest.WithWorkflow("a\n", run),
		"a workflow of nothing":   clienttest.WithWorkflow("wf_own", nil),
		"a negative delay":        clienttest.WithDelay(-time.Second),
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				message, _ := recover().(string)
				assert.Contains(t, message, "clienttest: ")
				assert.NotContains(t, message, "\n")
			}()
			clienttest.NewServer(option)
		})
	}
	t.Run("a nil answer", func(t *testing.T) {
		assert.Panics(t, func() { newServer(t).Answer(nil) })
	})
}

func TestManyRunsAtOnce(t *testing.T) {
	server := newServer(t)
	body := encode(t, specInputs(t))
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			got := post(t, server, server.WorkflowID, body, "CompletedRun")
			assert.Equal(t, http.StatusOK, got.status)
		})
	}
	group.Wait()
	assert.Equal(t, 20, server.Runs())
}
