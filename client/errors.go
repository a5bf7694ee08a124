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
	"github.com/aitutor-api/aitutor-go/client/internal/printable"
	"github.com/aitutor-api/aitutor-go/client/internal/redact"
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

	// Of the host, in the plain text that it sends in place of the service's response.
	CodeFunctionInvocationTimeout       = "FUNCTION_INVOCATION_TIMEOUT"         // 504: the run was stopped at 300 s
	CodeFunctionPayloadTooLarge         = "FUNCTION_PAYLOAD_TOO_LARGE"          // 413: request over 4.5 MB; nothing ran
	CodeFunctionResponsePayloadTooLarge = "FUNCTION_RESPONSE_PAYLOAD_TOO_LARGE" // 500: response over 4.5 MB; billed
	CodeFunctionThrottled               = "FUNCTION_THROTTLED"                  // 503: the host is busy; nothing ran
)

// StatusCompleted is the one value of Run.Status that the service's document shows. There may be others.
const StatusCompleted = "completed"

// ArgumentError is a call with an argument that breaks the contract. Nothing was sent. [errors.Is] matches it with
// ErrInvalidRequest.
type ArgumentError struct {
	Field  string // of the inputs or the arguments, nested ones as a/b; empty if it is none of them
	Reason string // such as: the workflow ID must be one path segment

	call  string // "run workflow wf_1"
	text  string // all that is wrong; empty: the Reason
	cause error
}

// Error returns one line: what was being done, and all that is wrong.
func (e *ArgumentError) Error() string {
	return cmp.Or(e.call, "run workflow") + ": " + ErrInvalidRequest.Error() + ": " + cmp.Or(e.text, e.Reason)
}

// Is matches ErrInvalidRequest.
func (e *ArgumentError) Is(target error) bool { return target == ErrInvalidRequest }

// Unwrap returns why the request could not be read, or nil.
func (e *ArgumentError) Unwrap() error { return e.cause }

// of returns e as the error of a call, without the key.
func (e *ArgumentError) of(call string, key redact.Secret) error {
	e.call, e.Field, e.Reason, e.text = call, key.Text(e.Field), key.Text(e.Reason), key.Text(e.text)
	if e.cause != nil {
		e.cause = key.Error(e.cause)
	}
	return e
}

// APIError is a response that is not a run: an error of the service in either variant, or a gateway's page. The API key
// is redacted in all fields but Body, where a server may have echoed it. An *APIError prints, also through [slog],
// without its Body; a copy, which is no pointer, prints with it.
type APIError struct {
	StatusCode int
	Code       string        // the service's own code, or the host's; empty if there is none
	Message    string        // the service's message, or a gateway's plain text; empty if there is none
	RequestID  string        // the header x-vercel-id or x-request-id; empty if there is neither
	RetryAfter time.Duration // how long the service asks to wait; 0 if it does not say
	Header     http.Header
	Body       []byte          // as received, up to the client's limit
	Violation  *contract.Error // set if the response also breaks the contract (a gateway's HTML, say)

	call  string // "run workflow wf_1"
	isRun bool   // it has what only a run has
	cause error  // why the response could not be read whole, or what ended the wait before the next attempt
}

// Error returns one line: what was being done, the status, what the service said, and what to do if that is known.
func (e *APIError) Error() string {
	if e == nil {
		return "<nil>"
	}
	line := cmp.Or(e.call, "run workflow") + ": " + statusLine(e.StatusCode)
	if e.Message != "" {
		line += ": " + strings.TrimSuffix(printable.Clip(e.Message), ".")
	}
	if e.Code != "" && !strings.Contains(line, e.Code) {
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

// GoString returns Error.
func (e *APIError) GoString() string { return e.Error() }

// LogValue has the status, code, message and request ID, not the header and the body.
func (e *APIError) LogValue() slog.Value {
	if e == nil {
		return slog.Value{}
	}
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
		return clipError(e.cause)
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
	case e.Code == CodeFunctionPayloadTooLarge, e.StatusCode == http.StatusRequestEntityTooLarge:
		return "the request is too large (the service's host takes 4.5 MB): nothing ran"
	case e.Code == CodeFunctionResponsePayloadTooLarge:
		return "the response is too large for the service's host, which sends 4.5 MB: the run was billed"
	case e.Code == CodeFunctionThrottled:
		return "the service's host is busy, and by its documentation started nothing"
	case errors.Is(e, ErrUnauthorized):
		return "check the API key"
	case errors.Is(e, ErrWorkflowNotFound):
		return "check the workflow ID and the base URL"
	case errors.Is(e, ErrPaymentRequired):
		return "check the account's credits and spend limit"
	case e.isRefusal():
		return "try again in " + max(time.Second, e.RetryAfter).Round(time.Second).String()
	case e.StatusCode >= 500, e.cause != nil, e.StatusCode/100 == 2:
		return "the run may have been billed"
	}
	return ""
}

// isRefusal reports whether the run did not start: it was refused for the rate limit.
func (e *APIError) isRefusal() bool {
	return e != nil && e.StatusCode == http.StatusTooManyRequests && !e.isRun
}

// Is matches the sentinel of the service's code, else that of the status.
func (e *APIError) Is(target error) bool { return e != nil && target == e.sentinel() }

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
func (e *APIError) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.cause
}

// callError is a call without a whole response.
type callError struct {
	call   string
	status int    // 0 if no response came
	unsent bool   // the request was certainly not written
	effect string // what may have happened nevertheless
	err    error
}

func (e *callError) Error() string {
	line := e.call + ": "
	if e.status != 0 {
		line += statusLine(e.status) + ": "
	}
	line += clipError(e.err)
	if !e.unsent && e.effect != "" {
		line += ": " + e.effect
	}
	return line
}

func (e *callError) Unwrap() error { return e.err }

// GoString returns Error.
func (e *callError) GoString() string { return e.Error() }

// clipError returns the text of err in one line, even if it has several.
func clipError(err error) string { return printable.Clip(strings.ReplaceAll(err.Error(), "\n", "; ")) }

// violationError is a response that breaks the contract, with the error of the violation handler, or the violation
// itself.
type violationError struct {
	call      string
	err       error
	violation *contract.Error
	billed    bool
}

func (e *violationError) Error() string {
	line := e.call + ": " + e.err.Error()
	if !errors.Is(e.err, e.violation) {
		line += ": " + e.violation.Error()
	}
	if e.billed {
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
// request was written (DNS, dial, TLS); false for everything else, even for refusals that no retry would change (401,
// 400, a bad argument) and for a cancelled context. For joined errors, it reports true only if it would for each.
//
// In a test, a fake returns [ErrRateLimited], or an error that has a method NotSent() bool, for what is safe to retry.
func SafeToRetry(err error) bool {
	notSent, judged := verdict(err)
	return judged && notSent && !errors.Is(err, context.Canceled)
}

// verdict returns whether the calls of err were certainly not sent. It is not judged if err is of no call.
func verdict(err error) (notSent, judged bool) {
	switch e := err.(type) { //nolint:errorlint // each error of the tree in turn
	case nil:
		return false, false
	case *contract.Error: // a run that was paid for
		return false, true
	case *APIError:
		return e.isRefusal(), true
	case *callError:
		return e.unsent, true
	case interface{ NotSent() bool }:
		return e.NotSent(), true
	case interface{ Unwrap() error }:
		return verdict(e.Unwrap())
	case interface{ Unwrap() []error }:
		notSent = true
		for _, each := range e.Unwrap() {
			if sent, ok := verdict(each); ok {
				notSent, judged = notSent && sent, true
			}
		}
		return notSent && judged, judged
	}
	return err == ErrRateLimited, err == ErrRateLimited //nolint:errorlint // at the end of its chain
}

// callName says what a helper does, for errors.
func callName(workflowID string) string {
	if isSegment(workflowID) {
		return "run workflow " + printable.Clip(workflowID)
	}
	return fmt.Sprintf("run workflow %.64q", workflowID)
}

// isSegment reports whether a workflow ID is a path segment that no server and no proxy reads as anything else: the
// generated client resolves ".." against the path. It is the pattern of the contract's workflow_id.
func isSegment(id string) bool {
	return id != "" && !strings.ContainsFunc(id, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '-'
	})
}
