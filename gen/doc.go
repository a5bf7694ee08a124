// Package gen has the models and the client of the AI Tutor API, generated from api/openapi.yaml.
//
// Programs import the client package, which adds validation, errors and retries, and meet this package in its
// types: [RunRequest] goes in, [RunOutput] comes out. A field that is optional in the contract is a pointer: nil is not
// sent.
//
// Nothing here is edited by hand but this file, the generator's configuration (config.yaml) and the overlay with what
// only the Go code needs (overlay.yaml). After a change of the spec, run make generate. A new operation adds methods to
// [ClientInterface] and [ClientWithResponsesInterface], which is not regarded as a breaking change: do not implement
// them elsewhere.
package gen

//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen --config=config.yaml ../api/openapi.yaml
