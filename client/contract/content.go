package contract

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
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
		return []Violation{{In: "content-type", Message: fmt.Sprintf("unexpected value %q, want %s", contentType, described(content))}}, true
	case media.Schema == nil:
		return nil, true
	case !isJSON(contentType, media.Schema.Value):
		return nil, false
	}
	return op.bodies[media].check(body), true
}

// described names the media types that the contract describes.
func described(content openapi3.Content) string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(content)) {
		if content[name] != nil {
			names = append(names, name)
		}
	}
	return cmp.Or(strings.Join(names, " or "), "none")
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
	sorted  bool // violations have to be, as kin-openapi gives them in any order
	// of a visit for the first violation, and for all
	options, allOptions []openapi3.SchemaValidationOption
}

// check lists how a JSON body breaks the rule. Most valid bodies are recognized in place; only another is decoded and
// visited for its violations: all of them, or the first if it has more values than a person could read about.
func (r *bodyRule) check(body []byte) []Violation {
	if err := checkStrict(body); err != nil {
		return []Violation{notJSON(err)}
	}
	if r.canSkim && r.skim.Accepts(body) {
		return nil
	}
	if !hasManyValues(body) {
		return r.visit(skim.Decode(body), r.allOptions)
	}
	if r.canSkim {
		tree, indexes := r.skim.Reduce(body)
		if violations := r.visit(tree, r.options); len(violations) > 0 {
			return atIndexes(violations, indexes)
		}
	}
	return r.visit(skim.Decode(body), r.options)
}

func (r *bodyRule) visit(tree any, options []openapi3.SchemaValidationOption) []Violation {
	return schemaViolations(r.schema.VisitJSON(tree, options...), options, r.sorted)
}

// atIndexes returns violations of a reduced tree with pointers into the body.
func atIndexes(violations []Violation, indexes map[string]int) []Violation {
	innermost := slices.SortedFunc(maps.Keys(indexes), func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	for i := range violations {
		for _, reduced := range innermost {
			rest, ok := strings.CutPrefix(violations[i].Pointer, reduced)
			if ok && (rest == "" || rest[0] == '/') {
				violations[i].Pointer = fmt.Sprintf("%s/%d%s", strings.TrimSuffix(reduced, "/0"), indexes[reduced], rest)
			}
		}
	}
	return violations
}

// notJSON is the violation of a body that is broken in JSON itself.
func notJSON(err error) Violation {
	violation := Violation{In: "body", Message: "is not JSON: " + printable.Line(err.Error())}
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		violation.Pointer = string(syntax.JSONPointer)
		violation.Message = fmt.Sprintf("is not JSON: %s, at byte %d", printable.Line(syntax.Err.Error()), syntax.ByteOffset)
	}
	return violation
}
