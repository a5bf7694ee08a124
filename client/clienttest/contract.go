package clienttest

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/go-json-experiment/json"

	"github.com/aitutor-api/aitutor-go/api"
	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
	"github.com/aitutor-api/aitutor-go/client/internal/payload"
)

const (
	runWorkflow = "runWorkflow"
	workflowID  = "workflow_id"
)

// A contract is what the server takes from the spec: the rules for requests, and the examples that it responds with.
type contract struct {
	document         *openapi3.T
	operation        openapi.Operation // runWorkflow
	workflowID       string            // the spec's example
	workflowIDSchema *openapi3.Schema
	inputs           *openapi3.Schema
}

func newContract() contract { return contractOf(api.Document()) }

func contractOf(document *openapi3.T) contract {
	c := contract{document: document}
	for _, op := range openapi.Operations(document) {
		if op.OperationID == runWorkflow {
			c.operation = op
		}
	}
	if c.operation.Operation == nil {
		panic("clienttest: the spec has no operation " + runWorkflow)
	}
	id := c.operation.Parameters.GetByInAndName(openapi3.ParameterInPath, workflowID)
	if id == nil {
		panic("clienttest: the spec's " + runWorkflow + " has no path parameter " + workflowID)
	}
	c.workflowID, c.workflowIDSchema = parameterExample(id), id.Schema.Value
	_, media := c.operation.Body()
	if media == nil {
		panic("clienttest: the spec's " + runWorkflow + " has no JSON body")
	}
	c.inputs = openapi.Merged(media.Schema.Value)
	return c
}

// parameterExample is the spec's example of a parameter, as text.
func parameterExample(p *openapi3.Parameter) string {
	if p.Example != nil {
		return fmt.Sprint(p.Example)
	}
	return fmt.Sprint(openapi.Sample(p.Schema.Value))
}

// visit validates a value against a schema of the spec.
func (c contract) visit(schema *openapi3.Schema, value any, options ...openapi3.SchemaValidationOption) error {
	return c.document.ValidateSchemaJSON(schema, value, options...)
}

// response returns the spec's response of a run for a status, or nil.
func (c contract) response(status int) *openapi3.Response {
	ref := c.operation.Responses.Value(strconv.Itoa(status))
	if ref == nil {
		return nil
	}
	return ref.Value
}

// example returns the first example, by name, of a response that is valid against a schema of the spec.
func (c contract) example(response *openapi3.Response, schema string) (any, bool) {
	ref := c.document.Components.Schemas[schema]
	if response == nil || ref == nil {
		return nil, false
	}
	_, media := openapi.JSON(response.Content)
	if media == nil {
		return nil, false
	}
	for _, value := range openapi.Examples(media) {
		if c.visit(ref.Value, value) == nil {
			return value, true
		}
	}
	return nil, false
}

// citations returns those of the first example of a run that has some.
func (c contract) citations() []string {
	if _, media := openapi.JSON(c.response(http.StatusOK).Content); media != nil {
		for _, value := range openapi.Examples(media) {
			if citations := payload.Decode(encode(value)).DecodeCitations(); len(citations) > 0 {
				return citations
			}
		}
	}
	return []string{"https://example.com/"}
}

// allows reports whether a body is one that the spec describes for a response.
func (c contract) allows(response *openapi3.Response, body any) bool {
	var value any
	_, media := openapi.JSON(response.Content)
	return media != nil && json.Unmarshal(encode(body), &value) == nil && c.visit(media.Schema.Value, value) == nil
}

// runExample returns the response of a run: the spec's example, or a sample of the schema if no example is valid, as in a
// spec whose schemas have changed and whose examples have not yet.
func (c contract) runExample(schema string) any {
	if value, ok := c.example(c.response(http.StatusOK), schema); ok {
		return value
	}
	ref := c.document.Components.Schemas[schema]
	if ref == nil {
		panic("clienttest: the spec has no schema " + schema)
	}
	return openapi.Sample(ref.Value)
}
