package contract

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
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
type Validator struct{ contract *contract }

// New makes a Validator of any OpenAPI 3 document, in YAML or JSON. It refuses one that is not valid, but for
// its examples, or that refers to other documents.
func New(spec []byte) (*Validator, error) {
	document, err := openapi3.NewLoader().LoadFromData(spec)
	if err == nil {
		err = document.Validate(context.Background(), openapi3.DisableExamplesValidation())
	}
	if err != nil {
		return nil, fmt.Errorf("new validator: %s", printable.Clip(err.Error()))
	}
	return &Validator{newContract(document)}, nil
}

// Default holds exchanges against the contract of the AI Tutor API (api/openapi.yaml), which is parsed on the
// first call, once for the whole program.
func Default() *Validator { return defaultContract() }

var defaultContract = sync.OnceValue(func() *Validator { return &Validator{newContract(api.Document())} })

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
	return &Validator{newContract(document)}
})

// ValidateRequest returns a [*Error] where req breaks the contract, or its body cannot be read; of a request
// without a URL, another error. It reads the body and leaves it readable. A credential has to be there where the contract
// wants one; whether it is right is the server's to say.
func (v *Validator) ValidateRequest(req *http.Request) error {
	if req.URL == nil {
		return errors.New("validate request: req.URL, which says what is asked, is not set")
	}
	body, err := readAgain(&req.Body)
	failure := &Error{Method: methodOf(req), Path: req.URL.EscapedPath(), Body: body, cause: err}
	if err != nil {
		return failure.with(Violation{In: "body", Message: "could not be read: " + printable.Line(err.Error())})
	}
	op, parameters, missing := v.contract.find(methodOf(req), req.URL)
	if missing != nil {
		return failure.with(*missing)
	}
	return failure.with(op.checkRequest(req, parameters, body)...)
}

// ValidateResponse returns a [*Error] where res, the answer to res.Request, breaks the contract, or its body
// cannot be read whole; where res.Request is not set, another error. It reads the body and leaves it readable.
func (v *Validator) ValidateResponse(res *http.Response) error {
	if res.Request == nil || res.Request.URL == nil {
		return errors.New("validate response: res.Request, which says what was asked, is not set")
	}
	req := res.Request
	body, err := readAgain(&res.Body)
	failure := &Error{
		Method: methodOf(req), Path: req.URL.EscapedPath(), StatusCode: res.StatusCode, Body: body, cause: err,
	}
	if err != nil {
		return failure.with(Violation{In: "body", Message: "could not be read whole: " + printable.Line(err.Error())})
	}
	op, _, missing := v.contract.find(methodOf(req), req.URL)
	if missing != nil {
		return failure.with(*missing)
	}
	return failure.with(op.checkResponse(req, res.StatusCode, res.Header, body, false)...)
}

// methodOf is the method of a request, which a client may leave out for GET.
func methodOf(req *http.Request) string { return cmp.Or(req.Method, http.MethodGet) }

// with is e with its violations, or nil where there are none.
func (e *Error) with(violations ...Violation) error {
	if len(violations) == 0 {
		return nil
	}
	e.Violations = violations
	return e
}

// RoundTripper validates the exchanges of next (nil: [http.DefaultTransport]). A request that breaks the contract is not
// sent; an answer that breaks it is returned as a [*Error], which has its body.
func (v *Validator) RoundTripper(next http.RoundTripper) http.RoundTripper {
	if next == nil {
		next = http.DefaultTransport
	}
	return &validatingTransport{validator: v, next: next}
}

type validatingTransport struct {
	validator *Validator
	next      http.RoundTripper
}

func (t *validatingTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	sent := req.WithContext(req.Context()) // a RoundTripper leaves the request that it is given as it is
	if err := t.validator.ValidateRequest(sent); err != nil {
		if sent.Body != nil {
			_ = sent.Body.Close()
		}
		return nil, err
	}
	res, err := t.next.RoundTrip(sent)
	if err != nil {
		return nil, err
	}
	if res == nil {
		return nil, fmt.Errorf("%T returned neither an answer nor an error", t.next)
	}
	if res.Request == nil {
		res.Request = sent
	}
	if err := t.validator.ValidateResponse(res); err != nil {
		if res.Body != nil {
			_ = res.Body.Close()
		}
		return nil, err
	}
	return res, nil
}

// CloseIdleConnections is what [http.Client.CloseIdleConnections] calls.
func (t *validatingTransport) CloseIdleConnections() {
	if next, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		next.CloseIdleConnections()
	}
}

// readAgain reads a body whole and puts in its place one that gives the same, the error included. A body with a method
// Bytes is in memory, and is neither read nor copied.
func readAgain(body *io.ReadCloser) ([]byte, error) {
	if *body == nil || *body == http.NoBody {
		return nil, nil
	}
	if inMemory, ok := (*body).(interface{ Bytes() []byte }); ok {
		return inMemory.Bytes(), nil
	}
	data, err := io.ReadAll(*body)
	_ = (*body).Close()
	*body = io.NopCloser(io.MultiReader(bytes.NewReader(data), failingReader{err}))
	return data, err
}

// failingReader fails with an error, or with io.EOF.
type failingReader struct{ err error }

func (r failingReader) Read([]byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	return 0, io.EOF
}
