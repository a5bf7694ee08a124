package clienttest

import (
	"cmp"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
	"github.com/aitutor-api/aitutor-go/client/internal/payload"
	"github.com/aitutor-api/aitutor-go/gen"
)

// A failure is an error, in either variant.
type failure struct {
	status        int
	message, code string
}

// exampleFailure returns the spec's example of an error of a run in the server's variant, or one made up if the spec has none.
func (s *service) exampleFailure(status int) failure {
	if value, ok := s.contract.example(s.contract.response(status), s.errorSchema()); ok {
		decoded := payload.Decode(encode(value))
		return failure{status, decoded.Error.Message.Text, cmp.Or(decoded.Error.Code.Text, decoded.Code.Text)}
	}
	return failure{status, http.StatusText(status), code(status)}
}

// inputFailure is the spec's example of a missing input, with the name of the bad one.
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

// refuse responds with an error of which the spec has no example.
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

// fail responds with an error in the server's variant.
func (s *service) fail(w http.ResponseWriter, f failure) {
	write(w, f.status, s.errorBody(f))
}

func (s *service) errorBody(f failure) any {
	if !s.textResults {
		return gen.Error{Error: gen.ErrorDetail{Message: f.message, Code: f.code}}
	}
	flat := gen.FlatError{Error: f.message}
	if f.code != "" {
		flat.Code = &f.code
	}
	return flat
}

// failExample responds with an operation's own example of an error, in the server's variant if it has that. An error that
// only the operation's default describes, or a range of statuses, is that of a run, if its schema allows that.
func (s *service) failExample(w http.ResponseWriter, op openapi.Operation, status int) {
	response := op.Response(status)
	if op.Responses.Value(strconv.Itoa(status)) == nil {
		f := s.exampleFailure(status)
		if response == nil || s.contract.allows(response, s.errorBody(f)) {
			s.fail(w, f)
			return
		}
	}
	writeExample(w, status, response, s.errorSchema(), s.contract)
}

// writeExample responds with the spec's example of a response, in the first of its content types, those of JSON first: one
// that is valid against the named schema, if there is one, else the first, else a sample of the response's schema.
func writeExample(w http.ResponseWriter, status int, response *openapi3.Response, schema string, c contract) {
	setHeaders(w.Header(), response, c)
	if response == nil || len(response.Content) == 0 {
		w.WriteHeader(status)
		return
	}
	media := openapi.Bodies(response.Content)[0]
	value, ok := c.example(response, schema)
	if !ok {
		var err error
		if value, err = openapi.ForResponses(c.document).Example(media.MediaType); err != nil {
			panic("clienttest: " + err.Error())
		}
	}
	contentType, body, err := media.Encode(value)
	if err != nil {
		panic("clienttest: encode a response: " + err.Error())
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may be gone
}

// runSchema and errorSchema are the names of the schemas of the server's variant.
func (s *service) runSchema() string {
	if s.textResults {
		return nameOf[gen.TextRun]()
	}
	return nameOf[gen.CompletedRun]()
}

func (s *service) errorSchema() string {
	if s.textResults {
		return nameOf[gen.FlatError]()
	}
	return nameOf[gen.Error]()
}

// nameOf returns the name of a generated type, which is that of its schema.
func nameOf[T any]() string { return reflect.TypeFor[T]().Name() }

// runResponse is the response of a workflow with an output of its own. Its other fields are those of the spec's example.
func (s *service) runResponse(output map[string]any) (any, error) {
	if output == nil {
		output = map[string]any{}
	}
	data, err := json.Marshal(output, json.Deterministic(true))
	if err != nil {
		return nil, fmt.Errorf("encode the workflow's output: %w", err)
	}
	if s.textResults {
		return s.cited(gen.TextRun{Success: true, Result: text(output, data)})
	}
	var run gen.CompletedRun
	if err := json.Unmarshal(encode(s.contract.runExample(s.runSchema())), &run); err != nil {
		return nil, fmt.Errorf("the spec's example of a run: %w", err)
	}
	own := json.MarshalToFunc(func(e *jsontext.Encoder, _ gen.RunOutput) error { return e.WriteValue(data) })
	body, err := json.Marshal(run, json.WithMarshalers(own))
	return jsontext.Value(body), err
}

// cited returns a run with citations, if the server's runs have them.
func (s *service) cited(run any) (any, error) {
	if !s.cites {
		return run, nil
	}
	var text gen.TextRun
	if err := json.Unmarshal(encode(run), &text); err != nil {
		return nil, err
	}
	citations := s.citations
	if len(citations) == 0 {
		citations = s.contract.citations()
	}
	text.Citations = &citations
	return text, nil
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

// setHeaders sets the headers that the spec gives a response, to their examples, and a required one without to a sample.
func setHeaders(header http.Header, response *openapi3.Response, c contract) {
	if response == nil {
		return
	}
	for name, ref := range response.Headers {
		if ref.Value.Example == nil && !ref.Value.Required {
			continue
		}
		if value, err := openapi.ForResponses(c.document).Parameter(&ref.Value.Parameter); err == nil {
			data, _ := json.Marshal(value)
			header.Set(name, strings.Trim(string(data), `"`))
		}
	}
}

// write responds with a JSON body.
func write(w http.ResponseWriter, status int, body any) {
	data, err := json.Marshal(body, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		panic("clienttest: encode a response: " + err.Error())
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(data) // the client may be gone
}
