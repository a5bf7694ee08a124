// Package payload decodes the JSON of a run's response, of any variant, even if it is broken.
package payload

import (
	"bytes"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// Payload is a response: a run or an error.
type Payload struct {
	Success   Value      `json:"success"`
	RunID     Value      `json:"run_id"`
	Status    Value      `json:"status"`
	Output    span       `json:"output"`
	Result    Value      `json:"result"`
	Citations span       `json:"citations"`
	Error     errorValue `json:"error"`
	Code      Value      `json:"code"` // of the deployed variant

	json []byte
}

// Decode decodes a body, or as much of it as stands before the byte at which it is broken.
func Decode(body []byte) *Payload {
	p := Payload{json: bytes.TrimPrefix(body, []byte("\uFEFF"))}
	_ = json.Unmarshal(p.json, &p, tolerant)
	return &p
}

var (
	// tolerant takes what is broken in JSON itself: it replaces invalid UTF-8, and takes the last of duplicate names.
	tolerant = json.JoinOptions(jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	// skipping also goes on after a value that does not have the type of its field.
	skipping = json.JoinOptions(tolerant, jsonv1.ReportErrorsWithLegacySemantics(true))
)

// IsRun reports whether the response has what a workflow generated.
func (p *Payload) IsRun() bool {
	return p.Success.Kind != 'f' && (p.Output.isPresent() || p.Result.isPresent())
}

// IsError reports whether the response is an error, of either variant.
func (p *Payload) IsError() bool {
	return !p.IsRun() && (p.Success.Kind == 'f' || p.Error.isPresent())
}

// OutputJSON returns the output as it stands in the body, or nil if the response has its output in the result.
func (p *Payload) OutputJSON() []byte {
	if p.Output.Kind == '{' || p.Output.isPresent() && !p.Result.isPresent() {
		return p.Output.in(p.json)
	}
	return nil
}

// DecodeOutput decodes the output into a T, and reports whether there is one. Fields of another type stay empty: the
// output may be another workflow's.
func DecodeOutput[T any](p *Payload) (output T, ok bool) {
	if !p.Output.isPresent() {
		return output, false
	}
	if json.Unmarshal(p.Output.in(p.json), &output, tolerant) != nil {
		output = *new(T)
		_ = json.Unmarshal(p.Output.in(p.json), &output, skipping)
	}
	return output, true
}

// DecodeCitations returns the texts of the citations.
func (p *Payload) DecodeCitations() []string {
	if p.Citations.Kind != '[' {
		return nil
	}
	var values []Value
	_ = json.Unmarshal(p.Citations.in(p.json), &values, tolerant)
	citations := make([]string, len(values))
	for i, v := range values {
		citations[i] = v.Text
	}
	return citations
}

// Value is any value. Of a string it has the Text.
type Value struct {
	Text string
	Kind jsontext.Kind // 0 if there is no value
}

func (v *Value) isPresent() bool { return v.Kind != 0 && v.Kind != 'n' }

// UnmarshalJSONFrom decodes the next value of d.
func (v *Value) UnmarshalJSONFrom(d *jsontext.Decoder) (err error) {
	read := Value{Kind: d.PeekKind()}
	if read.Kind == '"' {
		var token jsontext.Token
		if token, err = d.ReadToken(); err == nil {
			read.Text = token.String()
		}
	} else {
		err = d.SkipValue()
	}
	if err == nil || v.Kind == 0 { // a value that is broken does not replace one of the same name
		*v = read
	}
	return err
}

// span is where a value stands in the JSON. It is not copied.
type span struct {
	Kind       jsontext.Kind // 0 if there is no value
	start, end int64
}

func (s *span) isPresent() bool { return s.Kind != 0 && s.Kind != 'n' }

func (s *span) in(json []byte) []byte { return json[s.start:s.end] }

func (s *span) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	*s = span{Kind: d.PeekKind()}
	value, err := d.ReadValue()
	if err == nil {
		s.end = d.InputOffset()
		s.start = s.end - int64(len(value))
	}
	return err
}

// errorValue is the value of error in either variant: the message, or an object with it.
type errorValue struct {
	Code    Value         `json:"code"`
	Message Value         `json:"message"`
	Kind    jsontext.Kind `json:"-"` // 0 if there is no value
}

func (e *errorValue) isPresent() bool { return e.Kind != 0 && e.Kind != 'n' }

func (e *errorValue) UnmarshalJSONFrom(d *jsontext.Decoder) (err error) {
	read := errorValue{Kind: d.PeekKind()}
	if read.Kind == '{' {
		type fields errorValue // without this method
		err = json.UnmarshalDecode(d, (*fields)(&read))
	} else {
		err = read.Message.UnmarshalJSONFrom(d)
	}
	if err == nil || e.Kind == 0 { // of a value that is cut off, its beginning
		*e = read
	}
	return err
}
