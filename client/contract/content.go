package contract

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/aitutor-api/aitutor-go/client/contract/internal/skim"
	"github.com/aitutor-api/aitutor-go/client/internal/printable"
)

// checkBody lists how a body breaks the contract. It is not ok if the contract describes a body that is not JSON, which is
// for kin-openapi's filter to validate.
func (op *operation) checkBody(content openapi3.Content, header http.Header, body []byte) (found []Violation, ok bool) {
	contentType := header.Get("Content-Type")
	media := content.Get(contentType)
	switch {
	case media == nil:
		return []Violation{{In: "content-type", Message: fmt.Sprintf("unexpected value %q", contentType)}}, true
	case media.Schema == nil:
		return nil, true
	case !isJSON(contentType, media.Schema.Value):
		return nil, false
	}
	return op.bodies[media].check(body), true
}

// isJSON reports whether kin-openapi decodes a body of this type as JSON.
func isJSON(contentType string, schema *openapi3.Schema) bool {
	mediaType, _, _ := strings.Cut(contentType, ";")
	mediaType = strings.ToLower(strings.TrimSpace(mediaType))
	return (mediaType == "application/json" || strings.HasSuffix(mediaType, "+json")) &&
		!(schema.Type.Is("string") && schema.Format == "binary")
}

// bodyRule is what the document says about one JSON body.
type bodyRule struct {
	schema  *openapi3.Schema
	skim    *skim.Schema
	canSkim bool
	// of a visit for the first violation, and for all
	options, allOptions []openapi3.SchemaValidationOption
}

// check lists how a JSON body breaks the rule. Most valid bodies are recognized in place; only another is decoded and
// visited for its violations, all of them unless it has more values than a person could read about.
func (r *bodyRule) check(body []byte) []Violation {
	if err := checkStrict(body); err != nil {
		return []Violation{notJSON(err)}
	}
	if r.canSkim && r.skim.Accepts(body) {
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

// tooManyValues reports whether JSON has more values than a person could read about.
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
