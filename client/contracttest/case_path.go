package contracttest

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
)

// unknownWorkflow is an ID that no workflow has.
const unknownWorkflow = "contracttest-no-such-workflow"

// pathParameters are the checks of requests for what does not exist, per path parameter.
func (op *operation) pathParameters() []check {
	var checks []check
	for _, ref := range op.Parameters {
		if ref.Value.In == openapi3.ParameterInPath {
			checks = append(checks, op.pathParameter(ref.Value)...)
		}
	}
	return checks
}

func (op *operation) pathParameter(p *openapi3.Parameter) []check {
	what := strings.TrimSuffix(p.Name, "_id")
	own := op.parameters[p.Name]
	want, code := op.wantStatus(http.StatusNotFound)
	with := func(name, rule, escaped string) check {
		r := op.valid()
		r.path = op.pathWith(map[string]string{p.Name: escaped})
		return op.attempt(check{name: what + "/" + name, rule: rule, request: r})
	}
	unknown := func(name, description, escaped string) check {
		c := with(name, description+" must be answered with "+code, escaped)
		c.source, c.want, c.inputFirst = op.at(http.StatusNotFound), want, op.suite.target.NoRuns
		return c
	}
	// What is outside the pattern may never reach the application.
	odd := func(name, description, escaped string) check {
		c := with(name, description+" should be answered with 4xx, and must not succeed or fail with 5xx", escaped)
		c.source, c.level, c.bypasses = "api/openapi.yaml, "+op.name()+", "+p.Name, LevelAdvice, true
		c.want = notRun
		c.advise = func(res *response) string {
			if !refused(res) {
				return "expected 4xx"
			}
			return ""
		}
		return c
	}

	var checks []check
	if schema := p.Schema; schema != nil && !allows(schema.Value, openapi3.TypeString) {
		return []check{odd("other-type", "a text in place of the "+what, "contracttest")}
	}
	if p.Schema == nil || fits(p.Schema.Value, "contracttest-no-such-"+what) {
		checks = append(checks, unknown("unknown", "a request for a "+what+" that does not exist", "contracttest-no-such-"+what))
	}
	if other := swapCase(own); other != own {
		checks = append(checks, unknown("other-case", "the ID of the "+what+" in another case", url.PathEscape(other)))
	}
	if len(own) > 1 {
		checks = append(checks, unknown("cut-short", "the ID of the "+what+" without its last character", url.PathEscape(own[:len(own)-1])))
	}
	checks = append(checks,
		unknown("with-more", "the ID of the "+what+" and a character after it", url.PathEscape(own)+"x"),
		odd("space-after", "the ID of the "+what+" and an encoded space after it", url.PathEscape(own)+"%20"),
		odd("encoded-slashes", "an ID with encoded slashes", "contracttest%2Fno%2Fsuch%2fworkflow"),
		odd("encoded-dots", "an ID of encoded dots", "%2E%2e"),
		odd("encoded-traversal", "an ID that leads out of its path with encoded dots and slashes", "..%2F..%2f%2e%2e%2Fcontracttest"),
		odd("encoded-control-characters", "an ID with encoded control characters", "contracttest%00%0D%0A"),
		odd("not-utf-8", "an ID that is not UTF-8", "contracttest%FF%C0%AF"),
		odd("long", "an ID of 5,000 characters", strings.Repeat("a", 5000)),
	)
	if p.Name == workflowIDName && op.schema != nil {
		first := unknown("unknown-and-inputs", "", unknownWorkflow)
		first.rule = "a request for a workflow that does not exist, with a body that is not valid, should be answered with " + code +
			", as the workflow is checked first"
		first.source, first.level, first.runs, first.inputFirst = "api/openapi.yaml, info: the order of the checks", LevelAdvice, false, false
		first.request.body, first.want = op.invalidBody(), refused
		first.advise = func(res *response) string {
			if !want(res) {
				return "expected " + code
			}
			return ""
		}
		checks = append(checks, first)
	}
	return checks
}

// queries are the checks of the parameters in the query.
func (op *operation) queries() []check {
	var checks []check
	for _, ref := range op.Parameters {
		p := ref.Value
		if p.In != openapi3.ParameterInQuery || p.Schema == nil {
			continue
		}
		add := func(name, rule string, query url.Values) {
			r := op.valid()
			path, _, _ := strings.Cut(r.path, "?")
			r.path = withQuery(path, query.Encode())
			checks = append(checks, check{
				name: "query/" + name, rule: rule + " must be answered with 4xx", source: "api/openapi.yaml, " + op.name() + ", " + p.Name,
				runs: !op.safe(), request: r, want: refused,
			})
		}
		changed := func(value string) url.Values {
			query := url.Values{}
			for name := range op.query {
				query.Set(name, op.query.Get(name))
			}
			query.Del(p.Name)
			if value != "" {
				query.Set(p.Name, value)
			}
			return query
		}
		if p.Required {
			add("missing-"+p.Name, "a request without "+p.Name+", which is required,", changed(""))
		}
		schema := openapi.Merged(p.Schema.Value)
		if len(schema.Enum) > 0 || !allows(schema, openapi3.TypeString) {
			if !schema.Type.Is(openapi3.TypeArray) && !schema.Type.Is(openapi3.TypeObject) {
				add(p.Name+"-is-wrong", p.Name+", of a value that the contract does not allow,", changed(notListed))
			}
		}
	}
	return checks
}
