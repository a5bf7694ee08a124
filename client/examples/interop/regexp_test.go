package interop_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/dlclark/regexp2"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client/contract"
)

type matcher struct{ *regexp2.Regexp }

func (m matcher) MatchString(text string) bool { ok, _ := m.Regexp.MatchString(text); return ok }

func TestRegexp2JudgesAPatternThatRE2DoesNotKnow(t *testing.T) {
	spec := []byte(strings.Replace(pets, "{name: {type: string}}", "{name: {type: string, pattern: '^(?!cat)'}}", 1))
	validator, err := contract.New(spec, contract.WithRegexp(func(pattern string) (openapi3.RegexMatcher, error) {
		compiled, err := regexp2.Compile(pattern, regexp2.ECMAScript)
		return matcher{compiled}, err
	}))
	require.NoError(t, err)
	assert.Empty(t, validator.Warnings())
	for name, accepted := range map[string]bool{"dog": true, "cat": false} {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPut, "/pets/1",
			strings.NewReader(`{"name": "`+name+`"}`))
		req.Header.Set("Content-Type", "application/json")
		assert.Equal(t, accepted, validator.ValidateRequest(req) == nil, name)
	}
}
