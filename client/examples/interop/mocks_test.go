package interop_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/h2non/gock"
	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/mock/gomock"

	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/client/examples/interop"
)

const mockedRun = `{"success": true, "result": "mocked"}`

// Mocks that take the place of http.DefaultTransport are used by a Client that was made before or after them, and are
// gone when they are taken away.
func TestMocksOfTheDefaultTransportComeAndGoInAnyOrder(t *testing.T) {
	server := newServer(t)
	path := server.URL + "/api/v1/run/" + server.WorkflowID
	mocks := map[string]func(work func()){
		"httpmock": func(work func()) {
			httpmock.Activate()
			defer httpmock.DeactivateAndReset()
			httpmock.RegisterResponder(http.MethodPost, path,
				httpmock.NewStringResponder(http.StatusOK, mockedRun).HeaderSet(http.Header{"Content-Type": {"application/json"}}))
			work()
		},
		"gock": func(work func()) {
			defer gock.OffAll()
			gock.New(server.URL).Post("/api/v1/run/"+server.WorkflowID).Persist().
				Reply(http.StatusOK).SetHeader("Content-Type", "application/json").BodyString(mockedRun)
			work()
		},
	}
	for _, order := range [][]string{{"httpmock", "gock"}, {"gock", "httpmock"}, {"gock", "gock"},
		{"httpmock", "httpmock"}} {
		t.Run(strings.Join(order, " then "), func(t *testing.T) {
			before := newClient(t, server, nil)
			for _, name := range order {
				reached := server.Runs()
				mocks[name](func() {
					for _, c := range []*client.Client{before, newClient(t, server, nil)} {
						got, err := run(c, server)
						if assert.NoError(t, err, name) {
							assert.Equal(t, "mocked", got.Text, name)
						}
					}
				})
				assert.Equal(t, reached, server.Runs(), "%s: no run reached the server", name)
				_, err := run(before, server)
				require.NoError(t, err, "after "+name)
				assert.Equal(t, reached+1, server.Runs(), "after %s: the run reached the server", name)
			}
		})
	}
}

func TestHttpmockInAnHTTPClient(t *testing.T) {
	server := newServer(t)
	transport := httpmock.NewMockTransport()
	transport.RegisterResponder(http.MethodPost, "=~/run/", httpmock.NewErrorResponder(errors.New("no route to the mock")))
	_, err := run(newClient(t, server, transport), server)
	require.ErrorContains(t, err, "no route to the mock")
	assert.Equal(t, 1, transport.GetTotalCallCount(), "a run that may have started is not sent again")
}

// title asks a workflow for a title, and tries later if the service is busy.
func title(ctx context.Context, r interop.Runner) (string, error) {
	run, err := r.RunInputs(ctx, "wf_title", map[string]any{"topic": "dogs"})
	if client.SafeToRetry(err) {
		return "later", nil
	}
	if err != nil {
		return "", err
	}
	return run.Text, nil
}

func TestGomockStandsInForTheClient(t *testing.T) {
	for name, row := range map[string]struct {
		run  *client.Run
		err  error
		want string
	}{
		"a run":                         {run: &client.Run{Text: "Dogs"}, want: "Dogs"},
		"a 429 as the service sends it": {err: &client.APIError{StatusCode: http.StatusTooManyRequests}, want: "later"},
		"the sentinel of a 429":         {err: client.ErrRateLimited, want: "later"},
	} {
		t.Run(name, func(t *testing.T) {
			runner := NewMockRunner(gomock.NewController(t))
			runner.EXPECT().RunInputs(gomock.Any(), "wf_title", gomock.Any()).Return(row.run, row.err)
			got, err := title(context.Background(), runner)
			require.NoError(t, err)
			assert.Equal(t, row.want, got)
		})
	}
}
