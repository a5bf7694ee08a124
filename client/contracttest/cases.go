package contracttest

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/aitutor-api/aitutor-go/api"
	"github.com/aitutor-api/aitutor-go/client/contracttest/internal/values"
	"github.com/aitutor-api/aitutor-go/client/contracttest/internal/wire"
)

// Checks lists the names of all checks of the AI Tutor API, in their order: what Target.Skip may name.
func Checks() []string {
	s, err := newSuite(api.Document(), Target{APIKey: "placeholder-key", WorkflowID: "wf_placeholder"})
	if err != nil {
		panic("contracttest: the embedded contract: " + err.Error())
	}
	return names(s.checks())
}

// billCheck is the name of the check of Target.Runs.
const billCheck = "target/bill/runs"

// checks returns the table of all checks.
func (s *suite) checks() []check {
	var checks []check
	for _, op := range s.operations {
		for _, c := range slices.Concat(op.runs(), op.unauthorized(), op.spellings(), op.pathParameters(),
			op.bodies(), op.schemaBodies(), op.parameters(), op.otherMethods()) {
			checks = append(checks, op.finish(c))
		}
	}
	return checks
}

func names(checks []check) []string {
	list := make([]string, len(checks))
	for i, c := range checks {
		list[i] = c.name
	}
	return list
}

// unspaced has what a name of the document may contain, and the name of a check not.
var unspaced = regexp.MustCompile(`[/\s]`)

// finish returns a check of the operation as the target wants it.
func (op *operation) finish(c check) check {
	group, name, _ := strings.Cut(c.name, "/")
	c.op, c.name = op, op.Name()+"/"+group+"/"+unspaced.ReplaceAllString(name, "-") // a name of the document may have any
	if c.missing == nil {
		c.missing = op.missing
	}
	if !op.noRuns || op.safe() || c.mayRun() {
		return c
	}
	c.request = op.notValid(c.request)
	for i := range c.before {
		c.before[i] = op.notValid(c.before[i])
	}
	return c
}

// notValid returns a request with a body that no server can take for valid, if it has a valid one.
func (op *operation) notValid(r wire.Request) wire.Request {
	if r.Body != nil && op.schema != nil && (op.custom || op.fits(op.schema, values.Decode(r.Body))) {
		r.Body = op.invalidBody()
	}
	return r
}

// skipped returns why a check is left out, or nil.
func (s *suite) skipped(c check) error {
	switch {
	case slices.Contains(s.target.Skip, c.name):
		return fmt.Errorf("%w by Target.Skip", ErrSkipped)
	case s.target.NoRuns && c.mayRun():
		return fmt.Errorf("%w by Target.NoRuns: a server could run it", ErrSkipped)
	case c.missing != nil:
		return fmt.Errorf("%w: %w", ErrSkipped, c.missing)
	}
	return nil
}

// selected returns the checks that the target's Only, Skip and Known name. It returns an error for a name that no check
// has, of this target or of one with the contract's example inputs.
func (s *suite) selected() ([]check, error) {
	checks := s.checks()
	all := append(names(checks), billCheck)
	standard := s.target
	standard.Inputs = nil
	if other, err := newSuite(s.document, standard); err == nil {
		all = append(all, names(other.checks())...)
	}
	for field, entries := range map[string][]string{
		"Skip": s.target.Skip, "Known": slices.Sorted(maps.Keys(s.target.known())),
	} {
		for _, name := range entries {
			if !slices.Contains(all, name) {
				return nil, fmt.Errorf("the target's %s names %q, which is no check; the checks are: %s", field, name,
					strings.Join(names(checks), ", "))
			}
		}
	}
	if len(s.target.Only) == 0 {
		return checks, nil
	}
	for _, pattern := range s.target.Only {
		if _, err := path.Match(pattern, ""); err != nil {
			return nil, fmt.Errorf("the target's Only: %q: %w", pattern, err)
		}
	}
	checks = slices.DeleteFunc(checks, func(c check) bool {
		return !slices.ContainsFunc(s.target.Only, func(pattern string) bool {
			isMatch, _ := path.Match(pattern, c.name)
			return isMatch || c.name == pattern || strings.HasPrefix(c.name, strings.TrimSuffix(pattern, "/")+"/")
		})
	})
	if len(checks) == 0 {
		return nil, fmt.Errorf("the target's Only %q matches no check", strings.Join(s.target.Only, ", "))
	}
	return checks, nil
}
