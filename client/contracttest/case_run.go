package contracttest

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/client/contracttest/internal/values"
	"github.com/aitutor-api/aitutor-go/client/contracttest/internal/wire"
	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
)

const (
	// unicodeText has characters of many scripts, as the inside of a JSON string.
	unicodeText = "ASCII <&>' \u00df \u0416 \u4e2d\u6587" + // Latin, Cyrillic, Chinese
		" e\u0301\u0323 \u1112\u1161\u11ab" + // combining marks, conjoining letters
		" \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 \u202etfel\u202c" + // right to left, and turned around
		" \U0001f436 \U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea \U0001d51e" + // beyond 16 bits
		` \"\\\/\n\r\t \u00e4\ud83d\ude00` // escapes, a surrogate pair among them
	// oddText has what is allowed in JSON and seldom met.
	oddText = " \u2028\u2029\u00a0\u200b\u0085" + // ends of lines and kinds of space, as they are
		" \ufeff \ufffe \uffff \U0010ffff \ufffd \ue000" + // byte order mark, noncharacters, private use
		` \b\f\u0000\u0001\u001b\u007f` // control characters and NUL
)

// runs returns the checks of valid requests. Odd texts and other spellings are for the run operation.
func (op *operation) runs() []check {
	var checks []check
	add := func(name, subject string, r wire.Request, must expectation, source string) *check {
		checks = append(checks, check{name: name, subject: subject, must: must, source: source, request: r, success: true})
		return &checks[len(checks)-1]
	}
	if op.OperationID != runOperation {
		success := expectation{"get a success that the document describes", op.succeeds}
		add("valid/example", "a valid request", op.valid(), success, op.at(http.StatusOK))
		if op.RequestBody != nil && !op.RequestBody.Value.Required && op.body != nil {
			add("valid/no-body", "a valid request without a body, which is optional,", op.valid().WithBody("", nil), success,
				op.at(http.StatusOK))
		}
		return checks
	}
	succeed := func(name, subject string, r wire.Request) *check {
		return add("runs/"+name, subject, r, expectation{"get 200", op.succeeds}, op.at(http.StatusOK))
	}
	succeed("valid", "a valid request", op.valid())
	succeed("charset", "a valid request with charset=UTF-8 in its content type",
		op.valid().WithBody(op.contentType+";charset=UTF-8", op.body))
	succeed("gzip", "a valid request that accepts gzip", op.valid().With("Accept-Encoding", "gzip"))
	if op.allowsMore() {
		succeed("extra-inputs", "a request with inputs that the workflow does not have",
			op.with(op.withUnknown().JSON())).must.text = "be run without them, and get 200"
	}
	free := op.freeTexts()
	if len(free) == 0 { // the others would send the valid request again
		return checks
	}
	text := func(change func(own string) string) wire.Request { return op.with(op.withTexts(free, change).JSON()) }
	after := func(more string) wire.Request { return text(func(own string) string { return own + more }) }
	oneOf := func(name, subject string, r wire.Request, codes ...int) *check {
		return add("runs/"+name, subject, r, get(codes...), op.place("requestBody"))
	}
	succeed("fairly-long-text", "a text of 50 kB in every free text", after(" "+values.FairlyLong()))
	oneOf("long-text", "a text of 1 MB in every free text", after(values.Long()).With("Expect", "100-continue"),
		http.StatusOK, http.StatusRequestEntityTooLarge)
	succeed("unicode-text", "a text in many scripts", text(func(string) string { return unicodeText }))
	oneOf("odd-text", "a text with control characters and noncharacters", after(oddText),
		http.StatusOK, http.StatusBadRequest)
	oneOf("lone-surrogate", "a text with half of a surrogate pair, as an escape,", after(`\ud83d`),
		http.StatusOK, http.StatusBadRequest).bypasses = true // an application may echo it
	oneOf("not-utf-8", "a text that is not UTF-8", after("\xff\xc0"),
		http.StatusOK, http.StatusBadRequest).bypasses = true
	return checks
}

// freeTexts returns the names of the inputs that are free texts: those that may be any string of any length. Of another
// workflow's inputs it is every string.
func (op *operation) freeTexts() []string {
	var free []string
	for name, own := range op.inputs {
		allows := func(change func(own string) string) bool {
			return op.fits(op.schema, values.Decode(op.withTexts([]string{name}, change).JSON()))
		}
		isFree := strings.HasPrefix(string(own), `"`) && (op.custom || !isLimited(op.schema, name, 0) &&
			allows(func(string) string { return unicodeText }) &&
			allows(func(own string) string { return own + values.FairlyLong() }))
		if isFree {
			free = append(free, name)
		}
	}
	return free
}

// isLimited reports whether a property has a format or a greatest length, in the schema or in a part of it.
func isLimited(schema *openapi3.Schema, name string, depth int) bool {
	const maxDepth = 4 // a schema may be a variant of itself
	if property := schema.Properties[name]; property != nil {
		whole := openapi.Merged(property.Value)
		if whole.Format != "" || whole.MaxLength != nil {
			return true
		}
	}
	variants := slices.Concat(schema.AllOf, schema.AnyOf, schema.OneOf)
	return depth < maxDepth && slices.ContainsFunc(variants, func(part *openapi3.SchemaRef) bool {
		return isLimited(part.Value, name, depth+1)
	})
}

// withTexts returns the inputs with other texts. Change gets and returns the inside of a JSON string.
func (op *operation) withTexts(names []string, change func(own string) string) values.Object {
	texts := maps.Clone(op.inputs)
	for _, name := range names {
		own := op.inputs[name]
		texts[name] = []byte(`"` + change(string(own[1:len(own)-1])) + `"`)
	}
	return texts
}
