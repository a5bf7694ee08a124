package contract_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client/contract"
)

// kin-openapi gives the violations in OpenAPI 3.1 in any order.
func TestViolationsHaveAnOrder(t *testing.T) {
	const schema = `{type: object, properties: {a: {type: [string, "null"]}, b: {const: 5}, c: {type: array, items: {type: integer}}, d: {type: string}}}`
	v, err := contract.New([]byte(`
openapi: 3.1.0
info: {title: T, version: "1"}
paths: {/x: {post: {responses: {"200": {description: D, content: {application/json: {schema: ` + schema + `}}}}}}}
`))
	require.NoError(t, err)
	for range 20 {
		req := newRequest(t, http.MethodPost, "/x", "")
		err := validateResponse(v, req, 200, `{"d":1,"c":["y",1,"x"],"b":6,"a":5}`)
		assert.Equal(t, []string{
			"body /a: value must be a string or null", "body /b: value must be 5",
			"body /c/0: value must be an integer", "body /c/2: value must be an integer", "body /d: value must be a string",
		}, lines(t, err))
	}
}
