package contract_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/api"
	"github.com/aitutor-api/aitutor-go/client/contract"
)

const runURL = "https://api.example.com/api/v1/run/wf_1"

func newRequest(t *testing.T, method, url, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer example-key")
	req.Header.Set("Content-Type", "application/json")
	return req
}

// headerOf makes the header of a JSON body, with more names and values by turns.
func headerOf(more ...string) http.Header {
	header := http.Header{"Content-Type": {"application/json"}}
	for i := 0; i < len(more); i += 2 {
		header.Set(more[i], more[i+1])
	}
	return header
}

// validateAnswer validates a JSON answer to a request, with more names and values of its header by turns.
func validateAnswer(v *contract.Validator, req *http.Request, status int, body string, more ...string) error {
	return v.ValidateResponse(&http.Response{
		StatusCode: status, Header: headerOf(more...), Request: req, Body: io.NopCloser(strings.NewReader(body)),
	})
}

func violations(t *testing.T, err error) []contract.Violation {
	t.Helper()
	var failure *contract.Error
	require.ErrorAs(t, err, &failure)
	return failure.Violations
}

// answerExamples calls f with each example of an answer in the contract.
func answerExamples(t *testing.T, f func(name string, status int, body string)) {
	t.Helper()
	op := api.Document().Paths.Value("/api/v1/run/{workflow_id}").Post
	for key, ref := range op.Responses.Map() {
		examples := ref.Value.Content["application/json"].Examples
		if key == "default" {
			examples = openapi3.Examples{"flat": api.Document().Components.Examples["InternalServerErrorFlat"]}
		}
		for name, example := range examples {
			body, err := json.Marshal(example.Value.Value)
			require.NoError(t, err)
			f(name, statusOf(key), string(body))
		}
	}
}

func TestValidatorAcceptsBothFormsOfEveryAnswerOverHTTP(t *testing.T) {
	type answer struct {
		status int
		body   string
	}
	answers := make(chan answer, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		assert.NoError(t, contract.Default().ValidateRequest(req), "the request as the server has it")
		body, err := io.ReadAll(req.Body)
		assert.NoError(t, err)
		assert.JSONEq(t, `{"story":"a dog"}`, string(body), "the request's body after validation")
		next := <-answers
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.Header().Set("X-RateLimit-Limit", "10")
		w.WriteHeader(next.status)
		_, _ = io.WriteString(w, next.body)
	}))
	t.Cleanup(server.Close)
	answerExamples(t, func(name string, status int, body string) {
		t.Run(name, func(t *testing.T) {
			answers <- answer{status, body}
			res, err := server.Client().Do(newRequest(t, http.MethodPost, server.URL+"/api/v1/run/wf_1", `{"story":"a dog"}`))
			require.NoError(t, err)
			defer func() { _ = res.Body.Close() }()
			for range 2 {
				require.NoError(t, contract.Default().ValidateResponse(res))
			}
			data, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			assert.Equal(t, body, string(data), "the answer's body after validation")
		})
	})
}

func TestValidatorFindsTheOperationByTheEndOfThePath(t *testing.T) {
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
		{"an unknown path", "POST", "https://api.example.com/api/v2/run/wf_1", "path", "the contract has no operation POST /api/v2/run/wf_1"},
		{"a path that goes on", "POST", runURL + "/more", "path", "the contract has no operation POST /api/v1/run/wf_1/more"},
		{"a path that ends early", "POST", "https://api.example.com/api/v1/run/", "path", "the contract has no operation POST /api/v1/run/"},
		{"a path in the middle of a word", "POST", "https://api.example.com/xapi/v1/run/wf_1", "path", "the contract has no operation POST /xapi/v1/run/wf_1"},
		{"no path", "POST", "https://api.example.com", "path", "the contract has no operation POST"},
		{"an unknown method", "PUT", runURL, "method", "the contract has no PUT /api/v1/run/{workflow_id}"},
		{"no method, which stands for GET", "", runURL, "method", "the contract has no GET /api/v1/run/{workflow_id}"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			req := newRequest(t, test.method, test.url, `{"story":"a dog"}`)
			req.Method = test.method
			requestErr := contract.Default().ValidateRequest(req)
			answerErr := validateAnswer(contract.Default(), req, 200, `{"success":true,"result":"a dog"}`)
			if test.in == "" {
				require.NoError(t, requestErr)
				require.NoError(t, answerErr)
				return
			}
			for _, err := range []error{requestErr, answerErr} {
				found := violations(t, err)
				require.Len(t, found, 1)
				assert.Equal(t, test.in, found[0].In)
				assert.Equal(t, test.message, strings.TrimSpace(found[0].Message))
			}
		})
	}
}

func TestValidatorTakesWhatHasNoBodyOrNoRequest(t *testing.T) {
	v := contract.Default()
	req := newRequest(t, http.MethodPost, runURL, "")

	for name, body := range map[string]io.ReadCloser{"nil": nil, "http.NoBody": http.NoBody, "empty": io.NopCloser(strings.NewReader(""))} {
		req.Body = body
		assert.Equal(t, []contract.Violation{{In: "body", Message: "value is required but missing"}}, violations(t, v.ValidateRequest(req)), name)
		res := &http.Response{StatusCode: http.StatusOK, Header: headerOf(), Request: req, Body: body}
		assert.Len(t, violations(t, v.ValidateResponse(res)), 1, name)
	}
	require.EqualError(t, v.ValidateResponse(&http.Response{StatusCode: http.StatusOK}),
		"validate response: res.Request, which says what was asked, is not set")
	require.Error(t, v.ValidateResponse(&http.Response{StatusCode: http.StatusOK, Request: &http.Request{}}))
	require.EqualError(t, v.ValidateRequest(&http.Request{}), "validate request: req.URL, which says what is asked, is not set")

	head := newRequest(t, http.MethodHead, runURL, "")
	assert.Equal(t, "method", violations(t, validateAnswer(v, head, 200, ""))[0].In)
}

func TestValidatorLeavesBodiesReadable(t *testing.T) {
	v := contract.Default()
	t.Run("a request keeps its length and GetBody", func(t *testing.T) {
		const body = `{"story":"a dog"}`
		req := newRequest(t, http.MethodPost, runURL, body)
		for range 3 {
			require.NoError(t, v.ValidateRequest(req))
		}
		assert.EqualValues(t, len(body), req.ContentLength)
		again, err := req.GetBody()
		require.NoError(t, err)
		for _, reader := range []io.ReadCloser{req.Body, again} {
			data, err := io.ReadAll(reader)
			require.NoError(t, err)
			assert.JSONEq(t, body, string(data))
		}
	})
	t.Run("an error in the middle comes again after the bytes, with its cause", func(t *testing.T) {
		failing := func() io.ReadCloser {
			return io.NopCloser(io.MultiReader(strings.NewReader(`{"success":true,`), iotest.ErrReader(context.Canceled)))
		}
		req := newRequest(t, http.MethodPost, runURL, "")
		req.Body = failing()
		res := &http.Response{StatusCode: http.StatusOK, Header: headerOf(), Request: req, Body: failing()}
		check := func(err error, body io.Reader) {
			found := violations(t, err)
			require.Len(t, found, 1)
			assert.Equal(t, "body", found[0].In)
			assert.Contains(t, found[0].Message, "could not be read")
			require.ErrorIs(t, err, context.Canceled, "a cancelled context is still to be seen")
			data, err := io.ReadAll(body)
			require.ErrorIs(t, err, context.Canceled)
			assert.Equal(t, `{"success":true,`, string(data))
		}
		err := v.ValidateRequest(req)
		check(err, req.Body)
		for range 2 {
			err = v.ValidateResponse(res)
			var failure *contract.Error
			require.ErrorAs(t, err, &failure)
			assert.Equal(t, `{"success":true,`, string(failure.Body))
		}
		check(err, res.Body)
	})
}

func TestValidatorIsSharedByGoroutines(t *testing.T) {
	v, err := contract.New(bytes.Clone(api.Spec))
	require.NoError(t, err)
	var group sync.WaitGroup
	for i := range 64 {
		group.Go(func() {
			for range 20 {
				req := newRequest(t, http.MethodPost, runURL, `{"story":"a dog"}`)
				assert.NoError(t, v.ValidateRequest(req))
				assert.NoError(t, validateAnswer(v, req, 200, `{"success":true,"result":"a dog"}`))
				assert.NoError(t, validateAnswer(contract.Default(), req, 418, `{"success":false,"error":"tea"}`))
				assert.Error(t, validateAnswer(v, req, 200+i, `{"success":5}`))
			}
		})
	}
	group.Wait()
}
