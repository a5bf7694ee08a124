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
	"github.com/aitutor-api/aitutor-go/gen"
)

// addExamples adds the contract's examples, and what is odd about JSON, to a corpus.
func addExamples(f *testing.F, add func(body []byte)) {
	f.Helper()
	for name := range api.Document().Components.Examples {
		body := []byte(example(f, name))
		add(body)
		add(append([]byte("\uFEFF"), body...))
		add(append(bytes.Clone(body), ' ', '{'))
		add(bytes.Replace(body, []byte("true"), []byte("false"), 1))
		add(body[:len(body)/2])
	}
	for _, odd := range []string{
		"", "null", "[]", `""`, "1", "NaN", "{", `{"success":true}`, `{"success":true,"result":"a","result":"b"}`,
		"{\"success\":true,\"result\":\"\xff\"}", `{"success":true,"result":"\ud83d"}`,
		`{"success":true,"result":"","n":1e999}`,
		`{"success":true,"result":"{\"a\":1}","output":null}`, `{"success":true,"result":"a","output":{"b":1}}`,
		`{"success":true,"run_id":"r","status":"s","output":{"a":"b"},"result":"b","citations":["c"]}`,
		`{"success":false,"error":{"message":"m","code":5}}`, `{"success":false,"error":["m"]}`,
		`{"Success":true,"RESULT":"a"}`,
		strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000), strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001),
	} {
		add([]byte(odd))
	}
}

// fuzzResponse is the response of a service.
type fuzzResponse struct {
	status      int
	contentType string
	body        []byte
}

// client returns a client whose service gives the response of the moment.
func (r *fuzzResponse) client(f *testing.F) *client.Client {
	f.Helper()
	return newClient(f, roundTrip(func(req *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: r.status, Header: http.Header{"Content-Type": {r.contentType}}, Request: req,
			Body: io.NopCloser(bytes.NewReader(r.body)), ContentLength: -1,
		}, nil
	}), client.WithMaxRetries(0))
}

// FuzzRun_Response responds to a run with any body: the Run has what encoding/json finds in it, or the error has the
// body.
func FuzzRun_Response(f *testing.F) {
	addExamples(f, func(body []byte) { f.Add(body) })
	var response fuzzResponse
	c := response.client(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		response = fuzzResponse{200, "application/json", body}
		run, err := runExample(t, c)
		if err != nil {
			assertBodyKept(t, run, err, body)
			return
		}
		assert.Equal(t, body, run.Body)
		var fields map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(body, &fields))
		assert.Equal(t, "true", string(fields["success"]))
		var output gen.RunOutput
		var result string
		_ = json.Unmarshal(fields["result"], &result)
		if present := fields["output"]; present == nil || string(present) == "null" {
			assert.Equal(t, result, run.Text)
			assert.Equal(t, output, run.Output)
		} else if run.ID != "" { // of the documented variant, with which the output may keep the contract
			if json.Unmarshal(present, &output) == nil && json.Valid(present) && !bytes.ContainsAny(present, `\`) {
				assert.Equal(t, output, run.Output)
			}
		}
		_ = run.String()

		own, err := c.RunInputs(t.Context(), testWorkflow, map[string]any{"topic": "dogs"})
		require.NoError(t, err, "what is a run of the contract's workflow is one of any workflow")
		assert.Equal(t, run.Text, own.Text)
	})
}

// FuzzRun_ErrorResponse responds with any status, content type and body: what is not a run is an error with the body,
// of one line, without the key.
func FuzzRun_ErrorResponse(f *testing.F) {
	addExamples(f, func(body []byte) {
		f.Add(500, "application/json", body)
		f.Add(429, "text/plain; charset=utf-8", body)
		f.Add(200, "text/html", body)
	})
	f.Add(401, "text/plain", []byte("no "+testKey))
	f.Add(401, "application/json", []byte(`{"success":false,"error":"no `+testKey+`"}`))
	f.Add(401, testKey, []byte(`{"`+testKey+`":1,"`+testKey+`":1}`))
	var response fuzzResponse
	c := response.client(f)
	f.Fuzz(func(t *testing.T, status int, contentType string, body []byte) {
		if status == http.StatusSwitchingProtocols {
			t.Skip("what follows is no body, and is not read")
		}
		response = fuzzResponse{status, contentType, body}
		run, err := runExample(t, c)
		if err == nil {
			assert.Equal(t, 200, status)
			assert.Equal(t, body, run.Body)
			return
		}
		assertBodyKept(t, run, err, body)
		assert.NotContains(t, err.Error(), testKey)
		var failure *client.APIError
		if !errors.As(err, &failure) {
			assert.Equal(t, 2, status/100, "every other status is an *APIError")
			return
		}
		assert.Equal(t, status, failure.StatusCode)
		assert.NotContains(t, err.Error(), "\n")
		assert.NotContains(t, failure.Message+failure.Code, testKey)
		if client.SafeToRetry(err) {
			assert.Equal(t, 429, status)
		} else if status == 429 { // with an output, as only a run has
			assert.Regexp(t, `output|result|\\u`, string(body))
		}
	})
}

// assertBodyKept asserts that a response is whole in one of the two types of errors, and in the Run beside it.
func assertBodyKept(t *testing.T, run *client.Run, err error, body []byte) {
	t.Helper()
	failure, isAPIError := errors.AsType[*client.APIError](err)
	violation, isViolation := errors.AsType[*contract.Error](err)
	require.NotEqual(t, isAPIError, isViolation, "an error of both types or of none: %v", err)
	if isAPIError {
		assert.Nil(t, run)
		assert.Equal(t, string(body), string(failure.Body))
		return
	}
	assert.Equal(t, string(body), string(violation.Body))
	require.NotNil(t, run)
	assert.Equal(t, string(body), string(run.Body))
}

// FuzzDecode decodes the output of any run: what encoding/json finds in it, or an error.
func FuzzDecode(f *testing.F) {
	addExamples(f, func(body []byte) {
		f.Add("", body)
		f.Add(string(body), []byte(`{"success":true,"result":"x"}`))
		f.Add("once", append([]byte(`{"output":`), append(bytes.Clone(body), '}')...))
	})
	f.Fuzz(func(t *testing.T, text string, body []byte) {
		run := &client.Run{Text: text, Body: body}
		var value any
		err := run.Decode(&value)
		var typed struct {
			A *int `json:"a"`
		}
		_ = run.Decode(&typed)
		require.Error(t, run.Decode(nil))
		assert.Equal(t, string(body), string(run.Body))
		if err != nil {
			assert.NotContains(t, err.Error(), "\n")
			return
		}
		var response struct {
			Output json.RawMessage `json:"output"`
		}
		var fromText, fromOutput any
		textErr := json.Unmarshal([]byte(text), &fromText)
		if !json.Valid(body) {
			return // what can be read of it is for TestDecode
		}
		outputErr := json.Unmarshal(body, &response)
		if outputErr == nil {
			outputErr = json.Unmarshal(response.Output, &fromOutput)
		}
		assert.True(t, textErr == nil && assert.ObjectsAreEqual(fromText, value) ||
			outputErr == nil && assert.ObjectsAreEqual(fromOutput, value), "%v is neither the text nor the output", value)
	})
}
