package contracttest

import (
	"maps"
	"net/http"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"

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

// longText is 1 MB, fairlyLongText 50 kB: less than what frameworks take by default.
var (
	longText       = sync.OnceValue(func() string { return strings.Repeat("a", 1<<20) })
	fairlyLongText = sync.OnceValue(func() string { return strings.Repeat("once upon a time ", 3000) })
)

// runs returns the checks of valid requests. Odd texts and other spellings are for the run operation.
func (op *operation) runs() []check {
	succeed := func(name, subject, demand string, r wire.Request) check {
		return check{name: name, subject: subject, demand: demand, source: op.at(http.StatusOK), success: true,
			request: r, want: op.succeeds}
	}
	if op.OperationID != runOperation {
		checks := []check{succeed("valid/example", "a valid request",
			"get a success that the document describes", op.valid())}
		if op.RequestBody != nil && !op.RequestBody.Value.Required && op.body != nil {
			none := op.valid().WithBody("", nil)
			checks = append(checks, succeed("valid/no-body", "a valid request without a body, which is optional,",
				"get a success that the document describes", none))
		}
		return checks
	}
	const ok = "get 200"
	oneOf := func(name, subject string, codes []int, demand string, change func(own string) string) check {
		return check{name: "runs/" + name, subject: subject, demand: demand, source: op.atBody(), success: true,
			request: op.with(op.withTexts(change).object()), want: status(codes...)}
	}
	either := []int{http.StatusOK, http.StatusBadRequest}
	long := oneOf("long-text", "a text of 1 MB in every free text", []int{http.StatusOK, http.StatusRequestEntityTooLarge},
		"get 200 or 413", func(own string) string { return own + longText() })
	long.request = long.request.With("Expect", "100-continue")
	notUTF8 := oneOf("not-utf-8", "a text that is not UTF-8", either, "get 200 or 400",
		func(own string) string { return own + "\xff\xc0" })
	notUTF8.bypasses = true
	surrogate := oneOf("lone-surrogate", "a text with half of a surrogate pair, as an escape,", either,
		"get 200 or 400",
		func(own string) string { return own + `\ud83d` })
	surrogate.bypasses = true // an application may echo it
	checks := []check{
		succeed("runs/valid", "a valid request", ok, op.valid()),
		succeed("runs/charset", "a valid request with charset=UTF-8 in its content type", ok,
			op.valid().WithBody(op.contentType+";charset=UTF-8", op.body)),
		succeed("runs/gzip", "a valid request that accepts gzip", ok, op.valid().With("Accept-Encoding", "gzip")),
	}
	if op.allowsMore() {
		checks = append(checks, succeed("runs/extra-inputs", "a request with inputs that the workflow does not have",
			"be run without them, and get 200",
			op.with(op.withUnknown().object())))
	}
	if !op.hasFreeText() { // the others would send the valid request again
		return checks
	}
	return append(checks,
		succeed("runs/fairly-long-text", "a text of 50 kB in every free text", ok,
			op.with(op.withTexts(func(own string) string { return own + " " + fairlyLongText() }).object())),
		long,
		succeed("runs/unicode-text", "a text in many scripts", ok,
			op.with(op.withTexts(func(string) string { return unicodeText }).object())),
		oneOf("odd-text", "a text with control characters and noncharacters", either, "get 200 or 400",
			func(own string) string { return own + oddText }),
		surrogate,
		notUTF8,
	)
}

// hasFreeText reports whether withTexts changes anything.
func (op *operation) hasFreeText() bool {
	changed := false
	op.withTexts(func(own string) string {
		changed = true
		return own
	})
	return changed
}

// withUnknown returns the inputs and some that no workflow has.
func (op *operation) withUnknown() inputs {
	more := maps.Clone(op.inputs)
	more["contracttest_text"] = []byte(`"unknown"`)
	more["contracttest_nothing"] = []byte(`null`)
	more["contracttest_object"] = []byte(`{"list":[1,true,null]}`)
	return more
}

// withTexts returns the inputs with another text in every free one: a string of the contract without a list of values,
// a format or a greatest length, or, of another workflow's inputs, any string. Change gets and returns the inside of a
// JSON string.
func (op *operation) withTexts(change func(own string) string) inputs {
	texts := maps.Clone(op.inputs)
	for name, own := range op.inputs {
		isText := strings.HasPrefix(string(own), `"`)
		if property := op.schema.Properties[name]; property != nil && !op.custom {
			schema := openapi.Merged(property.Value)
			isText = isText && len(schema.Enum) == 0 && schema.Format == "" && schema.MaxLength == nil && allows(schema,
				openapi3.TypeString)
		}
		if isText {
			texts[name] = []byte(`"` + change(string(own[1:len(own)-1])) + `"`)
		}
	}
	return texts
}

// carrier returns the inputs to which others are added, or with NoRuns none, so that they are not valid.
func (op *operation) carrier() inputs {
	if op.suite.target.NoRuns {
		return inputs{}
	}
	return op.inputs
}

// allowsMore reports whether the inputs may have names that the document does not describe.
func (op *operation) allowsMore() bool {
	return op.custom || op.fits(op.schema, decode(op.withUnknown().object()))
}
