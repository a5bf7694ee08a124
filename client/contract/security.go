package contract

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
)

// checkSecurity returns the violation of a request that has none of the accepted sets of credentials: it names what
// each set lacks first. Whether a credential is the right one is the server's to say.
func checkSecurity(accepted []openapi.Alternative, req *http.Request) []Violation {
	var missing []Violation
	for _, needed := range accepted {
		lacks := slices.IndexFunc(needed, func(c openapi.Credential) bool { return !isSent(c, req) })
		if lacks < 0 {
			return nil
		}
		missing = append(missing, lackOf(needed[lacks]))
	}
	if len(missing) == 0 {
		return nil
	}
	for _, other := range missing[1:] {
		missing[0].Message += ", or " + other.String()
	}
	return missing[:1]
}

// isSent reports whether a request has a credential. How one of OAuth and its like is sent is not in the document.
func isSent(c openapi.Credential, req *http.Request) bool {
	if c.Scheme != nil && c.Scheme.Type != "http" && c.Scheme.Type != "apiKey" {
		return true
	}
	return len(c.Values(req)) > 0
}

// lackOf returns the violation of a request without a credential.
func lackOf(c openapi.Credential) Violation {
	switch {
	case c.Scheme == nil:
		return Violation{
			In:      "header",
			Keyword: "security",
			Message: fmt.Sprintf("security scheme %q is not declared", c.Name),
		}
	case c.Scheme.Type == "http":
		text := "a " + c.Scheme.Scheme + " credential is required (" + c.Name + ")"
		return Violation{In: "header", Pointer: "Authorization", Keyword: "security", Message: text}
	}
	return Violation{
		In:      c.Scheme.In,
		Pointer: c.Scheme.Name,
		Keyword: "security",
		Message: "an API key is required (" + c.Name + ")",
	}
}
