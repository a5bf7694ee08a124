package contracttest

import (
	"net/http"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/api"
	"github.com/aitutor-api/aitutor-go/client/contracttest/internal/wire"
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
		faultsOfRequests(op), faultsOfMethods(op), faultsEverywhere(), faultsOfResponses(op), faultsOfOtherPlaces(),
		faultsOfOneRequest(op))
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
	return i%12 == 0
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
