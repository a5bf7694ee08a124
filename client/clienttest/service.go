package clienttest

import (
	"context"
	"crypto/subtle"
	"mime"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aitutor-api/aitutor-go/gen"
)

// A service implements the generated server: it checks a request and runs a workflow.
type service struct {
	contract    contract
	key         string
	workflows   map[string]workflow
	textResults bool
	delay       time.Duration
	runs        atomic.Int64
}

var _ gen.ServerInterface = (*service)(nil)

type workflow struct {
	specInputs bool // the inputs are the spec's; otherwise any object will do
	run        func(ctx context.Context, inputs map[string]any) (answer any, err error)
}

func newService(opts []Option) *service {
	s := &service{contract: newContract(), key: "sk_test_clienttest", workflows: map[string]workflow{}}
	s.workflows[s.contract.workflowID] = workflow{
		specInputs: true,
		run: func(context.Context, map[string]any) (any, error) {
			return s.contract.runExample(s.runSchema()), nil
		},
	}
	for _, opt := range opts {
		opt(s)
	}
	return s
}

// RunWorkflow answers POST /api/v1/run/{workflow_id}.
func (s *service) RunWorkflow(w http.ResponseWriter, r *http.Request, workflowID gen.WorkflowID) {
	if !s.authorized(r) {
		w.Header().Set("WWW-Authenticate", "Bearer")
		s.fail(w, s.exampleFailure(http.StatusUnauthorized))
		return
	}
	workflow, ok := s.workflows[workflowID]
	if !ok {
		s.fail(w, s.exampleFailure(http.StatusNotFound))
		return
	}
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != "application/json" {
		s.refuse(w, http.StatusUnsupportedMediaType, "The content type must be application/json")
		return
	}
	inputs, status, message := readInputs(r)
	if status != 0 {
		s.refuse(w, status, message)
		return
	}
	if workflow.specInputs {
		if bad := s.contract.checkInputs(inputs); bad != nil {
			s.fail(w, s.inputFailure(bad))
			return
		}
	}

	s.runs.Add(1)
	answer, err := s.run(r.Context(), workflow, inputs)
	if err != nil {
		s.fail(w, failure{http.StatusInternalServerError, err.Error(), "workflow_run_failed"})
		return
	}
	s.setRunHeaders(w.Header())
	write(w, http.StatusOK, answer)
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
