package client_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client"
)

// FuzzDecode decodes the output of any run: of what encoding/json finds in it, or an error.
func FuzzDecode(f *testing.F) {
	addExamples(func(body []byte) {
		f.Add("", body)
		f.Add(string(body), []byte(`{"success":true,"result":"x"}`))
		f.Add("once", append([]byte(`{"output":`), append(body, '}')...))
	})
	f.Fuzz(func(t *testing.T, text string, body []byte) {
		run := &client.Run{Text: text, Body: body}
		var value any
		err := run.Decode(&value)
		var typed struct {
			Story *int `json:"generated_story"`
		}
		_ = run.Decode(&typed)
		require.Error(t, run.Decode(nil))
		assert.Equal(t, string(body), string(run.Body))
		if err != nil {
			assert.NotContains(t, err.Error(), "\n")
			return
		}
		var answer struct {
			Output json.RawMessage `json:"output"`
		}
		var fromText, fromOutput any
		textErr := json.Unmarshal([]byte(text), &fromText)
		if !json.Valid(body) {
			return // what can be read of it is for TestDecode
		}
		outputErr := json.Unmarshal(body, &answer)
		if outputErr == nil {
			outputErr = json.Unmarshal(answer.Output, &fromOutput)
		}
		assert.True(t, textErr == nil && assert.ObjectsAreEqual(fromText, value) ||
			outputErr == nil && assert.ObjectsAreEqual(fromOutput, value), "%v is neither the text nor the output", value)
	})
}
