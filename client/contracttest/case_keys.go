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

	"github.com/aitutor-api/aitutor-go/client/contracttest/internal/wire"
)

// keyCheck returns a check that a request is refused as one without a valid key.
func (op *operation) keyCheck(name, subject string, r wire.Request) check {
	want, code := op.wantStatus(http.StatusUnauthorized)
	r.Keyed = false
	return check{
		name: "unauthorized/" + name, subject: subject, demand: "get " + code,
		source: op.at(http.StatusUnauthorized), request: r, want: want,
	}
}

// malformed returns a check of what a server may refuse as no credential at all: RFC 6750 has 400 for that, and a server
// may refuse a long one before it looks at it.
func (op *operation) malformed(c check) check {
	if op.has(http.StatusUnauthorized) {
		want := c.want
		c.demand = "be refused, and should " + c.demand
		c.should = func(res *wire.Response) bool { return want(res) || slices.Contains(bypassing, res.Status) }
		c.want = status(http.StatusUnauthorized, http.StatusBadRequest, http.StatusRequestEntityTooLarge,
			http.StatusRequestURITooLong, http.StatusRequestHeaderFieldsTooLarge)
	}
	return c
}

// withKey returns a request with other values of the credential that is the key.
func (op *operation) withKey(r wire.Request, value, shell string) wire.Request {
	r = op.without(r)
	for i, c := range op.credentials {
		if i == 0 {
			c.value, c.shell = value, shell
		}
		r = withCredentials(r, c)
	}
	return r
}

// isBearer reports whether the key is one of HTTP's scheme Bearer.
func (op *operation) isBearer() bool { return len(op.credentials) == 1 && isBearer(op.credentials[0]) }

func isBearer(c credential) bool {
	return c.Scheme.Type == "http" && strings.EqualFold(c.Scheme.Scheme, "bearer")
}

// unauthorized returns the checks of requests without a valid key.
//
// Those that have the key in them are for what does not exist: a server that lets them pass bills nobody, and returns
// 404.
func (op *operation) unauthorized() []check {
	if !op.Secured() || len(op.credentials) == 0 {
		return nil
	}
	key := op.credentials[0].value
	variable := strings.TrimPrefix(op.credentials[0].shell, "$")
	checks := []check{op.keyCheck("missing-key", "a request without a key", op.without(op.valid()))}
	add := func(name, what string, r wire.Request) {
		checks = append(checks, op.keyCheck(name, "a request with "+what, r))
	}
	if len(op.credentials) > 1 {
		for i, c := range op.credentials {
			others := append(append([]credential{}, op.credentials[:i]...), op.credentials[i+1:]...)
			add("missing-"+c.Name, "all credentials but "+c.Name, withCredentials(op.without(op.valid()), others...))
		}
	}
	add("wrong-key", "a wrong key", op.withKey(op.valid(), op.wrong(), op.wrong()))
	add("similar-key", "a wrong key that begins as the key does and is as long", op.similarKey())
	elsewhere := func(name, what, value, shell string) { add(name, what, op.withKey(op.forUnknown(), value, shell)) }
	odd := func(name, what string, r wire.Request) {
		checks = append(checks, op.malformed(op.keyCheck(name, "a request with "+what, r)))
	}
	if op.isBearer() {
		odd("empty-key", "an empty key", op.without(op.valid()).With("Authorization", "Bearer"))
		raw := func(name, what, value string) {
			odd(name, what, op.without(op.forUnknown()).WithSecret(key, op.credentials[0].shell).With("Authorization", value))
		}
		raw("other-scheme", "the key under another scheme than Bearer", "Basic "+key)
		raw("missing-scheme", "the key and no scheme", key)
		raw("key-with-words", "the key and a word after it", "Bearer "+key+" x")
	}
	if key != "" && len(key) > 1 {
		elsewhere("key-cut-short", "the key without its last character", key[:len(key)-1], "${"+variable+"%?}")
		elsewhere("key-without-start", "the key without its first character", key[1:], "${"+variable+"#?}")
	}
	for less := 4; less <= 8 && less < len(key)-4; less++ {
		elsewhere(fmt.Sprintf("key-without-last-%d", less), fmt.Sprintf("the key without its last %d characters", less),
			key[:len(key)-less], "${"+variable+"%"+strings.Repeat("?", less)+"}")
	}
	elsewhere("key-with-more", "the key and a character after it", key+"x", "${"+variable+"}x")
	if other := swapCase(key); other != key {
		elsewhere("key-in-other-case", "the key in another case", other, `$(printf %s "$`+variable+`" | tr A-Za-z a-zA-Z)`)
	}
	for _, magic := range []struct{ name, what, value string }{
		{"null", "null", "null"},
		{"undefined", "undefined", "undefined"},
		{"constructor", "the name of a method", "constructor"},
		{"proto", "the name of a prototype", "__proto__"},
		{"percent", "a percent sign", "%"},
		{"asterisk", "an asterisk", "*"},
		{"sql", "SQL", "' OR '1'='1"},
		{"unsigned-token", "a token that is not signed", unsignedToken()},
		{"character", "one character", "x"},
		{"long", "5,000 characters", strings.Repeat("x", 5000)},
	} {
		odd("key-of-"+magic.name, magic.what+" for a key", op.withKey(op.forUnknown(), magic.value, magic.value))
	}
	if op.hasPath() {
		elsewhere("wrong-key-and-"+op.what(), "a wrong key for a "+op.what()+" that does not exist", op.wrong(), op.wrong())
	}
	if op.schema != nil {
		c := op.keyCheck("wrong-key-and-inputs", "a request with a wrong key and a body that is not valid",
			op.withKey(op.forUnknown(), op.wrong(), op.wrong()))
		c.demand += ", as the key is checked first"
		c.request.Body = op.invalidBody()
		checks = append(checks, c)
	}
	checks = append(checks, op.sharedConnections()...)
	return append(checks, op.takenKeys()...)
}

// wrong returns a value that is no valid key.
func (op *operation) wrong() string {
	if c := op.credentials[0]; strings.EqualFold(c.Scheme.Scheme, "basic") {
		return wire.WrongKey + ":" + wire.WrongKey
	}
	return wire.WrongKey
}

// what returns what the first path parameter names.
func (op *operation) what() string {
	for _, ref := range op.Parameters {
		if ref.Value.In == openapi3.ParameterInPath {
			return strings.TrimSuffix(ref.Value.Name, "_id")
		}
	}
	return "resource"
}

// similarKey returns the valid request with another key with the same first characters and length.
func (op *operation) similarKey() wire.Request {
	key, shell := op.credentials[0].value, op.credentials[0].shell
	kept := min(8, len(key)/2)
	rest := strings.Repeat("x", len(key)-kept-1) + "y"
	if strings.HasSuffix(key, "y") {
		rest = rest[:len(rest)-1] + "z"
	}
	return op.withKey(op.valid(), key[:kept]+rest, fmt.Sprintf(`$(printf %%.%ds "%s")`, kept, shell)+rest)
}

// unsignedToken returns a JSON web token with the algorithm none.
func unsignedToken() string {
	part := base64.RawURLEncoding.EncodeToString
	return part([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + part([]byte(`{"sub":"1","admin":true}`)) + "."
}

// sharedConnections returns the checks of what a connection remembers: their requests share one on purpose.
func (op *operation) sharedConnections() []check {
	after := op.keyCheck("after-a-key", "a request without a key, on a connection that had one with the key,",
		op.without(op.valid()))
	keyed := op.forUnknown()
	after.before = []wire.Request{keyed}
	if !op.hasPath() {
		after.missing = errNothingUnknown
	}
	checks := []check{after}
	if op.schema != nil && op.hasPath() {
		unread := op.without(op.forUnknown())
		unread.Body = []byte(`{"contracttest":"` + fairlyLongText() + `"}`)
		c := op.keyCheck("after-a-long-body",
			"a request without a key, on a connection that had one with a body of 50 kB,", op.without(op.forUnknown()))
		c.before = []wire.Request{unread}
		checks = append(checks, c)
	}
	return checks
}

var errNothingUnknown = errors.New(
	"the operation has no path parameter, so nothing can be asked for that does not exist",
)

// takenKeys returns the checks of spellings of the key that should be taken, and of other accounts.
func (op *operation) takenKeys() []check {
	taken := func(res *wire.Response) bool {
		return res.Status != http.StatusUnauthorized && res.Status != http.StatusForbidden
	}
	var checks []check
	if op.isBearer() {
		lower := op.forUnknown().With("Authorization", "bearer "+op.credentials[0].value)
		checks = append(checks, check{
			name: "unauthorized/scheme-in-lower-case", subject: "the scheme bearer in lower case",
			demand: "be taken as Bearer is",
			source: "good practice: RFC 9110, 11.1", level: LevelAdvice, request: lower, should: taken,
		})
	}
	for _, list := range op.accepted[min(1, len(op.accepted)):] {
		r := withCredentials(op.without(op.forUnknown()), list...)
		r.Keyed = true
		checks = append(checks, check{
			name: "unauthorized/by-" + list[0].Name, subject: "a request with the credential " + list[0].Name,
			demand: "be let in",
			source: op.at(http.StatusUnauthorized), request: r, want: taken,
		})
	}
	if op.values != nil && op.Parameters.GetByInAndName(openapi3.ParameterInPath, workflowIDName) != nil {
		checks = append(checks, op.otherAccounts()...)
	}
	return checks
}

// otherAccounts returns the checks that an account cannot use another's workflow.
func (op *operation) otherAccounts() []check {
	target := op.suite.target
	want, code := op.wantStatus(http.StatusNotFound)
	of := func(name, subject, field, value string, r wire.Request) check {
		r.Keyed, r.Existing = false, false
		c := check{
			name: "unauthorized/" + name, subject: subject, demand: "get " + code,
			source: op.at(http.StatusNotFound), request: r, want: want,
			inputFirst: target.NoRuns,
		}
		if value == "" {
			c.missing = fmt.Errorf("the target has no %s", field)
		}
		return c
	}
	byOther := op.withKey(op.valid(), target.OtherAPIKey, "$AITUTOR_OTHER_API_KEY")
	ofOther := op.changed(op.Parameters.GetByInAndName(openapi3.ParameterInPath, workflowIDName), target.OtherWorkflowID)
	return []check{
		of("other-account", "a request with the key of another account", "OtherAPIKey", target.OtherAPIKey, byOther),
		of("other-workflow", "a request for the workflow of another account", "OtherWorkflowID", target.OtherWorkflowID,
			ofOther),
	}
}

// otherPlaces returns the checks that the key counts nowhere but where the document has it.
func (op *operation) otherPlaces() []check {
	if !op.Secured() || len(op.credentials) == 0 {
		return nil
	}
	c := op.credentials[0]
	var checks []check
	bare := op.without(op.forUnknown()).WithSecret(c.value, c.shell)
	add := func(name, what string, r wire.Request) *check {
		checks = append(checks, op.keyCheck(name, "a request with "+what+" alone", r))
		return &checks[len(checks)-1]
	}
	described := func(in, name string) bool {
		for _, ref := range op.suite.document.Components.SecuritySchemes {
			if s := ref.Value; s.Type == "apiKey" && s.In == in && strings.EqualFold(s.Name, name) {
				return true
			}
		}
		return op.Parameters.GetByInAndName(in, name) != nil
	}
	for _, q := range []struct{ name, parameter string }{{"key-in-query", "api_key"}, {"key-in-access-token",
		"access_token"}, {"key-in-key", "key"}} {
		if !described(openapi3.ParameterInQuery, q.parameter) {
			inQuery := add(q.name, "the key in ?"+q.parameter+"=", bare.WithQuery(q.parameter+"="+url.QueryEscape(c.value)))
			*inQuery = op.malformed(*inQuery) // a server may refuse what it does not know
		}
	}
	for _, h := range []struct{ name, header, before string }{
		{"key-in-other-header", "X-API-Key", ""},
		{"key-in-x-auth-token", "X-Auth-Token", ""},
		{"key-in-proxy-authorization", "Proxy-Authorization", "Bearer "},
		{"key-in-forwarded-authorization", "X-Forwarded-Authorization", "Bearer "},
	} {
		if !described(openapi3.ParameterInHeader, h.header) {
			add(h.name, "the key in "+h.header, bare.With(h.header, h.before+c.value))
		}
	}
	cookies := func(value string) string {
		var list []string
		for _, name := range []string{"api_key", "apikey", "token", "access_token", "authorization", "session"} {
			if !described(openapi3.ParameterInCookie, name) {
				list = append(list, name+"="+value)
			}
		}
		return strings.Join(list, "; ")
	}
	add("key-in-cookie", "the key in a cookie", bare.With("Cookie", cookies(c.value)))
	add("cookie-of-the-server", "the cookies that the server set", op.without(op.valid())).cookies = true
	if isBearer(c) {
		for _, b := range []struct{ name, what, user string }{
			{"key-as-user", "the key as the user of HTTP basic", c.value + ":"},
			{"key-as-password", "the key as the password of HTTP basic", "api:" + c.value},
		} {
			encoded := base64.StdEncoding.EncodeToString([]byte(b.user))
			shell := `$(printf %s "` + strings.ReplaceAll(b.user, c.value, c.shell) + `" | base64 | tr -d '\n')`
			if b.user == c.value+":" {
				shell = `$(printf '%s:' "` + c.shell + `" | base64 | tr -d '\n')`
			}
			basic := add(b.name, b.what, bare.With("Authorization", "Basic "+encoded).WithSecret(encoded, shell))
			*basic = op.malformed(*basic)
		}
	}
	if op.inputs != nil {
		in := op.carrier()
		for _, name := range []string{"api_key", "apiKey", "key", "token", "access_token", "authorization"} {
			if _, described := op.schema.Properties[name]; !described {
				in = in.with(name, encode(c.value))
			}
		}
		r := bare
		r.Body = in.object()
		add("key-in-body", "the key in the body", r)
	}
	local := op.without(op.forUnknown()).With("X-Forwarded-For", "127.0.0.1").With("X-Real-IP",
		"127.0.0.1").With("Forwarded", "for=127.0.0.1")
	checks = append(checks, op.keyCheck("from-loopback",
		"a request without a key that claims to come from the server itself", local))
	return checks
}
