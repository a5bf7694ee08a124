package openapi

import (
	"encoding/base64"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Alternative is one of the sets of credentials that an operation accepts. The empty one makes credentials optional.
type Alternative []Credential

// Credential is a credential that an operation asks for.
type Credential struct {
	Name   string                   // of the security scheme
	Scheme *openapi3.SecurityScheme // nil if the document does not declare it
}

func alternatives(document *openapi3.T, requirements *openapi3.SecurityRequirements) []Alternative {
	if requirements == nil {
		requirements = &document.Security
	}
	var accepted []Alternative
	for _, requirement := range *requirements {
		needed := Alternative{}
		for _, name := range slices.Sorted(maps.Keys(requirement)) {
			credential := Credential{Name: name}
			if document.Components != nil && document.Components.SecuritySchemes[name] != nil {
				credential.Scheme = document.Components.SecuritySchemes[name].Value
			}
			needed = append(needed, credential)
		}
		accepted = append(accepted, needed)
	}
	return accepted
}

// Secured reports whether the operation requires a credential.
func (o Operation) Secured() bool {
	return len(o.Security) > 0 && !slices.ContainsFunc(o.Security, func(a Alternative) bool { return len(a) == 0 })
}

// In returns where the credential stands in a request ("header", "query" or "cookie") and under which name. The place
// is "" if the document does not say it: a scheme that is not declared, a certificate.
func (c Credential) In() (place, name string) {
	switch {
	case c.Scheme == nil:
		return "", ""
	case c.Scheme.Type == "http", c.Scheme.Type == "oauth2", c.Scheme.Type == "openIdConnect":
		return openapi3.ParameterInHeader, "Authorization"
	case c.Scheme.Type == "apiKey":
		return c.Scheme.In, c.Scheme.Name
	}
	return "", ""
}

// kind returns the word before a credential of the Authorization header. Tokens of OAuth 2 are sent as RFC 6750 says.
func (c Credential) kind() string {
	switch {
	case c.Scheme.Type == "apiKey":
		return ""
	case c.Scheme.Type != "http" || strings.EqualFold(c.Scheme.Scheme, "bearer"):
		return "Bearer"
	case strings.EqualFold(c.Scheme.Scheme, "basic"):
		return "Basic"
	}
	return c.Scheme.Scheme
}

// Challenge returns the word by which a response's WWW-Authenticate asks for the credential, or "" if it is not one of
// the Authorization header.
func (c Credential) Challenge() string {
	if c.Scheme == nil || c.Scheme.Type == "mutualTLS" {
		return ""
	}
	return c.kind()
}

// Values returns what a request sends for the credential: none or one, several if it is repeated. Of basic
// authentication it is the user and the password with a colon between.
func (c Credential) Values(req *http.Request) []string {
	place, name := c.In()
	var sent []string
	switch place {
	case openapi3.ParameterInHeader:
		sent = req.Header.Values(name)
	case openapi3.ParameterInQuery:
		sent = req.URL.Query()[name]
	case openapi3.ParameterInCookie:
		for _, cookie := range req.CookiesNamed(name) {
			sent = append(sent, cookie.Value)
		}
	}
	var values []string
	for _, value := range sent {
		if kind := c.kind(); kind != "" {
			word, rest, _ := strings.Cut(value, " ")
			if !strings.EqualFold(word, kind) {
				continue
			}
			value = strings.TrimSpace(rest)
			if kind == "Basic" {
				decoded, err := base64.StdEncoding.DecodeString(value)
				if err != nil {
					continue
				}
				value = string(decoded)
			}
		}
		if value != "" {
			values = append(values, value)
		}
	}
	return values
}

// Set puts the credential into a request, in place of one that is there.
func (c Credential) Set(req *http.Request, value string) {
	place, name := c.In()
	switch place {
	case openapi3.ParameterInHeader:
		kind := c.kind()
		if kind == "Basic" {
			value = base64.StdEncoding.EncodeToString([]byte(value))
		}
		req.Header.Set(name, strings.TrimSpace(kind+" "+value))
	case openapi3.ParameterInQuery:
		query := req.URL.Query()
		query.Set(name, value)
		req.URL.RawQuery = query.Encode()
	case openapi3.ParameterInCookie:
		others := slices.DeleteFunc(req.Cookies(), func(other *http.Cookie) bool { return other.Name == name })
		req.Header.Del("Cookie")
		sent := &http.Cookie{Name: name, Value: value} //nolint:gosec // of a request, which has no attributes
		for _, cookie := range append(others, sent) {
			req.AddCookie(cookie)
		}
	}
}
