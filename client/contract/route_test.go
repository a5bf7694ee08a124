package contract_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

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
			req := newRequest(t, test.method, test.url, `{"prompt":"a dog"}`)
			req.Method = test.method
			requestErr := runs().ValidateRequest(req)
			answerErr := validateResponse(runs(), req, 200, `{"success":true,"result":"a dog"}`)
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
