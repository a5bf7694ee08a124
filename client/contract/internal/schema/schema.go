// Package schema judges JSON by the schemas of an OpenAPI document.
//
// kin-openapi (OpenAPI 3.0) and santhosh-tekuri/jsonschema (3.1) compile the schemas, and the verdict is theirs, which
// tests compare. The walk is this package's own, because neither library can be stopped: both visit a value again for
// each variant that may describe it, which doubles with each level, and both keep every error. Here the visits have a
// budget that is linear in the body.
package schema

import (
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/client/contract/internal/instance"
)

// A Schema judges values. It is made by [Compiler30] or [Compiler31], and safe for concurrent use.
type Schema struct {
	name   string // for people
	always *bool
	empty  bool // OpenAPI 3.0: accepts everything but null
	scalar

	not, ifs, then, otherwise *Schema
	refs                      []*Schema // $ref, $recursiveRef
	dynamicRef                *dynamicRef
	allOf                     []*Schema
	anyOf, oneOf              []variant
	discriminator             *discriminator

	readOnly, writeOnly bool
	hasDirection        *bool // a schema of the document is readOnly or writeOnly
	minProps, maxProps  int   // -1: no limit
	members             map[string]member
	required            []string
	requiredCount       int // of different names
	patterns            []patternProperty
	hasOpaque           bool // there is a pattern of names that is not judged
	additional          *Schema
	noAdditional        bool
	propertyNames       *Schema
	dependentRequired   map[string][]string
	dependentSchemas    map[string]*Schema
	unevaluatedProps    *Schema
	minItems, maxItems  int // -1: no limit
	unique              bool
	prefixItems         []*Schema
	items               *Schema
	contains            *Schema
	minContains         int
	maxContains         int // -1: no limit
	unevaluatedItems    *Schema
	resource            string                        // the part of the document in which dynamic anchors are looked for
	anchors             map[string]map[string]*Schema // dynamic anchors, by resource and name
}

// variant is a part of an anyOf or oneOf.
type variant struct {
	*Schema
	ref string // how the document refers to it
}

// member is what a schema says of a property.
type member struct {
	*Schema  // nil: nothing
	required bool
}

type patternProperty struct {
	Regexp
	schema *Schema
}

type dynamicRef struct {
	schema *Schema
	anchor string
}

// discriminator names the variant of an object.
type discriminator struct {
	property string
	mapping  map[string]string // to refs; empty: the value is the name of a schema
}

// setDiscriminator takes a discriminator. A target in its mapping may also be the name of a schema.
func (s *Schema) setDiscriminator(described *openapi3.Discriminator) {
	if described == nil {
		return
	}
	s.discriminator = &discriminator{described.PropertyName, make(map[string]string)}
	for name, target := range described.Mapping {
		if target.Ref != "" && !strings.Contains(target.Ref, "/") {
			target.Ref = "#/components/schemas/" + target.Ref
		}
		s.discriminator.mapping[name] = target.Ref
	}
}

// setMembers joins the properties and the required names.
func (s *Schema) setMembers(properties map[string]*Schema) {
	s.members = make(map[string]member, len(properties))
	for name, property := range properties {
		s.members[name] = member{Schema: property}
	}
	for _, name := range s.required {
		s.members[name] = member{s.members[name].Schema, true}
	}
	for _, m := range s.members {
		if m.required {
			s.requiredCount++
		}
	}
}

// Direction is the way that a body goes. A property that is readOnly is not sent in a request; writeOnly, in a
// response.
type Direction int

// The directions.
const (
	None Direction = iota
	Request
	Response
)

// TooDeep is the message of a document that would take too many visits to judge.
const TooDeep = "too deeply nested to validate"

const manyNodes = 40_000 // in a document of more, only the first violation is looked for

// Judge lists how a document breaks the schema. It looks for at most 1,000 violations; in a document of more than
// 40,000 names and values, for the first.
func (s *Schema) Judge(document *instance.Document, direction Direction) []Violation {
	w := s.walk(document, direction)
	if document.Len() > manyNodes {
		w.max = 1
	}
	root := document.Root()
	if w.child(s, root, step{}) && w.budget >= 0 {
		return nil
	}
	if w.budget >= 0 {
		w.reports = true
		w.child(s, root, step{})
	}
	if w.budget < 0 {
		return []Violation{{Message: TooDeep}}
	}
	return withoutRepeats(w.found)
}

func (s *Schema) walk(document *instance.Document, direction Direction) *walk {
	n := document.Len()
	w := &walk{trail: trail{budget: 100_000 + 100*n, max: maxViolations}, direction: direction}
	if s.anchors == nil { // else what a schema means depends on the way to it
		w.memoAt = w.budget - 1000 - 10*n
	}
	if s.hasDirection != nil && !*s.hasDirection {
		w.direction = None
	}
	w.path, w.scope = w.steps[:0], w.schemas[:0]
	return w
}

// AcceptsText reports whether the schema certainly accepts a text as a string or, if that is what the schema wants, as
// an integer.
func (s *Schema) AcceptsText(text string) bool {
	if s.always != nil || s.not != nil || s.ifs != nil || s.dynamicRef != nil ||
		len(s.refs)+len(s.allOf)+len(s.anyOf)+len(s.oneOf) > 0 {
		return false
	}
	for _, e := range s.enums {
		if !e.texts[text] {
			return false
		}
	}
	t := &trail{budget: len(text)}
	if s.types == typeString {
		return t.checkText(&s.scalar, []byte(text))
	}
	if _, err := strconv.ParseInt(text, 10, 64); s.types != typeInteger || err != nil || text[0] == '+' {
		return false
	}
	n, ok := t.numberOf(&s.scalar, text)
	return ok && t.checkNumber(&s.scalar, n)
}

// direct returns the schema that a mere reference stands for.
func (s *Schema) direct() *Schema {
	for range 100 { // references may go in a circle
		if len(s.refs) != 1 || len(s.members) > 0 || s.types != 0 {
			return s
		}
		s = s.refs[0]
	}
	return s
}
