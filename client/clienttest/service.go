package clienttest

import (
	"context"
	"crypto/subtle"
	"mime"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
)

// A service checks requests, runs workflows, and answers every other operation with the spec's example.
type service struct {
	contract    contract
	key         string
	workflows   map[string]workflow
	textResults bool
	cites       bool     // runs have citations
	citations   []string // none: the spec's example has them
	lenient     bool
	bodyTime    time.Duration // that a request's body may take
	delay       time.Duration
	address     string // to listen on
	runs        atomic.Int64
}

type workflow struct {
	specInputs bool // the inputs are the spec's; otherwise any object will do
	run        func(ctx context.Context, inputs map[string]any) (response any, err error)
}

func newService(opts []Option) *service { return newServiceOf(newContract(), opts) }

func newServiceOf(c contract, opts []Option) *service {
	s := &service{contract: c, key: "sk_test_clienttest", workflows: map[string]workflow{}, address: "127.0.0.1:0", bodyTime: time.Minute}
	s.workflows[s.contract.workflowID] = workflow{
		specInputs: true,
		run: func(context.Context, map[string]any) (any, error) {
			return s.cited(s.contract.runExample(s.runSchema()))
		},
	}
	for _, opt := range opts {
		opt(s)
	}
	return s
}

// router routes the operations of the spec.
func (s *service) router() *router {
	m := &router{refuse: s.refuse}
	for _, op := range openapi.Operations(s.contract.document) {
		handler := func(w http.ResponseWriter, r *http.Request) { s.serveExample(op, w, r) }
		if op.OperationID == runWorkflow {
			handler = s.serveRun
		}
		m.handle(op.Method, op.Path, handler)
	}
	return m
}

// serveRun is the handler of the operation runWorkflow.
func (s *service) serveRun(w http.ResponseWriter, r *http.Request) {
	if !s.authorized(r) {
		w.Header().Set("WWW-Authenticate", "Bearer")
		s.fail(w, s.exampleFailure(http.StatusUnauthorized))
		return
	}
	workflow, ok := s.workflows[r.PathValue(workflowID)]
	if !ok {
		s.fail(w, s.exampleFailure(http.StatusNotFound))
		return
	}
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if !s.lenient && (err != nil || mediaType != "application/json") {
		s.refuse(w, http.StatusUnsupportedMediaType, "The content type must be application/json")
		return
	}
	inputs, status, message := readInputs(r)
	switch {
	case status == 0:
	case s.lenient && status == http.StatusBadRequest:
		inputs = map[string]any{}
	default:
		s.refuse(w, status, message)
		return
	}
	if workflow.specInputs && !s.lenient {
		if bad := s.contract.checkInputs(inputs); bad != nil {
			s.fail(w, s.inputFailure(bad))
			return
		}
	}

	s.runs.Add(1)
	response, err := s.run(r.Context(), workflow, inputs)
	if err != nil {
		s.fail(w, failure{http.StatusInternalServerError, err.Error(), "workflow_run_failed"})
		return
	}
	setHeaders(w.Header(), s.contract.response(http.StatusOK), s.contract)
	write(w, http.StatusOK, response)
}

// serveExample is the handler of any other operation. It checks the request against the spec, and returns the example of
// the first response of success. The path parameters that exist are the spec's examples, and the server's workflows.
func (s *service) serveExample(op openapi.Operation, w http.ResponseWriter, r *http.Request) {
	if op.Secured() && !slices.ContainsFunc(op.Security, func(a openapi.Alternative) bool { return s.accepts(a, r) }) {
		w.Header().Set("WWW-Authenticate", "Bearer")
		s.failExample(w, op, http.StatusUnauthorized)
		return
	}
	values := map[string]string{}
	for _, ref := range op.Parameters {
		if p := ref.Value; p.In == openapi3.ParameterInPath {
			values[p.Name] = r.PathValue(p.Name)
			if !s.exists(p, values[p.Name]) {
				s.failExample(w, op, http.StatusNotFound)
				return
			}
		}
	}
	err := openapi3filter.ValidateRequest(r.Context(), &openapi3filter.RequestValidationInput{
		Request: r, PathParams: values, QueryParams: r.URL.Query(),
		Route: &routers.Route{Spec: s.contract.document, Path: op.Path, PathItem: op.PathItem, Method: op.Method, Operation: op.Operation},
		Options: &openapi3filter.Options{
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, SkipSettingDefaults: true,
		},
	})
	if err != nil {
		s.failExample(w, op, http.StatusBadRequest)
		return
	}
	status, response := op.Success()
	writeExample(w, status, response, s.runSchema(), s.contract)
}

// accepts reports whether a request has each credential of an alternative, once, and that it is the key.
func (s *service) accepts(alternative openapi.Alternative, r *http.Request) bool {
	for _, credential := range alternative {
		values := credential.Values(r)
		if len(values) != 1 || subtle.ConstantTimeCompare([]byte(values[0]), []byte(s.key)) != 1 {
			return false
		}
	}
	return true
}

// exists reports whether a value of a path parameter is one that the server has.
func (s *service) exists(p *openapi3.Parameter, value string) bool {
	if p.Name == workflowID {
		_, ok := s.workflows[value]
		return ok
	}
	return value == parameterExample(p)
}

// authorized reports whether the request has the key, and it alone.
func (s *service) authorized(r *http.Request) bool {
	values := r.Header.Values("Authorization")
	if len(values) != 1 {
		return false
	}
	scheme, key, _ := strings.Cut(values[0], " ")
	return strings.EqualFold(scheme, "Bearer") &&
		subtle.ConstantTimeCompare([]byte(strings.TrimSpace(key)), []byte(s.key)) == 1
}

func (s *service) run(ctx context.Context, workflow workflow, inputs map[string]any) (any, error) {
	timer := time.NewTimer(s.delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return workflow.run(ctx, inputs)
}
