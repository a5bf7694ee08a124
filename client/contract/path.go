package contract

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// pathRule is what the document says about one path.
type pathRule struct {
	template   string
	pattern    *regexp.Regexp // matches the end of an escaped path, a group a parameter
	parameters []string
	literals   int // how many characters of the template are not a parameter's
	operations map[string]*operation
}

var parameterInTemplate = regexp.MustCompile(`\{([^{}]+)\}`)

func newPathRule(template string) pathRule {
	rule := pathRule{template: template, operations: make(map[string]*operation)}
	var pattern strings.Builder
	end := 0
	for _, at := range parameterInTemplate.FindAllStringSubmatchIndex(template, -1) {
		pattern.WriteString(regexp.QuoteMeta(plainPath(template[end:at[0]])) + "([^/]+)")
		rule.literals += at[0] - end
		rule.parameters = append(rule.parameters, template[at[2]:at[3]])
		end = at[1]
	}
	pattern.WriteString(regexp.QuoteMeta(plainPath(template[end:])) + "$")
	rule.literals += len(template) - end
	rule.pattern = regexp.MustCompile(pattern.String())
	return rule
}

// find looks up the operation of a request by its method and the end of its path, whatever the host and the prefix,
// with the values of the path's parameters.
func (c *contract) find(method string, at *url.URL) (*operation, map[string]string, *Violation) {
	path := plainPath(at.EscapedPath())
	rule := c.match(path)
	if rule == nil {
		return nil, nil, &Violation{In: "path", Message: "the contract has no operation " + method + " " + at.EscapedPath()}
	}
	op := rule.operations[method]
	if op == nil {
		return nil, nil, &Violation{In: "method", Message: "the contract has no " + method + " " + rule.template}
	}
	values := make(map[string]string, len(rule.parameters))
	groups := rule.pattern.FindStringSubmatch(path)
	for i, name := range rule.parameters {
		values[name], _ = url.PathUnescape(groups[i+1])
	}
	return op, values, nil
}

// match is the rule of a path: of those that match its end, one that leaves a base of the document, else the most literal.
func (c *contract) match(path string) *pathRule {
	var best *pathRule
	bestRank := 0
	for i := range c.paths {
		at := c.paths[i].pattern.FindStringIndex(path)
		if at == nil {
			continue
		}
		rank := slices.Index(c.bases, path[:at[0]])
		if rank < 0 {
			rank = len(c.bases)
		}
		if best == nil || rank < bestRank {
			best, bestRank = &c.paths[i], rank
		}
	}
	return best
}

// plainPath writes a path in one way, whatever is escaped in it that need not be.
func plainPath(path string) string {
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if text, err := url.PathUnescape(segment); err == nil {
			segment = text
		}
		segments[i] = url.PathEscape(segment)
	}
	return strings.Join(segments, "/")
}
