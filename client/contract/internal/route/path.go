package route

import (
	"cmp"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Path is one path of the document.
type Path struct {
	Template   string
	segments   []segment
	Parameters []string // the names of the parameters, in the order of the path
	shape      string   // Template with {} for each segment that has parameters
}

// segment is what stands between two slashes of a template.
type segment struct {
	literal  string         // without parameters; decoded
	pattern  *regexp.Regexp // with parameters, a group each; nil for a literal
	whole    bool           // one parameter and nothing else
	literals int            // bytes of the segment outside its parameters
}

// Parameters returns the names of a path's parameters, in the order of the path.
func Parameters(template string) []string { return parse(template).Parameters }

var (
	segmentsOfTemplate  = regexp.MustCompile(`/((?:\{[^{}]+\}|[^/])*)`)
	parametersOfSegment = regexp.MustCompile(`\{([^{}]+)\}`)
)

func parse(template string) *Path {
	p := &Path{Template: template}
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
			p.Parameters = append(p.Parameters, parameterName(text[at[2]:at[3]]))
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

// comparePaths compares by which path is meant if both match: the one with more literal segments, then the longer one,
// then the one with a more literal segment where they first differ. If kin-openapi's two routers agree, this order
// agrees with them.
func comparePaths(a, b *Path) int {
	literals := func(p *Path) (n int) {
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
		strings.Compare(a.Template, b.Template),
	)
}

// Values returns the values of the path's parameters in a URL that the path matches, in the order of Parameters.
func (p *Path) Values(u *url.URL) []string {
	if len(p.Parameters) == 0 {
		return nil
	}
	var buffer [16]string
	return p.values(appendSegments(buffer[:0], u))
}

// values returns the values of the path's parameters in segments that end in the path.
func (p *Path) values(segments []string) []string {
	values := make([]string, 0, len(p.Parameters))
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
	for segment := range strings.SplitSeq(cmp.Or(u.Path, "/"), "/") { // a URL without a path is of the root
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
