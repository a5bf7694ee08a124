package client

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/aitutor-api/aitutor-go/api"
)

// endpoint is where a Client sends its runs.
type endpoint struct {
	*runOperation
	template *http.Request // of every request, with the URL up to the workflow ID
}

// newEndpoint is the endpoint at a base URL, or where it is nil, at the contract's server.
func newEndpoint(base *url.URL) (*endpoint, error) {
	op, err := runWorkflow()
	if err != nil {
		return nil, err
	}
	if base == nil {
		servers := api.Document().Servers
		if len(servers) == 0 {
			return nil, errors.New("the contract names no server: use WithBaseURL")
		}
		if base, err = parseBaseURL(servers[0].URL); err != nil {
			return nil, fmt.Errorf("the contract's server: %w", err)
		}
	}
	at := (&url.URL{Scheme: base.Scheme, Host: base.Host, Path: "/"}).JoinPath(base.EscapedPath(), op.pathStart)
	return &endpoint{op, &http.Request{
		Method: http.MethodPost, URL: at, Host: at.Host, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}}, nil
}

// url is the operation's URL for a workflow, whose ID needs no escaping.
func (e *endpoint) url(workflowID string) *url.URL {
	at := *e.template.URL
	at.Path += workflowID + e.pathEnd
	if at.RawPath != "" {
		at.RawPath += workflowID + e.pathEnd
	}
	return &at
}
