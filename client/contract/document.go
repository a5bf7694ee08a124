package contract

import (
	"bytes"
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
	if _, version := versionOf(spec); !strings.HasPrefix(version, "3.1") {
		document, err = openapi3.NewLoader().LoadFromData(spec)
		return document, nil, err
	}
	if tree, err = decodeDocument(spec); err != nil {
		return nil, nil, err
	}
	isCompleted := completeDefinitions(tree)
	bare, isStripped := withoutIdentifiers(tree)
	if isStripped || isCompleted {
		document, err = load(bare)
	} else {
		document, err = openapi3.NewLoader().LoadFromData(spec) // whose errors have lines
	}
	if external, ok := errors.AsType[*openapi3.DisallowedExternalRefError](err); err != nil && (!ok || external == nil) {
		if again, againErr := load(withoutDeepReferences(bare)); againErr == nil {
			document, err = again, nil
		}
	}
	return document, tree, err
}

// load returns a decoded document as kin-openapi reads it.
func load(tree any) (*openapi3.T, error) {
	spec, err := json.Marshal(tree)
	if err != nil {
		return nil, err
	}
	return openapi3.NewLoader().LoadFromData(spec)
}

func checkVersion(spec []byte) error {
	kind, version := versionOf(spec)
	if kind == "" || kind == "openapi" && (strings.HasPrefix(version, "3.0") || strings.HasPrefix(version, "3.1")) {
		return nil // or the loader says what is wrong
	}
	name := map[string]string{"openapi": "OpenAPI", "swagger": "Swagger"}[kind]
	return fmt.Errorf("the document is of %s %s; OpenAPI 3.0 and 3.1 are supported (openapi: 3.0.3)", name, version)
}

// versionOf returns the field that has the version of a document, openapi or swagger, and the version.
func versionOf(spec []byte) (kind, version string) {
	if document, err := instance.Parse(spec); err == nil {
		for _, kind := range []string{"openapi", "swagger"} {
			if value, ok := document.Root().Member(kind); ok {
				return kind, strings.Trim(string(value.Raw()), `"`)
			}
		}
		return "", ""
	}
	for line := range bytes.Lines(spec) {
		if found := versionLine.FindSubmatch(line[:min(len(line), 100)]); found != nil {
			return string(found[1]), string(found[2])
		}
	}
	return "", ""
}

var versionLine = regexp.MustCompile(`^(?:\{\s*)?["']?(openapi|swagger)["']?\s*:\s*["']?([0-9][0-9.]*)`)

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
