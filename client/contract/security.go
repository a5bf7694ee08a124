package contract

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// alternative is one of the sets of credentials that an operation accepts.
type alternative []credential

type credential struct {
	name   string                   // of the security scheme
	scheme *openapi3.SecurityScheme // nil if the document does not describe it
}

// checkSecurity returns the violation of a request that has none of the accepted sets of credentials: it names what each
// set lacks first. Whether a credential is the right one is the server's to say.
func checkSecurity(accepted []alternative, req *http.Request) []Violation {
	var missing []Violation
	for _, needed := range accepted {
		lacks := slices.IndexFunc(needed, func(c credential) bool { return !c.isIn(req) })
		if lacks < 0 {
			return nil
		}
		missing = append(missing, needed[lacks].violation())
	}
	if len(missing) == 0 {
		return nil
	}
	for _, other := range missing[1:] {
		missing[0].Message += ", or " + other.String()
	}
	return missing[:1]
}

func (c credential) isIn(req *http.Request) bool {
	switch {
	case c.scheme == nil:
		return false
	case c.scheme.Type == "http":
		kind, credential, _ := strings.Cut(req.Header.Get("Authorization"), " ")
		return strings.EqualFold(kind, c.scheme.Scheme) && strings.TrimSpace(credential) != ""
	case c.scheme.Type != "apiKey":
		return true // how a credential of OAuth and its like is sent is not in the document
	case c.scheme.In == "header":
		return req.Header.Get(c.scheme.Name) != ""
	case c.scheme.In == "query":
		return req.URL.Query().Get(c.scheme.Name) != ""
	case c.scheme.In == "cookie":
		cookie, err := req.Cookie(c.scheme.Name)
		return err == nil && cookie.Value != ""
	}
	return true
}

// violation is that of a request without the credential.
func (c credential) violation() Violation {
	switch {
	case c.scheme == nil:
		return Violation{In: "header", Keyword: "security", Message: fmt.Sprintf("security scheme %q is not declared", c.name)}
	case c.scheme.Type == "http":
		text := "a " + c.scheme.Scheme + " credential is required (" + c.name + ")"
		return Violation{In: "header", Pointer: "Authorization", Keyword: "security", Message: text}
	}
	return Violation{In: c.scheme.In, Pointer: c.scheme.Name, Keyword: "security", Message: "an API key is required (" + c.name + ")"}
}
