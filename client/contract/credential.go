package contract

import (
	"context"
	"errors"
	"strings"

	"github.com/getkin/kin-openapi/openapi3filter"
)

// hasCredential reports an error where a request lacks what a security scheme asks for; whether the credential is the
// right one is the server's to say.
func hasCredential(_ context.Context, input *openapi3filter.AuthenticationInput) error {
	scheme, req := input.SecurityScheme, input.RequestValidationInput.Request
	missing := func(in, name, what string) error {
		return &missingCredentialError{Violation{In: in, Pointer: name, Message: what + " is required (" + input.SecuritySchemeName + ")"}}
	}
	switch {
	case scheme.Type == "http":
		kind, credential, _ := strings.Cut(req.Header.Get("Authorization"), " ")
		if !strings.EqualFold(kind, scheme.Scheme) || strings.TrimSpace(credential) == "" {
			return missing("header", "Authorization", "a "+scheme.Scheme+" credential")
		}
	case scheme.Type == "apiKey" && scheme.In == "header" && req.Header.Get(scheme.Name) == "",
		scheme.Type == "apiKey" && scheme.In == "query" && !req.URL.Query().Has(scheme.Name):
		return missing(scheme.In, scheme.Name, "an API key")
	case scheme.Type == "apiKey" && scheme.In == "cookie":
		if _, err := req.Cookie(scheme.Name); err != nil {
			return missing("cookie", scheme.Name, "an API key")
		}
	}
	return nil
}

type missingCredentialError struct{ violation Violation }

func (e *missingCredentialError) Error() string { return e.violation.String() }

// missingCredentials is the violation of a request without a credential: any one of those that it names would do.
func missingCredentials(err *openapi3filter.SecurityRequirementsError) []Violation {
	var violations []Violation
	for _, err := range err.Errors {
		var credential *missingCredentialError
		switch {
		case !errors.As(err, &credential):
			return inPlace("header", "", err)
		case violations == nil:
			violations = []Violation{credential.violation}
		default:
			violations[0].Message += ", or " + credential.Error()
		}
	}
	return violations
}
