package contracttest

import (
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/api"
)

func TestEveryFaultIsCaughtByTheCheckThatIsMeantToCatchIt(t *testing.T) {
	t.Parallel()
	m := testMaterial(t, api.Document())
	all := names(m.checks())
	for _, fault := range faults(m) {
		t.Run(fault.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, expand(t, all, fault.caught), checkHandler(t, api.Document(), fault.server(sound(t, api.Document()))))
		})
	}
}

func TestEveryCheckIsProvenByAFault(t *testing.T) {
	t.Parallel()
	m := testMaterial(t, api.Document())
	proven := map[string]string{}
	list, all := faults(m), Checks()
	for _, fault := range list {
		// What many checks catch proves none of them.
		if caught := expand(t, all, fault.caught); len(caught) <= 5 {
			for _, name := range caught {
				proven[name] = fault.name
			}
		}
	}
	for _, name := range all {
		assert.Contains(t, proven, name, "no fault proves it")
	}
	assert.GreaterOrEqual(t, len(list), 35)
	t.Logf("%d checks, %d faults", len(all), len(list))
}

func TestTheChecksOfOtherInputsAreProvenToo(t *testing.T) {
	t.Parallel()
	document := otherInputs(t)
	m := testMaterial(t, document)
	assert.Empty(t, checkHandler(t, document, sound(t, document)))
	for _, c := range m.perInput() {
		t.Run("the request of "+c.name+" is run", func(t *testing.T) {
			t.Parallel()
			server := taking(bodyIs(string(c.request.body)), asValid(m))(sound(t, document))
			assert.Equal(t, []string{c.name}, checkHandler(t, document, server))
		})
	}
}

// expand lists the names that fit one of the patterns.
func expand(t *testing.T, all []string, patterns string) []string {
	t.Helper()
	list := []string{}
	for _, name := range all {
		if slices.ContainsFunc(strings.Fields(patterns), func(pattern string) bool {
			match, err := path.Match(pattern, name)
			require.NoError(t, err)
			return match
		}) {
			list = append(list, name)
		}
	}
	return list
}
