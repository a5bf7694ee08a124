// Package openapi reads what an OpenAPI document says of its operations: parameters, credentials, bodies, responses and
// examples. Of what has no example it makes samples.
package openapi

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// The names in the contract by which its packages know the operation that runs a workflow. Its method in gen is named
// after the first.
const (
	RunWorkflow = "runWorkflow" // the operationId
	WorkflowID  = "workflow_id" // the parameter of the path
)

// Operation is one operation of a document, with what its path and the document say for it.
type Operation struct {
	*openapi3.Operation
	Method     string
	Path       string // template, such as /api/v1/run/{workflow_id}
	PathItem   *openapi3.PathItem
	Parameters openapi3.Parameters // those of the path included
	Security   []Alternative       // the operation's, or else the document's; empty: no credential is needed
}

// Operations lists the operations of a document, by path and method.
func Operations(document *openapi3.T) []Operation {
	var operations []Operation
	for path, item := range document.Paths.Map() {
		for method, described := range item.Operations() {
			operations = append(operations, NewOperation(document, path, method, described))
		}
	}
	slices.SortFunc(operations, func(a, b Operation) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Method, b.Method))
	})
	return operations
}

// NewOperation returns an operation of a document's path.
func NewOperation(document *openapi3.T, path, method string, described *openapi3.Operation) Operation {
	item := document.Paths.Value(path)
	parameters := slices.Clone(described.Parameters)
	for _, shared := range item.Parameters {
		if described.Parameters.GetByInAndName(shared.Value.In, shared.Value.Name) == nil {
			parameters = append(parameters, shared)
		}
	}
	return Operation{
		Operation: described, Method: method, Path: path, PathItem: item,
		Parameters: parameters, Security: alternatives(document, described.Security),
	}
}

// Name returns the operation's ID, or one made of its method and path.
func (o Operation) Name() string {
	if o.OperationID != "" {
		return o.OperationID
	}
	return strings.ToLower(o.Method) + strings.NewReplacer("/", "-", "{", "", "}", "").Replace(o.Path)
}

// Body returns the content type and the description of the JSON body of an operation's requests, or "" and nil.
func (o Operation) Body() (contentType string, media *openapi3.MediaType) {
	if o.RequestBody == nil {
		return "", nil
	}
	return JSON(o.RequestBody.Value.Content)
}

// Response returns what the operation says of a status: exactly, by its range, or by its default. It returns nil if it
// says nothing.
func (o Operation) Response(status int) *openapi3.Response {
	if o.Responses == nil {
		return nil
	}
	if ref := cmp.Or(o.Responses.Status(status), o.Responses.Default()); ref != nil {
		return ref.Value
	}
	return nil
}

// Success returns the first response of success that the operation describes: a status of 2xx, 2XX, a redirect, or the
// default. The response is nil if there is none.
func (o Operation) Success() (status int, response *openapi3.Response) {
	if o.Responses == nil {
		return http.StatusOK, nil
	}
	for _, class := range []int{2, 3} {
		for _, key := range slices.Sorted(maps.Keys(o.Responses.Map())) {
			if status, err := strconv.Atoi(key); err == nil && status/100 == class {
				return status, o.Responses.Value(key).Value
			}
		}
		if ref := o.Responses.Value(strconv.Itoa(class) + "XX"); ref != nil {
			return class * 100, ref.Value
		}
	}
	return http.StatusOK, o.Response(http.StatusOK)
}
