// Package contract validates HTTP requests and responses against an OpenAPI document: that of the AI Tutor API
// ([Default]), or any other ([New]). It knows nothing of the client: use it with any [http.Client], in a proxy, in a server
// or on recorded traffic.
package contract

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/api"
	"github.com/aitutor-api/aitutor-go/client/contract/internal/route"
	"github.com/aitutor-api/aitutor-go/client/contract/internal/schema"
	"github.com/aitutor-api/aitutor-go/client/internal/printable"
)

// A Validator validates HTTP requests and responses against a contract. Its verdict is that of kin-openapi's
// openapi3filter, but it lists all violations instead of the first, and it is stricter about JSON itself: it refuses
// duplicate names, invalid UTF-8, data after the value and a byte order mark. It is safe for concurrent use.
//
// The operation of a request is found by its method and the end of its path: the host and what stands before the path do
// not matter. If several paths match, a literal segment goes before one with a parameter, as in kin-openapi's routers; a
// path whose parameters do not accept their values is passed over. A literal path that lacks the method still hides a
// template that has it (PUT /pets/mine does not belong to /pets/{id}). A # in a path of the document stands for an
// encoded one, %23, as a URL's fragment is never sent.
//
// ValidateRequest and ValidateResponse read a body whole, up to 10 MiB or [WithMaxBodyBytes], and leave it readable.
// CheckRequest and CheckResponse are for whoever has the bytes already.
type Validator struct {
	options
	router     *route.Router[*operation]
	operations []*operation // by path and method
	is31       bool
	warnings   []string
}

// New returns the Validator of an OpenAPI 3.0 or 3.1 document, in YAML or JSON. References must stay inside the document.
// It returns an error if the document is not valid, apart from its examples.
func New(spec []byte, opts ...Option) (*Validator, error) {
	o := defaultOptions()
	for _, opt := range opts {
		if err := opt(&o); err != nil {
			return nil, fmt.Errorf("new validator: %w", err)
		}
	}
	v, err := load(spec, o)
	if err != nil {
		return nil, fmt.Errorf("new validator: %s", printable.Clip(err.Error()))
	}
	return v, nil
}

// load returns the Validator of a document. It refuses only what cannot be used, and warns of what is doubtful.
func load(spec []byte, o options) (*Validator, error) {
	if err := checkVersion(spec); err != nil {
		return nil, err
	}
	document, tree, err := read(spec)
	if err != nil {
		return nil, err
	}
	if err := checkTypes(document); err != nil {
		return nil, err
	}
	v := newValidator(document, tree, o)
	doubts := document.Validate(context.Background(),
		openapi3.DisableExamplesValidation(), openapi3.DisableSchemaPatternValidation(), openapi3.EnableMultiError())
	if many, ok := doubts.(openapi3.MultiError); ok { //nolint:errorlint // not wrapped
		for _, doubt := range many {
			v.doubt(doubt)
		}
	} else if doubts != nil {
		v.doubt(doubts)
	}
	return v, nil
}

// newValidator returns the Validator of a document, and, if it is of OpenAPI 3.1, the same document decoded.
func newValidator(document *openapi3.T, tree any, o options) *Validator {
	v := &Validator{options: o, is31: tree != nil}
	patterns := &schema.Patterns{Engine: o.regexps, Warn: v.warn}
	c := &compiler{document: document, schemas30: schema.Compiler30{Patterns: patterns}}
	if tree != nil {
		c.schemas31 = schema.NewCompiler31(tree, patterns)
	}
	operations := c.operations()
	v.router, v.operations = route.New(document.Servers, operations), sortedOperations(operations)
	return v
}

// doubt warns of what kin-openapi finds wrong with the document, but for a field that it does not know: JSON Schema allows
// any, and OpenAPI 3.1 has some.
func (v *Validator) doubt(err error) {
	if v.is31 && strings.Contains(err.Error(), "extra sibling fields") {
		return
	}
	if text := err.Error(); !slices.Contains(v.warnings, printable.Clip(text)) {
		v.warn(text)
	}
}

func (v *Validator) warn(text string) { v.warnings = append(v.warnings, printable.Clip(text)) }

// Warnings lists what is doubtful in the document, and what of it is not judged, a line each.
func (v *Validator) Warnings() []string { return slices.Clone(v.warnings) }

// Default returns the Validator of the AI Tutor API (api/openapi.yaml). The document is parsed by the first call, once a
// process.
func Default() *Validator { return defaultContract() }

var defaultContract = sync.OnceValue(func() *Validator { return newValidator(api.Document(), nil, defaultOptions()) })

// AnyWorkflow returns the Validator of the AI Tutor API for a workflow with inputs and an output of its own: RunRequest
// and RunOutput may be any JSON objects, everything else is as in [Default].
func AnyWorkflow() *Validator { return anyWorkflow() }

var anyWorkflow = sync.OnceValue(func() *Validator {
	document, err := openapi3.NewLoader().LoadFromData(api.Spec)
	if err != nil {
		panic("contract: the embedded openapi.yaml: " + err.Error())
	}
	for _, path := range document.Paths.Map() {
		if run := path.Post; run != nil && run.OperationID == "runWorkflow" {
			acceptAnyRun(run)
		}
	}
	return newValidator(document, nil, defaultOptions())
})

// acceptAnyRun makes the inputs of a run, and the objects in its variants, any objects.
func acceptAnyRun(run *openapi3.Operation) {
	accept := func(ref *openapi3.SchemaRef) {
		*ref.Value = openapi3.Schema{Type: &openapi3.Types{openapi3.TypeObject}}
	}
	for _, media := range run.RequestBody.Value.Content {
		accept(media.Schema)
	}
	for _, media := range run.Responses.Status(http.StatusOK).Value.Content {
		for _, variant := range media.Schema.Value.AnyOf {
			for _, property := range variant.Value.Properties {
				if property.Value.Type.Is(openapi3.TypeObject) {
					accept(property)
				}
			}
		}
	}
}
