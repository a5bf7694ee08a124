package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/aitutor-api/aitutor-go/client/contract"
	"github.com/aitutor-api/aitutor-go/client/internal/printable"
)

// What went wrong, for [errors.Is] on any error of this package: told by the service's own code, else by the status.
var (
	ErrUnauthorized     = errors.New("unauthorized")       // 401: no key, or a wrong one
	ErrWorkflowNotFound = errors.New("workflow not found") // 404: no such workflow under this key
	ErrInvalidRequest   = errors.New("invalid request")    // 400, and arguments that are refused before anything is sent
	ErrPaymentRequired  = errors.New("payment required")   // 402: no credits, or the spend limit is reached
	ErrRateLimited      = errors.New("rate limited")       // 429: over the key's requests per second
)

// Codes that the service is known to give. There may be others.
const (
	CodeUnauthorized        = "unauthorized"          // documented
	CodeWorkflowNotFound    = "workflow_not_found"    // documented
	CodeInvalidRequest      = "invalid_request"       // documented
	CodeMissingInput        = "missing_input"         // deployed
	CodeInvalidBilling      = "invalid_billing"       // deployed
	CodeSpendLimitReached   = "spend_limit_reached"   // deployed
	CodeInternalServerError = "internal_server_error" // deployed
	CodeWorkflowRunFailed   = "workflow_run_failed"   // deployed
)

// StatusCompleted is the one value of Run.Status that the service's document shows. There may be others.
const StatusCompleted = "completed"

// APIError is an answer that is not a run: an error of the service in either form, a gateway's page, an answer that was
// cut off. The API key is in none of its fields but Body, where a server may have echoed it.
type APIError struct {
	StatusCode int
	Code       string // the service's own code; empty where it gave none
	Message    string // the service's message, or a gateway's plain text; empty where there is none
	RequestID  string // the header x-vercel-id or x-request-id
	Header     http.Header
	Body       []byte          // as received, up to the client's limit
	Violation  *contract.Error // set where the answer also breaks the contract (a gateway's HTML, say)

	workflowID string
	hasOutput  bool  // as only a run has
	cause      error // why the answer could not be read whole
}

// Error gives one line: what was being done, the status, what the service said, and what to do where that is known.
func (e *APIError) Error() string {
	var text strings.Builder
	text.WriteString("run workflow")
	if e.workflowID != "" {
		text.WriteString(" " + printable.Clip(e.workflowID))
	}
	fmt.Fprintf(&text, ": %d %s", e.StatusCode, http.StatusText(e.StatusCode))
	if e.Message != "" {
		text.WriteString(": " + printable.Clip(e.Message))
	}
	if e.Code != "" {
		text.WriteString(" (code " + printable.Clip(e.Code) + ")")
	}
	if e.RequestID != "" {
		text.WriteString(" (request ID " + printable.Clip(e.RequestID) + ")")
	}
	if e.cause != nil {
		text.WriteString(": " + printable.Clip(e.cause.Error()))
	} else if e.Violation != nil && len(e.Violation.Violations) > 0 {
		text.WriteString(": the answer breaks the contract: " + e.Violation.Violations[0].String())
	}
	if advice := e.advice(); advice != "" {
		text.WriteString(": " + advice)
	}
	return text.String()
}

// String is Error, so that an APIError that is not a pointer prints without its Body.
func (e APIError) String() string { return e.Error() }

// GoString is Error, so that %#v prints no Body either.
func (e APIError) GoString() string { return e.Error() }

func (e *APIError) advice() string {
	switch {
	case e.StatusCode >= 300 && e.StatusCode < 400:
		return "redirects are not followed: check the base URL"
	case errors.Is(e, ErrUnauthorized):
		return "check the API key"
	case errors.Is(e, ErrWorkflowNotFound):
		return "check the workflow ID and the base URL"
	case errors.Is(e, ErrPaymentRequired):
		return "check the account's credits and spend limit"
	case e.StatusCode >= 500, e.cause != nil, e.StatusCode/100 == 2:
		return "the run may have been billed"
	}
	return ""
}

// Is matches the sentinel of the service's code, else that of the status.
func (e *APIError) Is(target error) bool {
	kind := kindOfCode[e.Code]
	if kind == nil {
		kind = kindOfStatus[e.StatusCode]
	}
	return kind != nil && kind == target
}

var kindOfCode = map[string]error{
	CodeUnauthorized:      ErrUnauthorized,
	CodeWorkflowNotFound:  ErrWorkflowNotFound,
	CodeInvalidRequest:    ErrInvalidRequest,
	CodeMissingInput:      ErrInvalidRequest,
	CodeInvalidBilling:    ErrPaymentRequired,
	CodeSpendLimitReached: ErrPaymentRequired,
}

var kindOfStatus = map[int]error{
	http.StatusBadRequest:      ErrInvalidRequest,
	http.StatusUnauthorized:    ErrUnauthorized,
	http.StatusPaymentRequired: ErrPaymentRequired,
	http.StatusNotFound:        ErrWorkflowNotFound,
	http.StatusTooManyRequests: ErrRateLimited,
}

// Unwrap gives the Violation, and what kept the answer from being read whole ([context.Canceled], say). So an answer that
// is not a run may be a [*contract.Error] too, for [errors.As]: ask for [*APIError] first.
func (e *APIError) Unwrap() []error {
	var errs []error
	if e.Violation != nil {
		errs = append(errs, e.Violation)
	}
	if e.cause != nil {
		errs = append(errs, e.cause)
	}
	return errs
}

// SafeToRetry reports whether running again may help and cannot bill twice: true for 429 and for failures before the
// request was written (DNS, dial, TLS); false for everything else, also for refusals that no retry would change (401,
// 400, a bad argument) and for a cancelled context. Of runs whose errors are joined it is true where it is of each.
func SafeToRetry(err error) bool {
	runs := runErrors(err)
	return len(runs) > 0 && !slices.ContainsFunc(runs, func(run runError) bool { return !run.safeToRetry() }) &&
		!errors.Is(err, context.Canceled)
}

// runError is the error of one run.
type runError interface {
	error
	safeToRetry() bool
}

// runErrors lists the errors of runs that err is or wraps, but nothing of what is inside them: that may be of another call.
func runErrors(err error) []runError {
	switch err := err.(type) { //nolint:errorlint // one layer after the other
	case *contract.Error, contract.Error:
		return []runError{&refusal{err: err}}
	case runError:
		return []runError{err}
	case interface{ Unwrap() error }:
		return runErrors(err.Unwrap())
	case interface{ Unwrap() []error }:
		var runs []runError
		for _, err := range err.Unwrap() {
			runs = append(runs, runErrors(err)...)
		}
		return runs
	}
	return nil
}

func (e *APIError) safeToRetry() bool {
	return e.StatusCode == http.StatusTooManyRequests && !e.hasOutput
}

func (e *transportError) safeToRetry() bool { return e.unsent }

func (*refusal) safeToRetry() bool { return false } // the run was paid for

// transportError is a run without an answer.
type transportError struct {
	workflowID string
	unsent     bool // the request was certainly not written
	err        error
}

func (e *transportError) Error() string {
	text := "run workflow " + printable.Clip(e.workflowID) + ": " + printable.Clip(e.err.Error())
	if !e.unsent {
		text += ": the run may have been billed"
	}
	return text
}

func (e *transportError) Unwrap() error { return e.err }

// GoString is Error, so that %#v does not print the fields of what a transport made.
func (e *transportError) GoString() string { return e.Error() }

// refusal is a run that the violation handler refused, with the handler's own error.
type refusal struct {
	err       error
	violation *contract.Error
}

func (e *refusal) Error() string {
	if errors.Is(e.err, e.violation) {
		return e.err.Error()
	}
	return e.err.Error() + ": " + e.violation.Error()
}

// Unwrap gives the violation first: it has the body.
func (e *refusal) Unwrap() []error { return []error{e.violation, e.err} }
