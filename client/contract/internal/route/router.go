// Package route finds the operation of a request by its method and the end of its path.
package route

import (
	"cmp"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// A Router finds operations of type T. The paths of the document are a tree of segments, the last segment at the root,
// so that a lookup does not depend on how many paths there are.
type Router[T Operation] struct {
	root  node[T]
	bases [][]string // segments that may stand before a path: the paths of the document's servers, and none
}

// Operation is one method of a path.
type Operation interface {
	comparable
	// AcceptsPath reports whether the values of the path's parameters, in the order of the path, are valid.
	AcceptsPath(values []string) bool
}

// Missing says that a document has no operation for a request.
type Missing struct {
	In      string // "path", or "method" if the document has the path
	Message string
}

// New returns the Router of a document's operations, by path and method.
func New[T Operation](servers openapi3.Servers, operations map[string]map[string]T) *Router[T] {
	r := &Router[T]{}
	for _, server := range servers {
		if base, err := server.BasePath(); err == nil {
			r.bases = append(r.bases, splitPath(strings.TrimSuffix(base, "/")))
		}
	}
	r.bases = append(r.bases, splitPath(""))
	var targets []*target[T]
	for template, methods := range operations {
		targets = append(targets, &target[T]{Path: parse(template), operations: methods})
	}
	slices.SortFunc(targets, func(a, b *target[T]) int { return comparePaths(a.Path, b.Path) })
	for i, t := range targets {
		t.order = i
		r.add(t)
	}
	return r
}

// target is a path with its operations.
type target[T Operation] struct {
	*Path
	order      int // of two paths that match, the one with the lower order is meant
	operations map[string]T
}

// node is a place in the tree of segments.
type node[T Operation] struct {
	targets    []*target[T]        // that begin here
	literals   map[string]*node[T] // by the segment before
	patterns   []patternEdge[T]    // segments of parameters and literal text
	parameters *node[T]            // segments of one parameter
}

type patternEdge[T Operation] struct {
	*regexp.Regexp
	to *node[T]
}

func (r *Router[T]) add(t *target[T]) {
	at := &r.root
	for _, segment := range slices.Backward(t.segments) {
		switch {
		case segment.pattern == nil:
			if at.literals == nil {
				at.literals = make(map[string]*node[T])
			}
			if at.literals[segment.literal] == nil {
				at.literals[segment.literal] = &node[T]{}
			}
			at = at.literals[segment.literal]
		case segment.whole:
			if at.parameters == nil {
				at.parameters = &node[T]{}
			}
			at = at.parameters
		default:
			i := slices.IndexFunc(
				at.patterns,
				func(edge patternEdge[T]) bool { return edge.String() == segment.pattern.String() },
			)
			if i < 0 {
				i = len(at.patterns)
				at.patterns = append(at.patterns, patternEdge[T]{segment.pattern, &node[T]{}})
			}
			at = at.patterns[i].to
		}
	}
	at.targets = append(at.targets, t)
}

// Find returns the operation of a request and its path; or nil for both, and what is missing. The host does not matter,
// nor does what stands before the path.
func (r *Router[T]) Find(method string, u *url.URL) (operation T, path *Path, missing *Missing) {
	var segmentBuffer [16]string
	var targetBuffer [8]*target[T]
	segments := appendSegments(segmentBuffer[:0], u)
	found := r.root.match(segments, targetBuffer[:0])
	if len(found) == 0 {
		return operation, nil, &Missing{"path", "the contract has no operation " + method + " " + u.EscapedPath()}
	}
	chosen := found[0]
	if len(found) > 1 {
		chosen = r.choose(found, method, segments)
	}
	operation, ok := chosen.operations[method]
	if !ok {
		return operation, nil, &Missing{"method", "the contract has no " + method + " " + chosen.Template}
	}
	return operation, chosen.Path, nil
}

// match appends to found the paths that match the end of segments. The first segment stands before the first slash, and
// is no path's.
func (n *node[T]) match(segments []string, found []*target[T]) []*target[T] {
	found = append(found, n.targets...)
	if len(segments) < 2 {
		return found
	}
	last, before := segments[len(segments)-1], segments[:len(segments)-1]
	if to := n.literals[last]; to != nil {
		found = to.match(before, found)
	}
	if last == "" { // which is no value of a parameter
		return found
	}
	for _, edge := range n.patterns {
		if edge.MatchString(last) {
			found = edge.to.match(before, found)
		}
	}
	if n.parameters != nil {
		found = n.parameters.match(before, found)
	}
	return found
}

// choose returns the path that is meant, of several that match: one that leaves the path of a server before all others,
// then by comparePaths. A path whose parameters do not accept their values is passed over; so is one that lacks the
// method, for a path that differs from it only in segments that have parameters in both.
func (r *Router[T]) choose(found []*target[T], method string, segments []string) *target[T] {
	rank := func(t *target[T]) int {
		before := segments[:len(segments)-len(t.segments)]
		i := slices.IndexFunc(r.bases, func(base []string) bool { return slices.Equal(base, before) })
		if i < 0 {
			return len(r.bases)
		}
		return i
	}
	slices.SortFunc(
		found,
		func(a, b *target[T]) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.order, b.order)) },
	)
	var refusing, lacking *target[T]
	for _, t := range found {
		values := t.values(segments)
		op, ok := t.operations[method]
		switch {
		case lacking != nil && lacking.shape != t.shape:
		case !ok && t.accepts(values):
			lacking = cmp.Or(lacking, t)
		case !ok:
		case op.AcceptsPath(values):
			return t
		default:
			refusing = cmp.Or(refusing, t)
		}
	}
	return cmp.Or(refusing, lacking, found[0])
}

// accepts reports whether the path may be meant, with any method.
func (t *target[T]) accepts(values []string) bool {
	for _, op := range t.operations {
		if op.AcceptsPath(values) {
			return true
		}
	}
	return len(t.operations) == 0
}
