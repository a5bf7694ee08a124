package contract_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client/contract"
)

func TestViolationsOfRequests(t *testing.T) {
	tests := []struct {
		name, url, body string
		header          [2]string
		want            []contract.Violation
	}{
		{"a valid request", runURL, `{"prompt":"a dog"}`, [2]string{}, nil},
		{"inputs that are not described", runURL, `{"prompt":"a dog","level":5}`, [2]string{}, nil},
		{"a scheme in capitals", runURL, `{"prompt":"a dog"}`, [2]string{"Authorization", "BEARER example-key"}, nil},
		{"no key", runURL, `{"prompt":"a dog"}`, [2]string{"Authorization", ""}, []contract.Violation{
			{In: "header", Pointer: "Authorization", Keyword: "security",
				Message: "a bearer credential is required (bearerAuth)"},
		}},
		{"another content type", runURL, `prompt=a`, [2]string{"Content-Type", "application/x-www-form-urlencoded"},
			[]contract.Violation{
				{In: "content-type", Message: `unexpected value "application/x-www-form-urlencoded", want application/json`},
			}},
		{"a blank input and a bad parameter", runURL + ".x", `{"prompt":" "}`, [2]string{}, []contract.Violation{
			{In: "path", Pointer: "workflow_id", Keyword: "pattern",
				Message: `string doesn't match the regular expression "^[A-Za-z0-9_-]+$"`},
			{In: "body", Pointer: "/prompt", Keyword: "pattern", Message: `string doesn't match the regular expression "\S"`},
		}},
		{"everything wrong", runURL + "%2F..", `[]`, [2]string{"Authorization", "Basic eDp5"}, []contract.Violation{
			{In: "header", Pointer: "Authorization", Keyword: "security",
				Message: "a bearer credential is required (bearerAuth)"},
			{In: "path", Pointer: "workflow_id", Keyword: "pattern",
				Message: `string doesn't match the regular expression "^[A-Za-z0-9_-]+$"`},
			{In: "body", Keyword: "type", Message: "value must be an object"},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			req := newRequest(t, http.MethodPost, test.url, test.body)
			if test.header[0] != "" {
				req.Header.Set(test.header[0], test.header[1])
			}
			err := runs().ValidateRequest(req)
			if test.want == nil {
				require.NoError(t, err)
				return
			}
			assert.Equal(t, test.want, violations(t, err))
			assert.Contains(t, err.Error(), "request POST /api/v1/run/wf_1")
			assert.NotContains(t, err.Error(), "example-key")
			assertOneLineEach(t, err, len(test.want))
		})
	}
}

func TestBothVariantsOfEveryResponseAreAcceptedOverHTTP(t *testing.T) {
	request := requestExample(t)
	type canned struct {
		status int
		body   string
	}
	responses := make(chan canned, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		assert.NoError(t, contract.Default().ValidateRequest(req), "the request as the server has it")
		body, err := io.ReadAll(req.Body)
		assert.NoError(t, err)
		assert.JSONEq(t, request, string(body), "the request's body after validation")
		next := <-responses
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.Header().Set("X-RateLimit-Limit", "10")
		w.WriteHeader(next.status)
		_, _ = io.WriteString(w, next.body)
	}))
	t.Cleanup(server.Close)
	responseExamples(t, func(name string, status int, body string) {
		t.Run(name, func(t *testing.T) {
			responses <- canned{status, body}
			res, err := server.Client().Do(newRequest(t, http.MethodPost, server.URL+"/api/v1/run/wf_1", request))
			require.NoError(t, err)
			defer func() { _ = res.Body.Close() }()
			for range 2 {
				require.NoError(t, contract.Default().ValidateResponse(res))
			}
			data, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			assert.Equal(t, body, string(data), "the response's body after validation")
		})
	})
}

func TestViolationsOfResponses(t *testing.T) {
	const run, failure = `{"success":true,"result":"a dog"}`, `{"success":false,"error":"Not today."}`
	tests := []struct {
		name   string
		status int
		body   string
		header []string
		want   []contract.Violation
	}{
		{"a run", 200, run, nil, nil},
		{"fields that are not described", 200, `{"success":true,"result":"","more":{"x":[null]}}`, []string{"X-More", "1"},
			nil},
		{"another status with the error schema", 418, failure, nil, nil},
		{"a redirect, of which kin-openapi judges nothing", 307, "", []string{"Content-Type", ""},
			[]contract.Violation{{In: "content-type", Message: `unexpected value "", want application/json`}}},
		{"a run with an error's status", 402, run, nil, []contract.Violation{
			{In: "body", Pointer: "/success", Keyword: "enum", Message: "value is not one of the allowed values [false]"},
			{In: "body", Pointer: "/error", Keyword: "required", Message: `property "error" is missing`},
		}},
		{"no content type", 200, run, []string{"Content-Type", ""},
			[]contract.Violation{{In: "content-type", Message: `unexpected value "", want application/json`}}},
		{"a gateway's page", 504, "<html>\n</html>", []string{"Content-Type", "text/html; charset=\"a\nb\""},
			[]contract.Violation{
				{In: "content-type", Message: `unexpected value "text/html; charset=\"a\nb\"", want application/json`},
			}},
		{"a page that says it is JSON", 504, "<html>\n</html>", nil, []contract.Violation{
			{In: "body", Message: "is not JSON: invalid character '<' at start of value, at byte 0"},
		}},
		{"an empty body", 200, "", nil, []contract.Violation{{In: "body", Message: "is not JSON: EOF"}}},
		{"a body that was cut", 200, `{"success":true,"result":"a do`, nil, []contract.Violation{
			{In: "body", Pointer: "/result", Message: "is not JSON: unexpected EOF, at byte 30"},
		}},
		{"null", 200, "null", nil, []contract.Violation{{In: "body", Keyword: "nullable", Message: "Value is not nullable"}}},
		{"a list", 200, "[]", nil, []contract.Violation{{In: "body", Keyword: "type", Message: "value must be an object"}}},
		{"a rate limit that is no number", 200, run, []string{"x-ratelimit-limit", "ten"}, []contract.Violation{
			{In: "header", Pointer: "x-ratelimit-limit", Keyword: "type", Message: "an invalid integer"},
		}},
		{"a name that a pointer has to escape", 200, `{"success":true,"result":"a","a/b~c":1,"a/b~c":2}`, nil,
			[]contract.Violation{
				{In: "body", Pointer: "/a~1b~0c", Message: `is not JSON: duplicate object member name, at byte 39`},
			}},
		{"many things at once", 200, `{"success":"yes","run_id":7,"status":null,"output":{"text":["a"]},"citations":5}`,
			[]string{"x-ratelimit-limit", "-1", "x-ratelimit-remaining", "1.5"}, []contract.Violation{
				{In: "header", Pointer: "x-ratelimit-limit", Keyword: "minimum", Message: "number must be at least 0"},
				{In: "header", Pointer: "x-ratelimit-remaining", Keyword: "type", Message: "an invalid integer"},
				{In: "body", Pointer: "/output/text", Keyword: "type", Message: "value must be a string"},
				{In: "body", Pointer: "/run_id", Keyword: "type", Message: "value must be a string"},
				{In: "body", Pointer: "/status", Keyword: "nullable", Message: "Value is not nullable"},
				{In: "body", Pointer: "/success", Keyword: "enum", Message: "value is not one of the allowed values [true]"},
			}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			req := newRequest(t, http.MethodPost, runURL, `{"prompt":"a dog"}`)
			err := validateResponse(runs(), req, test.status, test.body, test.header...)
			if test.want == nil {
				require.NoError(t, err)
				return
			}
			assert.Equal(t, test.want, violations(t, err))
			start := fmt.Sprintf("response %d to POST /api/v1/run/wf_1 breaks the contract: ", test.status)
			assert.True(t, strings.HasPrefix(err.Error(), start), err)
			assertOneLineEach(t, err, len(test.want))
		})
	}
}

func TestABodyOrRequestMayBeMissing(t *testing.T) {
	v := runs()
	req := newRequest(t, http.MethodPost, runURL, "")

	for name, body := range map[string]io.ReadCloser{"nil": nil, "http.NoBody": http.NoBody,
		"empty": io.NopCloser(strings.NewReader(""))} {
		req.Body = body
		assert.Equal(t, []contract.Violation{{In: "body", Keyword: "required", Message: "value is required but missing"}},
			violations(t, v.ValidateRequest(req)), name)
		res := &http.Response{StatusCode: http.StatusOK, Header: headerOf(), Request: req, Body: body}
		assert.Len(t, violations(t, v.ValidateResponse(res)), 1, name)
	}
	require.EqualError(t, v.ValidateResponse(&http.Response{StatusCode: http.StatusOK}),
		"validate response: res.Request, which says what was asked, is not set")
	require.Error(t, v.ValidateResponse(&http.Response{StatusCode: http.StatusOK, Request: &http.Request{}}))
	require.EqualError(t, v.ValidateRequest(&http.Request{}),
		"validate request: req.URL, which says what is asked, is not set")
	require.Error(t, v.CheckRequest(&http.Request{}, nil))
	require.Error(t, v.CheckResponse(&http.Response{StatusCode: http.StatusOK}, nil))

	head := newRequest(t, http.MethodHead, runURL, "")
	assert.Equal(t, "method", violations(t, validateResponse(v, head, 200, ""))[0].In)
}
