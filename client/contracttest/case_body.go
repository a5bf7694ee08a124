package contracttest

import (
	"bytes"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
)

// requests are the checks of bodies that are not valid, whatever the schema.
func (op *operation) requests() []check {
	if op.schema == nil {
		return nil
	}
	body := func(name, what string, runs bool, body []byte) check {
		return check{
			name: "request/" + name, rule: what + " must be answered with 4xx that blames the body", source: op.atBody(), runs: runs && !op.safe(),
			request: op.validWith(body), want: refusedBody,
		}
	}
	advice := func(c check) check {
		c.level, c.rule, c.want = LevelAdvice, strings.Replace(c.rule, "must", "should", 1), nil
		c.advise = func(res *response) string {
			if !refusedBody(res) {
				return "expected 4xx that blames the body"
			}
			return ""
		}
		return c
	}
	const deep = 10_000
	otherType := advice(body("other-content-type", "a body of another content type", true, op.body))
	otherType.request.contentType, otherType.bypasses = "text/plain", true
	nested := advice(body("nested-deep", "JSON nested 10,000 deep", false, []byte(strings.Repeat("[", deep)+strings.Repeat("]", deep))))
	nested.bypasses, nested.mayFail, nested.want = true, true, notRun
	checks := []check{
		body("empty-body", "an empty body", false, []byte{}),
		body("json-cut-short", "JSON that is cut short", false, op.body[:len(op.body)-1]),
		// Some parsers let these two pass.
		advice(body("json-with-more", "JSON with more after its end", true, append(slices.Clone(op.body), " x"...))),
		body("json-in-single-quotes", "JSON in single quotes", true, bytes.ReplaceAll(op.body, []byte(`"`), []byte(`'`))),
	}
	for _, wrong := range []struct{ jsonType, what, body string }{
		{openapi3.TypeArray, "an array", "[]"},
		{openapi3.TypeString, "a string", `"inputs"`},
		{openapi3.TypeNumber, "a number", "1"},
		{openapi3.TypeBoolean, "a boolean", "true"},
		{openapi3.TypeNull, "null", "null"},
	} {
		if !allows(op.schema, wrong.jsonType) {
			checks = append(checks, body(wrong.jsonType+"-for-object", wrong.what+" in place of the inputs", false, []byte(wrong.body)))
		}
	}
	if !allows(op.schema, openapi3.TypeArray) {
		checks = append(checks, body("array-of-inputs", "the inputs within an array", true, slices.Concat([]byte("["), op.body, []byte("]"))))
	}
	if form := op.form(); form != "" && op.RequestBody.Value.Content.Get("application/x-www-form-urlencoded") == nil {
		c := body("form", "a body encoded as a form", true, []byte(form))
		c.request.contentType = "application/x-www-form-urlencoded"
		checks = append(checks, c)
	}
	return append(checks, nested, otherType)
}

// form is the inputs encoded as a form.
func (op *operation) form() string {
	form := url.Values{}
	for name, value := range op.inputs {
		text, ok := decode(value).(string)
		if !ok {
			text = string(value)
		}
		form.Set(name, text)
	}
	return form.Encode()
}

// perInput are the checks that the schema of the body makes: none if the inputs are another workflow's.
func (op *operation) perInput() []check {
	if op.custom || op.inputs == nil {
		return nil
	}
	var checks []check
	want, code := op.wantStatus(http.StatusBadRequest)
	add := func(name, what string, in inputs) *check {
		checks = append(checks, check{
			name: "request/" + name, rule: what + " must be answered with " + code, source: op.at(http.StatusBadRequest), runs: !op.safe(),
			request: op.validWith(in.object()), want: want,
		})
		return &checks[len(checks)-1]
	}
	for _, name := range op.required() {
		missing := add("missing-"+name, "a request without "+name+", which is required,", op.inputs.without(name))
		missing.advise = func(res *response) string {
			if refused(res) && !strings.Contains(res.message(), name) {
				return "expected a message that names " + name
			}
			return ""
		}
		if other := otherCase(name); other != name {
			if _, taken := op.schema.Properties[other]; !taken {
				add("other-case-"+name, "a request with "+other+" in place of "+name+", which is another input,",
					op.inputs.without(name).with(other, op.inputs[name]))
			}
		}
	}
	for _, name := range op.properties() {
		schema := openapi.Merged(op.schema.Properties[name].Value)
		valid := op.inputs[name]
		if valid == nil {
			valid = encode(openapi.Sample(schema))
		}
		for _, wrong := range ofEachType(valid) {
			if !allows(schema, wrong.jsonType) {
				add(name+"-is-"+wrong.jsonType, name+", of a wrong type ("+wrong.jsonType+"),", op.inputs.with(name, wrong.value))
			}
		}
		op.within(name, schema, valid, add)
		switch {
		case !allows(schema, openapi3.TypeString):
		case len(schema.Enum) > 0:
			if !fits(schema, notListed) {
				add(name+"-is-not-listed", name+", of a value that the contract does not list,", op.inputs.with(name, encode(notListed)))
			}
		default:
			if !fits(schema, "") {
				add("empty-"+name, "an empty "+name, op.inputs.with(name, []byte(`""`)))
			}
			if !fits(schema, blank) {
				add("blank-"+name, "a blank "+name, op.inputs.with(name, encode(blank)))
			}
		}
	}
	return checks
}

// within adds the checks of the values one level down: the properties of an input that is an object, and the items of one
// that is an array.
func (op *operation) within(name string, schema *openapi3.Schema, valid []byte, add func(name, what string, in inputs) *check) {
	if object, err := objectOf(valid); err == nil && schema.Type.Is(openapi3.TypeObject) {
		for _, inner := range slices.Sorted(maps.Keys(schema.Properties)) {
			whole := name + "-" + inner
			own := object[inner]
			if own == nil {
				own = encode(openapi.Sample(schema.Properties[inner].Value))
			}
			if slices.Contains(schema.Required, inner) && object[inner] != nil {
				add("missing-"+whole, "a request without "+inner+" in "+name+", which is required,", op.inputs.with(name, object.without(inner).object()))
			}
			for _, wrong := range ofEachType(own) {
				if !allows(schema.Properties[inner].Value, wrong.jsonType) {
					add(whole+"-is-"+wrong.jsonType, inner+" in "+name+", of a wrong type ("+wrong.jsonType+"),",
						op.inputs.with(name, object.with(inner, wrong.value).object()))
				}
			}
		}
	}
	if schema.Type.Is(openapi3.TypeArray) && schema.Items != nil {
		item := encode(openapi.Sample(schema.Items.Value))
		for _, wrong := range ofEachType(item) {
			if !allows(schema.Items.Value, wrong.jsonType) {
				add(name+"-has-"+wrong.jsonType, name+", with an item of a wrong type ("+wrong.jsonType+"),",
					op.inputs.with(name, slices.Concat([]byte("["), item, []byte(","), wrong.value, []byte("]"))))
			}
		}
	}
}

const (
	blank     = " \t\n "
	notListed = "contracttest-not-listed"
)

// otherCase is a name with its first letter in the other case.
func otherCase(name string) string { return swapCase(name[:1]) + name[1:] }

// required are the names of the inputs that the contract wants and the valid body has.
func (op *operation) required() []string {
	var names []string
	for _, name := range slices.Compact(slices.Sorted(slices.Values(op.schema.Required))) {
		if name != "" && op.inputs[name] != nil {
			names = append(names, name)
		}
	}
	return names
}

// properties are the names of the inputs that the contract describes.
func (op *operation) properties() []string {
	var names []string
	for name := range op.schema.Properties {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
