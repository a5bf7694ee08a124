package contracttest

import (
	"bytes"
	"encoding/base64"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/api"
	"github.com/aitutor-api/aitutor-go/client/contracttest/internal/values"
	"github.com/aitutor-api/aitutor-go/client/contracttest/internal/wire"
	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
)

// fault is what is wrong with a server that is sound otherwise.
type fault struct {
	name   string
	caught string // the checks that break the contract, and no others: names without the operation, * for a part of one
	server middleware
}

// againstAdvice before the checks that catch a fault says that they do so at the level of advice.
const againstAdvice = "advice: "

// faults returns those of every group, and some that many groups catch.
func faults(op *operation) []fault {
	return slices.Concat(faultsOfRuns(op), faultsOfPractice(), faultsOfKeys(), faultsOfWorkflows(),
		faultsOfRequests(op), faultsOfMethods(op), faultsEverywhere(), faultsOfResponses(op), faultsOfOtherPlaces(), faultsOfOneRequest(op))
}

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

// wholeRuns are the checks of runs whose response cannot be a framework's.
const wholeRuns = "runs/valid runs/gzip runs/charset runs/extra-inputs runs/fairly-long-text runs/long-text runs/unicode-text runs/odd-text"

func faultsOfRuns(op *operation) []fault {
	valid := string(op.body)
	failing := func(w when) middleware {
		return responding(w, http.StatusInternalServerError, "application/json", `{"success":false,"error":"it failed"}`)
	}
	veryLong, long := bodyHas(strings.Repeat("a", 1000)), bodyHas(values.FairlyLong()[:1500])
	ok := hasStatus(http.StatusOK)
	list := []fault{
		{"the simplest run fails", "runs/valid", instead(func(r *http.Request, body string) bool {
			return asksKeyed(r) && bodyIs(valid)(r, body) && strings.HasSuffix(r.URL.Path, testWorkflow) &&
				r.Header.Get("Content-Type") == "application/json" && r.Header.Get("Accept-Encoding") != "gzip"
		}, func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusInternalServerError, "it failed") })},
		{"a run gets 201", "runs/*", altering(ok, statusTo(http.StatusCreated))},
		{"a run gets 204 and no body", "runs/*", altering(ok, func(r *http.Request,
			res *httptest.ResponseRecorder) {
			res.Code = http.StatusNoContent
			res.Body.Reset()
		})},
		{"a run gets a redirect", "runs/*", altering(ok, func(r *http.Request, res *httptest.ResponseRecorder) {
			res.Code = http.StatusTemporaryRedirect
			res.Header().Set("Location", "/elsewhere")
		})},
		{"a run is refused with 400",
			"runs/valid runs/gzip runs/charset runs/extra-inputs runs/fairly-long-text runs/long-text runs/unicode-text",
			altering(ok, func(_ *http.Request, res *httptest.ResponseRecorder) {
				res.Code = http.StatusBadRequest
				res.Body = bytes.NewBufferString(`{"success":false,"error":"not today"}`)
			})},
		{"a run lacks a field", wholeRuns, altering(ok, replacing(`"run_id"`, `"id"`))},
		{"a run's field has another type", wholeRuns, altering(ok, replacing(`"completed"`, `1`))},
		{"a run has a name twice", wholeRuns, altering(ok, replacing(`{"output"`, `{"status":"completed","output"`))},
		{"a run is not UTF-8", wholeRuns, altering(ok, replacing("completed", "complet\xe9d"))},
		{"a run has a byte order mark", wholeRuns, altering(ok, bodyTo(func(body string) string { return "\ufeff" + body }))},
		{"a run has data after it", wholeRuns, altering(ok, bodyTo(func(body string) string { return body + "{}" }))},
		{"a run is cut short", wholeRuns, altering(ok, bodyTo(func(body string) string { return body[:len(body)/2] }))},
		{"a run is not said to be JSON", wholeRuns, altering(ok, headerTo("Content-Type", "text/plain"))},
		{"a run is said to have failed", wholeRuns, altering(ok, replacing(`"success":true`, `"success":false`))},
		{"a run's rate limit is no number", wholeRuns, altering(ok, headerTo("X-Ratelimit-Limit", "ten"))},
		{"a run's body is shorter than its length says", "runs/*", altering(ok, headerTo("Content-Length", "100000"))},
		{"a run's body never ends", "runs/*", altering(ok, bodyTo(func(body string) string {
			return body +
				strings.Repeat(" ", 10<<20)
		}))},
		{"a run breaks the connection", "runs/*", altering(ok, func(*http.Request,
			*httptest.ResponseRecorder) {
			panic(http.ErrAbortHandler)
		})},
		{"inputs that it does not have are refused", "runs/extra-inputs", responding(bodyHas("contracttest_"),
			http.StatusBadRequest, "application/json", `{"success":false,"error":"unknown input"}`)},
		{"a long text makes it fail", "runs/long-text", failing(veryLong)},
		{"a long text is refused", "runs/long-text", responding(veryLong, http.StatusBadRequest, "application/json",
			`{"success":false,"error":"too long"}`)},
		{"a fairly long text is refused", "runs/fairly-long-text", responding(long, http.StatusRequestEntityTooLarge,
			"application/json", `{"success":false,"error":"too long"}`)},
		{"a charset is refused", "runs/charset", instead(func(r *http.Request, _ string) bool {
			return strings.Contains(r.Header.Get("Content-Type"), "charset")
		}, func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusUnsupportedMediaType, "no charset") })},
		{"what is not UTF-8 makes it fail", "runs/not-utf-8", failing(bodyHas("\xff"))},
		{"a run is compressed", "runs/*", altering(ok, headerTo("Content-Encoding", "gzip"))},
		{"a run has a header twice", wholeRuns, altering(ok, func(_ *http.Request, res *httptest.ResponseRecorder) {
			res.Header()["X-Ratelimit-Limit"] = []string{"10", "10"}
		})},
		{"a run has two content types", wholeRuns, altering(ok, func(_ *http.Request, res *httptest.ResponseRecorder) {
			res.Header()["Content-Type"] = []string{"application/json", "text/html"}
		})},
		{"a run's rate limit is negative", wholeRuns, altering(ok, headerTo("X-Ratelimit-Remaining", "-1"))},
		{"a long text is refused by its gateway", againstAdvice + "runs/long-text", responding(veryLong,
			http.StatusRequestEntityTooLarge, "text/html", "<html></html>")},
		{"a NUL makes it fail", "runs/odd-text", failing(bodyHas(`\u0000`))},
		{"a character beyond 16 bits gets another charset", "runs/unicode-text",
			responding(bodyHas("\U0001f436"), http.StatusOK, "application/json",
				"{\"success\":true,\"result\":\"\xed\xa0\xbd\"}")},
		{"half of a surrogate pair makes it fail", "runs/lone-surrogate", failing(bodyHas(`\ud83d"`))},
		{"a run shows the key", "runs/*", altering(ok, replacing("completed", testKey))},
		{"a run shows the key escaped", "runs/*", altering(ok, replacing("completed", `\u0074`+testKey[1:]))},
		{"a run shows the key in base64", "runs/*", altering(ok, replacing("completed",
			base64.StdEncoding.EncodeToString([]byte("key="+testKey))))},
		{"a run shows the key in the name of a header", "runs/*", altering(ok, headerTo("X-"+testKey, "1"))},
	}
	if name := outputName(op); name != "" {
		renamed := altering(ok, replacing(`"`+name+`"`, `"another"`))
		list = append(list, fault{"a run's output is renamed", wholeRuns, renamed})
	}
	return list
}

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

// faultsOfOneRequest takes the request of one check for valid, of those that have no fault by their own.
func faultsOfOneRequest(op *operation) []fault {
	var list []fault
	for _, c := range slices.Concat(op.unauthorized(), op.spellings(), op.pathParameters(),
		op.otherMethods()) {
		if len(c.before) > 0 || c.request.Cookies || c.name == "unauthorized/missing-key" || strings.Contains(c.name,
			"method/") && c.request.Keyed || c.level() == LevelAdvice {
			continue
		}
		list = append(list, fault{"the request of " + c.name + " is taken", c.name, taking(isRequest(c.request),
			func(r *http.Request) {
				r.Method = http.MethodPost
				r.URL.RawQuery = ""
				asKeyed(r)
				asTestWorkflow(r)
				asValid(op)(r)
			})})
	}
	const cookie = "session=of-the-server"
	return append(list,
		fault{"a connection remembers the key", "unauthorized/after-a-key", func(next http.Handler) http.Handler {
			var keyed sync.Map // by connection
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if _, seen := keyed.LoadOrStore(r.RemoteAddr, false); !seen && asksKeyed(r) && strings.HasSuffix(r.URL.Path,
					unknownWorkflow) {
					keyed.Store(r.RemoteAddr, true)
				}
				if has, _ := keyed.Load(r.RemoteAddr); has == true && r.Header.Get("Authorization") == "" &&
					strings.HasSuffix(r.URL.Path, testWorkflow) {
					asKeyed(r)
				}
				next.ServeHTTP(w, r)
			})
		}},
		fault{"a run sets a cookie that stands for the key", "unauthorized/cookie-of-the-server",
			func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if asksKeyed(r) {
						w.Header().Set("Set-Cookie", cookie)
					}
					if r.Header.Get("Cookie") == cookie {
						asKeyed(r)
					}
					next.ServeHTTP(w, r)
				})
			}},
		fault{"a body that is not read is taken for the next request", "unauthorized/after-a-long-body",
			func(next http.Handler) http.Handler {
				var unread sync.Map // by connection
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if _, ok := unread.Load(r.RemoteAddr); ok {
						respond(w, http.StatusBadRequest, "application/json",
							`{"success":false,"error":{"message":"no request","code":"refused"}}`)
						return
					}
					if r.Header.Get("Authorization") == "" && strings.Contains(string(bodyOf(r)), `{"contracttest":"once`) {
						unread.Store(r.RemoteAddr, true)
					}
					next.ServeHTTP(w, r)
				})
			}},
		fault{"a run in gzip does not decode", "runs/gzip", instead(func(r *http.Request, _ string) bool {
			return r.Header.Get("Accept-Encoding") == "gzip"
		}, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			respond(w, http.StatusOK, "application/json", "no gzip")
		})},
	)
}

// isRequest tells the requests that are as a check sends them.
func isRequest(want wire.Request) when {
	return func(r *http.Request, body string) bool {
		for _, h := range want.Headers {
			if r.Header.Get(h.Name) != h.Value {
				return false
			}
		}
		for _, name := range []string{"Authorization", "Cookie", "X-Api-Key", "X-Auth-Token", "X-Forwarded-For",
			"Proxy-Authorization", "X-Http-Method-Override", "X-Trace"} {
			if want.Get(name) != r.Header.Get(name) {
				return false
			}
		}
		return r.Method == want.Method && r.RequestURI == want.Path && body == string(want.Body)
	}
}

func faultsOfWorkflows() []fault {
	failing := func(part string) middleware {
		return responding(pathHas(part), http.StatusInternalServerError, "application/json",
			`{"success":false,"error":"it failed"}`)
	}
	return []fault{
		{"any workflow is run",
			"unauthorized/other-workflow workflow/unknown workflow/other-case workflow/cut-short workflow/with-more workflow/space-after workflow/nul-after workflow/percent workflow/encoded* workflow/not-utf-8 workflow/long workflow/constructor workflow/proto workflow/id-in-query workflow/id-in-body", taking(func(r *http.Request, _ string) bool {
				return r.Header.Get("Authorization") == "Bearer "+testKey
			}, func(r *http.Request) {
				r.URL.Path, r.URL.RawPath = "/api/v1/run/"+testWorkflow, ""
			})},
		{"an unknown workflow gets 400", "workflow/unknown workflow/id-in-body",
			instead(func(r *http.Request, body string) bool { return pathHas(unknownWorkflow)(r, body) && body != "{}" },
				func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusBadRequest, "no such workflow") })},
		{"encoded slashes make it fail", "workflow/encoded-slashes workflow/encoded-traversal", failing("%2f")},
		{"encoded slashes are taken for slashes", againstAdvice + "workflow/encoded-slashes workflow/encoded-traversal",
			responding(pathHas("%2F"), http.StatusNotFound, "text/plain", "404 page not found")},
		{"encoded dots are redirected", againstAdvice + "workflow/encoded-dots", instead(pathHas("/%2E%2e"),
			func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "/api/v1/", http.StatusTemporaryRedirect)
			})},
		{"encoded dots with slashes give a file", "workflow/encoded-traversal", responding(pathHas("..%2F..%2f"),
			http.StatusOK, "text/plain", "root:x:0:0")},
		{"an encoded NUL makes it fail", "workflow/encoded-control-characters workflow/nul-after", failing("%00")},
		{"an ID comes back as it is", againstAdvice + "workflow/not-utf-8", instead(pathHas("%FF"),
			func(w http.ResponseWriter, r *http.Request) {
				respond(w, http.StatusNotFound, "application/json", `{"success":false,"error":"no workflow `+r.URL.Path+`"}`)
			})},
		{"a long ID is refused by its gateway", againstAdvice + "workflow/long", responding(pathHas(strings.Repeat("a",
			5000)), http.StatusRequestURITooLong, "text/html", "<html></html>")},
		{"an ID in another case is run", "workflow/other-case", taking(pathHas("/WF_TEST"), asTestWorkflow)},
		{"the start of an ID is run", "workflow/cut-short", taking(func(r *http.Request,
			_ string) bool {
			return strings.HasSuffix(r.URL.Path, "/wf_tes")
		}, asTestWorkflow)},
		{"an ID with more after it is run", "workflow/with-more", taking(pathHas("/wf_testx"), asTestWorkflow)},
		{"an ID is trimmed", "workflow/space-after", taking(pathHas("/wf_test%20"), asTestWorkflow)},
		{"the inputs are checked before the workflow", againstAdvice + "workflow/unknown-and-inputs",
			instead(func(r *http.Request, body string) bool {
				return pathHas(unknownWorkflow)(r, body) && body == "{}"
			}, func(w http.ResponseWriter, _ *http.Request) {
				refuse(w, http.StatusBadRequest, "a missing input")
			})},
		{"an unknown workflow gets no success",
			"unauthorized/scheme-in-lower-case unauthorized/other-account unauthorized/other-workflow workflow/unknown workflow/other-case workflow/cut-short workflow/with-more workflow/unknown-and-inputs workflow/constructor workflow/proto workflow/id-in-query workflow/id-in-body", altering(func(r *http.Request, res *httptest.ResponseRecorder) bool {
				return res.Code == http.StatusNotFound
			}, replacing(`"success":false,`, ``))},
	}
}

func faultsOfRequests(op *operation) []fault {
	valid := string(op.inputs.JSON())
	taken := func(name, check string, body when) fault {
		return fault{name + " is run", "request/" + check, taking(body, asValid(op))}
	}
	bad := hasStatus(http.StatusBadRequest)
	everyBad := "request/*-body request/json-* request/*-object request/array-of-inputs request/missing-* request/other-case-* request/*-is-* request/*-has-* request/*-breaks-* request/empty-* request/blank-* request/*-fits-no-variant"
	list := []fault{
		taken("an empty body", "empty-body", bodyIs("")),
		taken("JSON cut short", "json-cut-short", bodyIs(valid[:len(valid)-1])),
		{"JSON with more after it is run", againstAdvice + "request/json-with-more", taking(bodyHas("} x"), asValid(op))},
		taken("JSON in single quotes", "json-in-single-quotes", bodyHas("{'")),
		taken("an array", "array-for-object", bodyIs("[]")),
		taken("a string", "string-for-object", bodyIs(`"inputs"`)),
		taken("a number", "number-for-object", bodyIs("1")),
		taken("a boolean", "boolean-for-object", bodyIs("true")),
		taken("null", "null-for-object", bodyIs("null")),
		{"another content type is run", againstAdvice + "request/other-content-type", taking(func(r *http.Request,
			_ string) bool {
			return r.Header.Get("Content-Type") == "text/plain"
		}, asValid(op))},
		taken("the inputs within an array", "array-of-inputs", bodyIs("["+valid+"]")),
		{"a form is run", againstAdvice + "request/form", taking(func(r *http.Request, _ string) bool {
			return r.Header.Get("Content-Type") == formType
		}, asValid(op))},
		{"deep nesting gets a long response", againstAdvice + "request/nested-deep", responding(bodyHas("[[[["),
			http.StatusBadRequest, "application/json", `{"success":false,"error":"`+strings.Repeat(" ", 11<<20)+`"}`)},
		{"deep nesting makes it fail", againstAdvice + "request/nested-deep", responding(bodyHas("[[[["),
			http.StatusInternalServerError, "application/json", `{"success":false,"error":"stack overflow"}`)},
		{"deep nesting breaks the connection", "request/nested-deep", instead(bodyHas("[[[["), func(http.ResponseWriter,
			*http.Request) {
			panic(http.ErrAbortHandler)
		})},
		{"a bad body makes it fail", everyBad, altering(bad, statusTo(http.StatusInternalServerError))},
		{"a bad body gets another's error schema", everyBad, altering(bad,
			bodyTo(func(string) string { return `{"detail":"bad"}` }))},
	}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(op.schema.Required))) {
		if op.inputs[name] == nil {
			continue
		}
		without := maps.Clone(op.inputs)
		delete(without, name)
		list = append(list,
			fault{"a missing " + name + " is not named", againstAdvice + "request/missing-" + name, altering(bad,
				replacing(name, "input"))},
			fault{"a missing " + name + " gets 422", "request/missing-" + name, instead(func(r *http.Request,
				body string) bool {
				return asksKeyed(r) && bodyIs(string(without.JSON()))(r, body)
			}, func(w http.ResponseWriter, _ *http.Request) {
				refuse(w, http.StatusUnprocessableEntity, name+" is missing")
			})},
		)
	}
	for _, c := range op.schemaBodies() {
		_, check, _ := strings.Cut(op.finish(c).name, "/request/")
		one := taken("the request of "+check, check, bodyIs(string(c.request.Body)))
		if c.level() == LevelAdvice {
			one.caught = againstAdvice + one.caught
		}
		list = append(list, one)
	}
	return list
}

func faultsOfMethods(op *operation) []fault {
	refused := hasStatus(http.StatusMethodNotAllowed)
	list := []fault{
		{"405 lacks Allow", againstAdvice + "method/*", altering(refused, func(_ *http.Request,
			res *httptest.ResponseRecorder) {
			res.Header().Del("Allow")
		})},
		{"405 allows what it refuses", againstAdvice + "method/*", altering(refused, func(r *http.Request,
			res *httptest.ResponseRecorder) {
			res.Header().Set("Allow", "POST, "+r.Method)
		})},
		{"405 allows another method", againstAdvice + "method/*", altering(refused, headerTo("Allow", "PURGE"))},
		{"another method gets 404", "", altering(refused, statusTo(http.StatusNotFound))},
		{"405 gets plain text", "", altering(refused, headerTo("Content-Type", "text/plain"))},
		{"OPTIONS gets the response of a CORS middleware", "", instead(methodIs(http.MethodOptions), func(w http.ResponseWriter,
			_ *http.Request) {
			w.WriteHeader(http.StatusNoContent)
		})},
		{"X-HTTP-Method-Override is taken", "method/override", taking(func(r *http.Request,
			_ string) bool {
			return r.Header.Get("X-Http-Method-Override") != ""
		},
			func(r *http.Request) { r.Method = http.MethodPost })},
		{"an unknown method is taken", "method/unknown", taking(methodIs("CONTRACTTEST"),
			func(r *http.Request) { r.Method = http.MethodPost })},
		{"an unknown method gets 501", "", instead(methodIs("CONTRACTTEST"), func(w http.ResponseWriter,
			_ *http.Request) {
			w.WriteHeader(http.StatusNotImplemented)
		})},
		{"OPTIONS has a body of its own", "", responding(methodIs(http.MethodOptions), http.StatusOK, "application/json",
			`{"name":"runs"}`)},
		{"HEAD is run", "method/head", taking(methodIs(http.MethodHead), func(r *http.Request) {
			r.Method = http.MethodPost
			asValid(op)(r)
		})},
		{"HEAD fails", "method/head", altering(func(r *http.Request,
			_ *httptest.ResponseRecorder) bool {
			return r.Method == http.MethodHead
		},
			statusTo(http.StatusInternalServerError))},
		{"OPTIONS fails", "method/options", altering(func(r *http.Request,
			_ *httptest.ResponseRecorder) bool {
			return r.Method == http.MethodOptions
		},
			statusTo(http.StatusInternalServerError))},
		{"TRACE sends the request back", "method/trace", instead(methodIs(http.MethodTrace), func(w http.ResponseWriter,
			r *http.Request) {
			w.Header().Set("Content-Type", "message/http")
			_ = r.Write(w)
		})},
	}
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		caught := "method/" + strings.ToLower(method)
		if method == http.MethodGet {
			caught += " method/override"
		}
		list = append(list, fault{method + " is taken for POST", caught, taking(methodIs(method),
			func(r *http.Request) { r.Method = http.MethodPost })})
	}
	return list
}

// faultsOfPractice returns those that are against good practice and keep the contract.
func faultsOfPractice() []fault {
	unauthorized, ok := hasStatus(http.StatusUnauthorized), hasStatus(http.StatusOK)
	return []fault{
		{"an error has the code of another", againstAdvice + unauthorizedChecks, altering(unauthorized,
			replacing(`"refused"`, `"workflow_not_found"`))},
		{"an error shows a stack trace", againstAdvice + unauthorizedChecks, altering(unauthorized,
			replacing("no valid key", "panic: no valid key, goroutine 1 [running]"))},
		{"an error shows SQL", againstAdvice + unauthorizedChecks, altering(unauthorized, replacing("no valid key",
			"no rows: SELECT id FROM accounts"))},
		{"a run has an empty ID", againstAdvice + "runs/*", altering(ok, field("run_id", ""))},
		{"an error has no message", againstAdvice + unauthorizedChecks, altering(unauthorized, replacing("no valid key",
			" "))},
		{"an error in the deployed variant has no message", againstAdvice + unauthorizedChecks, altering(unauthorized,
			bodyTo(func(string) string { return `{"success":false,"error":""}` }))},
		{"a run's content type does not parse", againstAdvice + "runs/*", altering(ok, headerTo("Content-Type",
			"application/json; charset"))},
		{"a run has more requests left than there are", againstAdvice + "runs/*", altering(ok, func(_ *http.Request,
			res *httptest.ResponseRecorder) {
			res.Header().Set("X-Ratelimit-Limit", "10")
			res.Header().Set("X-Ratelimit-Remaining", "11")
		})},
		{"a run is said to be in another charset", againstAdvice + "runs/*", altering(ok, headerTo("Content-Type",
			"application/json; charset=iso-8859-1"))},
	}
}

// faultsOfResponses returns those found in responses that were received for other checks.
func faultsOfResponses(op *operation) []fault {
	unauthorized, ok := hasStatus(http.StatusUnauthorized), hasStatus(http.StatusOK)
	errorText := func(text string) func(*http.Request, *httptest.ResponseRecorder) {
		return field("error", map[string]any{"message": text, "code": "refused"})
	}
	list := []fault{
		{"a run may be shared by caches", "runs/*", altering(ok, headerTo("Cache-Control", "public, max-age=60"))},
		{"a 401 may be shared by caches", unauthorizedChecks + " spelling/parameter spelling/extension spelling/no-id",
			altering(unauthorized, headerTo("Cache-Control", "s-maxage=60"))},
		{"an error shows the address that it was asked at", "", altering(anError, func(r *http.Request,
			res *httptest.ResponseRecorder) {
			replacing("no valid key", "no valid key for http://"+r.Host+r.URL.Path)(r, res)
		})},
		{"a run is open to every origin with credentials", "runs/*", altering(ok, func(_ *http.Request,
			res *httptest.ResponseRecorder) {
			res.Header().Set("Access-Control-Allow-Origin", "*")
			res.Header().Set("Access-Control-Allow-Credentials", "true")
		})},
		{"a run has an error beside its success", wholeRuns, altering(ok, field("error", "none"))},
		{"a run shows the key in a trailer", "runs/*", altering(ok, func(_ *http.Request, res *httptest.ResponseRecorder) {
			res.Header().Set(http.TrailerPrefix+"X-Debug", testKey)
		})},
		{"errors are of another variant than runs", againstAdvice + "unauthorized/key-of-null",
			instead(credentialIs("Bearer null"), func(w http.ResponseWriter, _ *http.Request) {
				respond(w, http.StatusUnauthorized, "application/json", `{"success":false,"error":"no valid key"}`)
			})},
	}
	for _, text := range []string{"", "undefined", "None", "NaN", "[object Object]", "[object Promise]", " "} {
		if body := runWithText(op, text); body != "" {
			list = append(list, fault{"a run's text is " + strconv.Quote(text), againstAdvice + "runs/*",
				altering(ok, bodyTo(func(string) string { return body }))})
		}
	}
	for name, text := range map[string]string{
		".NET":              `System.NullReferenceException: Object reference not set. at Tutor.Run() in /src/Run.cs:line 12`,
		"PHP":               `PHP Fatal error: Uncaught Error: no in /var/www/index.php on line 12`,
		"Rust":              `thread 'main' panicked at src/main.rs:12:5`,
		"Python":            `File "/app/main.py", line 12, in run`,
		"MySQL":             `You have an error in your SQL syntax; check the manual`,
		"PostgreSQL":        `duplicate key value violates unique constraint "runs_pkey"`,
		"Prisma":            "Invalid `prisma.workflow.findUnique()` invocation",
		"Mongo":             `MongoServerError: E11000 duplicate key error collection`,
		"Elixir":            "** (MatchError) no match of right hand side value",
		"Perl":              `Can't locate Run at lib/Run.pm line 12.`,
		"Swift":             `Unexpectedly found nil: file Run.swift, line 12`,
		"C++":               `terminate called after throwing an instance of 'std::out_of_range'`,
		"SQLite":            `SQLITE_CONSTRAINT: UNIQUE constraint failed`,
		"a path":            `ENOENT: open '/home/tutor/app/.env'`,
		"a path of Windows": `no such file: C:\inetpub\web.config`,
		"a private address": `connect to 10.0.3.17 failed`,
		"metadata":          `GET http://169.254.169.254/latest failed`,
		"IPv6":              `dial tcp [fd12:3456::1]:5432`,
		"a name of a host":  `lookup db.prod.internal`,
		"a local port":      `dial 127.0.0.1:5432`,
	} {
		list = append(list, fault{"an error shows " + name, againstAdvice + "unauthorized/key-of-null",
			altering(func(r *http.Request, _ *httptest.ResponseRecorder) bool {
				return r.Header.Get("Authorization") == "Bearer null"
			}, errorText(text))})
	}
	return list
}

func faultsEverywhere() []fault {
	withBody := "workflow/constructor workflow/proto workflow/id-in-query workflow/id-in-body unauthorized/* workflow/unknown workflow/other-case workflow/cut-short workflow/with-more workflow/unknown-and-inputs request/empty-* request/json-* " +
		"request/*-object request/array-of-inputs request/missing-* request/other-case-* request/*-is-* request/*-has-* request/*-breaks-* request/blank-* request/*-fits-no-variant"
	return []fault{
		{"every error has a success", withBody, altering(anError, replacing(`"success":false`, `"success":true`))},
		{"every error has a name twice", withBody, altering(anError, replacing(`{"success":false`,
			`{"success":false,"success":false`))},
		{"every error has data after it", withBody, altering(anError, bodyTo(func(body string) string {
			return body +
				"\n{}"
		}))},
		{"every error has no message", withBody, altering(anError, replacing(`"message"`, `"text"`))},
	}
}

func TestEveryFaultIsCaughtByTheCheckThatIsMeantToCatchIt(t *testing.T) {
	t.Parallel()
	op := testOperation(t, api.Document())
	all := namesOf(op)
	for i, fault := range faults(op) {
		if !isInSample(i) {
			continue
		}
		t.Run(fault.name, func(t *testing.T) {
			t.Parallel()
			report, err := checkHandler(t, api.Document(), fault.server(sound(t, api.Document())))
			require.NoError(t, err)
			if advice, ok := strings.CutPrefix(fault.caught, againstAdvice); ok { // and nothing breaks the contract
				assertSame(t, expand(t, all, advice), failed(report, LevelAdvice))
				assertSame(t, nil, failed(report, LevelContract))
				return
			}
			assertSame(t, expand(t, all, fault.caught), failed(report, LevelContract))
		})
	}
}

// isInSample reports whether row i of a long table is run: make test-all runs them all.
func isInSample(i int) bool {
	switch {
	case os.Getenv("AITUTOR_TEST_ALL") != "":
		return true
	case testing.Short():
		return i%16 == 0
	}
	return i%6 == 0
}

// assertSame fails with the names that are in one list only.
func assertSame(t *testing.T, want, got []string) {
	t.Helper()
	without := func(list, other []string) []string {
		return slices.DeleteFunc(slices.Clone(list), func(name string) bool { return slices.Contains(other, name) })
	}
	assert.Empty(t, without(want, got), "not caught")
	assert.Empty(t, without(got, want), "caught, and not meant to be")
}

// The checks of other operations are made as those of the run operation are: operation_test.go proves them.
func TestEveryCheckIsProvenByAFault(t *testing.T) {
	t.Parallel()
	op := testOperation(t, api.Document())
	proven := map[string]string{}
	all := namesOf(op)
	for _, fault := range faults(op) {
		// What many checks catch proves none of them.
		if caught := expand(t, all, strings.TrimPrefix(fault.caught, againstAdvice)); len(caught) <= 5 {
			for _, name := range caught {
				proven[name] = fault.name
			}
		}
	}
	for _, name := range all {
		if _, ok := proven[name]; !ok {
			assert.Fail(t, "no fault proves "+name)
		}
	}
}

func TestTheChecksOfOtherInputsAreProvenToo(t *testing.T) {
	t.Parallel()
	document := otherInputs(t)
	op := testOperation(t, document)
	report, err := checkHandler(t, document, sound(t, document))
	require.NoError(t, err)
	assert.Empty(t, failed(report, LevelContract))
	assert.Empty(t, failed(report, LevelAdvice))
	for i, c := range op.schemaBodies() {
		if !isInSample(i) {
			continue
		}
		t.Run("the request of "+c.name+" is run", func(t *testing.T) {
			t.Parallel()
			server := taking(bodyIs(string(c.request.Body)), asValid(op))(sound(t, document))
			report, err := checkSome(t, document, server, runOperation+"/request/")
			require.NoError(t, err)
			assert.Equal(t, []string{op.finish(c).name}, failed(report, c.level()))
		})
	}
}

// runWithText returns the contract's example of a run with a text in its output, or "" if the contract does not allow
// it one.
func runWithText(op *operation, text string) string {
	_, media := openapi.JSON(op.Responses.Status(http.StatusOK).Value.Content)
	value, _ := openapi.ForResponses(op.suite.document).Example(media)
	run, _ := value.(map[string]any)
	output, isObject := run["output"].(map[string]any)
	changed, more := maps.Clone(run), maps.Clone(output)
	if !isObject {
		return ""
	}
	changed["output"] = more
	for _, name := range append(slices.Sorted(maps.Keys(output)), "contracttest_text") {
		more[name] = text
		if op.fits(media.Schema.Value, changed) {
			return string(values.Encode(changed))
		}
		more[name] = output[name]
	}
	return ""
}

// outputName returns the name of a field that the output of the contract's run must have, or "" if it need have none.
func outputName(op *operation) string {
	_, media := openapi.JSON(op.Responses.Status(http.StatusOK).Value.Content)
	value, _ := openapi.ForResponses(op.suite.document).Example(media)
	run, _ := value.(map[string]any)
	output, _ := run["output"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(output)) {
		without, changed := maps.Clone(output), maps.Clone(run)
		delete(without, name)
		changed["output"] = without
		if !op.fits(media.Schema.Value, changed) {
			return name
		}
	}
	return ""
}

// namesOf lists the checks of an operation.
func namesOf(op *operation) []string {
	return slices.DeleteFunc(names(op.suite.checks()), func(name string) bool {
		return !strings.HasPrefix(name,
			op.Name()+"/")
	})
}

// expand lists the names that fit one of the patterns.
func expand(t *testing.T, all []string, patterns string) []string {
	t.Helper()
	list := []string{}
	for _, name := range all {
		if slices.ContainsFunc(strings.Fields(patterns), func(pattern string) bool {
			match, err := path.Match(runOperation+"/"+pattern, name)
			require.NoError(t, err)
			return match
		}) {
			list = append(list, name)
		}
	}
	return list
}
