package client

import (
	"cmp"
	"errors"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/aitutor-api/aitutor-go/gen"
)

// envelope is what tells a run from an error, also where either breaks the contract. It keeps nothing but an error's texts.
type envelope struct {
	Success jsonKind    `json:"success"`
	Output  jsonKind    `json:"output"`
	Result  jsonKind    `json:"result"`
	Error   errorValue  `json:"error"`
	Code    textOrEmpty `json:"code"`
}

// readEnvelope reads the envelope of an answer, or of what stands before the error. It is nil where the answer is no object.
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
	return e.hasOutput() || e != nil && e.Success != 'f' && e.Error.kind == 0
}

// hasOutput reports whether an answer has what a workflow generated.
func (e *envelope) hasOutput() bool {
	return e != nil && e.Success != 'f' && (e.Output.isPresent() || e.Result.isPresent())
}

// describe finds the service's code and message in an error of either form.
func (e *envelope) describe() (code, message string) {
	return string(cmp.Or(e.Error.Code, e.Code)), string(e.Error.Message)
}

// errorValue is the value of error in either form: the message, or an object with it.
type errorValue struct {
	kind jsonKind
	errorDetail
}

type errorDetail struct {
	Code    textOrEmpty `json:"code"`
	Message textOrEmpty `json:"message"`
}

func (v *errorValue) UnmarshalJSONFrom(d *jsontext.Decoder) (err error) {
	read := errorValue{kind: jsonKind(d.PeekKind())}
	if read.kind == '{' {
		err = json.UnmarshalDecode(d, &read.errorDetail)
	} else {
		err = json.UnmarshalDecode(d, &read.Message)
	}
	if err == nil || v.kind == 0 { // of a value that is cut off, its beginning
		*v = read
	}
	return err
}

// jsonKind is the kind of any value; 0 where there is none.
type jsonKind jsontext.Kind

// isPresent reports whether there is a value, and not null.
func (k jsonKind) isPresent() bool { return k != 0 && k != 'n' }

func (k *jsonKind) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	*k = jsonKind(d.PeekKind())
	return d.SkipValue()
}

// textOrEmpty is a string; "" of any other value.
type textOrEmpty string

func (t *textOrEmpty) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	value, err := d.ReadValue()
	if err != nil {
		return err
	}
	*t = ""
	if value.Kind() == '"' {
		read, _ := jsontext.AppendUnquote(nil, value) // its error is that of half a surrogate pair
		*t = textOrEmpty(read)
	}
	return nil
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
