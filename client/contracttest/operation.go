package contracttest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/client/contracttest/internal/values"
	"github.com/aitutor-api/aitutor-go/client/contracttest/internal/wire"
	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
	"github.com/aitutor-api/aitutor-go/client/internal/payload"
)

const (
	runOperation   = openapi.RunWorkflow
	workflowIDName = openapi.WorkflowID
	formType       = "application/x-www-form-urlencoded"
)

// suite is what the checks are made of: the document's operations and the target's values.
type suite struct {
	target     Target
	document   *openapi3.T
	sampler    openapi.Sampler
	name       string // of the document
	isOwn      bool   // it is that of the AI Tutor API, in this or another version
	operations []*operation
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
	inputs      values.Object    // body, if that is a JSON object
	custom      bool             // its inputs do not fit the schema
	methods     []string         // all that the document has for the path
	first       bool             // of those
	missing     error            // why no valid request can be made
	noRuns      bool             // nothing may be sent that a server could run
}

// safe reports whether a request of the operation changes and bills nothing.
func (op *operation) safe() bool { return isSafe(op.Method) }

func isSafe(method string) bool { return method == http.MethodGet || method == http.MethodHead }

// what returns what the first path parameter names, or "" if the path has none: then nothing can be asked for that does
// not exist.
func (op *operation) what() string {
	if p := op.pathParameter(); p != nil {
		return strings.TrimSuffix(p.Name, "_id")
	}
	return ""
}

func (op *operation) pathParameter() *openapi3.Parameter {
	for _, ref := range op.Parameters {
		if ref.Value.In == openapi3.ParameterInPath {
			return ref.Value
		}
	}
	return nil
}

// valid returns the operation's request with everything as it should be.
func (op *operation) valid() wire.Request { return op.keyed(op.bare(op.values)) }

// with returns the valid request with another body.
func (op *operation) with(body []byte) wire.Request { return op.valid().WithBody(op.contentType, body) }

// changed returns the valid request with another value of a parameter; nil leaves it out.
func (op *operation) changed(p *openapi3.Parameter, value any) wire.Request {
	r := op.keyed(op.bare(op.valuesWith(p, value)))
	r.Existing = p.In != openapi3.ParameterInPath
	return r
}

func (op *operation) valuesWith(p *openapi3.Parameter, value any) map[*openapi3.Parameter]any {
	changed := maps.Clone(op.values)
	if changed[p] = value; value == nil {
		delete(changed, p)
	}
	return changed
}

// bareUnknown returns the request without credentials for what does not exist, if the path has parameters.
func (op *operation) bareUnknown() wire.Request {
	p := op.pathParameter()
	if p == nil {
		return op.bare(op.values)
	}
	r := op.bare(op.valuesWith(p, op.unknown(p)))
	r.Existing = false
	return r
}

// unknownOf has a value of some formats that nothing has.
var unknownOf = map[string]string{
	"uuid": "00000000-0000-4000-8000-000000000000", "date": "1901-02-03", "date-time": "1901-02-03T04:05:06Z",
	"email": "contracttest@example.com", "ipv4": "203.0.113.251", "ipv6": "2001:db8::c0de",
	"hostname": "contracttest.example.com",
	"uri":      "https://contracttest.example",
}

// unknown returns a value of a path parameter that nothing has.
func (op *operation) unknown(p *openapi3.Parameter) any {
	text := "contracttest-no-such-" + strings.TrimSuffix(p.Name, "_id")
	if p.Schema != nil {
		if value, ok := unknownOf[p.Schema.Value.Format]; ok && op.fits(p.Schema.Value, value) {
			return value
		}
	}
	for _, value := range []any{text, unknownOf["uuid"], 987654321.0, "zzzzzzzzzzzz", "999999999"} {
		if p.Schema == nil || op.fits(p.Schema.Value, value) {
			return value
		}
	}
	return text
}

// fits reports whether a schema allows a value in a request.
func (op *operation) fits(schema *openapi3.Schema, value any) bool {
	return op.suite.sampler.Allows(schema, value) == nil
}

// escapedText is a value of a path parameter that is escaped already.
type escapedText string

// bare returns a request without credentials.
func (op *operation) bare(parameters map[*openapi3.Parameter]any) wire.Request {
	r := wire.Request{Method: op.Method, Path: op.Path, Existing: true}
	var query, cookies []string
	for _, ref := range op.Parameters {
		p := ref.Value
		value, ok := parameters[p]
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
	return r
}

// keyed returns a request with the operation's credentials.
func (op *operation) keyed(r wire.Request) wire.Request {
	r = withCredentials(r, op.credentials...)
	r.Keyed = true
	return r
}

// credential is the value of one security scheme, and what a shell expands to it within double quotes.
type credential struct {
	openapi.Credential
	value, shell string
}

// isBearer reports whether the credential is one of HTTP's scheme Bearer.
func (c credential) isBearer() bool {
	return c.Scheme.Type == "http" && strings.EqualFold(c.Scheme.Scheme, "bearer")
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

// form returns the inputs encoded as a form.
func (op *operation) form() string {
	object := map[string]any{}
	for name, value := range op.inputs {
		object[name] = values.Decode(value)
	}
	form := openapi.Media{ContentType: formType, MediaType: openapi3.NewMediaType()}
	_, body, err := form.Encode(object)
	if err != nil {
		return ""
	}
	return string(body)
}

// invalidBody returns JSON that the operation cannot take for valid: an object without what is required, if anything
// is.
func (op *operation) invalidBody() []byte {
	if !op.custom && !op.fits(op.schema, map[string]any{}) {
		return []byte("{}")
	}
	return []byte("[]")
}

// carrier returns the inputs to which others are added, or with NoRuns none, so that they are not valid.
func (op *operation) carrier() values.Object {
	if op.noRuns {
		return values.Object{}
	}
	return op.inputs
}

// withUnknown returns the inputs and some that no workflow has.
func (op *operation) withUnknown() values.Object {
	return op.inputs.With("contracttest_text", []byte(`"unknown"`)).With("contracttest_nothing", []byte(`null`)).
		With("contracttest_object", []byte(`{"list":[1,true,null]}`))
}

// allowsMore reports whether the inputs may have names that the document does not describe.
func (op *operation) allowsMore() bool {
	return op.custom || op.fits(op.schema, values.Decode(op.withUnknown().JSON()))
}

// has reports whether the document describes the status for the operation.
func (op *operation) has(status int) bool { return op.Responses.Value(strconv.Itoa(status)) != nil }

// succeeds reports whether a response has a status of success that the document describes.
func (op *operation) succeeds(res *wire.Response) bool {
	if op.Responses.Status(res.Status) != nil {
		return res.Status < 400
	}
	for code := range op.Responses.Map() {
		if code[0] == '2' || code[0] == '3' {
			return false
		}
	}
	return res.Status/100 == 2
}

// looksTaken reports whether a response is one of the operation's successes, and not a page of something else.
func (op *operation) looksTaken(res *wire.Response) bool {
	if res.Status/100 != 2 || res.Status == http.StatusNoContent {
		return false
	}
	ref := cmp.Or(op.Responses.Status(res.Status), op.Responses.Status(http.StatusOK))
	if ref == nil || len(ref.Value.Content) == 0 {
		return true
	}
	contentType, _, _ := strings.Cut(res.Header.Get("Content-Type"), ";")
	media := ref.Value.Content.Get(strings.ToLower(strings.TrimSpace(contentType)))
	if media == nil {
		return false
	}
	if res.Method == http.MethodHead || media.Schema == nil || saysSuccess(res) {
		return true
	}
	return len(res.Body) > 0 && media.Schema.Value.VisitJSON(values.Decode(res.Body), openapi3.VisitAsResponse()) == nil
}

// decode decodes the JSON of a response; what is no JSON is an empty payload.
func decode(res *wire.Response) *payload.Payload {
	if !json.Valid(res.Body) {
		return &payload.Payload{}
	}
	return payload.Decode(res.Body)
}

// saysSuccess reports whether a response is a success by its body.
func saysSuccess(res *wire.Response) bool { return decode(res).Success.Kind == 't' }

// place returns the place in the document of a part of the operation.
func (op *operation) place(part string) string {
	return fmt.Sprintf("%s, %s, %s", op.suite.name, op.Name(), part)
}

// at returns the place in the document of a status.
func (op *operation) at(status int) string { return op.place("response " + strconv.Itoa(status)) }
