package contracttest

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/client/contracttest/internal/values"
	"github.com/aitutor-api/aitutor-go/client/contracttest/internal/wire"
)

// spellings returns the checks of other spellings of the path, without a key: a server that keeps the key check to the
// exact path lets them pass. Frameworks may redirect them, or return 404 in their own shape.
func (op *operation) spellings() []check {
	if !op.Secured() || !op.first {
		return nil
	}
	bare := op.bare(op.values)
	path, query, hasQuery := strings.Cut(bare.Path, "?")
	if hasQuery {
		query = "?" + query
	}
	fixed, _, _ := strings.Cut(op.Path, "{")
	before, last := path[:strings.LastIndex(path, "/")], path[strings.LastIndex(path, "/"):]
	encoded := path
	if len(path) > 1 {
		encoded = fmt.Sprintf("/%%%02x%s", path[1:2], path[2:])
	}
	var checks []check
	add := func(name, what, path string) {
		r := bare
		r.Path, r.Existing = path+query, false
		checks = append(checks, check{
			name: "spelling/" + name, subject: "a request without a key to the path with " + what,
			must:   expectation{"not be taken", func(res *wire.Response) bool { return !op.looksTaken(res) }},
			source: op.at(http.StatusUnauthorized), bypasses: true, anyShape: true, request: r,
		})
	}
	add("trailing-slash", "a slash after it", path+"/")
	add("double-slash", "two slashes before it", "/"+path)
	add("inner-double-slash", "two slashes in it", before+"/"+last)
	add("dot-segment", "a segment that is a dot", before+"/."+last)
	add("upper-case", "capitals", strings.ToUpper(fixed)+strings.TrimPrefix(path, fixed))
	add("parameter", "a parameter after a semicolon", path+";x=y")
	add("extension", ".json after it", path+".json")
	add("encoded-letter", "a letter percent-encoded", encoded)
	if op.what() != "" {
		add("no-id", "nothing after it", fixed)
	}
	return checks
}

// pathParameters returns the checks of requests for what does not exist, per path parameter.
func (op *operation) pathParameters() []check {
	var checks []check
	for _, ref := range op.Parameters {
		if ref.Value.In == openapi3.ParameterInPath && op.values[ref.Value] != nil {
			checks = append(checks, op.unknownTo(ref.Value)...)
		}
	}
	return checks
}

func (op *operation) unknownTo(p *openapi3.Parameter) []check {
	what := strings.TrimSuffix(p.Name, "_id")
	notFound := op.get(http.StatusNotFound)
	var checks []check
	unknown := func(name, subject string, value any) *check {
		checks = append(checks, check{name: what + "/" + name, subject: subject, must: notFound,
			source: op.at(http.StatusNotFound), request: op.changed(p, value), inputFirst: op.noRuns})
		return &checks[len(checks)-1]
	}
	// What is outside the pattern may never reach the application.
	odd := func(name, subject, escaped string) *check {
		c := unknown(name, subject, escapedText(escaped))
		c.must = expectation{"not succeed or fail with 5xx", func(res *wire.Response) bool {
			return res.Status/100 != 2 || res.Status == http.StatusNoContent || len(res.Body) == 0
		}}
		c.should, c.source, c.bypasses, c.inputFirst = getRefused, op.place(p.Name), true, false
		return c
	}
	missing := "a request for a " + what + " that does not exist"
	own, isText := op.values[p].(string)
	if schema := p.Schema; schema != nil && !values.Allows(schema.Value, openapi3.TypeString) || !isText {
		odd("other-type", "a text in place of the "+what, "contracttest")
		unknown("unknown", missing, op.unknown(p))
		return checks
	}
	id := "the ID of the " + what
	unknown("unknown", missing, op.unknown(p))
	for _, other := range []struct{ name, subject, value string }{
		{"other-case", id + " in another case", values.SwapCase(own)},
		{"cut-short", id + " without its last character", own[:max(0, len(own)-1)]},
		{"with-more", id + " and a character after it", own + "x"},
		{"constructor", "the name of a method in place of the ID", "constructor"},
		{"proto", "the name of a prototype in place of the ID", "__proto__"},
	} {
		hasFormat := p.Schema != nil && p.Schema.Value.Format != ""
		switch {
		case other.value == own || other.value == "" || p.Schema != nil && !op.fits(p.Schema.Value, other.value):
		case !hasFormat:
			unknown(other.name, other.subject, other.value)
		case other.name != "other-case": // which may be the same ID
			unknown(other.name, other.subject, other.value).must = getRefused // a server may validate the format first
		}
	}
	escaped := url.PathEscape(own)
	odd("space-after", id+" and an encoded space after it", escaped+"%20")
	odd("nul-after", id+" and an encoded NUL after it", escaped+"%00")
	odd("percent", "an encoded percent sign in place of the ID", "%25")
	odd("encoded-slashes", "an ID with encoded slashes", "contracttest%2Fno%2Fsuch%2fworkflow")
	odd("encoded-dots", "an ID of encoded dots", "%2E%2e")
	odd("encoded-traversal", "an ID that leads out of its path with encoded dots and slashes",
		"..%2F..%2f%2e%2e%2Fcontracttest")
	odd("encoded-control-characters", "an ID with encoded control characters", "contracttest%00%0D%0A")
	odd("not-utf-8", "an ID that is not UTF-8", "contracttest%FF%C0%AF").mayFail = true
	odd("long", "an ID of 5,000 characters", strings.Repeat("a", 5000))
	if op.inputs != nil && !op.safe() {
		elsewhere := "a " + what + " that does not exist, with the ID of one that does in the "
		c := unknown("id-in-query", elsewhere+"query,", op.unknown(p))
		c.request = c.request.WithQuery(url.Values{p.Name: {own}}.Encode() + "&" + url.Values{"id": {own}}.Encode())
		if op.has(http.StatusNotFound) {
			c.must = expectation{notFound.text + ", or 400 for the query",
				get(http.StatusNotFound, http.StatusBadRequest).met}
		}
		if op.allowsMore() {
			unknown("id-in-body", elsewhere+"body,", op.unknown(p)).request.Body =
				op.carrier().With(p.Name, values.Encode(own)).With("id", values.Encode(own)).JSON()
		}
	}
	if op.schema != nil {
		c := unknown("unknown-and-inputs", missing+", with a body that is not valid,", op.unknown(p))
		c.must, c.should, c.inputFirst = getRefused, notFound, false
		c.should.text += ", as the " + what + " is checked first"
		c.source = op.suite.name + ", info: the order of the checks"
		c.request.Body = op.invalidBody()
	}
	return checks
}
