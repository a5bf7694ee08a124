package contracttest

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/client/contracttest/internal/values"
	"github.com/aitutor-api/aitutor-go/client/contracttest/internal/wire"
	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
)

// keyCheck returns a check that a request is refused as one without a valid key.
func (op *operation) keyCheck(name, subject string, r wire.Request) check {
	r.Keyed = false
	return check{name: "unauthorized/" + name, subject: subject, must: op.get(http.StatusUnauthorized),
		source: op.at(http.StatusUnauthorized), request: r}
}

// malformed returns a check of what a server may refuse as no credential at all: RFC 6750 has 400 for that, and a server
// may refuse a long one before it looks at it.
func (op *operation) malformed(c check) check {
	if op.has(http.StatusUnauthorized) {
		own := c.must
		c.must = expectation{"be refused", get(http.StatusUnauthorized, http.StatusBadRequest,
			http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong, http.StatusRequestHeaderFieldsTooLarge).met}
		c.should = expectation{own.text,
			func(res *wire.Response) bool { return own.met(res) || slices.Contains(bypassing, res.Status) }}
	}
	return c
}

// withKey returns a request with the operation's credentials, and another value of the one that is the key.
func (op *operation) withKey(r wire.Request, value, shell string) wire.Request {
	key := op.credentials[0]
	key.value, key.shell = value, shell
	return withCredentials(r, append([]credential{key}, op.credentials[1:]...)...)
}

// unauthorized returns the checks of requests without a valid key.
//
// Those that have the key in them are for what does not exist: a server that lets them pass bills nobody, and returns
// 404.
func (op *operation) unauthorized() []check {
	if !op.Secured() || len(op.credentials) == 0 {
		return nil
	}
	checks := []check{op.keyCheck("missing-key", "a request without a key", op.bare(op.values))}
	add := func(name, what string, r wire.Request) {
		checks = append(checks, op.keyCheck(name, "a request with "+what, r))
	}
	for i, c := range op.credentials {
		if others := slices.Concat(op.credentials[:i], op.credentials[i+1:]); len(others) > 0 {
			add("missing-"+c.Name, "all credentials but "+c.Name, withCredentials(op.bare(op.values), others...))
		}
	}
	first := op.credentials[0]
	key, variable := first.value, strings.TrimPrefix(first.shell, "$")
	similar, similarShell := similarKey(first)
	add("wrong-key", "a wrong key", op.withKey(op.bare(op.values), op.wrong(), op.wrong()))
	add("similar-key", "a wrong key that begins as the key does and is as long",
		op.withKey(op.bare(op.values), similar, similarShell))
	unknown := op.bareUnknown()
	odd := func(name, what string, r wire.Request) {
		checks = append(checks, op.malformed(op.keyCheck(name, "a request with "+what, r)))
	}
	if len(op.credentials) == 1 && first.isBearer() {
		odd("empty-key", "an empty key", op.bare(op.values).With("Authorization", "Bearer"))
		for _, header := range []struct{ name, what, value string }{
			{"other-scheme", "the key under another scheme than Bearer", "Basic " + key},
			{"missing-scheme", "the key and no scheme", key},
			{"key-with-words", "the key and a word after it", "Bearer " + key + " x"},
		} {
			odd(header.name, header.what, unknown.WithSecret(key, first.shell).With("Authorization", header.value))
		}
	}
	wrong := func(name, what, value, shell string) { add(name, what, op.withKey(unknown, value, shell)) }
	if len(key) > 1 {
		wrong("key-cut-short", "the key without its last character", key[:len(key)-1], "${"+variable+"%?}")
		wrong("key-without-start", "the key without its first character", key[1:], "${"+variable+"#?}")
	}
	for less := 4; less <= 8 && less < len(key)-4; less++ {
		wrong(fmt.Sprintf("key-without-last-%d", less), fmt.Sprintf("the key without its last %d characters", less),
			key[:len(key)-less], "${"+variable+"%"+strings.Repeat("?", less)+"}")
	}
	wrong("key-with-more", "the key and a character after it", key+"x", "${"+variable+"}x")
	if other := values.SwapCase(key); other != key {
		wrong("key-in-other-case", "the key in another case", other, `$(printf %s "$`+variable+`" | tr A-Za-z a-zA-Z)`)
	}
	encode := base64.RawURLEncoding.EncodeToString
	unsigned := encode([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + encode([]byte(`{"sub":"1","admin":true}`)) + "."
	for _, magic := range []struct{ name, what, value string }{
		{"null", "null", "null"},
		{"undefined", "undefined", "undefined"},
		{"constructor", "the name of a method", "constructor"},
		{"proto", "the name of a prototype", "__proto__"},
		{"percent", "a percent sign", "%"},
		{"asterisk", "an asterisk", "*"},
		{"sql", "SQL", "' OR '1'='1"},
		{"unsigned-token", "a token that is not signed", unsigned},
		{"character", "one character", "x"},
		{"long", "5,000 characters", strings.Repeat("x", 5000)},
	} {
		odd("key-of-"+magic.name, magic.what+" for a key", op.withKey(unknown, magic.value, magic.value))
	}
	if what := op.what(); what != "" {
		wrong("wrong-key-and-"+what, "a wrong key for a "+what+" that does not exist", op.wrong(), op.wrong())
	}
	if op.schema != nil {
		c := op.keyCheck("wrong-key-and-inputs", "a request with a wrong key and a body that is not valid",
			op.withKey(unknown, op.wrong(), op.wrong()))
		c.must.text += ", as the key is checked first"
		c.request.Body = op.invalidBody()
		checks = append(checks, c)
	}
	return append(append(checks, op.sharedConnections()...), op.takenKeys()...)
}

// wrong returns a value that is no valid key.
func (op *operation) wrong() string {
	if strings.EqualFold(op.credentials[0].Scheme.Scheme, "basic") {
		return wire.WrongKey + ":" + wire.WrongKey
	}
	return wire.WrongKey
}

// similarKey returns another key with the same first characters and length, and what a shell expands to it.
func similarKey(c credential) (value, shell string) {
	kept := min(8, len(c.value)/2)
	rest := strings.Repeat("x", len(c.value)-kept-1) + "y"
	if strings.HasSuffix(c.value, "y") {
		rest = rest[:len(rest)-1] + "z"
	}
	return c.value[:kept] + rest, fmt.Sprintf(`$(printf %%.%ds "%s")`, kept, c.shell) + rest
}

// sharedConnections returns the checks of what a connection remembers: their requests share one on purpose.
func (op *operation) sharedConnections() []check {
	after := op.keyCheck("after-a-key", "a request without a key, on a connection that had one with the key,",
		op.bare(op.values))
	after.before = []wire.Request{op.keyed(op.bareUnknown())}
	if op.what() == "" {
		after.missing = errors.New(
			"the operation has no path parameter, so nothing can be asked for that does not exist")
	}
	if op.schema == nil || op.what() == "" {
		return []check{after}
	}
	unread := op.keyCheck("after-a-long-body",
		"a request without a key, on a connection that had one with a body of 50 kB,", op.bareUnknown())
	long := op.bareUnknown()
	long.Body = []byte(`{"contracttest":"` + values.FairlyLong() + `"}`)
	unread.before = []wire.Request{long}
	return []check{after, unread}
}

// takenKeys returns the checks of spellings of the key that should be taken, and of other accounts.
func (op *operation) takenKeys() []check {
	isTaken := func(res *wire.Response) bool {
		return res.Status != http.StatusUnauthorized && res.Status != http.StatusForbidden
	}
	var checks []check
	if first := op.credentials[0]; len(op.credentials) == 1 && first.isBearer() {
		lower := op.keyed(op.bareUnknown()).With("Authorization", "bearer "+first.value)
		checks = append(checks, check{name: "unauthorized/scheme-in-lower-case", subject: "the scheme bearer in lower case",
			should: expectation{"be taken as Bearer is", isTaken}, source: "good practice: RFC 9110, 11.1", request: lower})
	}
	for _, list := range op.accepted[min(1, len(op.accepted)):] {
		r := withCredentials(op.bareUnknown(), list...)
		r.Keyed = true
		checks = append(checks, check{name: "unauthorized/by-" + list[0].Name,
			subject: "a request with the credential " + list[0].Name, must: expectation{"be let in", isTaken},
			source: op.at(http.StatusUnauthorized), request: r})
	}
	workflow := op.Parameters.GetByInAndName(openapi3.ParameterInPath, workflowIDName)
	if op.values == nil || workflow == nil {
		return checks
	}
	// An account cannot use another's workflow.
	target := op.suite.target
	for _, other := range []struct {
		name, subject, field, value string
		request                     wire.Request
	}{
		{"other-account", "a request with the key of another account", "OtherAPIKey", target.OtherAPIKey,
			op.withKey(op.bare(op.values), target.OtherAPIKey, "$AITUTOR_OTHER_API_KEY")},
		{"other-workflow", "a request for the workflow of another account", "OtherWorkflowID", target.OtherWorkflowID,
			op.changed(workflow, target.OtherWorkflowID)},
	} {
		other.request.Keyed, other.request.Existing = false, false
		c := check{name: "unauthorized/" + other.name, subject: other.subject, must: op.get(http.StatusNotFound),
			source: op.at(http.StatusNotFound), request: other.request, inputFirst: op.noRuns}
		if other.value == "" {
			c.missing = fmt.Errorf("the target has no %s", other.field)
		}
		checks = append(checks, c)
	}
	return checks
}

// otherPlaces returns the checks that the key counts nowhere but where the document has it.
func (op *operation) otherPlaces() []check {
	if !op.Secured() || len(op.credentials) == 0 {
		return nil
	}
	c := op.credentials[0]
	bare := op.bareUnknown().WithSecret(c.value, c.shell)
	var checks []check
	add := func(name, what string, r wire.Request) {
		checks = append(checks, op.keyCheck(name, "a request with "+what+" alone", r))
	}
	odd := func(name, what string, r wire.Request) { // a server may refuse what it does not know
		checks = append(checks, op.malformed(op.keyCheck(name, "a request with "+what+" alone", r)))
	}
	isDescribed := func(in, name string) bool {
		for _, ref := range op.suite.document.Components.SecuritySchemes {
			if s := ref.Value; s.Type == "apiKey" && s.In == in && strings.EqualFold(s.Name, name) {
				return true
			}
		}
		return op.Parameters.GetByInAndName(in, name) != nil
	}
	undescribed := func(in string, names []string) []string {
		return slices.DeleteFunc(names, func(name string) bool { return isDescribed(in, name) })
	}
	inQuery := func(name string, parameters ...string) {
		r := bare
		parameters = undescribed(openapi3.ParameterInQuery, parameters)
		for _, parameter := range parameters {
			r = r.WithQuery(parameter + "=" + url.QueryEscape(c.value))
		}
		if len(parameters) == 0 {
			return
		}
		odd(name, "the key in the query ("+strings.Join(parameters, ", ")+")", r)
	}
	inQuery("key-in-query", "api_key", "api-key", "apikey", "apiKey")
	inQuery("key-in-access-token", "access_token", "auth_token", "token", "auth")
	inQuery("key-in-key", "key")
	inHeader := func(name, before string, headers ...string) {
		r := bare
		headers = undescribed(openapi3.ParameterInHeader, headers)
		for _, header := range headers {
			r = r.With(header, before+c.value)
		}
		if len(headers) == 0 {
			return
		}
		add(name, "the key in a header ("+strings.Join(headers, ", ")+")", r)
	}
	inHeader("key-in-other-header", "", "X-API-Key", "X-Api-Token", "Api-Key", "ApiKey")
	inHeader("key-in-x-auth-token", "", "X-Auth-Token", "X-Access-Token", "X-Token", "Auth-Token")
	inHeader("key-in-proxy-authorization", "Bearer ", "Proxy-Authorization")
	inHeader("key-in-forwarded-authorization", "Bearer ", "X-Forwarded-Authorization", "X-Original-Authorization",
		"X-Authorization")
	var cookies []string
	for _, name := range undescribed(openapi3.ParameterInCookie, []string{"api_key", "api-key", "apikey", "apiKey",
		"key", "token", "access_token", "auth_token", "auth", "authorization", "jwt", "session", "sid"}) {
		cookies = append(cookies, name+"="+c.value)
	}
	add("key-in-cookie", "the key in a cookie", bare.With("Cookie", strings.Join(cookies, "; ")))
	fromServer := op.bare(op.values)
	fromServer.Cookies = true
	add("cookie-of-the-server", "the cookies that the server set", fromServer)
	if c.isBearer() {
		basic := openapi.Credential{Scheme: openapi3.NewSecurityScheme().WithType("http").WithScheme("basic")}
		odd("key-as-user", "the key as the user of HTTP basic",
			withCredentials(bare, credential{basic, c.value + ":", c.shell + ":"}))
		odd("key-as-password", "the key as the password of HTTP basic",
			withCredentials(bare, credential{basic, "api:" + c.value, "api:" + c.shell}))
	}
	if op.inputs != nil {
		body := op.carrier()
		for _, name := range []string{"api_key", "apiKey", "key", "token", "access_token", "authorization"} {
			if _, described := op.schema.Properties[name]; !described {
				body = body.With(name, values.Encode(c.value))
			}
		}
		inBody := bare
		inBody.Body = body.JSON()
		add("key-in-body", "the key in the body", inBody)
	}
	local := op.bareUnknown().With("Forwarded", "for=127.0.0.1")
	for _, name := range []string{"X-Forwarded-For", "X-Real-IP", "X-Client-IP", "Client-IP", "True-Client-IP",
		"X-Originating-IP", "CF-Connecting-IP"} {
		local = local.With(name, "127.0.0.1")
	}
	return append(checks, op.keyCheck("from-loopback",
		"a request without a key that claims to come from the server itself", local))
}
