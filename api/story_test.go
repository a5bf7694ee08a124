package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/api"
	"github.com/aitutor-api/aitutor-go/gen"
)

// This file compares the contract with the documents that it was written from. It is specific to the story workflow:
// another one has another document.

func TestTheContractSaysWhatTheServicesDocumentSays(t *testing.T) {
	document, operation := api.Document(), runWorkflow(t)
	assert.NotEmpty(t, document.Info.Description)
	require.NotNil(t, document.Info.Contact)
	assert.Equal(t, "https://aitutor-api.vercel.app", document.Info.Contact.URL)

	require.Len(t, *operation.Security, 1)
	require.Len(t, (*operation.Security)[0], 1)
	for name := range (*operation.Security)[0] {
		scheme := document.Components.SecuritySchemes[name].Value
		assert.Equal(t, "http", scheme.Type)
		assert.Equal(t, "bearer", scheme.Scheme)
	}

	require.Len(t, operation.Parameters, 1)
	id := operation.Parameters[0].Value
	assert.Equal(t, "workflow_id", id.Name)
	assert.Equal(t, openapi3.ParameterInPath, id.In)
	assert.True(t, id.Required)
	assert.True(t, id.Schema.Value.Type.Is(openapi3.TypeString))
	assert.Equal(t, "wf_b1c45lj9pabaotitahwfk9gb", id.Example)
	assert.Contains(t, id.Description, "The ID of the workflow to run")

	require.True(t, operation.RequestBody.Value.Required)
	request := document.Components.Schemas["RunRequest"].Value
	assert.Equal(t, []string{"story"}, request.Required)
	assert.Contains(t, request.Properties["story"].Value.Description, "The story prompt for the workflow")
}

// documented are the JSON blocks of the service's document, word for word, and where the contract has each.
var documented = []struct {
	name  string
	place string // "request", or the status of the response
	json  string
	parse func(t *testing.T, text string) string // through the generated types, and back
}{
	{"the request", "request", `{"story": "a story about a dog named charlie"}`, throughType[gen.RunRequest]},
	{"the response", "200", `{
		"success": true,
		"run_id": "run_abc123xyz",
		"status": "completed",
		"output": {
			"generated_story": "Once upon a time, there was a friendly dog named Charlie..."
		}
	}`, throughType[gen.CompletedRun]},
	{"the error of a wrong key", "401", `{
		"success": false,
		"error": {
			"message": "Invalid API key",
			"code": "unauthorized"
		}
	}`, throughType[gen.Error]},
	{"the error of an unknown workflow", "404", `{
		"success": false,
		"error": {
			"message": "Workflow not found",
			"code": "workflow_not_found"
		}
	}`, throughType[gen.Error]},
	{"the error of a missing input", "400", `{
		"success": false,
		"error": {
			"message": "Missing required parameter: story",
			"code": "invalid_request"
		}
	}`, throughType[gen.Error]},
}

func TestEveryJSONBlockOfTheDocumentIsAnExample(t *testing.T) {
	for _, block := range documented {
		t.Run(block.name, func(t *testing.T) {
			assert.JSONEq(t, block.json, block.parse(t, block.json), "decoded into the generated type, and back")

			var found []string
			for _, example := range examples(t) {
				if example.operation == "runWorkflow" && example.place == block.place {
					found = append(found, example.json)
				}
			}
			assert.Contains(t, found, compact(t, block.json), "an example of the place that the document gives it")
		})
	}
}

// variants are the schemas that a response or a request is written in, each with a way through its generated type.
var variants = map[string]func(t *testing.T, text string) string{
	"RunRequest":   throughType[gen.RunRequest],
	"CompletedRun": throughUnion(gen.RunResult.AsCompletedRun, (*gen.RunResult).FromCompletedRun),
	"TextRun":      throughUnion(gen.RunResult.AsTextRun, (*gen.RunResult).FromTextRun),
	"Error":        throughUnion(gen.Failure.AsError, (*gen.Failure).FromError),
	"FlatError":    throughUnion(gen.Failure.AsFlatError, (*gen.Failure).FromFlatError),
}

func TestTheGeneratedTypesLoseNothingOfAnyExample(t *testing.T) {
	shown := map[string]bool{}
	for _, example := range examples(t) {
		if example.operation != "runWorkflow" || strings.HasPrefix(example.json, `"`) {
			continue // what is text has no generated type
		}
		t.Run(example.place+"/"+example.name, func(t *testing.T) {
			var value any
			require.NoError(t, json.Unmarshal([]byte(example.json), &value))

			var of []string
			for variant, parse := range variants {
				if api.Document().Components.Schemas[variant].Value.VisitJSON(value) != nil {
					continue
				}
				of = append(of, variant)
				shown[example.place+" "+variant] = true
				assert.JSONEq(t, example.json, parse(t, example.json), "through the generated type of %s", variant)
			}
			assert.Len(t, of, 1, "an example has one variant: %v", of)
		})
	}
	for _, place := range []string{
		"request RunRequest",
		"200 CompletedRun", "200 TextRun",
		"400 Error", "400 FlatError", "401 Error", "401 FlatError", "404 Error", "404 FlatError",
		"402 FlatError", "429 FlatError", "500 FlatError",
	} {
		assert.Contains(t, shown, place, "no example shows this variant of this response")
	}
}

func TestEverythingInTheOperationIsDescribed(t *testing.T) {
	descriptions := descriptions(t)
	for place, text := range descriptions {
		assert.NotEmpty(t, strings.TrimSpace(text), "%s has no description", place)
	}
	for _, place := range []string{
		"parameter 0", "header RateLimitLimit", "response RunFailed", "response Failure", "request body",
		"schema RunOutput/generated_story", "schema TextRun/citations/items", "schema Failure",
	} {
		assert.Contains(t, descriptions, place, "the walk over the contract misses what it should see")
	}
}

func TestWhatIsOfTheDeployedVariantOnlySaysSo(t *testing.T) {
	ofTheDeployedVariant := []string{
		"schema TextRun", "schema FlatError", "header RateLimit",
		"response PaymentRequired", "response RateLimited", "response RunFailed",
		"response RequestTooLarge", "response Throttled", "response RunTimedOut", "schema HostError", "header RequestID",
	}
	for place, text := range descriptions(t) {
		deployed := slices.ContainsFunc(ofTheDeployedVariant, func(prefix string) bool {
			return strings.HasPrefix(place, prefix)
		})
		if deployed {
			assert.Contains(t, strings.ToLower(text), "deployed variant", place)
		}
	}
}

// runWorkflow returns the operation of the contract.
func runWorkflow(t *testing.T) *openapi3.Operation {
	t.Helper()
	item := api.Document().Paths.Value("/api/v1/run/{workflow_id}")
	require.NotNil(t, item)
	operation := item.GetOperation(http.MethodPost)
	require.NotNil(t, operation)
	require.Equal(t, "runWorkflow", operation.OperationID)
	return operation
}

// descriptions returns the descriptions of everything in the operation that should have one, by place.
func descriptions(t *testing.T) map[string]string {
	t.Helper()
	operation := runWorkflow(t)
	all := map[string]string{
		"operation":    operation.Description,
		"request body": operation.RequestBody.Value.Description,
	}
	var walk func(place string, ref *openapi3.SchemaRef)
	walk = func(place string, ref *openapi3.SchemaRef) {
		if ref == nil {
			return
		}
		if ref.Ref != "" {
			place = "schema " + path.Base(ref.Ref)
		}
		all[place] = ref.Value.Description
		for name, property := range ref.Value.Properties {
			walk(place+"/"+name, property)
		}
		for _, variant := range ref.Value.AnyOf {
			walk(place, variant)
		}
		walk(place+"/items", ref.Value.Items)
	}
	walk("", operation.RequestBody.Value.Content["application/json"].Schema)
	for name, parameter := range operation.Parameters {
		all[fmt.Sprint("parameter ", name)] = parameter.Value.Description
	}
	for name, scheme := range api.Document().Components.SecuritySchemes {
		all["security scheme "+name] = scheme.Value.Description
	}
	for status, response := range operation.Responses.Map() {
		require.NotEmpty(t, response.Ref, "the response %s is written among the components, where it is described", status)
		require.NotNil(t, response.Value.Description)
		all["response "+path.Base(response.Ref)] = *response.Value.Description
		for name, header := range response.Value.Headers {
			require.NotEmpty(t, header.Ref, "the header %s is written among the components, where it is described", name)
			all["header "+path.Base(header.Ref)] = header.Value.Description
		}
		for _, media := range response.Value.Content {
			walk("", media.Schema)
		}
	}
	return all
}

// throughType decodes JSON into a T and encodes it again.
func throughType[T any](t *testing.T, text string) string {
	t.Helper()
	var value T
	require.NoError(t, json.Unmarshal([]byte(text), &value))
	encoded, err := json.Marshal(value)
	require.NoError(t, err)
	return string(encoded)
}

// throughUnion makes a function that decodes JSON into the union U, takes its variant T out, puts that into another
// union, and encodes it again.
func throughUnion[U, T any](as func(U) (T, error), from func(*U, T) error) func(*testing.T, string) string {
	return func(t *testing.T, text string) string {
		t.Helper()
		var union, other U
		require.NoError(t, json.Unmarshal([]byte(text), &union))
		variant, err := as(union)
		require.NoError(t, err)
		require.NoError(t, from(&other, variant))
		encoded, err := json.Marshal(other)
		require.NoError(t, err)
		return string(encoded)
	}
}

// compact returns JSON without white space and with its keys in order.
func compact(t *testing.T, text string) string {
	t.Helper()
	return throughType[any](t, text)
}
