package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/aitutor-api/aitutor-go/client/contract"
	"github.com/aitutor-api/aitutor-go/client/internal/exchange"
	"github.com/aitutor-api/aitutor-go/client/internal/printable"
)

// What went wrong, for [errors.Is] on any error of this package: matched by service code, else by status.
var (
	ErrUnauthorized     = errors.New("unauthorized")       // 401: no key, or a wrong one
	ErrWorkflowNotFound = errors.New("workflow not found") // 404: no such workflow under this key
	ErrInvalidRequest   = errors.New("invalid request")    // 400, and arguments that are refused before anything is sent
	ErrPaymentRequired  = errors.New("payment required")   // 402: no credits, or the spend limit is reached
	ErrRateLimited      = errors.New("rate limited")       // 429: over the key's requests per second
	ErrServer           = errors.New("server error")       // 5xx: the run failed, or a gateway gave up on it
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

// What the errors of this package tell SafeToRetry, through [errors.Is].
var (
	errUnsent         = errors.New("the run did not start")
	errMayHaveStarted = errors.New("the run may have started")
)

// APIError is a response that is not a run: an error of the service in either variant, or a gateway's page. The API key is
// in none of its fields but Body, where a server may have echoed it. It prints, also through [slog], without its Body.
type APIError struct {
	StatusCode int
	Code       string // the service's own code; empty if it gave none
	Message    string // the service's message, or a gateway's plain text; empty if there is none
	RequestID  string // the header x-vercel-id or x-request-id; empty if there is neither
	Header     http.Header
	Body       []byte          // as received, up to the client's limit
	Violation  *contract.Error // set if the response also breaks the contract (a gateway's HTML, say)

	call  string // "run workflow wf_1"
	isRun bool   // it has what only a run has
	cause error  // why the response could not be read whole, or what ended the wait before the next attempt
}

// Error returns one line: what was being done, the status, what the service said, and what to do if that is known.
func (e *APIError) Error() string {
	line := cmp.Or(e.call, "run workflow") + ": " + statusLine(e.StatusCode)
	if e.Message != "" {
		line += ": " + strings.TrimSuffix(printable.Clip(e.Message), ".")
	}
	if e.Code != "" {
		line += " (code " + printable.Clip(e.Code) + ")"
	}
	if e.RequestID != "" {
		line += " (request ID " + printable.Clip(e.RequestID) + ")"
	}
	if problem := e.problem(); problem != "" {
		line += ": " + problem
	}
	if advice := e.advice(); advice != "" {
		line += ": " + advice
	}
	return line
}

func statusLine(status int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status)))
}

// String is Error, for an APIError that is not a pointer.
func (e APIError) String() string { return e.Error() }

// GoString is Error.
func (e APIError) GoString() string { return e.Error() }

// LogValue has the status, code, message and request ID, not the header and the body.
func (e *APIError) LogValue() slog.Value {
	return slog.GroupValue(
		slog.Int("status", e.StatusCode),
		slog.String("code", printable.Clip(e.Code)),
		slog.String("message", printable.Clip(e.Message)),
		slog.String("request_id", printable.Clip(e.RequestID)),
		slog.Int("body_bytes", len(e.Body)),
	)
}

// problem says what is wrong with a response that has no message.
func (e *APIError) problem() string {
	switch {
	case e.cause != nil:
		return printable.Clip(e.cause.Error())
	case e.Message != "" || e.StatusCode/100 == 3:
		return ""
	case strings.HasPrefix(e.Header.Get("Content-Type"), "text/html"): // the contract has it for 504
		return "a gateway's page, not the service's response"
	case e.Violation == nil || len(e.Violation.Violations) == 0:
		return ""
	case e.Violation.Violations[0].In == "content-type":
		return "a gateway's page, not the service's response"
	}
	return "the response breaks the contract: " + e.Violation.Violations[0].String()
}

func (e *APIError) advice() string {
	switch {
	case e.StatusCode/100 == 3:
		return "redirects are not followed: check the base URL"
	case errors.Is(e, ErrUnauthorized):
		return "check the API key"
	case errors.Is(e, ErrWorkflowNotFound):
		return "check the workflow ID and the base URL"
	case errors.Is(e, ErrPaymentRequired):
		return "check the account's credits and spend limit"
	case errors.Is(e, errUnsent):
		return "try again in " + max(time.Second, exchange.RetryAfter(e.Header, time.Now())).Round(time.Second).String()
	case e.StatusCode >= 500, e.cause != nil, e.StatusCode/100 == 2:
		return "the run may have been billed"
	}
	return ""
}

// Is matches the sentinel of the service's code, else that of the status.
func (e *APIError) Is(target error) bool {
	isUnsent := e.StatusCode == http.StatusTooManyRequests && !e.isRun
	return target == e.sentinel() || target == errUnsent && isUnsent || target == errMayHaveStarted && !isUnsent
}

func (e *APIError) sentinel() error {
	switch e.Code {
	case CodeUnauthorized:
		return ErrUnauthorized
	case CodeWorkflowNotFound:
		return ErrWorkflowNotFound
	case CodeInvalidRequest, CodeMissingInput:
		return ErrInvalidRequest
	case CodeInvalidBilling, CodeSpendLimitReached:
		return ErrPaymentRequired
	}
	switch e.StatusCode {
	case http.StatusBadRequest:
		return ErrInvalidRequest
	case http.StatusUnauthorized:
		return ErrUnauthorized
	case http.StatusPaymentRequired:
		return ErrPaymentRequired
	case http.StatusNotFound:
		return ErrWorkflowNotFound
	case http.StatusTooManyRequests:
		return ErrRateLimited
	}
	if e.StatusCode >= 500 {
		return ErrServer
	}
	return nil
}

// Unwrap returns what kept the response from being read whole ([context.Canceled], say), or nil. It does not return the
// Violation: no error is both an *APIError and a [*contract.Error].
func (e *APIError) Unwrap() error { return e.cause }

// callError is a call without a whole response.
type callError struct {
	call     string
	status   int  // 0 if no response came
	unsent   bool // the request was certainly not written
	readOnly bool // the request starts no run: GET or HEAD
	err      error
}

func (e *callError) Error() string {
	line := e.call + ": "
	if e.status != 0 {
		line += statusLine(e.status) + ": "
	}
	line += printable.Clip(e.err.Error())
	if !e.unsent && !e.readOnly {
		line += ": the run may have been billed"
	}
	return line
}

func (e *callError) Unwrap() error { return e.err }

// GoString is Error.
func (e *callError) GoString() string { return e.Error() }

// Is tells [SafeToRetry] if the run may have started.
func (e *callError) Is(target error) bool {
	return target == errUnsent && e.unsent || target == errMayHaveStarted && !e.unsent
}

// violationError is a response that breaks the contract, with the error of the violation handler, or the violation itself.
type violationError struct {
	call      string
	err       error
	violation *contract.Error
}

func (e *violationError) Error() string {
	line := e.call + ": " + e.err.Error()
	if !errors.Is(e.err, e.violation) {
		line += ": " + e.violation.Error()
	}
	if e.violation.StatusCode/100 == 2 && e.violation.Method == http.MethodPost {
		separator := ": "
		if strings.Contains(line, "\n") { // one line per violation
			separator = "\n\t"
		}
		line += separator + "the run was billed; see Run and WithViolationHandler"
	}
	return line
}

// Unwrap returns the violation first: it has the body.
func (e *violationError) Unwrap() []error { return []error{e.violation, e.err} }

// SafeToRetry reports whether running again may help and cannot bill twice: true for 429 and for failures before the
// request was written (DNS, dial, TLS); false for everything else, also for refusals that no retry would change (401,
// 400, a bad argument) and for a cancelled context. Of errors that are joined it is true if it is of each run's.
func SafeToRetry(err error) bool {
	_, broken := errors.AsType[*contract.Error](err) // a run that was paid for
	return !broken && errors.Is(err, errUnsent) && !errors.Is(err, errMayHaveStarted) && !errors.Is(err, context.Canceled)
}
