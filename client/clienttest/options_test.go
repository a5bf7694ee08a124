package clienttest_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/aitutor-api/aitutor-go/client/clienttest"
	"github.com/stretchr/testify/assert"
)

func TestLenientRunsWhateverItIsSent(t *testing.T) {
	for _, variant := range variants {
		for name, body := range map[string]string{
			"no body": "", "no JSON": "{", "an array": "[]", "no inputs": "{}", "a mistyped input": `{"` + firstInput() + `":1}`,
		} {
			t.Run(variant.name+"/"+name, func(t *testing.T) {
				server := newServer(t, append([]clienttest.Option{clienttest.Lenient()}, variant.options...)...)
				request := newRequest(t, server, http.MethodPost, runPath+server.WorkflowID, body)
				request.Header.Set("Content-Type", "text/plain")
				got := send(t, request, variant.run)
				assert.Equal(t, http.StatusOK, got.status)
				assert.Equal(t, 1, server.Runs())
			})
		}
	}
}

func TestLenientStillChecksTheKeyAndTheWorkflow(t *testing.T) {
	server := newServer(t, clienttest.Lenient())
	request := newRequest(t, server, http.MethodPost, runPath+server.WorkflowID, "{}")
	request.Header.Del("Authorization")
	assert.Equal(t, http.StatusUnauthorized, send(t, request, "Error").status)
	assert.Equal(t, http.StatusNotFound, post(t, server, "wf_other", "{}", "Error").status)
	assert.Zero(t, server.Runs())
}

func TestWithCitations(t *testing.T) {
	own := clienttest.WithWorkflow("wf_own", func(context.Context, map[string]any) (map[string]any, error) {
		return map[string]any{"text": "Hello"}, nil
	})
	for _, id := range []string{newServer(t).WorkflowID, "wf_own"} {
		server := newServer(t, own, clienttest.WithCitations("https://example.com/a", "https://example.com/b"))
		got := post(t, server, id, encode(t, specInputs(t)), "TextRun").decode(t)
		assert.Equal(t, []any{"https://example.com/a", "https://example.com/b"}, got["citations"])
		server = newServer(t, own, clienttest.WithCitations())
		assert.NotEmpty(t, post(t, server, id, encode(t, specInputs(t)), "TextRun").decode(t)["citations"])
	}
}
