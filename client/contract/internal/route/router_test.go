package route

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// named is an operation whose path takes values of two letters at least.
type named string

func (n named) AcceptsPath(values []string) bool {
	for _, value := range values {
		if len(value) < 2 {
			return false
		}
	}
	return true
}

func TestRouterFindsTheOperationThatIsMeant(t *testing.T) {
	r := New(nil, map[string]map[string]named{
		"/a/{x}": {"GET": "x", "PUT": "put"}, "/a/{x}.{y}": {"GET": "xy"}, "/a/zz": {"GET": "zz"}, "/b": {"POST": "b"},
	})
	tests := []struct{ method, path, want, missing string }{
		{"GET", "/prefix/a/xx", "x", ""},
		{"GET", "/a/xx.yy", "xy", ""},
		{"GET", "/a/xxx.y", "x", ""},
		{"PUT", "/a/xx.yy", "put", ""},
		{"GET", "/a/zz", "zz", ""},
		{"PUT", "/a/zz", "", "the contract has no PUT /a/zz"},
		{"GET", "/b", "", "the contract has no GET /b"},
		{"GET", "/c", "", "the contract has no operation GET /c"},
	}
	for _, test := range tests {
		t.Run(test.method+" "+test.path, func(t *testing.T) {
			u, err := url.Parse(test.path)
			require.NoError(t, err)
			operation, path, missing := r.Find(test.method, u)
			assert.Equal(t, test.want, string(operation))
			if test.missing == "" {
				require.Nil(t, missing)
				assert.Len(t, path.Values(u), len(path.Parameters))
				return
			}
			assert.Equal(t, test.missing, missing.Message)
			assert.Equal(t, test.path == "/c", missing.In == "path")
		})
	}
}

func TestParametersAreThoseOfTheTemplate(t *testing.T) {
	assert.Equal(t, []string{"x", "y", "z"}, Parameters("/a/{x}-{y:[0-9]+}/{z*}/b"))
	assert.Empty(t, Parameters("/a"))
}
