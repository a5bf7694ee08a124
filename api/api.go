// Package api holds the contract of the AI Tutor API, the OpenAPI document openapi.yaml.
package api

import (
	_ "embed"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
)

// Spec is the contract as it is written: an OpenAPI 3.0.3 document in YAML. It must not be changed.
//
//go:embed openapi.yaml
var Spec []byte

// Document returns the parsed contract. It is parsed on the first call, once for the whole program, and shared: it must
// not be changed.
func Document() *openapi3.T { return document() }

var document = sync.OnceValue(func() *openapi3.T {
	document, err := openapi3.NewLoader().LoadFromData(Spec)
	if err != nil {
		panic("api: the embedded openapi.yaml: " + err.Error())
	}
	return document
})
