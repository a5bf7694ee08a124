package contracttest

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/client/internal/exchange"
)

// Target is a server to check.
type Target struct {
	// BaseURL is the address of a running server, with its path prefix if it has one: https, or http on a loopback host.
	BaseURL string
	// Handler, in place of BaseURL, is served on loopback while the checks run.
	Handler http.Handler
	// HTTPClient sends the requests. It is copied, never changed, and follows no redirect. Default: a new client,
	// over HTTP/1.1.
	HTTPClient *http.Client
	// APIKey is a valid key of an account that may run the workflow. No error and no curl command shows it, but one of
	// fewer than eight characters counts as a placeholder and is not looked for in responses.
	APIKey string
	// Credentials are valid credentials by the names of the document's security schemes: the key, token or, of HTTP basic,
	// user:password. A scheme without one has APIKey if it is the only scheme, or the document is the AI Tutor API's.
	Credentials map[string]string
	// WorkflowID is a workflow of that account. It is the value of the path parameter workflow_id.
	WorkflowID string
	// OtherAPIKey is a valid key of another account. Without it the check that such a key cannot run WorkflowID is
	// skipped.
	OtherAPIKey string
	// OtherWorkflowID is a workflow of another account. Without it the check that APIKey cannot run it is skipped.
	OtherWorkflowID string
	// PathParameters are values for the other path parameters, by name. Default: the document's examples.
	PathParameters map[string]string
	// Inputs is a valid body of runWorkflow, anything that encodes to a JSON object. Default: the contract's example. If
	// it does not fit the contract's schema, the workflow is another one: the checks that the schema makes
	// (request/missing-..., request/...-is-null) are then left out, and the run's output may be any object.
	Inputs any
	// Spec is the OpenAPI document, in YAML or JSON, that the server must keep. Default: that of the AI Tutor API.
	Spec []byte
	// Only names the checks to run: a name, its start up to a slash (runWorkflow/unauthorized), or a pattern of
	// path.Match. Default: all.
	Only []string
	// Skip names checks to leave out, as Checks lists them. An unknown name is an error.
	Skip []string
	// Known are checks that are known to fail: the name of each, and a reason after a space. One that fails is reported as
	// known, and is no failure; one that passes is a failure, so that the list stays true; one that is skipped is neither.
	Known []string
	// NoRuns leaves out every request with a valid key, an existing workflow and a method of the contract other than GET
	// and HEAD, whatever its body. Checks of keys and workflows are then made with a body that is not valid.
	NoRuns bool
	// MaxRuns is how many runs the checks may start; 0 is any number. What may start a run and finds none left is skipped.
	MaxRuns int
	// Runs returns how many runs the server has started so far, as clienttest's Server.Runs does. If it is set, the last
	// check compares: as many as there were responses of success.
	Runs func() int
	// Strict makes advice fail.
	Strict bool
	// OnResult is called with the result of each check as it ends, in the order of Checks, one call at a time.
	OnResult func(Result)
}

// validate returns what is wrong with the target for a document.
func (t Target) validate(document *openapi3.T) error {
	isOwn := len(t.Spec) == 0
	switch {
	case (t.BaseURL == "") == (t.Handler == nil):
		return errors.New("the target needs a BaseURL or a Handler, and not both")
	case t.MaxRuns < 0:
		return fmt.Errorf("the target's MaxRuns is %d: it must be 0 (any number) or more", t.MaxRuns)
	case isOwn && t.APIKey == "":
		return errors.New("the target has no APIKey")
	case strings.ContainsFunc(t.APIKey, isNoKey):
		return errors.New("the target's APIKey has a character that a key cannot have")
	case strings.ContainsFunc(t.OtherAPIKey, isNoKey):
		return errors.New("the target's OtherAPIKey has a character that a key cannot have")
	case isOwn && t.WorkflowID == "":
		return errors.New("the target has no WorkflowID")
	}
	if t.Handler == nil {
		if _, err := exchange.ParseBaseURL(t.BaseURL); err != nil {
			return fmt.Errorf("the target's %w", err)
		}
	}
	for name, value := range t.Credentials {
		if document.Components == nil || document.Components.SecuritySchemes[name] == nil {
			return fmt.Errorf("the target's Credentials name %q, which is no security scheme of the document", name)
		}
		if strings.ContainsFunc(strings.ReplaceAll(value, " ", ""), isNoKey) {
			return fmt.Errorf("the target's credential %q has a character that a key cannot have", name)
		}
	}
	return nil
}

// isNoKey reports whether a character cannot be in a key.
func isNoKey(r rune) bool { return r <= ' ' || r > '~' }

// keys lists the values that no response may show.
func (t Target) keys() []string {
	return append(slices.Sorted(maps.Values(t.Credentials)), t.APIKey, t.OtherAPIKey)
}

// known returns the reasons of the checks that are known to fail, by name.
func (t Target) known() map[string]string {
	reasons := map[string]string{}
	for _, entry := range t.Known {
		name, reason, _ := strings.Cut(strings.TrimSpace(entry), " ")
		reasons[name] = cmp.Or(strings.TrimSpace(reason), "known to fail")
	}
	return reasons
}
