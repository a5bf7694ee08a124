package contracttest

import (
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client/contracttest/internal/values"
)

// The commands of all checks are run by a shell, and the server gets what the kit sent.
func TestACurlCommandSendsTheSameRequest(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts a shell for each check")
	}
	for _, program := range []string{"sh", "curl"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip("no " + program)
		}
	}
	got := make(chan string, 1)
	target := testTarget()
	document := otherInputs(t)
	target.Spec = values.Encode(document)
	target.BaseURL, target.WorkflowID = "https://example.com", "it's 50% $HOME"
	k, err := newRunner(target)
	require.NoError(t, err)
	require.NoError(t, k.serve(t.Context(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := bodyOf(r)
		got <- strings.Join([]string{r.Method, r.RequestURI, r.Header.Get("Authorization"), r.Header.Get("X-Api-Key"),
			r.Header.Get("Cookie"), r.Header.Get("Content-Type"), strconv.Itoa(len(body)), string(body)}, "|")
	})))
	defer k.close()
	for _, c := range k.checks {
		_, _, err := k.sender.Exchange(t.Context(), c.request, true)
		require.NoError(t, err, c.name)
		sent := <-got
		command := exec.CommandContext(t.Context(), "sh", "-c", c.request.Curl(k.sender.Base))
		command.Env = append(command.Environ(), "AITUTOR_API_KEY="+testKey, "AITUTOR_OTHER_API_KEY="+otherKey)
		for scheme := range document.Components.SecuritySchemes {
			command.Env = append(command.Env, Variable(scheme)+"="+testKey)
		}
		out, err := command.CombinedOutput()
		require.NoError(t, err, "%s: %s", c.name, out)
		if again := <-got; again != sent {
			assert.Fail(t, "the command sends another request", "%s\n%.300s\n%.300s", c.name, sent, again)
		}
	}
}
