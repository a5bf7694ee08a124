// Package contract validates HTTP requests and responses against an OpenAPI document: that of the AI Tutor API
// ([Default]), or any other ([New]). It knows nothing of the client: use it with any [http.Client], in a proxy, in a
// server or on recorded traffic.
//
// # What is checked
//
// Of a request: that the contract has the operation, a credential (whether it is right is the server's to say),
// parameters and the body. Of a response: that the operation has the status, the headers that are described, and the
// body.
//
// Bodies are decoded, and checked against their schema, if they are JSON (application/json, +json), a form,
// multipart/form-data, YAML that the document describes, text/plain, text/csv, or another text/ type whose schema is a
// string. Of any other described media type (HTML, XML, images, event streams, application/octet-stream,
// multipart/mixed ...), and of strings of format binary, only the content type is checked: the body is left alone, not
// even read. A body that is compressed with gzip or deflate is decoded only to be judged. JSON must be strict: no
// duplicate names, no invalid UTF-8, no data after the value, no byte order mark.
//
// Of formats, those that kin-openapi knows are checked: date, date-time, byte, int32 and int64, and what a program
// registers with [openapi3.DefineStringFormatValidator] and its like. No other is: uuid, email, uri, ipv4, ipv6,
// hostname, time, duration, float and double are notes for people.
//
// Not checked: what a header parameter named Accept, Content-Type or Authorization says (OpenAPI says to ignore it),
// headers and properties that are not described, links, callbacks, webhooks, and the scopes of a credential.
//
// # Whose verdict
//
// A document of OpenAPI 3.0 is judged as kin-openapi's openapi3filter does, one of 3.1 by JSON Schema 2020-12 as
// santhosh-tekuri/jsonschema does: these read the schemas, once, in [New], and tests compare their verdicts with those
// of this package, which visits the values itself. Where it departs from openapi3filter:
//
//	what                                    here                             why
//	all violations                          listed, up to 1,000              openapi3filter stops at the first
//	JSON that is not strict                 refused                          readers disagree on what it says
//	schemas of 3.1                          compiled once, never by the      openapi3filter compiles them each time, and
//	                                        rules of 3.0                     with a $ref beside falls back to 3.0
//	readOnly, writeOnly in 3.1              not required in the direction    they are notes in JSON Schema
//	                                        in which they are not sent
//	a media type that cannot be decoded     the body is not judged           a validator that refuses it gets disabled
//	gzip, deflate                           decoded                          the schema describes what is in it
//	another Content-Encoding                refused, if the body is judged   it says nothing that could be judged
//	the value of a parameter, or of a       is all that its schema allows    5 may be a number or a string; lists in
//	field or part of a form                 it to be                         objects, maps and files are judged too
//	a value that OpenAPI does not say how   not judged                       refusing every query for it helps nobody
//	to send (a list of objects in a query)
//	a field or part that is not described   as additionalProperties says     that is what the schema says of it
//	a part of a type that is not described  refused                          its sender must not choose the decoder
//	301, 304, 307, 308, HEAD                status and headers are checked,  openapi3filter passes them unseen
//	                                        the body if HTTP lets it be
//	204 without a Content-Type              has no body                      HTTP lets it have none
//	Content-Type with parameters            matches any spelling of them     application/json;charset=UTF-8
//	application/*+json                      matches what ends so             ASP.NET documents have it
//	text/plain with another schema          a number is read; an object is   nothing says how it is written
//	                                        not judged
//	header parameters Accept, Content-Type, ignored                          OpenAPI says so
//	Authorization
//	a discriminator's value that no mapping names the schema of that name   OpenAPI says so
//	has
//	an empty API key                        is none                          nobody could use it
//	int64                                   exact                            2^63 is not rounded into bounds
//	a pattern that RE2 does not know        not judged, and warned of        see [WithRegexp]; openapi3filter fails
//	a list of types with null, as a text    read as the other type           null has no text
//	a number beyond float64 in 3.1          refused                          computing with it would take seconds
//	YAML                                    without aliases, merges and      a few bytes of them stand for gigabytes
//	                                        names that come twice
//	a document with doubtful parts          taken; [Validator.Warnings]      New refuses only what it cannot use
//
// # Bounds
//
// The time and memory that an exchange takes grow with its length, whatever the document. A body that would take more
// than 100 visits per value (and 100,000 in all) is refused as "too deeply nested to validate". Pointers and messages
// are cut at 4 KiB. In a body of more than 40,000 names and values, only the first violation is looked for.
package contract

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/api"
	"github.com/aitutor-api/aitutor-go/client/contract/internal/route"
	"github.com/aitutor-api/aitutor-go/client/contract/internal/schema"
	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
	"github.com/aitutor-api/aitutor-go/client/internal/printable"
)

// A Validator validates HTTP requests and responses against a contract, as the package's documentation says. It is safe
// for concurrent use.
//
// The operation of a request is found by its method and the end of its path: the host and what stands before the path
// do not matter. If several paths match, a literal segment goes before one with a parameter, as in kin-openapi's
// routers; a path whose parameters do not accept their values is passed over. A literal path that lacks the method
// still hides a template that has it (PUT /pets/mine does not belong to /pets/{id}). A # in a path of the document
// stands for an encoded one, %23, as a URL's fragment is never sent.
//
// ValidateRequest and ValidateResponse read a body whole, if it is judged, up to 10 MiB or [WithMaxBodyBytes], and
// leave it readable. CheckRequest and CheckResponse are for whoever has the bytes already.
type Validator struct {
	options
	router     *route.Router[*operation]
	operations []*operation // by path and method
	warnings   []string
	doubts     func() []string // nil: of the embedded document, which is checked by tests
}

// New returns the Validator of an OpenAPI 3.0 or 3.1 document, in YAML or JSON. References must stay inside the
// document. It returns an error for a document that it cannot use: one that does not parse, has references to nothing
// or a type that does not exist. Of what is doubtful [Validator.Warnings] tells.
func New(spec []byte, opts ...Option) (*Validator, error) {
	o := defaultOptions()
	for _, opt := range opts {
		if err := opt(&o); err != nil {
			return nil, fmt.Errorf("new validator: %w", err)
		}
	}
	v, err := newOf(spec, o)
	if err != nil {
		return nil, fmt.Errorf("new validator: %s", printable.Clip(err.Error()))
	}
	return v, nil
}

func newOf(spec []byte, o options) (*Validator, error) {
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
	v.doubts = sync.OnceValue(func() []string { return doubtsOf(document) })
	return v, nil
}

// newValidator returns the Validator of a document, and, if it is of OpenAPI 3.1, the same document decoded.
func newValidator(document *openapi3.T, tree any, o options) *Validator {
	v := &Validator{options: o}
	patterns := &schema.Patterns{Engine: o.regexps, Warn: v.warn}
	c := &compiler{document: document, schemas30: schema.Compiler30{Patterns: patterns}}
	if tree != nil {
		c.schemas31 = schema.NewCompiler31(tree, patterns)
	}
	byPath, operations := c.operations()
	v.router, v.operations = route.New(document.Servers, byPath), operations
	return v
}

// doubtsOf returns what kin-openapi finds wrong with a document, but for fields that it does not know in OpenAPI 3.1:
// JSON Schema allows any.
func doubtsOf(document *openapi3.T) []string {
	var texts []string
	add := func(err error) {
		text := printable.Clip(err.Error())
		isField := document.IsOpenAPI31OrLater() && strings.Contains(err.Error(), "extra sibling fields")
		if !isField && !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	err := document.Validate(context.Background(),
		openapi3.DisableExamplesValidation(), openapi3.DisableSchemaPatternValidation(), openapi3.EnableMultiError())
	if many, ok := err.(openapi3.MultiError); ok { //nolint:errorlint // not wrapped
		for _, one := range many {
			add(one)
		}
	} else if err != nil {
		add(err)
	}
	return texts
}

func (v *Validator) warn(text string) { v.warnings = append(v.warnings, printable.Clip(text)) }

// Warnings returns one line for each thing in the document that is doubtful or not validated. The first call looks for
// what is doubtful, which takes longer than [New].
func (v *Validator) Warnings() []string {
	if v.doubts == nil {
		return slices.Clone(v.warnings)
	}
	return slices.Concat(v.warnings, v.doubts())
}

// Default returns the Validator of the AI Tutor API (api/openapi.yaml). The document is parsed by the first call, once
// a process.
func Default() *Validator { return defaultContract() }

var defaultContract = sync.OnceValue(func() *Validator {
	if api.Document().IsOpenAPI31OrLater() {
		return newContract(api.Spec, nil)
	}
	return newValidator(api.Document(), nil, defaultOptions())
})

// AnyWorkflow returns the Validator of the AI Tutor API for a workflow with other inputs and another output: RunRequest
// and RunOutput may be any JSON objects, everything else is as in [Default].
func AnyWorkflow() *Validator { return anyWorkflow() }

var anyWorkflow = sync.OnceValue(func() *Validator { return newContract(api.Spec, acceptAnyRun) })

// newContract returns the Validator of the API's document, after a change of it.
func newContract(spec []byte, change func(*openapi3.T)) *Validator {
	document, tree, err := read(spec)
	if err == nil && change != nil {
		change(document)
		if tree != nil { // of OpenAPI 3.1, schemas are compiled from the tree
			if spec, err = document.MarshalJSON(); err == nil {
				document, tree, err = read(spec)
			}
		}
	}
	if err != nil {
		panic("contract: the embedded openapi.yaml: " + err.Error())
	}
	return newValidator(document, tree, defaultOptions())
}

// acceptAnyRun makes the inputs of a run, and the objects in its variants, any objects.
func acceptAnyRun(document *openapi3.T) {
	all := openapi.Operations(document)
	i := slices.IndexFunc(all, func(op openapi.Operation) bool { return op.OperationID == openapi.RunWorkflow })
	if i < 0 {
		return
	}
	run := all[i]
	accept := func(ref *openapi3.SchemaRef) {
		*ref.Value = openapi3.Schema{Type: &openapi3.Types{openapi3.TypeObject}}
	}
	for _, media := range run.RequestBody.Value.Content {
		accept(media.Schema)
	}
	_, response := run.Success()
	if response == nil {
		return
	}
	for _, media := range response.Content {
		for _, variant := range variantsOf(media.Schema) {
			for _, property := range variant.Value.Properties {
				if property.Value.Type.Permits(openapi3.TypeObject) { // without a type too: oneOf
					accept(property)
				}
			}
		}
	}
}

// variantsOf returns a schema and those of which it consists.
func variantsOf(ref *openapi3.SchemaRef) openapi3.SchemaRefs {
	variants := openapi3.SchemaRefs{ref}
	for i := 0; i < len(variants); i++ {
		of := variants[i].Value
		for _, part := range slices.Concat(of.AllOf, of.AnyOf, of.OneOf) {
			if !slices.ContainsFunc(variants, func(v *openapi3.SchemaRef) bool { return v.Value == part.Value }) {
				variants = append(variants, part)
			}
		}
	}
	return variants
}
