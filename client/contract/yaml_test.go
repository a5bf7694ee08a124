package contract_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client/contract"
)

// A document may use what a body must not: aliases, merges, and names and numbers as YAML writes them.
func TestDocumentsOfYAMLMayHaveAliasesAndMerges(t *testing.T) {
	v, err := contract.New([]byte(`
openapi: 3.1.0
info: {title: T, version: "1"}
paths:
  /x:
    post: &post
      requestBody: {content: {application/json: {schema: &schema {type: object, properties: {n: {type: integer, minimum: 0x10}}}}}}
      responses: {200: {description: D}}
  /y:
    post:
      <<: *post
      responses: {"204": {description: E}}
  /z:
    post: {requestBody: {content: {application/json: {schema: {allOf: [*schema, {required: [n]}]}}}}, responses: {200: {description: D}}}
`))
	require.NoError(t, err)
	assert.Empty(t, v.Warnings())
	for path, want := range map[string]string{
		"/x": "body /n: number must be at least 16", "/y": "body /n: number must be at least 16",
		"/z": "body /n: number must be at least 16",
	} {
		req := newRequest(t, http.MethodPost, path, "")
		assert.Equal(t, []string{want}, lines(t, v.CheckRequest(req, []byte(`{"n":5}`))), path)
		assert.NoError(t, v.CheckRequest(req, []byte(`{"n":16}`)), path)
	}
}
