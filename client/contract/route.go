package contract

import (
	"cmp"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// router finds the operation of a request by its method and the end of its path. The paths of the document are a tree of
// segments, the last segment at the root, so that a lookup does not depend on how many paths there are.
type router struct {
	root  node
	bases [][]string // segments that may stand before a path: the paths of the document's servers, and none
}

// node is a place in the tree of segments.
type node struct {
	paths      []*path          // that begin here
	literals   map[string]*node // by the segment before
	patterns   []patternEdge    // segments of parameters and literal text
	parameters *node            // segments of one parameter
}

type patternEdge struct {
	*regexp.Regexp
	to *node
}

// path is one path of the document.
type path struct {
	template   string
	segments   []segment
	parameters []string // the names of the parameters, in the order of the path
	shape      string   // the template with {} for each segment that has parameters
	order      int      // of two paths that match, the one with the lower order is meant
	operations map[string]*operation
}

// segment is what stands between two slashes of a template.
type segment struct {
	literal  string         // without parameters; decoded
	pattern  *regexp.Regexp // with parameters, a group each; nil for a literal
	whole    bool           // one parameter and nothing else
	literals int            // bytes of the segment outside its parameters
}

func newRouter(document *openapi3.T) *router {
	r := &router{}
	for _, server := range document.Servers {
		if base, err := server.BasePath(); err == nil {
			r.bases = append(r.bases, splitPath(strings.TrimSuffix(base, "/")))
		}
	}
	r.bases = append(r.bases, splitPath(""))
	var paths []*path
	compiler := newCompiler(document)
	for template, item := range document.Paths.Map() {
		p := newPath(template)
		for method, op := range item.Operations() {
			p.operations[method] = compiler.operation(p, item, method, op)
		}
		paths = append(paths, p)
	}
	slices.SortFunc(paths, comparePaths)
	for i, p := range paths {
		p.order = i
		r.add(p)
	}
	return r
}

var (
	segmentsOfTemplate  = regexp.MustCompile(`/((?:\{[^{}]+\}|[^/])*)`)
	parametersOfSegment = regexp.MustCompile(`\{([^{}]+)\}`)
)

func newPath(template string) *path {
	p := &path{template: template, operations: make(map[string]*operation)}
	for _, match := range segmentsOfTemplate.FindAllStringSubmatch(template, -1) {
		text := match[1]
		found := parametersOfSegment.FindAllStringSubmatchIndex(text, -1)
		if found == nil {
			p.segments = append(p.segments, segment{literal: decodeSegment(text), literals: len(text)})
			p.shape += "/" + decodeSegment(text)
			continue
		}
		var pattern strings.Builder
		pattern.WriteString("(?s)^")
		end, literals := 0, 0
		for _, at := range found {
			pattern.WriteString(regexp.QuoteMeta(decodeSegment(text[end:at[0]])) + "(.+)")
			literals += at[0] - end
			end = at[1]
			p.parameters = append(p.parameters, parameterName(text[at[2]:at[3]]))
		}
		pattern.WriteString(regexp.QuoteMeta(decodeSegment(text[end:])) + "$")
		literals += len(text) - end
		p.segments = append(p.segments, segment{
			pattern: regexp.MustCompile(pattern.String()), whole: len(found) == 1 && literals == 0, literals: literals,
		})
		p.shape += "/{}"
	}
	return p
}

// parameterName returns the name of a parameter without what kin-openapi's routers let stand behind it: {name:regexp}
// and {name*}.
func parameterName(text string) string {
	name, _, _ := strings.Cut(text, ":")
	return strings.TrimSuffix(name, "*")
}

// comparePaths compares by which path is meant if both match: the one with more literal segments, then the longer one, then
// the one with a more literal segment where they first differ. If kin-openapi's two routers agree, this order agrees with them.
func comparePaths(a, b *path) int {
	literals := func(p *path) (n int) {
		for _, segment := range p.segments {
			if segment.pattern == nil {
				n++
			}
		}
		return n
	}
	return cmp.Or(
		cmp.Compare(literals(b), literals(a)),
		cmp.Compare(len(b.segments), len(a.segments)),
		slices.CompareFunc(a.segments, b.segments, func(a, b segment) int {
			switch {
			case a.pattern == nil && b.pattern == nil:
				return 0
			case a.pattern == nil:
				return -1
			case b.pattern == nil:
				return 1
			}
			return cmp.Compare(b.literals, a.literals)
		}),
		strings.Compare(a.template, b.template),
	)
}

func (r *router) add(p *path) {
	at := &r.root
	for _, segment := range slices.Backward(p.segments) {
		switch {
		case segment.pattern == nil:
			if at.literals == nil {
				at.literals = make(map[string]*node)
			}
			if at.literals[segment.literal] == nil {
				at.literals[segment.literal] = &node{}
			}
			at = at.literals[segment.literal]
		case segment.whole:
			if at.parameters == nil {
				at.parameters = &node{}
			}
			at = at.parameters
		default:
			i := slices.IndexFunc(at.patterns, func(edge patternEdge) bool { return edge.String() == segment.pattern.String() })
			if i < 0 {
				i = len(at.patterns)
				at.patterns = append(at.patterns, patternEdge{segment.pattern, &node{}})
			}
			at = at.patterns[i].to
		}
	}
	at.paths = append(at.paths, p)
}

// find returns the operation of a request. The host does not matter, nor does what
// stands before the path.
func (r *router) find(method string, u *url.URL) (*operation, *Violation) {
	var segmentBuffer [16]string
	var pathBuffer [8]*path
	segments := appendSegments(segmentBuffer[:0], u)
	found := r.root.match(segments, pathBuffer[:0])
	if len(found) == 0 {
		return nil, &Violation{In: "path", Message: "the contract has no operation " + method + " " + u.EscapedPath()}
	}
	if len(found) > 1 {
		return r.choose(found, method, segments)
	}
	if op := found[0].operations[method]; op != nil {
		return op, nil
	}
	return nil, noMethod(method, found[0])
}

// match appends to found the paths that match the end of segments. The first segment stands before the first slash, and is
// no path's.
func (n *node) match(segments []string, found []*path) []*path {
	found = append(found, n.paths...)
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

// choose returns the operation that is meant, of several paths that match: one that leaves the path of a server before all
// others, then by comparePaths. A path whose parameters do not accept their values is passed over; so is one that lacks the
// method, for a path that differs from it only in segments that have parameters in both.
func (r *router) choose(found []*path, method string, segments []string) (*operation, *Violation) {
	rank := func(p *path) int {
		before := segments[:len(segments)-len(p.segments)]
		i := slices.IndexFunc(r.bases, func(base []string) bool { return slices.Equal(base, before) })
		if i < 0 {
			return len(r.bases)
		}
		return i
	}
	slices.SortFunc(found, func(a, b *path) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.order, b.order)) })
	var refusing, lacking *path
	for _, p := range found {
		values := p.values(segments)
		op := p.operations[method]
		switch {
		case lacking != nil && lacking.shape != p.shape:
		case op == nil && p.accepts(values):
			lacking = cmp.Or(lacking, p)
		case op == nil:
		case op.acceptsPath(values):
			return op, nil
		default:
			refusing = cmp.Or(refusing, p)
		}
	}
	if refusing != nil {
		return refusing.operations[method], nil
	}
	return nil, noMethod(method, cmp.Or(lacking, found[0]))
}

func noMethod(method string, p *path) *Violation {
	return &Violation{In: "method", Message: "the contract has no " + method + " " + p.template}
}

// accepts reports whether the path may be meant, with any method.
func (p *path) accepts(values []string) bool {
	for _, op := range p.operations {
		if op.acceptsPath(values) {
			return true
		}
	}
	return len(p.operations) == 0
}

// valuesOf returns the values of the path's parameters in a URL that the path matches.
func (p *path) valuesOf(u *url.URL) []string {
	if len(p.parameters) == 0 {
		return nil
	}
	var buffer [16]string
	return p.values(appendSegments(buffer[:0], u))
}

// values returns the values of the path's parameters in segments that end in the path.
func (p *path) values(segments []string) []string {
	values := make([]string, 0, len(p.parameters))
	for i, text := range segments[len(segments)-len(p.segments):] {
		switch segment := p.segments[i]; {
		case segment.whole:
			values = append(values, text)
		case segment.pattern != nil:
			values = append(values, segment.pattern.FindStringSubmatch(text)[1:]...)
		}
	}
	return values
}

// appendSegments appends the decoded segments of a URL's path.
func appendSegments(segments []string, u *url.URL) []string {
	if u.RawPath != "" { // there is a segment with an encoded slash, or it is encoded in an unusual way
		return append(segments, splitPath(u.EscapedPath())...)
	}
	for segment := range strings.SplitSeq(u.Path, "/") {
		segments = append(segments, segment)
	}
	return segments
}

// splitPath returns the decoded segments of an escaped path.
func splitPath(escaped string) []string {
	segments := strings.Split(escaped, "/")
	for i, segment := range segments {
		segments[i] = decodeSegment(segment)
	}
	return segments
}

func decodeSegment(escaped string) string {
	if text, err := url.PathUnescape(escaped); err == nil {
		return text
	}
	return escaped
}
