package contracttest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/api"
	"github.com/aitutor-api/aitutor-go/client/contracttest/internal/wire"
	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
)

// newSuite reads the target's document, and makes a valid request of each operation.
func newSuite(document *openapi3.T, target Target) (*suite, error) {
	isHeader := func(key string) bool {
		return !strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r > '~' })
	}
	isOwn := len(target.Spec) == 0
	switch {
	case isOwn && target.APIKey == "":
		return nil, errors.New("the target has no APIKey")
	case !isHeader(target.APIKey) || strings.Contains(target.APIKey, " "):
		return nil, errors.New("the target's APIKey has a character that a key cannot have")
	case !isHeader(target.OtherAPIKey) || strings.Contains(target.OtherAPIKey, " "):
		return nil, errors.New("the target's OtherAPIKey has a character that a key cannot have")
	case isOwn && target.WorkflowID == "":
		return nil, errors.New("the target has no WorkflowID")
	}
	for name, value := range target.Credentials {
		if document.Components == nil || document.Components.SecuritySchemes[name] == nil {
			return nil, fmt.Errorf("the target's Credentials name %q, which is no security scheme of the document", name)
		}
		if !isHeader(value) {
			return nil, fmt.Errorf("the target's credential %q has a character that a key cannot have", name)
		}
	}
	s := &suite{target: target, document: document, sampler: openapi.ForRequests(document), name: "api/openapi.yaml"}
	if !isOwn {
		s.name = fmt.Sprintf("%q", document.Info.Title)
	}
	seen := map[string]bool{}
	for _, o := range openapi.Operations(document) {
		op, err := s.newOperation(o)
		if err != nil {
			return nil, fmt.Errorf("the operation %s: %w", o.OperationID, err)
		}
		op.first = !seen[o.Path]
		seen[o.Path] = true
		s.operations = append(s.operations, op)
	}
	if len(s.operations) == 0 {
		return nil, errors.New("the document has no operations")
	}
	return s, nil
}

func (s *suite) newOperation(o openapi.Operation) (*operation, error) {
	op := &operation{Operation: o, suite: s, methods: slices.Sorted(maps.Keys(o.PathItem.Operations()))}
	op.missing = op.findValues()
	if err := op.findCredentials(); err != nil {
		return nil, err
	}
	return op, op.findBody()
}

// documentOf returns the target's document.
func documentOf(target Target) (*openapi3.T, error) {
	if len(target.Spec) == 0 {
		return api.Document(), nil
	}
	document, err := openapi3.NewLoader().LoadFromData(target.Spec)
	if err == nil {
		err = document.Validate(context.Background(), openapi3.DisableExamplesValidation())
	}
	if err != nil {
		return nil, fmt.Errorf("the target's Spec: %w", err)
	}
	return document, nil
}

// checks returns the table of all checks.
func (s *suite) checks() []check {
	var checks []check
	for _, op := range s.operations {
		table := slices.Concat(op.runs(), op.unauthorized(), op.otherPlaces(), op.spellings(), op.pathParameters(),
			op.bodies(), op.perInput(),
			op.parameters(), op.otherMethods())
		for _, c := range table {
			checks = append(checks, op.finish(c))
		}
	}
	return checks
}

// finish returns a check of the operation as the target wants it.
func (op *operation) finish(c check) check {
	c.op, c.name = op, op.name()+"/"+c.name
	if c.missing == nil {
		c.missing = op.missing
	}
	if !op.suite.target.NoRuns || op.safe() || c.mayRun() {
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
	if r.Body != nil && op.schema != nil && (op.custom || op.fits(op.schema, decode(r.Body))) {
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
	all := names(checks)
	standard := s.target
	standard.Inputs = nil
	if other, err := newSuite(s.document, standard); err == nil {
		all = append(all, names(other.checks())...)
	}
	all = append(all, billCheck)
	for _, list := range []struct {
		field string
		names []string
	}{{"Skip", s.target.Skip}, {"Known", s.target.Known}} {
		for _, entry := range list.names {
			if name, _ := cutKnown(entry); !slices.Contains(all, name) {
				return nil, fmt.Errorf("the target's %s names %q, which is no check; the checks are: %s", list.field, name,
					strings.Join(names(checks), ", "))
			}
		}
	}
	if len(s.target.Only) == 0 {
		return checks, nil
	}
	var only []check
	for _, c := range checks {
		for _, pattern := range s.target.Only {
			matched, err := path.Match(pattern, c.name)
			if err != nil {
				return nil, fmt.Errorf("the target's Only: %q: %w", pattern, err)
			}
			if matched || c.name == pattern || strings.HasPrefix(c.name, strings.TrimSuffix(pattern, "/")+"/") {
				only = append(only, c)
				break
			}
		}
	}
	if len(only) == 0 {
		return nil, fmt.Errorf("the target's Only %q matches no check", strings.Join(s.target.Only, ", "))
	}
	return only, nil
}

// billCheck is the name of the check of Target.Runs.
const billCheck = "target/bill/runs"

// cutKnown returns the name and the reason of an entry of Target.Known.
func cutKnown(entry string) (name, reason string) {
	name, reason, _ = strings.Cut(strings.TrimSpace(entry), " ")
	if reason = strings.TrimSpace(reason); reason == "" {
		reason = "known to fail"
	}
	return name, reason
}
