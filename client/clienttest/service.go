package clienttest

import (
	"context"
	"crypto/subtle"
	"mime"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
)

// A service checks requests, runs workflows, and responds to every other operation with the spec's example.
type service struct {
	responder
	key       string
	workflows map[string]workflow
	lenient   bool
	bodyTime  time.Duration // that a request's body may take
	delay     time.Duration
	address   string // to listen on
	runs      atomic.Int64
}

type workflow struct {
	specInputs bool // the inputs are the spec's; otherwise any object will do
	run        func(ctx context.Context, inputs map[string]any) (response any, err error)
}

func newService(document *openapi3.T) *service {
	s := &service{
		responder: responder{contract: contractOf(document)},
		key:       "sk_test_clienttest", workflows: map[string]workflow{},
		address: "127.0.0.1:0", bodyTime: time.Minute,
	}
	s.workflows[s.contract.workflowID] = workflow{
		specInputs: true,
		run: func(context.Context, map[string]any) (any, error) {
			return s.cited(s.contract.runExample(s.runSchema()))
		},
	}
	return s
}

// router routes the operations of the spec.
func (s *service) router() *router {
	m := &router{refuse: s.refuse}
	for _, op := range openapi.Operations(s.contract.document) {
		serve := s.serveExample
		if op.Operation == s.contract.operation.Operation {
			serve = s.serveRun
		}
		m.handle(op.Method, op.Path, func(w http.ResponseWriter, r *http.Request) { serve(op, w, r) })
	}
	return m
}

// serveRun handles the operation that runs a workflow.
func (s *service) serveRun(op openapi.Operation, w http.ResponseWriter, r *http.Request) {
	if !s.admits(op, w, r) {
		return
	}
	workflow := s.workflows[r.PathValue(openapi.WorkflowID)]
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
			s.fail(w, r, op, s.inputFailure(op, bad))
			return
		}
	}

	s.runs.Add(1)
	response, err := s.run(r.Context(), workflow, inputs)
	if err != nil {
		failed := failure{status: http.StatusInternalServerError, message: err.Error(), code: "workflow_run_failed"}
		s.fail(w, r, op, failed)
		return
	}
	s.writeRun(w, response)
}

// serveExample handles any other operation. It checks the request against the spec, and returns the example of
// the first response of success.
func (s *service) serveExample(op openapi.Operation, w http.ResponseWriter, r *http.Request) {
	if !s.admits(op, w, r) {
		return
	}
	if bad := s.contract.checkRequest(op, r); bad != nil {
		s.fail(w, r, op, s.inputFailure(op, bad))
		return
	}
	status, response := op.Success()
	s.writeExample(w, r, status, response, s.runSchema())
}

// admits reports whether a request has the credentials of its operation, and its path leads to something that exists.
// If not, it responds. The path parameters that exist are the spec's examples, and the server's workflows.
func (s *service) admits(op openapi.Operation, w http.ResponseWriter, r *http.Request) bool {
	if op.Secured() && !slices.ContainsFunc(op.Security, func(a openapi.Alternative) bool { return s.accepts(a, r) }) {
		challenge(w.Header(), op)
		s.fail(w, r, op, s.exampleFailure(op, http.StatusUnauthorized))
		return false
	}
	for _, ref := range op.Parameters {
		if p := ref.Value; p.In == openapi3.ParameterInPath && !s.exists(p, r.PathValue(p.Name)) {
			s.fail(w, r, op, s.exampleFailure(op, http.StatusNotFound))
			return false
		}
	}
	return true
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

// challenge names the schemes of the Authorization header that an operation accepts.
func challenge(header http.Header, op openapi.Operation) {
	for _, alternative := range op.Security {
		for _, credential := range alternative {
			if kind := credential.Challenge(); kind != "" && !slices.Contains(header.Values("WWW-Authenticate"), kind) {
				header.Add("WWW-Authenticate", kind)
			}
		}
	}
}

// exists reports whether a value of a path parameter is one that the server has.
func (s *service) exists(p *openapi3.Parameter, value string) bool {
	if p.Name == openapi.WorkflowID {
		_, ok := s.workflows[value]
		return ok
	}
	return value == s.contract.parameterExample(p)
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
