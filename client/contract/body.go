package contract

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/aitutor-api/aitutor-go/client/internal/printable"
)

// bodyRule is what the document says about one JSON body.
type bodyRule struct {
	schema *openapi3.Schema
	skim   *skimmer // nil: only a visit can judge a body
	// of a visit for the first violation, and for all
	options, allOptions []openapi3.SchemaValidationOption
}

func newBodyRule(schema *openapi3.Schema, options []openapi3.SchemaValidationOption) *bodyRule {
	rule := &bodyRule{schema: schema, options: options, allOptions: append(slices.Clip(options), openapi3.MultiErrors())}
	if len(options) == 0 { // readOnly, writeOnly and OpenAPI 3.1 are for the visit alone
		rule.skim = make(skimmers).of(schema)
	}
	return rule
}

// check lists what in a JSON body breaks the rule. Strict: the body is known to pass checkStrict. Most bodies are seen to be
// valid in place; only another is made a tree and visited for all that breaks the rule, unless it has more values than a person
// could read of.
func (r *bodyRule) check(body []byte, strict bool) []Violation {
	if !strict {
		if err := checkStrict(body); err != nil {
			return []Violation{notJSON(err)}
		}
	}
	if r.skim != nil && r.skim.accepts(bytes.Trim(body, " \t\r\n")) {
		return nil
	}
	tree, err := decodeTree(body)
	if err != nil {
		return []Violation{notJSON(err)}
	}
	options := r.allOptions
	if tooManyValues(body) {
		options = r.options
	}
	return schemaViolations(r.schema.VisitJSON(tree, options...), options)
}

// tooManyValues reports whether JSON has more values than a person could read of.
func tooManyValues(body []byte) bool { return bytes.Count(body, []byte(",")) > 100_000 }

// notJSON is the violation of a body that is broken in JSON itself.
func notJSON(err error) Violation {
	violation := Violation{In: "body", Message: "is not JSON: " + printable.Line(err.Error())}
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		violation.Pointer = string(syntax.JSONPointer)
		violation.Message = fmt.Sprintf("is not JSON: %s, at byte %d", printable.Line(syntax.Err.Error()), syntax.ByteOffset)
	}
	return violation
}
