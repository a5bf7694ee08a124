package contracttest

import (
	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
)

// parameters returns the checks of the parameters in the query, the headers and the cookies: without one that is
// required, and with values that its schema does not allow.
func (op *operation) parameters() []check {
	var checks []check
	for _, ref := range op.Parameters {
		p := ref.Value
		if p.In == openapi3.ParameterInPath || op.missing != nil {
			continue
		}
		add := func(name, subject string, value any, level Level) {
			c := check{
				name: p.In + "/" + name, subject: subject, demand: "get 4xx", source: op.suite.name + ", " +
					op.name() + ", " + p.Name,
				request: op.changed(p, value), want: refused,
			}
			if level == LevelAdvice {
				c.level, c.want, c.should = level, nil, refused
			}
			checks = append(checks, c)
		}
		if p.Required {
			add("missing-"+p.Name, "a request without "+p.Name+", which is required,", nil, LevelContract)
		}
		if p.Schema == nil {
			continue
		}
		schema := openapi.Merged(p.Schema.Value)
		valid, err := op.suite.sampler.Parameter(p)
		if err != nil {
			continue
		}
		if !allows(schema, openapi3.TypeString) && !schema.Type.Is(openapi3.TypeArray) &&
			!schema.Type.Is(openapi3.TypeObject) {
			add(p.Name+"-is-wrong", p.Name+", of a value that the document does not allow,", notListed, LevelContract)
		}
		for _, wrong := range op.outside(p.Name, p.Name, schema, valid) {
			level := LevelContract
			if wrong.advice {
				level = LevelAdvice
			}
			text, isText := wrong.value.(string)
			list, isList := wrong.value.([]any)
			switch {
			case !wrong.advice && op.fits(schema, wrong.value):
			case isText && p.In != openapi3.ParameterInQuery && (text == "" || text == blank ||
				!isASCII(text)): // no such header
			case isList && len(list) == 0:
			case wrong.name == p.Name+"-is-not-listed":
				add(p.Name+"-is-wrong", wrong.what, wrong.value, level)
			default:
				add(wrong.name, wrong.what, wrong.value, level)
			}
		}
	}
	return checks
}

func isASCII(text string) bool {
	for _, r := range text {
		if r < ' ' || r > '~' {
			return false
		}
	}
	return true
}
