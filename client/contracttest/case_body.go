package contracttest

import (
	"bytes"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/client/contracttest/internal/wire"
	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
)

// bodies returns the checks of bodies that are not valid, whatever the schema.
func (op *operation) bodies() []check {
	if op.schema == nil {
		return nil
	}
	const demand = "get 4xx that blames the body"
	var checks []check
	add := func(name, subject string, body []byte) *check {
		checks = append(checks, check{
			name: "request/" + name, subject: subject, demand: demand, source: op.atBody(), request: op.with(body),
			want: refusedBody,
		})
		return &checks[len(checks)-1]
	}
	// Many servers let these pass.
	advise := func(name, subject string, body []byte) *check {
		c := add(name, subject, body)
		c.level, c.want, c.should = LevelAdvice, nil, refusedBody
		return c
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
		if allows(op.schema, wrong.jsonType) {
			continue
		}
		if op.inputs != nil {
			add(wrong.jsonType+"-for-object", wrong.what+" in place of the inputs", []byte(wrong.body))
		} else {
			add("body-is-"+wrong.jsonType, wrong.what+" in place of the body", []byte(wrong.body))
		}
	}
	if !allows(op.schema, openapi3.TypeArray) {
		add("array-of-inputs", "the inputs within an array", slices.Concat([]byte("["), op.body, []byte("]")))
	}
	if form := op.form(); form != "" && op.RequestBody.Value.Content.Get(formType) == nil {
		c := advise("form", "a body encoded as a form", []byte(form))
		c.request, c.bypasses = c.request.With("Content-Type", formType), true
	}
	const deep = 10_000
	nested := advise("nested-deep", "JSON nested 10,000 deep", []byte(strings.Repeat("[", deep)+strings.Repeat("]", deep)))
	nested.bypasses, nested.mayFail = true, true
	nested.want = func(res *wire.Response) bool { return res.Status/100 != 2 || len(res.Body) == 0 || !op.looksTaken(res) }
	if op.RequestBody.Value.Content.Get("text/plain") == nil {
		c := advise("other-content-type", "a body of another content type", op.body)
		c.request, c.bypasses = c.request.With("Content-Type", "text/plain"), true
	}
	return checks
}

// perInput returns the checks that the schema of the body makes: none if the inputs are another workflow's.
func (op *operation) perInput() []check {
	if op.custom || op.schema == nil || op.missing != nil {
		return nil
	}
	if op.inputs == nil {
		var checks []check
		for _, wrong := range op.wrongValues("body", "the body", op.schema, decode(op.body)) {
			if !strings.HasPrefix(wrong.name, "body-is-") {
				checks = append(checks, op.wrongInput(wrong, encode(wrong.value)))
			}
		}
		return checks
	}
	var checks []check
	for _, name := range op.required() {
		without := op.inputs.without(name)
		missing := op.wrongInput(wrongValue{name: "missing-" + name, what: "a request without " + name +
			", which is required,"}, without.object())
		missing.advise = func(res *wire.Response) string {
			if res.Refused() && !strings.Contains(string(res.Body), name) {
				return missing.rule() + ": expected a message that names " + name
			}
			return ""
		}
		checks = append(checks, missing)
		other := swapCase(name[:1]) + name[1:]
		if _, taken := op.schema.Properties[other]; other != name && !taken {
			c := op.wrongInput(wrongValue{name: "other-case-" + name, what: "a request with " + other + " in place of " +
				name + ", which is another input,", advice: true},
				without.with(other, op.inputs[name]).object())
			checks = append(checks, c)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(op.schema.Properties)) {
		schema := openapi.Merged(op.schema.Properties[name].Value)
		valid := decode(op.inputs[name])
		if op.inputs[name] == nil {
			valid = op.sample(schema)
		}
		for _, wrong := range op.wrongValues(name, name, schema, valid) {
			checks = append(checks, op.wrongInput(wrong, op.inputs.with(name, encode(wrong.value)).object()))
		}
	}
	for _, wrong := range op.outside("inputs", "the inputs", op.schema, decode(op.body)) {
		if !op.fits(op.schema, wrong.value) {
			checks = append(checks, op.wrongInput(wrong, encode(wrong.value)))
		}
	}
	return checks
}

// wrongInput returns the check that a body with a wrong value is refused.
func (op *operation) wrongInput(wrong wrongValue, body []byte) check {
	want, code := op.wantStatus(http.StatusBadRequest)
	if !op.has(http.StatusBadRequest) && op.has(http.StatusUnprocessableEntity) {
		want, code = op.wantStatus(http.StatusUnprocessableEntity)
	}
	c := check{
		name: "request/" + wrong.name, subject: wrong.what, demand: "get " + code,
		source:  op.at(http.StatusBadRequest),
		request: op.with(body), want: want,
	}
	if wrong.advice {
		c.level, c.want, c.should = LevelAdvice, nil, want
	}
	return c
}

// required returns the names of the inputs that the document wants and the valid body has.
func (op *operation) required() []string {
	var names []string
	for _, name := range slices.Compact(slices.Sorted(slices.Values(op.schema.Required))) {
		property := op.schema.Properties[name]
		if name != "" && op.inputs[name] != nil && (property == nil || !property.Value.ReadOnly) {
			names = append(names, name)
		}
	}
	return names
}
