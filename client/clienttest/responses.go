package clienttest

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
	"github.com/aitutor-api/aitutor-go/client/internal/payload"
	"github.com/aitutor-api/aitutor-go/gen"
)

// A responder knows how the server responds: from the spec's examples, in one of the two variants.
type responder struct {
	contract    contract
	textResults bool
	cites       bool     // runs have citations
	citations   []string // none: the spec's example has them
}

// A failure is an error, in either variant.
type failure struct {
	status        int
	message, code string
	example       any // the spec's own, if the failure is just that
}

// exampleFailure returns an operation's example of an error in the server's variant, else one that is in neither
// variant, else an error made up.
func (s *responder) exampleFailure(op openapi.Operation, status int) failure {
	var response *openapi3.Response
	if ref := op.Responses.Status(status); ref != nil {
		response = ref.Value
	}
	if value, ok := s.contract.example(response, s.errorSchema()); ok {
		decoded := payload.Decode(encode(value))
		return failure{status, decoded.Error.Message.Text, cmp.Or(decoded.Error.Code.Text, decoded.Code.Text), value}
	}
	made := failure{status: status, message: http.StatusText(status), code: code(status)}
	_, isDocumented := s.contract.example(response, nameOf[gen.Error]())
	_, isFlat := s.contract.example(response, nameOf[gen.FlatError]())
	if response != nil && !isDocumented && !isFlat {
		if _, media := openapi.JSON(response.Content); media != nil && len(openapi.Examples(media)) > 0 {
			made.example = openapi.Examples(media)[0]
		}
	}
	return made
}

// inputFailure returns the operation's example of a refused request, with the name of what is bad.
func (s *responder) inputFailure(op openapi.Operation, bad *badInput) failure {
	f := s.exampleFailure(op, bad.status)
	f.example = nil
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

// refuse responds with an error that no operation describes.
func (s *responder) refuse(w http.ResponseWriter, status int, message string) {
	write(w, status, s.errorBody(failure{status: status, message: message, code: code(status)}))
}

// code makes an error's code out of its status, such as method_not_allowed.
func code(status int) string {
	if status == http.StatusBadRequest {
		return "invalid_request"
	}
	return strings.ReplaceAll(strings.ToLower(http.StatusText(status)), " ", "_")
}

// fail responds with an error of an operation: in the server's variant, or as the operation describes it if it does not
// allow that.
func (s *responder) fail(w http.ResponseWriter, r *http.Request, op openapi.Operation, f failure) {
	response := op.Response(f.status)
	if response == nil {
		write(w, f.status, s.errorBody(f))
		return
	}
	for _, media := range openapi.Bodies(response.Content) {
		bodies := []any{f.example}
		if media.ContentType == "application/json" { // a problem+json, say, is neither variant
			bodies = append(bodies, s.errorBody(f))
		}
		for _, body := range bodies {
			if body != nil && s.contract.allows(media, body) {
				setHeaders(w.Header(), response, s.contract, false)
				send(w, f.status, media.ContentType, encode(body))
				return
			}
		}
	}
	s.writeExample(w, r, f.status, response, s.errorSchema())
}

func (s *responder) errorBody(f failure) any {
	if !s.textResults {
		return gen.Error{Error: gen.ErrorDetail{Message: f.message, Code: f.code}}
	}
	flat := gen.FlatError{Error: f.message}
	if f.code != "" {
		flat.Code = &f.code
	}
	return flat
}

// writeExample responds with the spec's example of a response, in the first of its content types that the request
// accepts, those of JSON first: one that is valid against the named schema, if there is one, else the first, else a
// sample of the response's schema. If the spec has no example and none can be made, that is a 500.
func (s *responder) writeExample(
	w http.ResponseWriter, r *http.Request, status int, response *openapi3.Response, schema string,
) {
	setHeaders(w.Header(), response, s.contract, true)
	if response == nil || len(response.Content) == 0 {
		w.WriteHeader(status)
		return
	}
	media := accepted(r, openapi.Bodies(response.Content))
	value, ok := s.contract.example(response, schema)
	if !ok || media.Kind() != openapi.KindJSON {
		var err error
		if value, err = openapi.ForResponses(s.contract.document).Example(media.MediaType); err != nil {
			message := "clienttest: " + r.Method + " " + r.URL.Path + ", response, " + err.Error()
			http.Error(w, message, http.StatusInternalServerError)
			return
		}
	}
	contentType, body, err := media.Encode(value)
	if err != nil {
		http.Error(w, "clienttest: "+err.Error(), http.StatusInternalServerError)
		return
	}
	send(w, status, contentType, body)
}

// accepted returns the first body that the request's Accept names, or the first of all.
func accepted(r *http.Request, bodies []openapi.Media) openapi.Media {
	accept := strings.ToLower(strings.Join(r.Header.Values("Accept"), ","))
	for _, media := range bodies {
		for item := range strings.SplitSeq(accept, ",") {
			name, _, _ := strings.Cut(item, ";")
			base, _, _ := strings.Cut(media.ContentType, ";")
			if strings.EqualFold(strings.TrimSpace(name), strings.TrimSpace(base)) {
				return media
			}
		}
	}
	return bodies[0]
}

// runSchema and errorSchema are the names of the schemas of the server's variant.
func (s *responder) runSchema() string {
	if s.textResults {
		return nameOf[gen.TextRun]()
	}
	return nameOf[gen.CompletedRun]()
}

func (s *responder) errorSchema() string {
	if s.textResults {
		return nameOf[gen.FlatError]()
	}
	return nameOf[gen.Error]()
}

// nameOf returns the name of a generated type, which is that of its schema.
func nameOf[T any]() string { return reflect.TypeFor[T]().Name() }

// runResponse returns the response of a workflow with this output. Its other fields are those of the spec's example.
func (s *responder) runResponse(output map[string]any) (any, error) {
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
	run := maps.Clone(s.runExample())
	run[nameIn(func(of *gen.CompletedRun) any { return &of.Output })] = jsontext.Value(data)
	return run, nil
}

// runExample returns the spec's example of a run in the server's variant, an object.
func (s *responder) runExample() map[string]any {
	example, _ := s.contract.runExample(s.runSchema()).(map[string]any)
	return example
}

// nameIn returns the name in JSON of a field of a generated type.
func nameIn[T any](field func(of *T) any) string {
	value := reflect.New(reflect.TypeFor[T]())
	of, _ := reflect.TypeAssert[*T](value)
	pointer := field(of)
	for i := range value.Elem().NumField() {
		if value.Elem().Field(i).Addr().Interface() == pointer {
			name, _, _ := strings.Cut(value.Elem().Type().Field(i).Tag.Get("json"), ",")
			return name
		}
	}
	panic("clienttest: not a field of " + value.Elem().Type().Name())
}

// cited returns a run with citations, if the server's runs have them.
func (s *responder) cited(run any) (any, error) {
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

// text returns the output as a text: its one string, or else the whole as JSON.
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

// setHeaders sets the headers that the spec requires of a response to its examples or to samples, and with optional
// also those that are not required and have an example. What is set stays.
func setHeaders(header http.Header, response *openapi3.Response, c contract, optional bool) {
	if response == nil {
		return
	}
	for name, ref := range response.Headers {
		p := ref.Value.Parameter
		hasExample := p.Example != nil || len(p.Examples) > 0
		if header.Get(name) != "" || !p.Required && !(optional && hasExample) {
			continue
		}
		p.Name, p.In = name, openapi3.ParameterInHeader
		if value, err := openapi.ForResponses(c.document).Parameter(&p); err == nil {
			if text, err := openapi.Serialize(&p, value); err == nil {
				header.Set(name, text)
			}
		}
	}
}

// writeRun responds with a run, with the status and the headers that the spec has for it.
func (s *responder) writeRun(w http.ResponseWriter, run any) {
	status, response := s.contract.operation.Success()
	setHeaders(w.Header(), response, s.contract, true)
	write(w, status, run)
}

// write responds with a JSON body.
func write(w http.ResponseWriter, status int, body any) {
	send(w, status, "application/json", encode(body))
}

func send(w http.ResponseWriter, status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = io.Copy(w, bytes.NewReader(body)) // the client may be gone
}
