package contracttest

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
)

const (
	runOperation   = "runWorkflow"
	workflowIDName = "workflow_id"
)

// suite is what the checks are made of: the contract's operations and the target's values.
type suite struct {
	target       Target
	operations   []*operation
	customInputs bool // Target.Inputs do not fit the contract's schema: another workflow's
}

// operation is one operation of the contract, with a valid request.
type operation struct {
	openapi.Operation
	suite       *suite
	parameters  map[string]string // of the path, not escaped
	query       url.Values
	headers     []header
	contentType string
	schema      *openapi3.Schema // of the body; nil: it has no JSON body
	body        []byte           // valid
	inputs      inputs           // body, if that is an object
	custom      bool             // its inputs do not fit the schema
	methods     []string         // all that the contract has for the path
	first       bool             // of those
	codes       map[string][]int // of errors, and the statuses for which the contract's examples have them
}

func newSuite(document *openapi3.T, target Target) (*suite, error) {
	isHeader := func(key string) bool {
		return !strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' })
	}
	switch {
	case target.APIKey == "":
		return nil, errors.New("the target has no APIKey")
	case !isHeader(target.APIKey):
		return nil, errors.New("the target's APIKey has a character that a key cannot have")
	case !isHeader(target.OtherAPIKey):
		return nil, errors.New("the target's OtherAPIKey has a character that a key cannot have")
	case target.WorkflowID == "":
		return nil, errors.New("the target has no WorkflowID")
	}
	s := &suite{target: target}
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
		return nil, errors.New("the contract has no operations")
	}
	return s, nil
}

func (s *suite) newOperation(o openapi.Operation) (*operation, error) {
	op := &operation{
		Operation: o, suite: s, parameters: map[string]string{}, query: url.Values{},
		methods: slices.Sorted(maps.Keys(o.PathItem.Operations())),
	}
	for _, ref := range o.Parameters {
		p := ref.Value
		switch {
		case p.In == openapi3.ParameterInPath && p.Name == workflowIDName:
			op.parameters[p.Name] = s.target.WorkflowID
		case p.In == openapi3.ParameterInPath:
			op.parameters[p.Name] = s.target.PathParameters[p.Name]
			if op.parameters[p.Name] == "" {
				op.parameters[p.Name] = example(p)
			}
		case p.In == openapi3.ParameterInQuery && p.Required:
			op.query.Set(p.Name, example(p))
		case p.In == openapi3.ParameterInHeader && p.Required:
			op.headers = append(op.headers, header{p.Name, example(p), ""})
		}
	}
	op.codes = op.exampleCodes()
	contentType, media := o.Body()
	if media == nil {
		return op, nil
	}
	op.contentType, op.schema = contentType, openapi.Merged(media.Schema.Value)
	value := openapi.Example(media)
	if op.OperationID == runOperation && s.target.Inputs != nil {
		value = s.target.Inputs
	}
	var err error
	if op.body, err = json.Marshal(value); err != nil {
		return nil, fmt.Errorf("the target's Inputs: %w", err)
	}
	op.inputs, err = objectOf(op.body)
	switch {
	case op.OperationID != runOperation:
		return op, nil
	case err != nil:
		return nil, errors.New("the target's Inputs do not encode to a JSON object")
	}
	op.custom = !fits(media.Schema.Value, decode(op.body))
	s.customInputs = op.custom
	return op, nil
}

// example is the contract's example of a parameter, as text.
func example(p *openapi3.Parameter) string {
	value := p.Example
	if value == nil && p.Schema != nil {
		value = openapi.Sample(p.Schema.Value)
	}
	return fmt.Sprint(value)
}

// checks is the table of all checks.
func (s *suite) checks() []check {
	var checks []check
	for _, op := range s.operations {
		groups := slices.Concat(op.runs(), op.unauthorized(), op.pathParameters(), op.requests(), op.perInput(), op.queries(), op.otherMethods())
		for i := range groups {
			groups[i].op = op
			groups[i].name = op.name() + "/" + groups[i].name
		}
		checks = append(checks, groups...)
	}
	return checks
}

func (op *operation) name() string {
	if op.OperationID != "" {
		return op.OperationID
	}
	return strings.ToLower(op.Method) + strings.NewReplacer("/", "-", "{", "", "}", "").Replace(op.Path)
}

// safe reports whether a request of the operation changes and bills nothing.
func (op *operation) safe() bool { return op.Method == http.MethodGet || op.Method == http.MethodHead }

// has reports whether the contract describes a status of its own for the operation.
func (op *operation) has(status int) bool { return op.Responses.Value(strconv.Itoa(status)) != nil }

// valid is the operation's request with everything as it should be.
func (op *operation) valid() request {
	return request{
		method: op.Method, path: op.pathWith(nil), credential: credential{"Bearer", op.suite.target.APIKey, keyVariable},
		headers: op.headers, contentType: op.contentType, body: op.body,
	}
}

// validWith is the valid request with another body.
func (op *operation) validWith(body []byte) request {
	changed := op.valid()
	changed.body = body
	return changed
}

// elsewhere is the valid request for a workflow that does not exist, if the operation has a workflow.
func (op *operation) elsewhere() request {
	changed := op.valid()
	changed.path = op.pathWith(map[string]string{workflowIDName: unknownWorkflow})
	return changed
}

// pathWith is the path and the query of a request. The escaped values take the place of the valid ones.
func (op *operation) pathWith(escaped map[string]string) string {
	path := op.Path
	for name, value := range op.parameters {
		text, ok := escaped[name]
		if !ok {
			text = url.PathEscape(value)
		}
		path = strings.ReplaceAll(path, "{"+name+"}", text)
	}
	if len(op.query) > 0 {
		path += "?" + op.query.Encode()
	}
	return path
}

// attempt is a check whose request a faulty server could take for valid: it has a valid body, or with NoRuns one that is
// not. If the operation has no body that could be made so, the check counts as a run.
func (op *operation) attempt(c check) check {
	switch {
	case op.safe():
	case !op.suite.target.NoRuns:
		c.runs = true
	case op.schema == nil:
		c.runs = true
	default:
		c.request.body = op.invalidBody()
	}
	return c
}

// invalidBody is JSON that the operation cannot take for valid: an object without what is required, if anything is.
func (op *operation) invalidBody() []byte {
	if !op.custom && !fits(op.schema, map[string]any{}) {
		return []byte("{}")
	}
	return []byte("[]")
}
