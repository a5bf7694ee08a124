package openapi_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/api"
	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
)

// TestTheContractHasTheOperationThatRunsAWorkflow fails if the contract names it in another way: then the constants of
// operation.go have to follow, and client/run.go.
func TestTheContractHasTheOperationThatRunsAWorkflow(t *testing.T) {
	for _, op := range openapi.Operations(api.Document()) {
		if op.OperationID == openapi.RunWorkflow {
			assert.NotNil(t, op.Parameters.GetByInAndName("path", openapi.WorkflowID),
				"client/internal/openapi/operation.go: WorkflowID")
			return
		}
	}
	assert.Fail(t, "client/internal/openapi/operation.go: RunWorkflow is no operation of api/openapi.yaml")
}

func TestOperations(t *testing.T) {
	document := load(t, "3.0.3", `paths:
  /b: {get: {operationId: getB, responses: {default: {description: Any}}}}
  /a/{id}:
    parameters:
      - {name: id, in: path, required: true, schema: {type: string}}
      - {name: limit, in: query, schema: {type: string}}
    put: {responses: {default: {description: Any}}}
    get:
      parameters: [{name: limit, in: query, schema: {type: integer}}]
      responses: {default: {description: Any}}
`)
	var got []string
	for _, op := range openapi.Operations(document) {
		words := []string{op.Name()}
		for _, ref := range op.Parameters {
			words = append(words, ref.Value.Name+":"+ref.Value.Schema.Value.Type.Slice()[0])
		}
		got = append(got, strings.Join(words, " "))
	}
	assert.Equal(t, []string{"get-a-id limit:integer id:string", "put-a-id id:string limit:string", "getB"}, got)
}

func TestResponses(t *testing.T) {
	for _, test := range []struct {
		name, responses string
		success         int
		description     string         // of the success
		of              map[int]string // descriptions by status
	}{
		{"one", `{'200': {description: One}}`, 200, "One", map[int]string{200: "One", 201: "", 404: ""}},
		{"an exact one before its range", `{'201': {description: Exact}, 2XX: {description: Range}}`, 201, "Exact",
			map[int]string{201: "Exact", 200: "Range"}},
		{"a range", `{2XX: {description: Range}, '404': {description: None}}`, 200, "Range",
			map[int]string{299: "Range", 404: "None", 500: ""}},
		{"the default only", `{default: {description: Any}}`, 200, "Any", map[int]string{200: "Any", 500: "Any", 999: "Any"}},
		{"a redirect", `{'303': {description: Other}, default: {description: Any}}`, 303, "Other",
			map[int]string{303: "Other", 200: "Any"}},
		{"a range of redirects", `{3XX: {description: Other}}`, 300, "Other", map[int]string{302: "Other"}},
		{"failures only", `{'404': {description: None}}`, 200, "", map[int]string{404: "None", 200: ""}},
	} {
		t.Run(test.name, func(t *testing.T) {
			op := openapi.Operations(load(t, "3.0.3", "paths: {/a: {get: {responses: "+test.responses+"}}}\n"))[0]
			status, response := op.Success()
			assert.Equal(t, test.success, status)
			if test.description == "" {
				assert.Nil(t, response)
			} else {
				require.NotNil(t, response)
				assert.Equal(t, test.description, *response.Description)
			}
			for status, want := range test.of {
				if response := op.Response(status); want == "" {
					assert.Nil(t, response, status)
				} else {
					require.NotNil(t, response, status)
					assert.Equal(t, want, *response.Description, status)
				}
			}
		})
	}
}
