package contract_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client/contract"
)

func TestRoutesAreFoundByTheEndOfThePath(t *testing.T) {
	tests := []struct {
		name, method, url, in, message string
	}{
		{"the server of the document", "POST", "https://aitutor-api.vercel.app/api/v1/run/wf_1", "", ""},
		{"another host and port", "POST", "http://127.0.0.1:8080/api/v1/run/wf_1", "", ""},
		{"a path prefix", "POST", "https://proxy.example.com/team/a/api/v1/run/wf_1", "", ""},
		{"an encoded path prefix", "POST", "https://proxy.example.com/a%2Fb%20c/api/v1/run/wf_1", "", ""},
		{"a prefix that looks like the path", "POST", "https://proxy.example.com/api/v1/run/api/v1/run/wf_1", "", ""},
		{"an encoded letter in the path", "POST", "https://api.example.com/api/%761/run/wf_1", "", ""},
		{"a query", "POST", runURL + "?x=1", "", ""},
		{"a path only", "POST", "/api/v1/run/wf_1", "", ""},
		{"an unknown path", "POST", "https://api.example.com/api/v2/run/wf_1", "path",
			"the contract has no operation POST /api/v2/run/wf_1"},
		{"a path that goes on", "POST", runURL + "/more", "path", "the contract has no operation POST /api/v1/run/wf_1/more"},
		{"a path that ends early", "POST", "https://api.example.com/api/v1/run/", "path",
			"the contract has no operation POST /api/v1/run/"},
		{"a path in the middle of a word", "POST", "https://api.example.com/xapi/v1/run/wf_1", "path",
			"the contract has no operation POST /xapi/v1/run/wf_1"},
		{"no path", "POST", "https://api.example.com", "path", "the contract has no operation POST"},
		{"an unknown method", "PUT", runURL, "method", "the contract has no PUT /api/v1/run/{workflow_id}"},
		{"no method, which stands for GET", "", runURL, "method", "the contract has no GET /api/v1/run/{workflow_id}"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			req := newRequest(t, test.method, test.url, `{"prompt":"a dog"}`)
			req.Method = test.method
			requestErr := runs().ValidateRequest(req)
			responseErr := validateResponse(runs(), req, 200, `{"success":true,"result":"a dog"}`)
			if test.in == "" {
				require.NoError(t, requestErr)
				require.NoError(t, responseErr)
				return
			}
			for _, err := range []error{requestErr, responseErr} {
				found := violations(t, err)
				require.Len(t, found, 1)
				assert.Equal(t, test.in, found[0].In)
				assert.Equal(t, test.message, strings.TrimSpace(found[0].Message))
			}
		})
	}
}

func TestAURLWithoutAPathIsOfTheRoot(t *testing.T) {
	v := validatorOf(t, "3.0.3", "  /: {get: {responses: {'200': {description: D}}}}\n")
	for _, url := range []string{"https://api.example.com", "https://api.example.com/", "https://api.example.com?a=b"} {
		require.NoError(t, v.ValidateRequest(newRequest(t, http.MethodGet, url, "")), url)
	}
}

// routesSpec has paths that compete for requests. The operation of each is named after its method and path.
func routesSpec(servers, paths string) []byte {
	var spec strings.Builder
	spec.WriteString("openapi: 3.0.3\ninfo: {title: Routes, version: '1'}\nservers: [" + servers + "]\npaths:\n")
	for line := range strings.SplitSeq(strings.TrimSpace(paths), "\n") {
		fields := strings.Fields(line)
		fmt.Fprintf(&spec, "  '%s':\n", fields[0])
		var parameters []string
		for _, match := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(fields[0], -1) {
			schema := "type: string"
			switch match[1] {
			case "kind":
				schema = "type: string, enum: [diff, patch]"
			case "n":
				schema = "type: integer"
			}
			parameters = append(parameters, fmt.Sprintf("{name: %s, in: path, required: true, schema: {%s}}", match[1], schema))
		}
		for _, method := range fields[1:] {
			operation := strings.ToUpper(method) + " " + fields[0]
			fmt.Fprintf(&spec, "    %s: {parameters: [%s], responses: {'200': {description: D, headers: {X-Operation: {required: true, schema: {type: string, enum: ['%s']}}}}}}\n",
				method, strings.Join(parameters, ", "), operation)
		}
	}
	return []byte(spec.String())
}

// chosen returns the operation that a Validator takes a request for, or how it refuses it.
func chosen(t *testing.T, v *contract.Validator, method, url string) string {
	t.Helper()
	req := newRequest(t, method, url, "")
	err := v.ValidateResponse(&http.Response{StatusCode: http.StatusOK, Request: req,
		Header: http.Header{"X-Operation": {"unknown"}}})
	violation := violations(t, err)[0]
	if violation.In != "header" {
		return violation.In
	}
	_, operation, _ := strings.Cut(violation.Message, `["`)
	operation, _, _ = strings.Cut(operation, `"]`)
	return operation
}

const competingPaths = `
/pets get post
/pets/mine get
/pets/{id} get delete
/pets/{id}/toys get
/pets/mine/toys get
/{shelter}/{id} get put
/{shelter}/mine/toys get
/a/{x}/{y} get
/a/{x}/c get
/a/b/{y} get
/ get
`

// If both of kin-openapi's routers choose the same path, so does the Validator.
func TestRoutesAreThoseOfKinOpenAPI(t *testing.T) {
	spec := routesSpec("{url: 'https://api.example.com'}", competingPaths)
	v, err := contract.New(spec)
	require.NoError(t, err)
	document, err := openapi3.NewLoader().LoadFromData(spec)
	require.NoError(t, err)
	gorilla, err := gorillamux.NewRouter(document)
	require.NoError(t, err)
	old, err := legacy.NewRouter(document)
	require.NoError(t, err)
	theirs := func(router routers.Router, method, url string) string {
		route, _, err := router.FindRoute(newRequest(t, method, url, ""))
		switch {
		case err == nil:
			return route.Method + " " + route.Path
		case strings.Contains(err.Error(), "method"):
			return "method"
		}
		return "path"
	}
	agreed := 0
	for _, method := range []string{"GET", "POST", "PUT", "DELETE", "get"} {
		for _, path := range []string{
			"/", "/pets", "/pets/mine", "/pets/5", "/pets/mine/toys", "/pets/5/toys", "/dogs/mine/toys", "/dogs/5", "/a/x/y",
			"/a/x/c", "/a/b/y",
			"/a/b/c", "/a/b", "/nothing",
		} {
			t.Run(method+" "+path, func(t *testing.T) {
				url := "https://api.example.com" + path
				want := theirs(gorilla, method, url)
				if want != theirs(old, method, url) {
					t.Skip("the routers do not agree")
				}
				agreed++
				assert.Equal(t, want, chosen(t, v, method, url))
			})
		}
	}
	assert.Greater(t, agreed, 25)
}

func TestRoutesThatCompete(t *testing.T) {
	const paths = `
/c/{sha} get patch delete
/c/{sha}.{kind} get put
/c/{sha}.zip get
/a/{x} get
/{y}/{x} put
/w/{n} get
/{y}/seven post get
/t/x#y get
/t/ get
/v/{x}/ get
`
	tests := []struct{ name, request, want string }{
		{"the more literal of two templates", "GET /c/v1.diff", "GET /c/{sha}.{kind}"},
		{"unless its parameters do not match", "GET /c/v1.2", "GET /c/{sha}"},
		{"or it lacks the method", "PATCH /c/v1.diff", "PATCH /c/{sha}"},
		{"the one that has the method", "PUT /c/v1.diff", "PUT /c/{sha}.{kind}"},
		{"the one that has the method, with a parameter that does not match", "PUT /c/v1.2", "PUT /c/{sha}.{kind}"},
		{"the most literal of three", "GET /c/v1.zip", "GET /c/{sha}.zip"},
		{"a parameter with dots", "GET /c/v1.2.diff", "GET /c/{sha}.{kind}"},
		{"a literal before a parameter, with another method", "PUT /a/x", "method"},
		{"a parameter that does not match", "POST /w/seven", "POST /{y}/seven"},
		{"a parameter that does not match, whose path has the method", "GET /w/seven", "GET /{y}/seven"},
		{"a number sign", "GET /t/x%23y", "GET /t/x#y"},
		{"an empty segment", "GET /t/", "GET /t/"},
		{"no value for a parameter", "GET /c/", "path"},
		{"a slash too many", "GET /a/x/", "path"},
		{"a slash at the end", "GET /v/x/", "GET /v/{x}/"},
		{"an encoded slash", "GET /a/x%2Fy", "GET /a/{x}"},
		{"a prefix with an encoded slash", "GET /any%2Fprefix/a/x", "GET /a/{x}"},
		{"a percent sign", "GET /a/100%25", "GET /a/{x}"},
		{"a method in small letters", "get /a/x", "method"},
		{"an unknown method", "BREW /c/x", "method"},
	}
	v, err := contract.New(routesSpec("", paths))
	require.NoError(t, err)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			method, path, _ := strings.Cut(test.request, " ")
			assert.Equal(t, test.want, chosen(t, v, method, "https://any.example.com"+path))
		})
	}
}
