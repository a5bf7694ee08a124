package contract

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/client/contract/internal/instance"
)

// read returns a document as kin-openapi reads it, and, if it is of OpenAPI 3.1, decoded.
func read(spec []byte) (document *openapi3.T, tree any, err error) {
	if found := versionOf.FindSubmatch(spec); found != nil && strings.HasPrefix(string(found[2])+string(found[4]), "3.1") {
		if tree, err = decodeDocument(spec); err != nil {
			return nil, nil, err
		}
		if bare, ok := withoutIdentifiers(tree); ok {
			if spec, err = json.Marshal(bare); err != nil {
				return nil, nil, err
			}
		}
	}
	document, err = openapi3.NewLoader().LoadFromData(spec)
	if external, ok := errors.AsType[*openapi3.DisallowedExternalRefError](err); tree != nil && err != nil &&
		(!ok || external == nil) {
		if bare, marshalErr := json.Marshal(withoutDeepReferences(tree)); marshalErr == nil {
			document, err = openapi3.NewLoader().LoadFromData(bare)
		}
	}
	return document, tree, err
}

var versionOf = regexp.MustCompile(
	`(?m)^[\s{]*["']?(openapi|swagger)["']?\s*:\s*["']?([0-9][0-9.]*)|["'](openapi|swagger)["']\s*:\s*["']([0-9][0-9.]*)`,
)

func checkVersion(spec []byte) error {
	found := versionOf.FindSubmatch(spec)
	if found == nil {
		return nil // the loader says what is wrong
	}
	kind, version := string(found[1])+string(found[3]), string(found[2])+string(found[4])
	if kind == "openapi" && len(version) >= 3 && (version[:3] == "3.0" || version[:3] == "3.1") {
		return nil
	}
	name := map[string]string{"openapi": "OpenAPI", "swagger": "Swagger"}[kind]
	return fmt.Errorf("the document is of %s %s; OpenAPI 3.0 and 3.1 are supported (openapi: 3.0.3)", name, version)
}

// checkTypes refuses a document with a schema whose type does not exist: it would refuse every value.
func checkTypes(document *openapi3.T) error {
	if document.OpenAPI == "" {
		return errors.New("it has no field openapi, which says the version of OpenAPI")
	}
	seen := make(map[*openapi3.Schema]bool)
	return document.WalkSchemas(func(pointer string, ref *openapi3.SchemaRef) error {
		if seen[ref.Value] {
			return openapi3.SkipSubtree
		}
		seen[ref.Value] = true
		for _, name := range ref.Value.Type.Slice() {
			if name != "" && !knownTypes[name] { // "" is an unquoted null of YAML
				return fmt.Errorf("%s: the type %q does not exist", pointer, name)
			}
		}
		return nil
	})
}

var knownTypes = map[string]bool{
	"null":    true,
	"boolean": true,
	"integer": true,
	"number":  true,
	"string":  true,
	"array":   true,
	"object":  true,
}

// decodeDocument returns a document as JSON has it.
func decodeDocument(spec []byte) (any, error) {
	if document, err := instance.Parse(spec); err == nil {
		return document.Root().Decode(), nil
	}
	return decodeYAML(spec, false)
}
