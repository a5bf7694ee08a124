package contracttest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/api"
	"github.com/aitutor-api/aitutor-go/client/contracttest/internal/values"
	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
)

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

// newSuite makes a valid request of each operation of the target's document.
func newSuite(document *openapi3.T, target Target) (*suite, error) {
	name := "api/openapi.yaml"
	if len(target.Spec) > 0 {
		name = fmt.Sprintf("%q", document.Info.Title)
	}
	described := openapi.Operations(document)
	isRun := func(o openapi.Operation) bool { return o.OperationID == runOperation }
	s := &suite{target: target, document: document, sampler: openapi.ForRequests(document), name: name,
		isOwn: slices.ContainsFunc(described, isRun)}
	seen := map[string]bool{}
	for _, o := range described {
		op := &operation{Operation: o, suite: s, methods: slices.Sorted(maps.Keys(o.PathItem.Operations())),
			first: !seen[o.Path], noRuns: target.NoRuns}
		seen[o.Path] = true
		op.missing = op.findValues()
		err := op.findCredentials()
		if err == nil {
			err = op.findBody()
		}
		if err != nil {
			return nil, fmt.Errorf("the operation %s: %w", o.OperationID, err)
		}
		s.operations = append(s.operations, op)
	}
	if len(s.operations) == 0 {
		return nil, errors.New("the document has no operations")
	}
	return s, nil
}

// findValues sets the values of the parameters of the valid request.
func (op *operation) findValues() error {
	op.values = map[*openapi3.Parameter]any{}
	for _, ref := range op.Parameters {
		p, isPath := ref.Value, ref.Value.In == openapi3.ParameterInPath
		own, given := op.suite.target.PathParameters[p.Name]
		if workflow := op.suite.target.WorkflowID; p.Name == workflowIDName && workflow != "" {
			own, given = workflow, true
		}
		switch {
		case isPath && given:
			op.values[p] = own
		case isPath || p.Required:
			value, err := op.suite.sampler.Parameter(p)
			if err != nil {
				return fmt.Errorf("the document has no example of the %s parameter %s: %w", p.In, p.Name, err)
			}
			op.values[p] = value
		}
	}
	return nil
}

// findCredentials sets the credentials that the target has for the operation.
func (op *operation) findCredentials() error {
	var lacking []string
	for _, alternative := range op.Security {
		var list []credential
		for _, c := range alternative {
			if own := op.suite.credential(c); own.value != "" {
				list = append(list, own)
			} else {
				lacking = append(lacking, c.Name)
			}
		}
		if len(list) > 0 && len(list) == len(alternative) {
			op.accepted = append(op.accepted, list)
		}
	}
	switch {
	case len(op.accepted) > 0:
		op.credentials = op.accepted[0]
	case op.Secured():
		return fmt.Errorf("the target has no credential for the security scheme %s",
			strings.Join(slices.Compact(lacking), ", "))
	}
	return nil
}

// credential returns the target's credential for a security scheme; without a value if it has none.
func (s *suite) credential(c openapi.Credential) credential {
	own := credential{Credential: c, value: s.target.Credentials[c.Name], shell: "$" + Variable(c.Name)}
	if place, _ := c.In(); place == "" {
		own.value = ""
		return own
	}
	if own.value == "" && (s.isOwn || len(s.document.Components.SecuritySchemes) == 1) {
		own.value = s.target.APIKey
	}
	if s.isOwn {
		own.shell = "$AITUTOR_API_KEY"
	}
	return own
}

// Variable returns the name of the environment variable that curl commands have for the credential of a security scheme
// of [Target.Spec]: PET_STORE for pet-store.
func Variable(scheme string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToUpper(scheme))
}

// findBody sets the valid body of the operation, of JSON if the document describes that.
func (op *operation) findBody() error {
	if op.RequestBody == nil || len(op.RequestBody.Value.Content) == 0 {
		return nil
	}
	media := openapi.Bodies(op.RequestBody.Value.Content)[0]
	value, err := op.suite.sampler.Example(media.MediaType)
	isRun := op.OperationID == runOperation
	if inputs := op.suite.target.Inputs; isRun && inputs != nil {
		value, err = inputs, nil
	}
	if err != nil {
		op.missing = fmt.Errorf("the document has no example of the body: %w", err)
		return nil
	}
	op.contentType, op.body, err = media.Encode(value)
	switch {
	case err != nil && isRun:
		return fmt.Errorf("the target's Inputs: %w", err)
	case err != nil:
		return fmt.Errorf("the body: %w", err)
	case media.Kind() != openapi.KindJSON || media.Schema == nil:
		return nil
	}
	op.schema = openapi.Merged(media.Schema.Value)
	if op.inputs, err = values.ParseObject(op.body); isRun {
		if err != nil {
			return errors.New("the target's Inputs do not encode to a JSON object")
		}
		op.custom = !op.fits(op.schema, values.Decode(op.body))
	}
	return nil
}
