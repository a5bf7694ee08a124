package openapi_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/aitutor-api/aitutor-go/api"
	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
)

func TestUnsampled(t *testing.T) {
	pattern := "{type: string, pattern: '^x$'}"
	document := load(t, "3.0.3", `paths:
  /a/{id}:
    post:
      operationId: postA
      parameters:
        - {name: id, in: path, required: true, schema: `+pattern+`}
        - {name: optional, in: query, schema: `+pattern+`}
        - {name: given, in: query, required: true, example: x, schema: `+pattern+`}
        - {name: invalid, in: query, required: true, example: z, schema: `+pattern+`}
      requestBody: {content: {text/plain: {schema: `+pattern+`}, application/json: {example: x, schema: `+pattern+`}}}
      responses:
        '200':
          description: Done
          headers: {X-Needed: {required: true, schema: `+pattern+`}, X-Optional: {schema: `+pattern+`}}
          content: {application/json: {schema: {type: object, required: [a], properties: {a: `+pattern+`}}}}
`)
	var got []string
	for _, missing := range openapi.Unsampled(document) {
		got = append(got, missing.Error())
	}
	const why = " needs an example: none can be made for the pattern ^x$"
	assert.Equal(t, []string{
		"postA, path parameter id" + why, "postA, query parameter invalid" + why, "postA, request, text/plain" + why,
		"postA, response 200, application/json: /a" + why, "postA, response 200, header X-Needed" + why,
	}, got)
	assert.Empty(t, openapi.Unsampled(api.Document()))
}
