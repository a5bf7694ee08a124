package client

import (
	"cmp"
	"errors"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/aitutor-api/aitutor-go/gen"
)

// envelope is what tells a run from an error, also where either breaks the contract.
type envelope struct {
	Success any            `json:"success"`
	Output  jsontext.Value `json:"output"`
	Result  jsontext.Value `json:"result"`
	Error   any            `json:"error"`
	Code    any            `json:"code"`
}

// readEnvelope reads the envelope of an answer that is an object; of another it is nil. With an error it has what was read
// before it.
func readEnvelope(body []byte) (*envelope, error) {
	if jsontext.Value(withoutMark(body)).Kind() != '{' {
		return nil, errors.New("no JSON object")
	}
	var e envelope
	err := decodeBroken(body, &e)
	return &e, err
}

// isRun reports whether an answer is a run, maybe a broken one, and no error.
func (e *envelope) isRun() bool {
	return e != nil && e.Success != false && (e.Output != nil || e.Result != nil || e.Error == nil)
}

// describe finds the service's code and message in an error of either form.
func (e *envelope) describe() (code, message string) {
	code, _ = e.Code.(string)
	message, _ = e.Error.(string)
	if detail, ok := e.Error.(map[string]any); ok {
		inner, _ := detail["code"].(string)
		code = cmp.Or(inner, code)
		message, _ = detail["message"].(string)
	}
	return code, message
}

// runFields are the fields of a run in either form.
type runFields struct {
	Success   *bool          `json:"success"`
	RunID     string         `json:"run_id"`
	Status    string         `json:"status"`
	Output    *gen.RunOutput `json:"output"`
	Result    *string        `json:"result"`
	Citations []string       `json:"citations"`
}

// areOfRun reports whether the fields are certainly of a run: isRun has the last word.
func (f *runFields) areOfRun() bool {
	return f.Success != nil && *f.Success && (f.Output != nil || f.Result != nil)
}
