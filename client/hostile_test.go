package client_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/client/contract"
)

const (
	hostileKey      = "Key-Under-Test_0123456789"
	hostileWorkflow = "wf_hostile"
	hostileStory    = "a story that nobody else may read"
)

// hostileRow is one hostile server: what it does, what the caller is told, and how many runs it saw.
type hostileRow struct {
	name string // a sentence about the server

	// One of these says what the server does with a run.
	handler http.HandlerFunc // over net/http
	raw     rawScript        // over a bare connection, where HTTP has to be broken
	// url is the base URL where the row has a server of its own. It is closed with the test.
	url func(t *testing.T, seen *runCounter) string

	opts []client.Option

	// What is expected. The API key is expected nowhere but in Body.
	runs     int // requests that reached the server, whole or in part, with the default of two retries
	text     string
	is       []error
	isNot    []error
	status   int      // of the *APIError that the error has to be; 0: none
	invalid  bool     // a *contract.Error is in the error
	says     []string // what the error's text holds
	body     string   // what the error's Body is
	bodySize int      // or how long it is
	safe     bool     // SafeToRetry
	check    func(t *testing.T, run *client.Run, err error)
}

// anySize is the bodySize of a row whose Body holds whatever came before the client gave up.
const anySize = -1

func TestAHostileServerCostsOneRunAndGivesOneClearError(t *testing.T) {
	t.Parallel()
	var rows []hostileRow
	rows = append(rows, statusRows()...)
	rows = append(rows, retryAfterRows()...)
	rows = append(rows, formRows()...)
	rows = append(rows, jsonRows()...)
	rows = append(rows, headerRows()...)
	rows = append(rows, cutRows()...)
	rows = append(rows, protocolRows()...)
	rows = append(rows, timeRows()...)
	rows = append(rows, endlessRows()...)
	rows = append(rows, echoRows()...)
	rows = append(rows, redirectRows()...)
	rows = append(rows, dialRows()...)
	require.GreaterOrEqual(t, len(rows), 45)
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			row.run(t)
		})
	}
}

func (row hostileRow) run(t *testing.T) {
	t.Helper()
	seen := new(runCounter)
	base := row.serve(t, seen)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	opts := append([]client.Option{
		client.WithBaseURL(base),
		client.WithHTTPClient(&http.Client{Transport: transport}),
	}, row.opts...)
	c, err := client.New(hostileKey, opts...)
	require.NoError(t, err)

	run, err := c.RunStory(t.Context(), hostileWorkflow, hostileStory)

	assert.Equal(t, row.runs, seen.count(), "runs that the server saw")
	if row.text != "" {
		require.NoError(t, err)
		assert.Equal(t, row.text, run.Text)
	} else if row.expectsError() {
		require.Error(t, err)
		assert.Nil(t, run)
	}
	if err != nil {
		row.checkError(t, err)
	}
	if row.check != nil {
		row.check(t, run, err)
	}
	assertNoKey(t, hostileKey, run, err, c)
}

func (row hostileRow) expectsError() bool {
	return row.status != 0 || row.invalid || len(row.says) > 0 || len(row.is) > 0
}

func (row hostileRow) checkError(t *testing.T, err error) {
	t.Helper()
	var answer *client.APIError
	var violation *contract.Error
	assert.Equal(t, row.status != 0, errors.As(err, &answer), "the error is an *APIError: %v", err)
	assert.Equal(t, row.invalid, errors.As(err, &violation), "the error has a *contract.Error: %v", err)
	assert.Equal(t, row.safe, client.SafeToRetry(err), "SafeToRetry: %v", err)
	var body []byte
	switch {
	case answer != nil:
		assert.Equal(t, row.status, answer.StatusCode)
		body = answer.Body
	case violation != nil:
		body = violation.Body
	}
	switch {
	case row.bodySize == anySize:
		assert.NotEmpty(t, body, "what was received is on the error")
	case row.bodySize != 0:
		assert.Len(t, body, row.bodySize)
	case answer != nil || violation != nil:
		assert.Equal(t, row.body, string(body), "what was received is on the error")
	}
	for _, target := range row.is {
		assert.ErrorIs(t, err, target)
	}
	for _, target := range row.isNot {
		assert.NotErrorIs(t, err, target)
	}
	for _, part := range row.says {
		assert.ErrorContains(t, err, part)
	}
	if violation == nil || answer != nil {
		assert.NotContains(t, err.Error(), "\n", "the error is one line")
	}
	assert.Less(t, len(err.Error()), 3000, "the error is of a length that a person reads")
	assert.NotContains(t, err.Error(), hostileStory)
	assert.True(t, strings.HasPrefix(err.Error(), "run workflow "+hostileWorkflow) || violation != nil, "what was being done: %v", err)
}

func TestAnIDThatIsNotOnePathSegmentReachesNoServer(t *testing.T) {
	t.Parallel()
	for name, id := range map[string]string{
		"is empty":                         "",
		"is a slash":                       "/",
		"has a slash":                      "a/b",
		"has a slash at its end":           "wf_1/",
		"has a backslash":                  `a\b`,
		"is a dot":                         ".",
		"is two dots":                      "..",
		"climbs":                           "../../admin",
		"climbs from a segment":            "a/../b",
		"has a dot":                        "a.b",
		"has an escaped slash":             "a%2Fb",
		"has escaped dots":                 "%2e%2e",
		"has a twice escaped slash":        "a%252Fb",
		"has a percent sign":               "a%",
		"has a query":                      "a?b=c",
		"has a fragment":                   "a#b",
		"has a path parameter":             "a;b=c",
		"has a space":                      "a b",
		"is a space":                       " ",
		"has a plus":                       "a+b",
		"has an @":                         "user@evil.example",
		"has a colon":                      "a:b",
		"has a newline":                    "a\nb",
		"has a newline at its end":         "wf_1\n",
		"injects a header":                 "a HTTP/1.1\r\nX-Evil: 1\r\n\r\n",
		"has a NUL":                        "a\x00b",
		"has a DEL":                        "a\x7fb",
		"is not ASCII":                     "wörkflow",
		"has a digit that is not ASCII":    "wf_１",
		"has a letter that folds to ASCII": "wf_\u212A",
		"has a fullwidth slash":            "a／b",
		"is not UTF-8":                     "a\xffb",
		"has a zero width space":           "wf\u200b1",
		"is a URL":                         "http://evil.example",
		"is a host":                        "//evil.example",
		"is a template":                    "{workflow_id}",
		"is very long and has a slash":     strings.Repeat("a", 1<<20) + "/",
		"is the key":                       hostileKey,
		"holds the key":                    "wf-" + hostileKey + "-1",
		"is short and would be a path of the server": "..%2f",
	} {
		t.Run("an ID that "+name, func(t *testing.T) {
			t.Parallel()
			for method, call := range callsOfAClient {
				seen := new(runCounter)
				c := newHostileClient(t, serveHTTP(t, seen, answerJSON(200, goodAnswer)))
				run, err := call(t.Context(), c, id)
				assert.Nil(t, run)
				require.ErrorIs(t, err, client.ErrInvalidRequest, method)
				assert.False(t, client.SafeToRetry(err))
				assert.Zero(t, seen.count(), "runs that the server saw")
				assert.NotContains(t, err.Error(), "\n")
				assert.Less(t, len(err.Error()), 500)
				assertNoKey(t, hostileKey, run, err, c)
			}
		})
	}
}

// callsOfAClient are the ways to run a workflow.
var callsOfAClient = map[string]func(context.Context, *client.Client, string) (*client.Run, error){
	"RunStory": func(ctx context.Context, c *client.Client, id string) (*client.Run, error) {
		return c.RunStory(ctx, id, hostileStory)
	},
	"RunStory, blank": func(ctx context.Context, c *client.Client, id string) (*client.Run, error) {
		return c.RunStory(ctx, id, " \n\t")
	},
	"RunInputs": func(ctx context.Context, c *client.Client, id string) (*client.Run, error) {
		return c.RunInputs(ctx, id, map[string]any{"story": hostileStory})
	},
	"RunInputs, null": func(ctx context.Context, c *client.Client, id string) (*client.Run, error) {
		return c.RunInputs(ctx, id, nil)
	},
}
