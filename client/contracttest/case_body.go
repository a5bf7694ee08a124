package contracttest

import (
	"bytes"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/client/contracttest/internal/values"
	"github.com/aitutor-api/aitutor-go/client/contracttest/internal/wire"
)

// bodies returns the checks of bodies that are not valid, whatever the schema.
func (op *operation) bodies() []check {
	if op.schema == nil {
		return nil
	}
	var checks []check
	add := func(name, subject string, body []byte) *check {
		checks = append(checks, check{name: "request/" + name, subject: subject, must: blameBody,
			source: op.place("requestBody"), request: op.with(body)})
		return &checks[len(checks)-1]
	}
	// Many servers let these pass.
	advise := func(name, subject string, body []byte) *check {
		c := add(name, subject, body)
		c.must, c.should = expectation{}, blameBody
		return c
	}
	ofType := func(contentType, name, subject string, body []byte) {
		if op.RequestBody.Value.Content.Get(contentType) == nil {
			c := advise(name, subject, body)
			c.request, c.bypasses = c.request.With("Content-Type", contentType), true
		}
	}
	if op.RequestBody.Value.Required {
		add("empty-body", "an empty body", []byte{})
	}
	if len(op.body) > 1 {
		add("json-cut-short", "JSON that is cut short", op.body[:len(op.body)-1])
		advise("json-with-more", "JSON with more after its end", append(slices.Clone(op.body), " x"...))
	}
	if quoted := bytes.ReplaceAll(op.body, []byte(`"`), []byte(`'`)); !bytes.Equal(quoted, op.body) {
		add("json-in-single-quotes", "JSON in single quotes", quoted)
	}
	for _, wrong := range []struct{ jsonType, what, body string }{
		{openapi3.TypeObject, "an object", `{"contracttest":{}}`},
		{openapi3.TypeArray, "an array", "[]"},
		{openapi3.TypeString, "a string", `"inputs"`},
		{openapi3.TypeNumber, "a number", "1"},
		{openapi3.TypeBoolean, "a boolean", "true"},
		{openapi3.TypeNull, "null", "null"},
	} {
		switch {
		case values.Allows(op.schema, wrong.jsonType):
		case op.inputs != nil:
			add(wrong.jsonType+"-for-object", wrong.what+" in place of the inputs", []byte(wrong.body))
		default:
			add("body-is-"+wrong.jsonType, wrong.what+" in place of the body", []byte(wrong.body))
		}
	}
	if !values.Allows(op.schema, openapi3.TypeArray) {
		add("array-of-inputs", "the inputs within an array", slices.Concat([]byte("["), op.body, []byte("]")))
	}
	if form := op.form(); form != "" {
		ofType(formType, "form", "a body encoded as a form", []byte(form))
	}
	const deep = 10_000
	brackets := strings.Repeat("[", deep) + strings.Repeat("]", deep)
	nested := advise("nested-deep", "JSON nested 10,000 deep", []byte(brackets))
	nested.bypasses, nested.mayFail = true, true
	nested.must = expectation{"not succeed",
		func(res *wire.Response) bool { return len(res.Body) == 0 || !op.looksTaken(res) }}
	ofType("text/plain", "other-content-type", "a body of another content type", op.body)
	return checks
}

// schemaBodies returns the checks that the schema of the body makes: none if the inputs are another workflow's.
func (op *operation) schemaBodies() []check {
	if op.custom || op.schema == nil || op.missing != nil {
		return nil
	}
	refuses := op.get(http.StatusBadRequest)
	if !op.has(http.StatusBadRequest) && op.has(http.StatusUnprocessableEntity) {
		refuses = get(http.StatusUnprocessableEntity)
	}
	var checks []check
	for _, wrong := range values.Bodies(op.suite.sampler, op.schema, values.Decode(op.body)) {
		c := check{name: "request/" + wrong.Name, subject: wrong.What, must: refuses,
			source: op.at(http.StatusBadRequest), request: op.with(values.Encode(wrong.Value))}
		if wrong.Advice {
			c.must, c.should = expectation{}, refuses
		}
		if wrong.Missing != "" {
			c.advise = func(res *wire.Response) string {
				if res.Refused() && !strings.Contains(string(res.Body), wrong.Missing) {
					return c.subject + " should get a message that names " + wrong.Missing
				}
				return ""
			}
		}
		checks = append(checks, c)
	}
	return checks
}
