// Package schema judges JSON by the schemas of an OpenAPI document.
//
// What a keyword says of a single value is judged by kin-openapi (OpenAPI 3.0) or by santhosh-tekuri/jsonschema (3.1),
// which also compile the schemas. The walk from value to value is this package's own, because neither library can be
// stopped: both visit a value again for each variant that may describe it, which doubles with each level, and both keep
// every error. Here a value is visited at most once per schema, within a budget that is linear in the body.
package schema

import (
	"iter"
	"maps"
	"slices"

	"github.com/aitutor-api/aitutor-go/client/contract/internal/instance"
)

// A Schema judges values. It is made by [Compiler30] or [Compiler31], and safe for concurrent use.
type Schema struct {
	is30      bool   // OpenAPI 3.0: combinations are judged first, and what they refuse is judged no further
	name      string // for people
	always    *bool
	empty     bool // OpenAPI 3.0: accepts everything but null
	recursive bool // it contains itself
	marked    bool // recursive is set
	isPlain   bool // it says nothing of parts, and no more than its type, an enum, limits and a pattern

	types    types // 0: any
	nullable bool  // OpenAPI 3.0
	leaf     leaf  // what is left of the schema without its parts; nil: nothing
	deepLeaf bool  // leaf also has something to say of an object or array: enum, const
	quick    quick
	pattern  Regexp
	source   string // of pattern
	format   string // of integers, whose bounds are judged exactly

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

// Regexp matches patterns.
type Regexp interface{ MatchString(s string) bool }

// leaf judges a value by a schema without its parts.
type leaf interface{ judge(value any) []finding }

// finding is what a schema finds wrong with a value.
type finding struct{ keyword, message string }

// Direction is the way that a body goes. A property that is readOnly is not sent in a request; writeOnly, in a
// response.
type Direction int

// The directions.
const (
	None Direction = iota
	Request
	Response
)

// Violation is a value that breaks a schema.
type Violation struct{ Pointer, Keyword, Message string }

// Limits of what is reported, applied as it is made.
const (
	maxViolations = 1000
	maxText       = 4 << 10 // bytes of a pointer or message
	manyNodes     = 40_000  // in a document of more, only the first violation is looked for
)

// TooDeep is the message of a document that would take too many visits to judge.
const TooDeep = "too deeply nested to validate"

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
		w.report = true
		w.child(s, root, step{})
	}
	if w.budget < 0 {
		return []Violation{{Message: TooDeep}}
	}
	return withoutRepeats(w.found)
}

func (s *Schema) walk(document *instance.Document, direction Direction) *walk {
	w := &walk{direction: direction, budget: 100_000 + 100*document.Len(), max: maxViolations}
	if s.hasDirection != nil && !*s.hasDirection {
		w.direction = None
	}
	w.path, w.scope = w.steps[:0], w.schemas[:0]
	return w
}

// Accepts reports whether the schema accepts a document.
func (s *Schema) Accepts(document *instance.Document, direction Direction) bool {
	w := s.walk(document, direction)
	return w.child(s, document.Root(), step{}) && w.budget >= 0
}

// parts returns the schemas of which the schema consists. Some may be nil.
func (s *Schema) parts() iter.Seq[*Schema] {
	return func(yield func(*Schema) bool) {
		all := []*Schema{
			s.not, s.ifs, s.then, s.otherwise, s.additional, s.propertyNames, s.unevaluatedProps, s.items,
			s.contains, s.unevaluatedItems,
		}
		if s.dynamicRef != nil {
			all = append(all, s.dynamicRef.schema)
		}
		all = slices.Concat(all, s.refs, s.allOf, s.prefixItems)
		for _, v := range slices.Concat(s.anyOf, s.oneOf) {
			all = append(all, v.Schema)
		}
		for _, m := range s.members {
			all = append(all, m.Schema)
		}
		for _, p := range s.patterns {
			all = append(all, p.schema)
		}
		all = slices.AppendSeq(all, maps.Values(s.dependentSchemas))
		for _, part := range all {
			if part != nil && !yield(part) {
				return
			}
		}
	}
}

func (s *Schema) setPlain() {
	s.isPlain = (s.types == typeString || s.types == typeInteger) && s.always == nil && s.not == nil && s.ifs == nil &&
		s.dynamicRef == nil && len(s.refs)+len(s.allOf)+len(s.anyOf)+len(s.oneOf) == 0
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
