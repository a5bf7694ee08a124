package clienttest

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/aitutor-api/aitutor-go/gen"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A failure is an error answer, whatever its form.
type failure struct {
	status        int
	message, code string
}

// exampleFailure returns the spec's example of an error in the server's form, or one made up where the spec has none.
func (s *service) exampleFailure(status int) failure {
	if s.textResults {
		if value, ok := s.contract.example(status, "FlatError"); ok {
			flat := as[gen.FlatError](value)
			return failure{status, flat.Error, flat.Code}
		}
	} else if value, ok := s.contract.example(status, "Error"); ok {
		documented := as[gen.Error](value).Error
		return failure{status, documented.Message, documented.Code}
	}
	return failure{status, http.StatusText(status), code(status)}
}

// inputFailure is the spec's example of a missing input with the name of the bad one in it.
func (s *service) inputFailure(bad *badInput) failure {
	f := s.exampleFailure(http.StatusBadRequest)
	wording := "Missing required parameter"
	if i := strings.LastIndex(f.message, ": "); i >= 0 {
		wording = f.message[:i]
	}
	switch {
	case bad.name == "":
		f.message = "Invalid request: " + bad.reason
	case bad.missing:
		f.message = wording + ": " + bad.name
	default:
		f.message = "Invalid parameter: " + bad.name + ": " + bad.reason
	}
	return f
}

// refuse answers with an error of which the spec has no example.
func (s *service) refuse(w http.ResponseWriter, status int, message string) {
	s.fail(w, failure{status, message, code(status)})
}

// code makes an error's code out of its status, such as method_not_allowed.
func code(status int) string {
	if status == http.StatusBadRequest {
		return "invalid_request"
	}
	return strings.ReplaceAll(strings.ToLower(http.StatusText(status)), " ", "_")
}

// fail answers with an error in the server's form.
func (s *service) fail(w http.ResponseWriter, f failure) {
	if s.textResults {
		write(w, f.status, gen.FlatError{Error: f.message, Code: f.code})
		return
	}
	write(w, f.status, gen.Error{Error: gen.ErrorDetail{Message: f.message, Code: f.code}})
}

// runSchema is the name of the schema of a run's answer.
func (s *service) runSchema() string {
	if s.textResults {
		return "TextRun"
	}
	return "CompletedRun"
}

// runAnswer is the answer of a workflow with an output of its own. Its other fields are those of the spec's example.
func (s *service) runAnswer(output map[string]any) (any, error) {
	if output == nil {
		output = map[string]any{}
	}
	data, err := json.Marshal(output, json.Deterministic(true))
	if err != nil {
		return nil, fmt.Errorf("encode the workflow's output: %w", err)
	}
	if s.textResults {
		return gen.TextRun{Success: true, Result: text(output, data)}, nil
	}
	run := as[completedRun](s.contract.runExample("CompletedRun"))
	run.Output = data
	return run, nil
}

// A completedRun is a gen.CompletedRun with any output.
type completedRun struct {
	gen.CompletedRun
	Output jsontext.Value `json:"output"`
}

// text is the output as a text: its one string, or else the whole as JSON.
func text(output map[string]any, data []byte) string {
	if len(output) == 1 {
		for _, value := range output {
			if text, ok := value.(string); ok {
				return text
			}
		}
	}
	return string(data)
}

// setRunHeaders sets the headers that the spec gives a run, to their examples.
func (s *service) setRunHeaders(header http.Header) {
	response := s.contract.response(http.StatusOK)
	if response == nil {
		return
	}
	for name, ref := range response.Headers {
		if data, err := json.Marshal(ref.Value.Example); err == nil && ref.Value.Example != nil {
			header.Set(name, strings.Trim(string(data), `"`))
		}
	}
}

// write answers with a JSON body.
func write(w http.ResponseWriter, status int, body any) {
	data, err := json.Marshal(body, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		panic("clienttest: encode an answer: " + err.Error())
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(data) // the client may be gone
}
