package client_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/api"
	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/client/contract"
)

// addExamples adds the spec's examples, and what is odd about JSON, to a corpus.
func addExamples(add func(body []byte)) {
	for _, example := range api.Document().Components.Examples {
		body, err := json.Marshal(example.Value.Value)
		if err != nil {
			panic(err)
		}
		add(body)
		add(append([]byte("\uFEFF"), body...))
		add(append(body, ' ', '{'))
		add(bytes.Replace(body, []byte("true"), []byte("false"), 1))
		add(body[:len(body)/2])
	}
	for _, odd := range []string{
		"", "null", "[]", `""`, "1", "NaN", "{", `{"success":true}`, `{"success":true,"result":"a","result":"b"}`,
		"{\"success\":true,\"result\":\"\xff\"}", `{"success":true,"result":"\ud83d"}`, `{"success":true,"result":"","n":1e999}`,
		`{"success":true,"result":"{\"a\":1}","output":null}`, `{"success":true,"result":"a","output":{"b":1}}`,
		`{"success":true,"run_id":"r","status":"s","output":{"generated_story":"a"},"result":"b","citations":["c"]}`,
		`{"success":false,"error":{"message":"m","code":5}}`, `{"success":false,"error":["m"]}`, `{"Success":true,"RESULT":"a"}`,
		strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000), strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001),
	} {
		add([]byte(odd))
	}
}

// fuzzClient is a client whose service answers with the answer that is set.
func fuzzClient(f *testing.F, status *int, contentType *string, body *[]byte) *client.Client {
	f.Helper()
	transport := roundTrip(func(req *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: *status, Header: http.Header{"Content-Type": {*contentType}}, Request: req,
			Body: io.NopCloser(bytes.NewReader(*body)), ContentLength: -1,
		}, nil
	})
	c, err := client.New(hostileKey, client.WithHTTPClient(&http.Client{Transport: transport}), client.WithMaxRetries(0))
	require.NoError(f, err)
	return c
}

// FuzzDecodeAnswer answers a run with any body: it gives the text that encoding/json finds in it, or an error with the
// body.
func FuzzDecodeAnswer(f *testing.F) {
	addExamples(func(body []byte) { f.Add(body) })
	status, contentType, body := 200, "application/json", []byte(nil)
	c := fuzzClient(f, &status, &contentType, &body)
	f.Fuzz(func(t *testing.T, answer []byte) {
		body = answer
		run, err := c.RunStory(t.Context(), hostileWorkflow, hostileStory)
		if err != nil {
			assert.Nil(t, run)
			assertBodyKept(t, err, answer)
			return
		}
		assert.Equal(t, answer, run.Body)
		var fields map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(answer, &fields))
		assert.Equal(t, "true", string(fields["success"]))
		var output map[string]json.RawMessage
		var story, result string
		_ = json.Unmarshal(fields["output"], &output)
		_ = json.Unmarshal(output["generated_story"], &story)
		_ = json.Unmarshal(fields["result"], &result)
		if story == "" {
			story = result
		}
		assert.Equal(t, story, run.Text)
		_ = run.String()

		own, err := c.RunInputs(t.Context(), hostileWorkflow, map[string]any{"topic": "dogs"})
		require.NoError(t, err, "what is a run of the story workflow is one of any workflow")
		assert.Equal(t, run.Text, own.Text)
	})
}

// FuzzErrorBody answers with any status, content type and body: what is not a run is an error with the body, of one
// line, without the key.
func FuzzErrorBody(f *testing.F) {
	addExamples(func(body []byte) {
		f.Add(500, "application/json", body)
		f.Add(429, "text/plain; charset=utf-8", body)
		f.Add(200, "text/html", body)
	})
	f.Add(401, "text/plain", []byte("no "+hostileKey))
	f.Add(401, "application/json", []byte(`{"success":false,"error":"no `+hostileKey+`"}`))
	f.Add(401, hostileKey, []byte(`{"`+hostileKey+`":1,"`+hostileKey+`":1}`))
	var status int
	var contentType string
	var body []byte
	c := fuzzClient(f, &status, &contentType, &body)
	f.Fuzz(func(t *testing.T, fuzzStatus int, fuzzType string, answer []byte) {
		if fuzzStatus == http.StatusSwitchingProtocols {
			t.Skip("what follows is no body, and is not read")
		}
		status, contentType, body = fuzzStatus, fuzzType, answer
		run, err := c.RunStory(t.Context(), hostileWorkflow, hostileStory)
		if err == nil {
			assert.Equal(t, 200, status)
			assert.Equal(t, answer, run.Body)
			return
		}
		assertBodyKept(t, err, answer)
		assert.NotContains(t, err.Error(), hostileKey)
		var failure *client.APIError
		if !errors.As(err, &failure) {
			assert.Equal(t, 2, status/100, "every other status is an *APIError")
			return
		}
		assert.Equal(t, status, failure.StatusCode)
		assert.NotContains(t, err.Error(), "\n")
		assert.NotContains(t, failure.Message+failure.Code, hostileKey)
		if client.SafeToRetry(err) {
			assert.Equal(t, 429, status)
		} else if status == 429 { // with an output, as only a run has
			assert.Regexp(t, `output|result|\\u`, string(body))
		}
	})
}

func assertBodyKept(t *testing.T, err error, body []byte) {
	t.Helper()
	var failure *client.APIError
	var violation *contract.Error
	switch {
	case errors.As(err, &failure):
		assert.Equal(t, string(body), string(failure.Body))
	case errors.As(err, &violation):
		assert.Equal(t, string(body), string(violation.Body))
	default:
		t.Errorf("an error without the body: %v", err)
	}
}
