// Package gen is what oapi-codegen generates from api/openapi.yaml: the models, the client and the server of the
// AI Tutor API. Nothing here is edited by hand but this file, the generator's configuration (*.cfg.yaml) and the
// overlay with the wishes that only Go has (overlay.yaml). After a change of the spec, run go generate.
//
// Programs import the client package, which adds validation, errors and retries, and meet this package in its
// types: [RunRequest] goes in, [RunOutput] comes out.
package gen

//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen --config=models.cfg.yaml ../api/openapi.yaml
//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen --config=client.cfg.yaml ../api/openapi.yaml
//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen --config=server.cfg.yaml ../api/openapi.yaml
