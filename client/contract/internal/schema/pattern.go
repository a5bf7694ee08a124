package schema

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Patterns compiles patterns. One that the engine does not know is not judged, and warned of.
type Patterns struct {
	Engine   func(string) (openapi3.RegexMatcher, error) // nil: regexp
	Warn     func(string)
	compiled map[string]Regexp
}

// Regexp matches patterns.
type Regexp interface{ MatchString(s string) bool }

// compile returns nil for no pattern, and for one that is not judged.
func (p *Patterns) compile(pattern string) Regexp {
	if pattern == "" {
		return nil
	}
	if compiled, ok := p.compiled[pattern]; ok {
		return compiled
	}
	engine := p.Engine
	if engine == nil {
		engine = goEngine
	}
	var compiled Regexp
	if matcher, err := engine(pattern); err == nil {
		compiled = matcher
	} else {
		p.Warn(fmt.Sprintf("the pattern %q is not judged: %v (WithRegexp takes another engine)", pattern, err))
	}
	if p.compiled == nil {
		p.compiled = make(map[string]Regexp)
	}
	p.compiled[pattern] = compiled
	return compiled
}

func goEngine(pattern string) (openapi3.RegexMatcher, error) {
	compiled, err := regexp.Compile(codepoint.ReplaceAllString(pattern, `\x{$1}`))
	if err != nil {
		return nil, fmt.Errorf("%s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return compiled, nil
}

// codepoint is how ECMA-262 writes one, which Go's regexp does not know. kin-openapi rewrites it too.
var codepoint = regexp.MustCompile(`\\u([0-9A-Fa-f]{4})`)
