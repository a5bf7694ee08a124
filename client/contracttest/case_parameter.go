package contracttest

import (
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/client/contracttest/internal/values"
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
		add := func(name, subject string, value any) *check {
			checks = append(checks, check{name: p.In + "/" + name, subject: subject, must: getRefused,
				source: op.place(p.Name), request: op.changed(p, value)})
			return &checks[len(checks)-1]
		}
		if p.Required {
			add("missing-"+p.Name, "a request without "+p.Name+", which is required,", nil)
		}
		valid, err := op.suite.sampler.Parameter(p)
		if p.Schema == nil || err != nil {
			continue
		}
		schema := openapi.Merged(p.Schema.Value)
		if !values.Allows(schema, openapi3.TypeString) && !schema.Type.Is(openapi3.TypeArray) &&
			!schema.Type.Is(openapi3.TypeObject) {
			add(p.Name+"-is-wrong", p.Name+", of a value that the document does not allow,", values.NotListed)
		}
		for _, wrong := range values.Outside(op.suite.sampler, p.Name, schema, valid) {
			if !canSend(p, wrong.Value) {
				continue
			}
			if wrong.Name == p.Name+"-is-not-listed" {
				wrong.Name = p.Name + "-is-wrong"
			}
			if c := add(wrong.Name, wrong.What, wrong.Value); wrong.Advice {
				c.must, c.should = expectation{}, getRefused
			}
		}
	}
	return checks
}

// canSend reports whether a parameter can have a value: headers and cookies are of ASCII and not blank, lists not
// empty.
func canSend(p *openapi3.Parameter, value any) bool {
	switch value := value.(type) {
	case string:
		isOdd := strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' })
		return p.In == openapi3.ParameterInQuery || strings.TrimSpace(value) != "" && !isOdd
	case []any:
		return len(value) > 0
	}
	return true
}
