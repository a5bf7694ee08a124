package contract

import (
	"context"
	"fmt"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/api"
	"github.com/aitutor-api/aitutor-go/client/internal/printable"
)

// A Validator holds HTTP exchanges against a contract. It gives kin-openapi's verdict, lists all violations where
// kin-openapi stops at the first, and is stricter where JSON itself is broken: it refuses duplicate names, invalid UTF-8,
// data after the value and a byte order mark. Safe for concurrent use.
//
// An exchange belongs to the operation that has its method and the end of its path: the host and what stands before
// the path do not matter. An exchange that belongs to no operation is a violation.
//
// Bodies are read whole, whatever their size.
type Validator struct {
	router       *router
	maxBodyBytes int64
	report       func(context.Context, *Error) // nil: violations are errors
}

func newValidator(document *openapi3.T) *Validator {
	return &Validator{router: newRouter(document), maxBodyBytes: defaultMaxBodyBytes}
}

// New makes a Validator of any OpenAPI 3 document, in YAML or JSON. It refuses one that is not valid, but for
// its examples, or that refers to other documents.
func New(spec []byte, opts ...Option) (*Validator, error) {
	document, err := openapi3.NewLoader().LoadFromData(spec)
	if err == nil {
		err = document.Validate(context.Background(), openapi3.DisableExamplesValidation())
	}
	if err != nil {
		return nil, fmt.Errorf("new validator: %s", printable.Clip(err.Error()))
	}
	v := newValidator(document)
	for _, opt := range opts {
		if err := opt(v); err != nil {
			return nil, fmt.Errorf("new validator: %w", err)
		}
	}
	return v, nil
}

// Default holds exchanges against the contract of the AI Tutor API (api/openapi.yaml), which is parsed on the
// first call, once for the whole program.
func Default() *Validator { return defaultContract() }

var defaultContract = sync.OnceValue(func() *Validator { return newValidator(api.Document()) })

// AnyWorkflow returns the Validator of the AI Tutor API for a workflow with inputs and an output of its own: RunRequest
// and RunOutput may be any JSON objects, everything else is as in [Default].
func AnyWorkflow() *Validator { return anyWorkflow() }

var anyWorkflow = sync.OnceValue(func() *Validator {
	document, err := openapi3.NewLoader().LoadFromData(api.Spec)
	if err != nil {
		panic("contract: the embedded openapi.yaml: " + err.Error())
	}
	for _, name := range []string{"RunRequest", "RunOutput"} {
		if schema := document.Components.Schemas[name]; schema != nil {
			*schema.Value = openapi3.Schema{Type: &openapi3.Types{openapi3.TypeObject}}
		}
	}
	return newValidator(document)
})
