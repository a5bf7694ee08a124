package clienttest

import (
	"net/http"
	"net/url"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
	"github.com/aitutor-api/aitutor-go/client/internal/payload"
)

// A contract is what the server takes from the spec: the rules for requests, and the examples that it responds with.
type contract struct {
	document         *openapi3.T
	operation        openapi.Operation // runWorkflow
	workflowID       string            // the spec's example
	workflowIDSchema *openapi3.Schema
	inputs           *openapi3.Schema
}

func contractOf(document *openapi3.T) contract {
	c := contract{document: document}
	for _, op := range openapi.Operations(document) {
		if op.OperationID == openapi.RunWorkflow {
			c.operation = op
		}
	}
	if c.operation.Operation == nil {
		panic("clienttest: the spec has no operation " + openapi.RunWorkflow +
			", which client/internal/openapi/operation.go names")
	}
	id := c.operation.Parameters.GetByInAndName(openapi3.ParameterInPath, openapi.WorkflowID)
	if id == nil {
		panic("clienttest: the spec's " + openapi.RunWorkflow + " has no path parameter " + openapi.WorkflowID +
			", which client/internal/openapi/operation.go names")
	}
	c.workflowID, c.workflowIDSchema = c.parameterExample(id), id.Schema.Value
	if c.runResponse() == nil {
		panic("clienttest: the spec's " + openapi.RunWorkflow + " has no response of success")
	}
	_, media := c.operation.Body()
	if media == nil {
		panic("clienttest: the spec's " + openapi.RunWorkflow + " has no JSON body")
	}
	c.inputs = openapi.Merged(media.Schema.Value)
	return c
}

// parameterExample returns the spec's example of a path parameter, as it stands in a path, but not escaped.
func (c contract) parameterExample(p *openapi3.Parameter) string {
	value, err := openapi.ForRequests(c.document).Parameter(p)
	if err != nil {
		panic("clienttest: the path parameter " + p.Name + ": " + err.Error())
	}
	escaped, err := openapi.Serialize(p, value)
	if err != nil {
		panic("clienttest: " + err.Error())
	}
	text, _ := url.PathUnescape(escaped) // it was escaped here
	return text
}

// visit validates a value against a schema of the spec.
func (c contract) visit(schema *openapi3.Schema, value any, options ...openapi3.SchemaValidationOption) error {
	return c.document.ValidateSchemaJSON(schema, value, options...)
}

// runResponse returns the spec's response of a run.
func (c contract) runResponse() *openapi3.Response {
	_, response := c.operation.Success()
	return response
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
	if _, media := openapi.JSON(c.runResponse().Content); media != nil {
		for _, value := range openapi.Examples(media) {
			if citations := payload.Decode(encode(value)).DecodeCitations(); len(citations) > 0 {
				return citations
			}
		}
	}
	return []string{"https://example.com/"}
}

// allows reports whether a value, as JSON, is one that the spec describes for a body of a response.
func (c contract) allows(media openapi.Media, body any) bool {
	var value any
	return media.Kind() == openapi.KindJSON && json.Unmarshal(encode(body), &value) == nil &&
		(media.Schema == nil || openapi.ForResponses(c.document).Allows(media.Schema.Value, value) == nil)
}

// runExample returns the response of a run: the spec's example, or a sample of the schema if no example is valid, as in
// a spec whose schemas have changed and whose examples have not yet.
func (c contract) runExample(schema string) any {
	if value, ok := c.example(c.runResponse(), schema); ok {
		return value
	}
	ref := c.document.Components.Schemas[schema]
	if ref == nil {
		panic("clienttest: the spec has no schema " + schema)
	}
	value, err := openapi.ForResponses(c.document).Sample(ref.Value)
	if err != nil {
		panic("clienttest: the schema " + schema + ": " + err.Error())
	}
	return value
}

// removeCredentials removes what stands where the spec has credentials, right or wrong.
func (c contract) removeCredentials(r *http.Request) {
	r.Header.Del("Authorization")
	for _, ref := range c.document.Components.SecuritySchemes {
		switch place, name := (openapi.Credential{Scheme: ref.Value}).In(); place {
		case openapi3.ParameterInHeader:
			r.Header.Del(name)
		case openapi3.ParameterInCookie:
			r.Header.Del("Cookie")
		case openapi3.ParameterInQuery:
			if query := r.URL.Query(); query.Has(name) {
				query.Del(name)
				r.URL.RawQuery = query.Encode()
			}
		}
	}
}

// encode returns a value as JSON.
func encode(value any) []byte {
	data, err := json.Marshal(value, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		panic("clienttest: encode a response: " + err.Error())
	}
	return data
}
