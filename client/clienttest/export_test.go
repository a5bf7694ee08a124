package clienttest

import "github.com/getkin/kin-openapi/openapi3"

// NewServerOf starts a server of a document that has the run operation of the API and others.
func NewServerOf(document *openapi3.T) *Server { return start(newService(document)) }
