package clienttest

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/go-json-experiment/json"

	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
)

const (
	maxRequestBytes = 16 << 20 // of a request's body, and of its head
	maxDrainBytes   = 64 << 20 // read past the limit and thrown away, so that the client can read the refusal
)

// readBody reads the request's body, and leaves it readable. If it cannot, status and message are the refusal.
func readBody(r *http.Request) (body []byte, status int, message string) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequestBytes+1))
	if err != nil {
		return nil, http.StatusBadRequest, "The request body could not be read"
	}
	if len(body) > maxRequestBytes {
		_, _ = io.CopyN(io.Discard, r.Body, maxDrainBytes)
		return nil, http.StatusRequestEntityTooLarge, "The request body is larger than 16 MiB"
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return body, 0, ""
}

// readInputs reads the request's body, a JSON object. If it is none, status and message are the refusal.
func readInputs(r *http.Request) (inputs map[string]any, status int, message string) {
	body, status, message := readBody(r)
	if status != 0 {
		return nil, status, message
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return nil, http.StatusBadRequest, "The request body is not valid JSON: " + err.Error()
	}
	inputs, ok := value.(map[string]any)
	if !ok {
		return nil, http.StatusBadRequest, "The request body must be a JSON object"
	}
	return inputs, 0, ""
}

// A badInput is a part of a request that breaks the spec.
type badInput struct {
	status  int
	name    string // of the parameter or the input; empty if it is the request as a whole
	missing bool   // absent, null or blank
	reason  string
}

// checkInputs returns the first input of a run that breaks the spec's request schema: in the order of the schema's
// required names, then in that of the alphabet. It returns nil if all inputs keep it.
func (c contract) checkInputs(inputs map[string]any) *badInput {
	err := c.visit(c.inputs, inputs, openapi3.VisitAsRequest(), openapi3.MultiErrors(), openapi.Formats)
	return firstBad(c.inputs, err)
}

// checkRequest returns the first part of a request that breaks what the spec says of its operation, or nil: a
// parameter, the content type, or the body. What cannot be decoded is not judged.
func (c contract) checkRequest(op openapi.Operation, r *http.Request) *badInput {
	if op.RequestBody != nil && openapi.IsJSON(r.Header.Get("Content-Type"), &openapi3.MediaType{}) {
		body, status, message := readBody(r)
		if status != 0 {
			return &badInput{status: status, reason: message}
		}
		var value any // the whole body: openapi3filter reads the first value only
		if err := json.Unmarshal(body, &value); len(body) > 0 && err != nil {
			return &badInput{status: http.StatusBadRequest, reason: "the body is not valid JSON: " + err.Error()}
		}
	}
	values := map[string]string{}
	for _, ref := range op.Parameters {
		if ref.Value.In == openapi3.ParameterInPath {
			values[ref.Value.Name] = r.PathValue(ref.Value.Name)
		}
	}
	err := openapi3filter.ValidateRequest(r.Context(), &openapi3filter.RequestValidationInput{
		Request: r, PathParams: values, QueryParams: r.URL.Query(),
		Route: &routers.Route{
			Spec: c.document, Path: op.Path, PathItem: op.PathItem, Method: op.Method, Operation: op.Operation,
		},
		Options: &openapi3filter.Options{
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, SkipSettingDefaults: true,
			SchemaValidationOptions: []openapi3.SchemaValidationOption{openapi.Formats},
		},
	})
	failed, ok := errors.AsType[*openapi3filter.RequestError](err)
	parse, isParse := errors.AsType[*openapi3filter.ParseError](err)
	missing := errors.Is(err, openapi3filter.ErrInvalidRequired) || errors.Is(err, openapi3filter.ErrInvalidEmptyValue)
	switch {
	case err == nil || isParse && parse.Kind == openapi3filter.KindUnsupportedFormat:
		return nil
	case !ok:
		return &badInput{status: http.StatusBadRequest, reason: err.Error()}
	case failed.Parameter != nil:
		return &badInput{http.StatusBadRequest, failed.Parameter.Name, missing, reasonOf(failed)}
	case missing:
		return &badInput{http.StatusBadRequest, "body", true, ""}
	case failed.Err == nil: // no content type of the operation
		return &badInput{status: http.StatusUnsupportedMediaType, reason: failed.Reason}
	}
	schema := openapi3.NewSchema()
	if media := op.RequestBody.Value.Content.Get(r.Header.Get("Content-Type")); media != nil && media.Schema != nil {
		schema = openapi.Merged(media.Schema.Value)
	}
	return firstBad(schema, failed)
}

// reasonOf returns one line that says why a request is refused.
func reasonOf(failed *openapi3filter.RequestError) string {
	if one, ok := errors.AsType[*openapi3.SchemaError](failed.Err); ok {
		return one.Reason
	}
	if failed.Err != nil {
		return failed.Err.Error()
	}
	return failed.Reason
}

// firstBad returns the first value that an error of a schema is about.
func firstBad(schema *openapi3.Schema, err error) *badInput {
	if err == nil {
		return nil
	}
	found := map[string]*badInput{}
	collectBad(err, found)
	for _, name := range append(slices.Clone(schema.Required), slices.Sorted(maps.Keys(found))...) {
		if bad, ok := found[name]; ok {
			return bad
		}
	}
	return &badInput{status: http.StatusBadRequest, reason: err.Error()}
}

// collectBad notes the first fault of each input, by its name.
func collectBad(err error, found map[string]*badInput) {
	if several, ok := errors.AsType[openapi3.MultiError](err); ok {
		for _, one := range several {
			collectBad(one, found)
		}
		return
	}
	one, ok := errors.AsType[*openapi3.SchemaError](err)
	if !ok {
		return
	}
	name := ""
	if pointer := one.JSONPointer(); len(pointer) > 0 {
		name = pointer[0]
	}
	if found[name] == nil {
		missing := one.SchemaField == "required" || isBlank(one.Value)
		found[name] = &badInput{http.StatusBadRequest, strings.Join(one.JSONPointer(), "."), missing, one.Reason}
	}
}

func isBlank(value any) bool {
	text, ok := value.(string)
	return value == nil || ok && strings.TrimSpace(text) == ""
}
