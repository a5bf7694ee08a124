package contracttest

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/client/contracttest/internal/wire"
)

// spellings returns the checks of other spellings of the path, without a key: a server that keeps the key check to the
// exact path lets them pass. Frameworks may redirect them, or return 404 in their own shape.
func (op *operation) spellings() []check {
	if !op.Secured() || !op.first {
		return nil
	}
	bare := op.without(op.valid())
	path, query, _ := strings.Cut(bare.Path, "?")
	if query != "" {
		query = "?" + query
	}
	fixed, _, _ := strings.Cut(op.Path, "{")
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	last := segments[len(segments)-1]
	encoded := fmt.Sprintf("/%%%02x%s", segments[0][:1], segments[0][min(1, len(segments[0])):])
	list := []struct{ name, what, path string }{
		{"trailing-slash", "a slash after it", path + "/"},
		{"double-slash", "two slashes before it", "/" + path},
		{"inner-double-slash", "two slashes in it", strings.TrimSuffix(path, "/"+last) + "//" + last},
		{"upper-case", "capitals", strings.ToUpper(fixed) + strings.TrimPrefix(path, fixed)},
		{"parameter", "a parameter after a semicolon", path + ";x=y"},
		{"extension", ".json after it", path + ".json"},
		{"encoded-letter", "a letter percent-encoded", encoded + strings.TrimPrefix(path, "/"+segments[0])},
	}
	if op.hasPath() {
		list = append(list, struct{ name, what, path string }{"no-id", "nothing after it", fixed})
	}
	var checks []check
	for _, s := range list {
		r := bare
		r.Path, r.Existing = s.path+query, false
		checks = append(checks, check{
			name: "spelling/" + s.name, subject: "a request without a key to the path with " + s.what, demand: "not be taken",
			source: op.at(http.StatusUnauthorized), bypasses: true, anyShape: true, request: r,
			want: func(res *wire.Response) bool { return !op.looksTaken(res) },
		})
	}
	return checks
}

// pathParameters returns the checks of requests for what does not exist, per path parameter.
func (op *operation) pathParameters() []check {
	var checks []check
	for _, ref := range op.Parameters {
		if ref.Value.In == openapi3.ParameterInPath && op.values[ref.Value] != nil {
			checks = append(checks, op.pathParameter(ref.Value)...)
		}
	}
	return checks
}

func (op *operation) pathParameter(p *openapi3.Parameter) []check {
	what := strings.TrimSuffix(p.Name, "_id")
	want, code := op.wantStatus(http.StatusNotFound)
	with := func(name, subject, demand string, value any) check {
		return check{name: what + "/" + name, subject: subject, demand: demand, source: op.at(http.StatusNotFound),
			request: op.changed(p, value)}
	}
	unknown := func(name, subject string, value any) check {
		c := with(name, subject, "get "+code, value)
		c.want, c.inputFirst = want, op.suite.target.NoRuns
		return c
	}
	// What is outside the pattern may never reach the application.
	odd := func(name, subject, escaped string) check {
		c := with(name, subject, "get 4xx, and must not succeed or fail with 5xx", escapedText(escaped))
		c.source, c.level, c.bypasses = op.suite.name+", "+op.name()+", "+p.Name, LevelAdvice, true
		c.want = func(res *wire.Response) bool {
			return res.Status/100 != 2 || res.Status == http.StatusNoContent || len(res.Body) == 0
		}
		c.should = refused
		return c
	}
	own, isText := op.values[p].(string)
	if schema := p.Schema; schema != nil && !allows(schema.Value, openapi3.TypeString) || !isText {
		return []check{odd("other-type", "a text in place of the "+what, "contracttest"), unknown("unknown",
			"a request for a "+what+" that does not exist", op.unknown(p))}
	}
	escaped := url.PathEscape(own)
	var checks []check
	known := func(name, subject, value string) {
		if value != own && (p.Schema == nil || op.fits(p.Schema.Value, value)) {
			checks = append(checks, unknown(name, subject, value))
		}
	}
	known("unknown", "a request for a "+what+" that does not exist", "contracttest-no-such-"+what)
	if len(checks) == 0 {
		checks = append(checks, unknown("unknown", "a request for a "+what+" that does not exist", op.unknown(p)))
	}
	known("other-case", "the ID of the "+what+" in another case", swapCase(own))
	if len(own) > 1 {
		known("cut-short", "the ID of the "+what+" without its last character", own[:len(own)-1])
	}
	known("with-more", "the ID of the "+what+" and a character after it", own+"x")
	known("constructor", "the name of a method in place of the ID", "constructor")
	known("proto", "the name of a prototype in place of the ID", "__proto__")
	checks = append(checks,
		odd("space-after", "the ID of the "+what+" and an encoded space after it", escaped+"%20"),
		odd("nul-after", "the ID of the "+what+" and an encoded NUL after it", escaped+"%00"),
		odd("percent", "an encoded percent sign in place of the ID", "%25"),
		odd("encoded-slashes", "an ID with encoded slashes", "contracttest%2Fno%2Fsuch%2fworkflow"),
		odd("encoded-dots", "an ID of encoded dots", "%2E%2e"),
		odd("encoded-traversal", "an ID that leads out of its path with encoded dots and slashes",
			"..%2F..%2f%2e%2e%2Fcontracttest"),
		odd("encoded-control-characters", "an ID with encoded control characters", "contracttest%00%0D%0A"),
	)
	notUTF8 := odd("not-utf-8", "an ID that is not UTF-8", "contracttest%FF%C0%AF")
	notUTF8.mayFail = true
	checks = append(checks, notUTF8, odd("long", "an ID of 5,000 characters", strings.Repeat("a", 5000)))
	if len(checks) > 0 && op.inputs != nil && !op.safe() {
		inQuery := unknown("id-in-query", "a "+what+" that does not exist, with the ID of one that does in the query,",
			op.unknown(p))
		inQuery.request = inQuery.request.WithQuery(url.QueryEscape(p.Name) + "=" + url.QueryEscape(own) + "&id=" +
			url.QueryEscape(own))
		if op.has(http.StatusNotFound) {
			inQuery.demand += ", or 400 for the query"
			inQuery.want = status(http.StatusNotFound, http.StatusBadRequest)
		}
		inBody := unknown("id-in-body", "a "+what+" that does not exist, with the ID of one that does in the body,",
			op.unknown(p))
		inBody.request.Body = op.carrier().with(p.Name, encode(own)).with("id", encode(own)).object()
		checks = append(checks, inQuery)
		if op.allowsMore() {
			checks = append(checks, inBody)
		}
	}
	if op.schema != nil {
		first := unknown("unknown-and-inputs",
			"a request for a "+what+" that does not exist, with a body that is not valid,", op.unknown(p))
		first.demand += ", as the " + what + " is checked first"
		first.source, first.level, first.inputFirst = op.suite.name+", info: the order of the checks", LevelAdvice, false
		first.request.Body, first.want = op.invalidBody(), refused
		first.should = want
		checks = append(checks, first)
	}
	return checks
}
