package contracttest

import (
	"strings"
	"testing"

	"github.com/aitutor-api/aitutor-go/api"
)

// Run holds target against the contract, a subtest a check: -run 'TestServer/unauthorized/missing-key' selects one.
// The checks of Target.Skip and Target.NoRuns are skipped subtests. A target that is not complete or cannot be reached
// fails t once.
func Run(t *testing.T, target Target) {
	t.Helper()
	k, err := open(t.Context(), api.Document(), target)
	if err != nil {
		t.Fatal(err)
	}
	defer k.close()
	for _, group := range groups(k.checks) {
		// A group waits for its parallel subtests, so that the target outlives them.
		t.Run(group[0].group(), func(t *testing.T) {
			for _, c := range group {
				t.Run(strings.TrimPrefix(c.name, c.group()+"/"), func(t *testing.T) {
					if reason := k.leftOut(c); reason != "" {
						t.Skip(reason)
					}
					t.Parallel()
					if result := k.do(t.Context(), c); result.Err != nil {
						t.Errorf("%s: %v\nsee for yourself:\n%s", result.Check, result.Err, result.Curl)
					}
				})
			}
		})
	}
}
