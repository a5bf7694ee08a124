package contracttest

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/client/contracttest/internal/wire"
	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
)

const (
	runOperation   = "runWorkflow"
	workflowIDName = "workflow_id"

	// keyVariable stands for the key in a command, within double quotes.
	keyVariable = "$AITUTOR_API_KEY"
)

// escapedText is a value of a path parameter that is escaped already.
type escapedText string

// suite is what the checks are made of: the document's operations and the target's values.
type suite struct {
	target       Target
	document     *openapi3.T
	sampler      openapi.Sampler
	name         string // of the document
	operations   []*operation
	customInputs bool // Target.Inputs do not fit the contract's schema: another workflow's
}

// operation is one operation of the document, with a valid request.
type operation struct {
	openapi.Operation
	suite       *suite
	values      map[*openapi3.Parameter]any // of the valid request
	credentials []credential                // of the valid request
	accepted    [][]credential              // all that the target has, by alternative
	contentType string
	schema      *openapi3.Schema // of a JSON body; nil: it has none
	body        []byte           // valid
	inputs      inputs           // body, if that is a JSON object
	custom      bool             // its inputs do not fit the schema
	methods     []string         // all that the document has for the path
	first       bool             // of those
	missing     error            // why no valid request can be made
}

func (op *operation) name() string { return op.Name() }

// safe reports whether a request of the operation changes and bills nothing.
func (op *operation) safe() bool { return isSafe(op.Method) }

func isSafe(method string) bool { return method == http.MethodGet || method == http.MethodHead }

// has reports whether the document describes the status for the operation.
func (op *operation) has(status int) bool { return op.Responses.Value(strconv.Itoa(status)) != nil }

// succeeds wants a response to have a status of success that the document describes.
func (op *operation) succeeds(res *wire.Response) bool {
	described := false
	for code := range op.Responses.Map() {
		if code == strconv.Itoa(res.Status) && res.Status < 400 || strings.EqualFold(code,
			strconv.Itoa(res.Status/100)+"XX") && res.Status < 400 {
			return true
		}
		described = described || code[0] == '2' || code[0] == '3'
	}
	return !described && res.Status/100 == 2
}

// wantStatus wants a status if the document describes it for the operation, and else any 4xx.
func (op *operation) wantStatus(code int) (func(*wire.Response) bool, string) {
	if op.has(code) {
		return status(code), strconv.Itoa(code)
	}
	return refused, "4xx"
}

// valid returns the operation's request with everything as it should be.
func (op *operation) valid() wire.Request { return op.request(op.values) }

// request returns the valid request with other values of parameters.
func (op *operation) request(values map[*openapi3.Parameter]any) wire.Request {
	r := wire.Request{Method: op.Method, Path: op.Path, Keyed: true, Existing: true}
	var query, cookies []string
	for _, ref := range op.Parameters {
		p := ref.Value
		value, ok := values[p]
		if !ok {
			continue
		}
		text, err := openapi.Serialize(p, value)
		if escaped, ok := value.(escapedText); ok {
			text = string(escaped)
		} else if err != nil {
			continue // a value of another type than the schema has
		}
		switch p.In {
		case openapi3.ParameterInPath:
			r.Path = strings.ReplaceAll(r.Path, "{"+p.Name+"}", text)
		case openapi3.ParameterInHeader:
			r = r.With(p.Name, text)
		case openapi3.ParameterInQuery:
			query = append(query, text)
		case openapi3.ParameterInCookie:
			cookies = append(cookies, text)
		}
	}
	r = r.WithQuery(strings.Join(query, "&"))
	if len(cookies) > 0 {
		r = r.With("Cookie", strings.Join(cookies, "; "))
	}
	if op.body != nil {
		r = r.WithBody(op.contentType, op.body)
	}
	return withCredentials(r, op.credentials...)
}

// changed returns the valid request with another value of a parameter; nil leaves it out.
func (op *operation) changed(p *openapi3.Parameter, value any) wire.Request {
	values := maps.Clone(op.values)
	if values[p] = value; value == nil {
		delete(values, p)
	}
	r := op.request(values)
	r.Existing = p.In != openapi3.ParameterInPath
	return r
}

// forUnknown returns the valid request for what does not exist, if the operation has path parameters.
func (op *operation) forUnknown() wire.Request {
	for _, ref := range op.Parameters {
		if p := ref.Value; p.In == openapi3.ParameterInPath {
			return op.changed(p, op.unknown(p))
		}
	}
	return op.valid()
}

// unknown returns a value of a path parameter that nothing has.
func (op *operation) unknown(p *openapi3.Parameter) any {
	text := "contracttest-no-such-" + strings.TrimSuffix(p.Name, "_id")
	if p.Schema == nil || op.fits(p.Schema.Value, text) {
		return text
	}
	for _, value := range []any{"00000000-0000-4000-8000-000000000000", 987654321.0, "zzzzzzzzzzzz", "999999999"} {
		if op.fits(p.Schema.Value, value) {
			return value
		}
	}
	return text
}

// hasPath reports whether the path has parameters, so that there is something that does not exist.
func (op *operation) hasPath() bool {
	return slices.ContainsFunc(op.Parameters,
		func(ref *openapi3.ParameterRef) bool { return ref.Value.In == openapi3.ParameterInPath })
}

// with returns the valid request with another body.
func (op *operation) with(body []byte) wire.Request { return op.valid().WithBody(op.contentType, body) }

// without returns a request without its credentials.
func (op *operation) without(r wire.Request) wire.Request {
	bare := *op
	bare.credentials = nil
	clean := bare.valid()
	clean.Method, clean.Path, clean.Body, clean.Existing, clean.Keyed = r.Method, r.Path, r.Body, r.Existing, false
	for _, c := range op.credentials {
		if place, name := c.In(); place == openapi3.ParameterInQuery {
			clean.Path = withoutQuery(clean.Path, name)
		}
	}
	return clean
}

func withoutQuery(path, name string) string {
	before, query, _ := strings.Cut(path, "?")
	var kept []string
	for part := range strings.SplitSeq(query, "&") {
		if key, _, _ := strings.Cut(part, "="); part != "" && key != url.QueryEscape(name) {
			kept = append(kept, part)
		}
	}
	if len(kept) == 0 {
		return before
	}
	return before + "?" + strings.Join(kept, "&")
}

// credential is the value of one security scheme, and what a shell expands to it within double quotes.
type credential struct {
	openapi.Credential
	value, shell string
}

// withCredentials returns a request with credentials, as their schemes say.
func withCredentials(r wire.Request, credentials ...credential) wire.Request {
	for _, c := range credentials {
		set := &http.Request{Header: http.Header{}, URL: &url.URL{}}
		c.Set(set, c.value)
		r = r.WithSecret(c.value, c.shell).WithQuery(set.URL.RawQuery)
		for name := range set.Header {
			value := set.Header.Get(name)
			if others := r.Get("Cookie"); name == "Cookie" && others != "" {
				value = others + "; " + value
			}
			r = r.With(name, value)
			if encoded, ok := strings.CutPrefix(value, "Basic "); ok {
				r = r.WithSecret(encoded, `$(printf %s "`+c.shell+`" | base64 | tr -d '\n')`)
			}
		}
	}
	return r
}

// findCredentials sets the credentials that the target has for the operation.
func (op *operation) findCredentials() error {
	var lacking []string
	for _, alternative := range op.Security {
		var list []credential
		for _, c := range alternative {
			own := op.suite.credential(c)
			if own.value == "" {
				lacking = append(lacking, c.Name)
				break
			}
			list = append(list, own)
		}
		if len(list) > 0 && len(list) == len(alternative) {
			op.accepted = append(op.accepted, list)
		}
	}
	if len(op.accepted) > 0 {
		op.credentials = op.accepted[0]
		return nil
	}
	if op.Secured() {
		return fmt.Errorf("the target has no credential for the security scheme %s", strings.Join(slices.Compact(lacking),
			", "))
	}
	return nil
}

// credential returns the target's credential for a security scheme; without a value if it has none.
func (s *suite) credential(c openapi.Credential) credential {
	own := credential{Credential: c, shell: "$" + Variable(c.Name)}
	if place, _ := c.In(); place == "" {
		return own
	}
	own.value = s.target.Credentials[c.Name]
	if own.value == "" && (s.isOwn() || len(s.document.Components.SecuritySchemes) == 1) {
		own.value = s.target.APIKey
	}
	if s.isOwn() {
		own.shell = keyVariable
	}
	return own
}

// isOwn reports whether the document is that of the AI Tutor API, in this or another version.
func (s *suite) isOwn() bool {
	return len(s.target.Spec) == 0 || slices.ContainsFunc(s.operations,
		func(op *operation) bool { return op.OperationID == runOperation })
}

// Variable returns the name of the environment variable that curl commands have for the credential of a security scheme
// of
// [Target.Spec]: PET_STORE for pet-store.
func Variable(scheme string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z':
			return r - 'a' + 'A'
		case 'A' <= r && r <= 'Z' || '0' <= r && r <= '9':
			return r
		}
		return '_'
	}, scheme)
}

// findValues sets the values of the parameters of the valid request.
func (op *operation) findValues() error {
	op.values = map[*openapi3.Parameter]any{}
	for _, ref := range op.Parameters {
		p := ref.Value
		own, given := op.suite.target.PathParameters[p.Name]
		switch {
		case p.In == openapi3.ParameterInPath && p.Name == workflowIDName && op.suite.target.WorkflowID != "":
			op.values[p] = op.suite.target.WorkflowID
		case p.In == openapi3.ParameterInPath && given:
			op.values[p] = own
		case p.In == openapi3.ParameterInPath || p.Required:
			value, err := op.suite.sampler.Parameter(p)
			if err != nil {
				return fmt.Errorf("the document has no example of the %s parameter %s: %w", p.In, p.Name, err)
			}
			op.values[p] = value
		}
	}
	return nil
}

// fits reports whether a schema allows a value in a request.
func (op *operation) fits(schema *openapi3.Schema, value any) bool {
	return op.suite.sampler.Allows(schema, value) == nil
}

// sample returns a value that a schema allows, or nil if none can be made.
func (op *operation) sample(schema *openapi3.Schema) any {
	value, err := op.suite.sampler.Sample(schema)
	if err != nil {
		return nil
	}
	return value
}

// looksTaken reports whether a response is one of the operation's successes, and not a page of something else.
func (op *operation) looksTaken(res *wire.Response) bool {
	if res.Status/100 != 2 || res.Status == http.StatusNoContent {
		return false
	}
	ref := op.Responses.Status(res.Status)
	if ref == nil {
		ref = op.Responses.Value("2XX")
	}
	if ref == nil {
		ref = op.Responses.Status(http.StatusOK)
	}
	if ref == nil || len(ref.Value.Content) == 0 {
		return true
	}
	contentType, _, _ := strings.Cut(res.Header.Get("Content-Type"), ";")
	media := ref.Value.Content.Get(strings.ToLower(strings.TrimSpace(contentType)))
	if media == nil {
		return false
	}
	if res.Method == http.MethodHead || media.Schema == nil || fieldOf(res, "success") == true {
		return true
	}
	return len(res.Body) > 0 && media.Schema.Value.VisitJSON(decode(res.Body), openapi3.VisitAsResponse()) == nil
}
