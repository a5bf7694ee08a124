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

// unauthorized returns the checks of requests without a valid key.
//
// Those that have the key in them are for what does not exist: a server that lets them pass bills nobody, and returns
// 404.
func (op *operation) unauthorized() []check {
	if !op.Secured() || len(op.credentials) == 0 {
		return nil
	}
	k := &keyChecks{operation: op, key: op.credentials[0], absent: op.bareUnknown()}
	k.wrongKeys()
	k.sharedConnections()
	k.takenKeys()
	k.otherAccounts()
	k.otherPlaces()
	return k.list
}

// keyChecks are the checks of an operation's credentials.
type keyChecks struct {
	*operation
	key    credential   // the first of them
	absent wire.Request // for what does not exist, without credentials
	list   []check
}

// add adds a check that a request is refused as one without a valid key.
func (k *keyChecks) add(name, subject string, r wire.Request) *check {
	r.Keyed = false
	k.list = append(k.list, check{name: "unauthorized/" + name, subject: subject, must: k.get(http.StatusUnauthorized),
		source: k.at(http.StatusUnauthorized), request: r})
	return &k.list[len(k.list)-1]
}

// addOdd adds a check of what a server may refuse as no credential at all: RFC 6750 has 400 for that, and a server may
// refuse a long one before it looks at it.
func (k *keyChecks) addOdd(name, subject string, r wire.Request) {
	c := k.add(name, subject, r)
	if unauthorized := c.must; k.has(http.StatusUnauthorized) {
		c.must = expectation{unauthorized.text + ", or 400", get(http.StatusUnauthorized, http.StatusBadRequest,
			http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong, http.StatusRequestHeaderFieldsTooLarge).met}
		c.should = expectation{unauthorized.text,
			func(res *wire.Response) bool { return unauthorized.met(res) || slices.Contains(bypassing, res.Status) }}
	}
}

// withKey returns a request with the operation's credentials, and another value of the one that is the key.
func (k *keyChecks) withKey(r wire.Request, value, shell string) wire.Request {
	key := k.key
	key.value, key.shell = value, shell
	return withCredentials(r, append([]credential{key}, k.credentials[1:]...)...)
}

// wrongKeys adds the checks of no key, and of other values of it.
func (k *keyChecks) wrongKeys() {
	valid := k.bare(k.values)
	k.add("missing-key", "a request without a key", valid)
	for i, c := range k.credentials {
		if others := slices.Concat(k.credentials[:i], k.credentials[i+1:]); len(others) > 0 {
			k.add("missing-"+c.Name, "a request with all credentials but "+c.Name, withCredentials(valid, others...))
		}
	}
	key, variable := k.key.value, strings.TrimPrefix(k.key.shell, "$")
	wrong := wire.WrongKey
	if strings.EqualFold(k.key.Scheme.Scheme, "basic") {
		wrong = wire.WrongKey + ":" + wire.WrongKey
	}
	similar, similarShell := similarKey(k.key)
	k.add("wrong-key", "a request with a wrong key", k.withKey(valid, wrong, wrong))
	k.add("similar-key", "a request with a wrong key that begins as the key does and is as long",
		k.withKey(valid, similar, similarShell))
	if k.isBearer() {
		k.addOdd("empty-key", "a request with an empty key", valid.With("Authorization", "Bearer"))
		for _, header := range []struct{ name, what, value string }{
			{"other-scheme", "the key under another scheme than Bearer", "Basic " + key},
			{"missing-scheme", "the key and no scheme", key},
			{"key-with-words", "the key and a word after it", "Bearer " + key + " x"},
		} {
			k.addOdd(header.name, "a request with "+header.what,
				k.absent.WithSecret(key, k.key.shell).With("Authorization", header.value))
		}
	}
	change := func(name, what, value, shell string) {
		k.add(name, "a request with "+what, k.withKey(k.absent, value, shell))
	}
	if len(key) > 1 {
		change("key-cut-short", "the key without its last character", key[:len(key)-1], "${"+variable+"%?}")
		change("key-without-start", "the key without its first character", key[1:], "${"+variable+"#?}")
	}
	for less := 4; less <= 8 && less < len(key)-4; less++ {
		change(fmt.Sprintf("key-without-last-%d", less), fmt.Sprintf("the key without its last %d characters", less),
			key[:len(key)-less], "${"+variable+"%"+strings.Repeat("?", less)+"}")
	}
	change("key-with-more", "the key and a character after it", key+"x", "${"+variable+"}x")
	if other := values.SwapCase(key); other != key {
		change("key-in-other-case", "the key in another case", other, `$(printf %s "$`+variable+`" | tr A-Za-z a-zA-Z)`)
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
		k.addOdd("key-of-"+magic.name, "a request with "+magic.what+" for a key",
			k.withKey(k.absent, magic.value, magic.value))
	}
	if what := k.what(); what != "" {
		change("wrong-key-and-"+what, "a wrong key for a "+what+" that does not exist", wrong, wrong)
	}
	if k.schema != nil {
		c := k.add("wrong-key-and-inputs", "a request with a wrong key and a body that is not valid",
			k.withKey(k.absent, wrong, wrong))
		c.must.text += ", as the key is checked first"
		c.request.Body = k.invalidBody()
	}
}

// isBearer reports whether the key is the only credential, one of HTTP's scheme Bearer.
func (k *keyChecks) isBearer() bool { return len(k.credentials) == 1 && k.key.isBearer() }

// similarKey returns another key with the same first characters and length, and what a shell expands to it.
func similarKey(c credential) (value, shell string) {
	kept := min(8, len(c.value)/2)
	rest := strings.Repeat("x", len(c.value)-kept-1) + "y"
	if strings.HasSuffix(c.value, "y") {
		rest = rest[:len(rest)-1] + "z"
	}
	return c.value[:kept] + rest, fmt.Sprintf(`$(printf %%.%ds "%s")`, kept, c.shell) + rest
}

// sharedConnections adds the checks of what a connection remembers: their requests share one on purpose.
func (k *keyChecks) sharedConnections() {
	after := k.add("after-a-key", "a request without a key, on a connection that had one with the key,", k.bare(k.values))
	after.before = []wire.Request{k.keyed(k.absent)}
	if k.what() == "" {
		after.missing = errors.New(
			"the operation has no path parameter, so nothing can be asked for that does not exist")
		return
	}
	if k.schema != nil {
		long := k.absent
		long.Body = []byte(`{"contracttest":"` + values.FairlyLong() + `"}`)
		k.add("after-a-long-body", "a request without a key, on a connection that had one with a body of 50 kB,",
			k.absent).before = []wire.Request{long}
	}
}

// takenKeys adds the checks of spellings of the key, and of other credentials, that are to be taken.
func (k *keyChecks) takenKeys() {
	isTaken := func(res *wire.Response) bool {
		return res.Status != http.StatusUnauthorized && res.Status != http.StatusForbidden
	}
	if k.isBearer() {
		k.list = append(k.list, check{name: "unauthorized/scheme-in-lower-case",
			subject: "the scheme bearer in lower case", should: expectation{"be taken as Bearer is", isTaken},
			source:  "good practice: RFC 9110, 11.1",
			request: k.keyed(k.absent).With("Authorization", "bearer "+k.key.value)})
	}
	for _, list := range k.accepted[min(1, len(k.accepted)):] {
		c := k.add("by-"+list[0].Name, "a request with the credential "+list[0].Name, withCredentials(k.absent, list...))
		c.must, c.request.Keyed = expectation{"be let in", isTaken}, true
	}
}

// otherAccounts adds the checks that an account cannot use another's workflow.
func (k *keyChecks) otherAccounts() {
	workflow := k.Parameters.GetByInAndName(openapi3.ParameterInPath, workflowIDName)
	if workflow == nil {
		return
	}
	target := k.suite.target
	for _, other := range []struct {
		name, subject, field, value string
		request                     wire.Request
	}{
		{"other-account", "a request with the key of another account", "OtherAPIKey", target.OtherAPIKey,
			k.withKey(k.bare(k.values), target.OtherAPIKey, "$AITUTOR_OTHER_API_KEY")},
		{"other-workflow", "a request for the workflow of another account", "OtherWorkflowID", target.OtherWorkflowID,
			k.changed(workflow, target.OtherWorkflowID)},
	} {
		c := k.add(other.name, other.subject, other.request)
		c.must, c.source = k.get(http.StatusNotFound), k.at(http.StatusNotFound)
		c.request.Existing, c.inputFirst = false, k.noRuns
		if other.value == "" {
			c.missing = fmt.Errorf("the target has no %s", other.field)
		}
	}
}

// otherPlaces adds the checks that the key counts nowhere but where the document has it.
func (k *keyChecks) otherPlaces() {
	key, shell := k.key.value, k.key.shell
	bare := k.absent.WithSecret(key, shell)
	const query, header, cookie = openapi3.ParameterInQuery, openapi3.ParameterInHeader, openapi3.ParameterInCookie
	for _, place := range []struct {
		name, in, before string
		names            []string
	}{
		{"key-in-query", query, "", []string{"api_key", "api-key", "apikey", "apiKey"}},
		{"key-in-access-token", query, "", []string{"access_token", "auth_token", "token", "auth"}},
		{"key-in-key", query, "", []string{"key"}},
		{"key-in-other-header", header, "", []string{"X-API-Key", "X-Api-Token", "Api-Key", "ApiKey"}},
		{"key-in-x-auth-token", header, "", []string{"X-Auth-Token", "X-Access-Token", "X-Token", "Auth-Token"}},
		{"key-in-proxy-authorization", header, "Bearer ", []string{"Proxy-Authorization"}},
		{"key-in-forwarded-authorization", header, "Bearer ", []string{"X-Forwarded-Authorization",
			"X-Original-Authorization", "X-Authorization"}},
		{"key-in-cookie", cookie, "", []string{"api_key", "api-key", "apikey", "apiKey", "key", "token", "access_token",
			"auth_token", "auth", "authorization", "jwt", "session", "sid"}},
	} {
		names := slices.DeleteFunc(place.names, func(name string) bool { return k.describes(place.in, name) })
		if len(names) == 0 {
			continue
		}
		subject := "a request with the key in the " + place.in + " (" + strings.Join(names, ", ") + ") alone"
		r := bare
		switch place.in {
		case query:
			for _, name := range names {
				r = r.WithQuery(name + "=" + url.QueryEscape(key))
			}
			k.addOdd(place.name, subject, r) // a server may refuse what it does not know
			continue
		case header:
			for _, name := range names {
				r = r.With(name, place.before+key)
			}
		case cookie:
			r = r.With("Cookie", strings.Join(names, "="+key+"; ")+"="+key)
		}
		k.add(place.name, subject, r)
	}
	fromServer := k.bare(k.values)
	fromServer.Cookies = true
	k.add("cookie-of-the-server", "a request with the cookies that the server set alone", fromServer)
	if k.key.isBearer() {
		basic := openapi.Credential{Scheme: openapi3.NewSecurityScheme().WithType("http").WithScheme("basic")}
		k.addOdd("key-as-user", "a request with the key as the user of HTTP basic alone",
			withCredentials(bare, credential{basic, key + ":", shell + ":"}))
		k.addOdd("key-as-password", "a request with the key as the password of HTTP basic alone",
			withCredentials(bare, credential{basic, "api:" + key, "api:" + shell}))
	}
	if k.inputs != nil {
		body := k.carrier()
		for _, name := range []string{"api_key", "apiKey", "key", "token", "access_token", "authorization"} {
			if _, described := k.schema.Properties[name]; !described {
				body = body.With(name, values.Encode(key))
			}
		}
		k.add("key-in-body", "a request with the key in the body alone", bare).request.Body = body.JSON()
	}
	local := k.absent.With("Forwarded", "for=127.0.0.1")
	for _, name := range []string{"X-Forwarded-For", "X-Real-IP", "X-Client-IP", "Client-IP", "True-Client-IP",
		"X-Originating-IP", "CF-Connecting-IP"} {
		local = local.With(name, "127.0.0.1")
	}
	k.add("from-loopback", "a request without a key that claims to come from the server itself", local)
}

// describes reports whether the document has a key or a parameter of a name in a place.
func (k *keyChecks) describes(in, name string) bool {
	for _, ref := range k.suite.document.Components.SecuritySchemes {
		if s := ref.Value; s.Type == "apiKey" && s.In == in && strings.EqualFold(s.Name, name) {
			return true
		}
	}
	return k.Parameters.GetByInAndName(in, name) != nil
}
