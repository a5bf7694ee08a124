package contract_test

import (
	"net/http"
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
			{In: "header", Pointer: "Authorization", Keyword: "security", Message: "a bearer credential is required (bearerAuth)"},
		}},
		{"another content type", runURL, `prompt=a`, [2]string{"Content-Type", "application/x-www-form-urlencoded"}, []contract.Violation{
			{In: "content-type", Message: `unexpected value "application/x-www-form-urlencoded", want application/json`},
		}},
		{"a blank input and a bad parameter", runURL + ".x", `{"prompt":" "}`, [2]string{}, []contract.Violation{
			{In: "path", Pointer: "workflow_id", Keyword: "pattern", Message: `string doesn't match the regular expression "^[A-Za-z0-9_-]+$"`},
			{In: "body", Pointer: "/prompt", Keyword: "pattern", Message: `string doesn't match the regular expression "\S"`},
		}},
		{"everything wrong", runURL + "%2F..", `[]`, [2]string{"Authorization", "Basic eDp5"}, []contract.Violation{
			{In: "header", Pointer: "Authorization", Keyword: "security", Message: "a bearer credential is required (bearerAuth)"},
			{In: "path", Pointer: "workflow_id", Keyword: "pattern", Message: `string doesn't match the regular expression "^[A-Za-z0-9_-]+$"`},
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
