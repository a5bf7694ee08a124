package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"time"

	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/client/clienttest"
)

// A web handler that runs a workflow has a status for each error.
func Example_handler() {
	server := clienttest.NewServer(clienttest.WithTextResults()) // in place of the service
	defer server.Close()
	c, err := client.New(server.APIKey, client.WithBaseURL(server.URL), client.WithMaxRetries(0))
	if err != nil {
		log.Fatal(err)
	}
	server.Answer(
		clienttest.RateLimited(3*time.Second),
		clienttest.Error(http.StatusPaymentRequired),
		clienttest.GatewayTimeout(),
		clienttest.BrokenContract(),
		clienttest.Error(http.StatusBadRequest),
	)
	for range 5 {
		recorder := httptest.NewRecorder()
		request := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/?topic=dogs", nil)
		quizHandler{c, server.WorkflowID}.ServeHTTP(recorder, request)
		fmt.Printf("%d %q\n", recorder.Code, recorder.Header().Get("Retry-After"))
	}
	// Output:
	// 503 "3"
	// 500 ""
	// 502 ""
	// 502 ""
	// 400 ""
}

type quizHandler struct {
	runner interface { // a Client, or a fake in a test
		RunInputs(ctx context.Context, workflowID string, inputs any) (*client.Run, error)
	}
	workflowID string
}

func (h quizHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	run, err := h.runner.RunInputs(r.Context(), h.workflowID, map[string]any{"topic": r.FormValue("topic")})
	if err == nil {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprint(w, run.Text)
		return
	}
	log.Printf("quiz: %v", err)
	if run != nil { // it breaks the contract, or was cut off: it was paid for
		log.Printf("quiz: keep it: %q", run.Body)
	}
	if failure, ok := errors.AsType[*client.APIError](err); ok && failure.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(failure.RetryAfter.Seconds()))))
	}
	http.Error(w, http.StatusText(httpStatus(err)), httpStatus(err))
}

func httpStatus(err error) int {
	switch {
	case errors.Is(err, client.ErrInvalidRequest): // the inputs
		return http.StatusBadRequest
	case errors.Is(err, client.ErrUnauthorized), errors.Is(err, client.ErrPaymentRequired), errors.Is(err, client.ErrWorkflowNotFound):
		return http.StatusInternalServerError // the handler's own key, account or workflow
	case client.SafeToRetry(err): // over the rate limit, or the service was not reached
		return http.StatusServiceUnavailable
	case errors.Is(err, context.DeadlineExceeded): // the client's or the request's
		return http.StatusGatewayTimeout
	default: // the run failed, or what came is no run
		return http.StatusBadGateway
	}
}
