package contract

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/aitutor-api/aitutor-go/api"
)

// TestTheContractMayBeOfOpenAPI31 validates with the contract as OpenAPI 3.1, whose keywords count.
func TestTheContractMayBeOfOpenAPI31(t *testing.T) {
	spec := strings.NewReplacer("openapi: 3.0.3", "openapi: 3.1.0",
		"          enum:\n            - true\n", "          const: true\n").Replace(string(api.Spec))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://example.com/api/v1/run/wf_1", nil)
	assert.NoError(t, err)
	for _, test := range []struct {
		name, body string
		isValid    bool
	}{
		{"a run", `{"success":true,"result":"x"}`, true},
		{"a run of another constant", `{"success":false,"result":"x"}`, false},
	} {
		res := &http.Response{StatusCode: http.StatusOK, Request: req,
			Header: http.Header{"Content-Type": {"application/json"}}}
		check := func(v *Validator) bool { return v.CheckResponse(res, []byte(test.body)) == nil }
		assert.Equal(t, test.isValid, check(newContract([]byte(spec), nil)), test.name)
		assert.Equal(t, test.isValid, check(newContract([]byte(spec), acceptAnyRun)), test.name)
	}
	res := &http.Response{StatusCode: http.StatusOK, Request: req,
		Header: http.Header{"Content-Type": {"application/json"}}}
	other := `{"success":true,"run_id":"r","status":"s","output":{"other":5}}`
	assert.NoError(t, newContract([]byte(spec), acceptAnyRun).CheckResponse(res, []byte(other)),
		"a run of another workflow")
}
