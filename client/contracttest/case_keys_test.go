package contracttest

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"

	"github.com/aitutor-api/aitutor-go/client/contracttest/internal/wire"
)

const (
	// keyed are the checks that send some key in Authorization, and get 401.
	keyed = "unauthorized/wrong-key* unauthorized/similar-key unauthorized/*-scheme unauthorized/key-cut-short unauthorized/key-with* unauthorized/key-in-other-case unauthorized/key-as-*"
	// unauthorizedChecks are those that get 401.
	unauthorizedChecks = "unauthorized/*-key unauthorized/*-scheme unauthorized/key-* unauthorized/wrong-key-and-* " +
		otherUnauthorized
	// otherUnauthorized are those that have the key nowhere.
	otherUnauthorized = "unauthorized/after-a-long-body unauthorized/cookie-of-the-server unauthorized/from-loopback"
)

// keyElsewhere are the checks of a key that is not in Authorization.
const keyElsewhere = "unauthorized/key-in-query unauthorized/key-in-other-header unauthorized/key-in-access-token unauthorized/key-in-key unauthorized/key-in-x-auth-token unauthorized/key-in-proxy-authorization unauthorized/key-in-forwarded-authorization unauthorized/key-in-cookie unauthorized/key-in-body"

func faultsOfKeys() []fault {
	unauthorized := hasStatus(http.StatusUnauthorized)
	bearer := func(test func(key string) bool) when {
		return func(r *http.Request, _ string) bool {
			key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
			return ok && test(key)
		}
	}
	return []fault{
		{"no key is needed for an unknown workflow", keyElsewhere +
			" unauthorized/after-a-long-body unauthorized/from-loopback", taking(credentialIs(""), func(r *http.Request) {
			if strings.Contains(r.URL.Path, unknownWorkflow) {
				asKeyed(r)
			}
		})},
		{"the key is taken from the query", "unauthorized/key-in-query", taking(func(r *http.Request,
			_ string) bool {
			return r.URL.Query().Get("api_key") == testKey
		}, asKeyed)},
		{"the key is taken from another header", "unauthorized/key-in-other-header", taking(func(r *http.Request,
			_ string) bool {
			return r.Header.Get("X-Api-Key") == testKey
		}, asKeyed)},
		{"the key is taken in another case", "unauthorized/key-in-other-case",
			taking(bearer(func(key string) bool { return strings.EqualFold(key, testKey) }), asKeyed)},
		{"only the start of the key is compared",
			"unauthorized/similar-key unauthorized/key-cut-short unauthorized/key-without-last-* unauthorized/key-with-more unauthorized/key-with-words",
			taking(bearer(func(key string) bool { return strings.HasPrefix(key, testKey[:8]) && key != otherKey }), asKeyed)},
		{"only the end of the key is compared", "unauthorized/key-without-start",
			taking(bearer(func(key string) bool { return strings.HasSuffix(key, testKey[9:]) }), asKeyed)},
		{"words after the key are ignored", "unauthorized/key-with-words",
			taking(bearer(func(key string) bool { return strings.HasPrefix(key, testKey+" ") }), asKeyed)},
		{"one wrong key is taken",
			"unauthorized/wrong-key unauthorized/wrong-key-and-workflow unauthorized/wrong-key-and-inputs",
			taking(bearer(func(key string) bool { return key == wire.WrongKey }), asKeyed)},
		{"every account may run every workflow", "unauthorized/other-account unauthorized/other-workflow",
			taking(func(r *http.Request, _ string) bool {
				return r.Header.Get("Authorization") == "Bearer "+otherKey || strings.HasSuffix(r.URL.Path, "wf_another")
			}, func(r *http.Request) {
				asKeyed(r)
				r.URL.Path, r.URL.RawPath = "/api/v1/run/"+testWorkflow, ""
			})},
		{"another account may run the workflow", "unauthorized/other-account", taking(credentialIs("Bearer "+otherKey),
			asKeyed)},
		{"the workflow of another account is run", "unauthorized/other-workflow", taking(pathHas("wf_another"),
			func(r *http.Request) {
				r.URL.Path, r.URL.RawPath = "/api/v1/run/"+testWorkflow, ""
			})},
		{"the inputs are checked before the key", "unauthorized/wrong-key-and-inputs", instead(bodyIs("{}"),
			func(w http.ResponseWriter, _ *http.Request) {
				refuse(w, http.StatusBadRequest, "a missing input")
			})},
		{"a scheme in lower case is refused", againstAdvice + "unauthorized/scheme-in-lower-case",
			instead(credentialIs("bearer "+testKey), func(w http.ResponseWriter, _ *http.Request) {
				refuse(w, http.StatusUnauthorized, "no valid key")
			})},
		{"a request without a key gets 403", "unauthorized/missing-key unauthorized/after-a-key " +
			keyElsewhere + " " + otherUnauthorized,
			instead(credentialIs(""), func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost {
					refuse(w, http.StatusForbidden, "no key")
				}
			})},
		{"a request without a key for the workflow gets 403",
			"unauthorized/missing-key unauthorized/after-a-key", instead(func(r *http.Request, body string) bool {
				return r.Method == http.MethodPost && r.Header.Get("Authorization") == "" && r.Header.Get("Cookie") == "" &&
					strings.HasSuffix(r.URL.Path, "run/"+testWorkflow) && !strings.Contains(r.RequestURI, "//") &&
					!strings.Contains(r.RequestURI, "%")
			}, func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusForbidden, "no key") })},
		{"an empty key is taken", "unauthorized/empty-key", taking(credentialIs("Bearer"), asKeyed)},
		{"any key is taken", "unauthorized/wrong-key* unauthorized/similar-key unauthorized/other-account unauthorized/key-cut-short unauthorized/key-with* unauthorized/key-in-other-case unauthorized/key-of-*", taking(bearer(func(string) bool { return true }), asKeyed)},
		{"the key is taken under another scheme", "unauthorized/other-scheme", taking(credentialIs("Basic "+testKey),
			asKeyed)},
		{"the key is taken without a scheme", "unauthorized/missing-scheme", taking(credentialIs(testKey), asKeyed)},
		{"the start of the key is taken", "unauthorized/key-cut-short unauthorized/key-without-last-*",
			taking(bearer(func(key string) bool { return strings.HasPrefix(testKey, key) }), asKeyed)},
		{"the key is taken with more after it", "unauthorized/key-with-more unauthorized/key-with-words",
			taking(bearer(func(key string) bool { return strings.HasPrefix(key, testKey) }), asKeyed)},
		{
			"the workflow is looked up before the key",
			"unauthorized/wrong-key-and-* unauthorized/other-scheme unauthorized/missing-scheme unauthorized/key-* unauthorized/after-a-long-body unauthorized/from-loopback",
			instead(func(r *http.Request, _ string) bool { return strings.HasSuffix(r.URL.Path, unknownWorkflow) },
				func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusNotFound, "no such workflow") }),
		},
		{"a wrong key learns whether a workflow exists", "unauthorized/wrong-key-and-*", responding(func(r *http.Request,
			_ string) bool {
			return strings.HasSuffix(r.URL.Path, unknownWorkflow) &&
				r.Header.Get("Authorization") == "Bearer contracttest-wrong-key"
		}, http.StatusNotFound, "application/json", `{"success":false,"error":"no such workflow"}`)},
		{"a key that is no token gets 400", againstAdvice + "unauthorized/key-with-words unauthorized/missing-scheme " +
			"unauthorized/empty-key unauthorized/other-scheme unauthorized/key-as-* unauthorized/key-of-sql " +
			"unauthorized/key-of-percent unauthorized/key-of-asterisk",
			instead(func(r *http.Request, _ string) bool {
				credential := r.Header.Get("Authorization")
				return credential != "" && !regexp.MustCompile(`^(?i:bearer) [\w.-]+$`).MatchString(credential)
			}, func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusBadRequest, "no token") })},
		{"a long key gets 431", againstAdvice + "unauthorized/key-of-long", responding(func(r *http.Request, _ string) bool {
			return len(r.Header.Get("Authorization")) > 4096
		}, http.StatusRequestHeaderFieldsTooLarge, "text/plain", "too long")},
		{"a query that it does not know gets 400", againstAdvice + "unauthorized/key-in-query unauthorized/key-in-key " +
			"unauthorized/key-in-access-token", instead(func(r *http.Request, _ string) bool {
			return r.Method == http.MethodPost && r.URL.RawQuery != ""
		}, func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusBadRequest, "an unknown query") })},
		{"a wrong key gets 403", unauthorizedChecks, altering(unauthorized, statusTo(http.StatusForbidden))},
		{"a wrong key gets plain text", unauthorizedChecks, altering(unauthorized, headerTo("Content-Type",
			"text/plain"))},
		{"a wrong key gets no body", unauthorizedChecks, altering(unauthorized,
			bodyTo(func(string) string { return "" }))},
		{"a wrong key gets no code", unauthorizedChecks, altering(unauthorized,
			replacing(`,"code":"refused"`, ``))},
		{"a wrong key gets success", unauthorizedChecks, altering(unauthorized, replacing(`"success":false`,
			`"success":true`))},
		{"a wrong key makes it fail", unauthorizedChecks + " spelling/parameter spelling/extension spelling/no-id",
			altering(unauthorized, statusTo(http.StatusInternalServerError))},
		{"a wrong key is redirected to a page", unauthorizedChecks, altering(unauthorized, func(_ *http.Request,
			res *httptest.ResponseRecorder) {
			res.Code = http.StatusFound
			res.Header().Set("Location", "/login")
		})},
		{"a wrong key comes back in the message", keyed, altering(unauthorized, func(r *http.Request,
			res *httptest.ResponseRecorder) {
			replacing("no valid key", "no valid key: "+r.Header.Get("Authorization"))(r, res)
		})},
		{
			"the key comes back in a header",
			"runs/* unauthorized/scheme-in-lower-case unauthorized/other-account unauthorized/other-workflow workflow/* request/* method/head method/options method/trace method/get method/put method/patch method/delete method/unknown method/override " + keyed,
			altering(anyResponse, func(r *http.Request, res *httptest.ResponseRecorder) {
				res.Header().Set("X-Debug", r.Header.Get("Authorization"))
			}),
		},
	}
}

// faultsOfOtherPlaces takes the key from where the document has none, one place at a time.
func faultsOfOtherPlaces() []fault {
	var list []fault
	add := func(place, names, check string, has func(r *http.Request, name string) bool) {
		for name := range strings.FieldsSeq(names) {
			list = append(list, fault{"the key is taken from " + place + " " + name, "unauthorized/" + check,
				taking(func(r *http.Request, _ string) bool {
					return r.Header.Get("Authorization") == "" && has(r, name)
				}, asKeyed)})
		}
	}
	inQuery := func(r *http.Request, name string) bool { return r.URL.Query().Get(name) == testKey }
	add("the query", "api-key apiKey apikey", "key-in-query", inQuery)
	add("the query", "access_token auth_token token auth", "key-in-access-token", inQuery)
	inHeader := func(r *http.Request, name string) bool {
		return strings.TrimPrefix(r.Header.Get(name), "Bearer ") == testKey
	}
	add("the header", "Api-Key X-Api-Token", "key-in-other-header", inHeader)
	add("the header", "X-Access-Token X-Token Auth-Token", "key-in-x-auth-token", inHeader)
	add("the header", "X-Authorization X-Original-Authorization", "key-in-forwarded-authorization", inHeader)
	add("the cookie", "key auth jwt sid access_token auth_token apiKey", "key-in-cookie",
		func(r *http.Request, name string) bool {
			cookie, err := r.Cookie(name)
			return err == nil && cookie.Value == testKey
		})
	add("a loopback address in", "X-Client-IP Client-IP True-Client-IP X-Originating-IP CF-Connecting-IP", "from-loopback",
		func(r *http.Request, name string) bool { return r.Header.Get(name) == "127.0.0.1" })
	return list
}
