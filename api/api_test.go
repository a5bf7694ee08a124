package api_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/api"
)

func TestTheContractIsAValidDocument(t *testing.T) {
	document := api.Document()
	require.NoError(t, document.Validate(t.Context(), openapi3.EnableExamplesValidation()))
	assert.NotEmpty(t, document.Info.Version)
	assert.Same(t, document, api.Document(), "parsed once for the whole program")
}

func TestEveryExampleKeepsItsSchema(t *testing.T) {
	used := map[string]bool{}
	for _, example := range examples(t) {
		t.Run(example.operation+"/"+example.place+"/"+example.name, func(t *testing.T) {
			used[example.ref] = true
			var value any
			require.NoError(t, json.Unmarshal([]byte(example.json), &value))
			if example.schema != nil {
				require.NoError(t, example.schema.Value.VisitJSON(value, openapi3.MultiErrors()))
			}
		})
	}
	for name := range api.Document().Components.Examples {
		assert.Contains(t, used, "#/components/examples/"+name, "an example that is not used")
	}
}

func TestExamplesOfParametersAndHeadersKeepTheirSchemas(t *testing.T) {
	checked := 0
	check := func(name string, example any, schema *openapi3.SchemaRef) {
		if example != nil {
			require.NoError(t, schema.Value.VisitJSON(example), name)
			checked++
		}
	}
	for name, parameter := range api.Document().Components.Parameters {
		check(name, parameter.Value.Example, parameter.Value.Schema)
	}
	for name, header := range api.Document().Components.Headers {
		check(name, header.Value.Example, header.Value.Schema)
	}
	assert.NotZero(t, checked)
}

// example is a named example of the contract, and the place that uses it.
type example struct {
	operation string // its operationId
	place     string // "request", or the status of the response
	name      string
	ref       string              // where it is written
	json      string              // without white space
	schema    *openapi3.SchemaRef // nil for a page
}

// examples returns all named examples of all operations.
func examples(t *testing.T) []example {
	t.Helper()
	var all []example
	for _, path := range api.Document().Paths.InMatchingOrder() {
		for _, operation := range api.Document().Paths.Value(path).Operations() {
			contents := map[string]openapi3.Content{}
			if operation.RequestBody != nil {
				contents["request"] = operation.RequestBody.Value.Content
			}
			for status, response := range operation.Responses.Map() {
				contents[status] = response.Value.Content
			}
			for _, place := range slices.Sorted(maps.Keys(contents)) {
				for _, media := range contents[place] {
					for _, name := range slices.Sorted(maps.Keys(media.Examples)) {
						ref := media.Examples[name]
						text, err := json.Marshal(ref.Value.Value)
						require.NoError(t, err)
						all = append(all, example{operation.OperationID, place, name, ref.Ref, string(text), media.Schema})
					}
				}
			}
		}
	}
	require.NotEmpty(t, all)
	return all
}
