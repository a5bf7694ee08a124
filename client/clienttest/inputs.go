package clienttest

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/go-json-experiment/json"
)

const (
	maxRequestBytes = 16 << 20 // of a request's body, and of its head
	maxDrainBytes   = 64 << 20 // read past the limit and thrown away, so that the client can read the refusal
)

// readInputs reads the request's body, a JSON object. Where it is none, status and message are the refusal.
func readInputs(r *http.Request) (inputs map[string]any, status int, message string) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequestBytes+1))
	if err != nil {
		return nil, http.StatusBadRequest, "The request body could not be read"
	}
	if len(body) > maxRequestBytes {
		_, _ = io.CopyN(io.Discard, r.Body, maxDrainBytes)
		return nil, http.StatusRequestEntityTooLarge, "The request body is larger than 16 MiB"
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

// A badInput is an input that breaks the spec.
type badInput struct {
	name    string // empty if the inputs as a whole break it
	missing bool   // absent, null or blank
	reason  string
}

// checkInputs returns the first input that breaks the spec's request schema: in the order of the schema's required
// names, then in that of the alphabet. It returns nil if all inputs keep it.
func (c contract) checkInputs(inputs map[string]any) *badInput {
	err := c.visit(c.inputs, inputs, openapi3.VisitAsRequest(), openapi3.MultiErrors())
	if err == nil {
		return nil
	}
	reasons := map[string]string{}
	collectReasons(err, reasons)
	for _, name := range append(slices.Clone(c.inputs.Required), slices.Sorted(maps.Keys(reasons))...) {
		if reason, ok := reasons[name]; ok {
			return &badInput{name, isMissing(inputs[name]), reason}
		}
	}
	return &badInput{reason: err.Error()}
}

// collectReasons notes the first reason for each input, by its name.
func collectReasons(err error, reasons map[string]string) {
	if several, ok := errors.AsType[openapi3.MultiError](err); ok {
		for _, one := range several {
			collectReasons(one, reasons)
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
	if _, ok := reasons[name]; !ok {
		reasons[name] = one.Reason
	}
}

func isMissing(value any) bool {
	text, ok := value.(string)
	return value == nil || ok && strings.TrimSpace(text) == ""
}
