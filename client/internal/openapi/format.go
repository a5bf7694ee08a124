package openapi

import (
	"errors"
	"net/url"

	"github.com/getkin/kin-openapi/openapi3"
)

// Formats is the option of a validation that also checks formats of strings that OpenAPI leaves open, as a strict
// server does.
var Formats = openapi3.WithStringFormatValidators(map[string]openapi3.StringFormatValidator{
	"uuid":     openapi3.NewRegexpFormatValidator(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`),
	"email":    openapi3.NewRegexpFormatValidator(openapi3.FormatOfStringForEmail),
	"hostname": openapi3.NewRegexpFormatValidator(`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$`),
	"ipv4":     openapi3.NewIPValidator(true),
	"ipv6":     openapi3.NewIPValidator(false),
	"uri": openapi3.NewCallbackValidator(func(text string) error {
		if parsed, err := url.Parse(text); err != nil || !parsed.IsAbs() {
			return errors.New("not an absolute URI")
		}
		return nil
	}),
})
