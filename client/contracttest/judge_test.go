package contracttest

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/api"
	"github.com/aitutor-api/aitutor-go/client/contracttest/internal/wire"
)

func TestAResponseThatSwitchesProtocolsBreaksTheContract(t *testing.T) {
	t.Parallel()
	target := testTarget()
	target.Handler = http.NotFoundHandler()
	r, err := newRunner(target)
	require.NoError(t, err)
	findings := r.judge.judge(r.checks[0], &wire.Response{Status: http.StatusSwitchingProtocols, Method: http.MethodPost})
	assert.Equal(t, LevelContract, findings[0].level)
}

func TestA429IsJudgedEvenIfTheRequestIsSentAgain(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, contentType, body, want string
	}{
		{"that keeps the contract", "application/json", `{"success":false,"error":"too many"}`, ""},
		{"of a gateway", "text/html", "<html></html>", "content-type"},
		{"without an error", "application/json", `{"success":false}`, "error"},
		{"with the key", "application/json", `{"success":false,"error":"too many for ` + testKey + `"}`, "the key in it"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var once sync.Once
			report, err := checkSome(t, api.Document(), instead(func(r *http.Request, _ string) bool {
				limited := false
				if asksKeyed(r) && strings.HasSuffix(r.URL.Path, testWorkflow) {
					once.Do(func() { limited = true })
				}
				return limited
			}, func(w http.ResponseWriter, _ *http.Request) {
				respond(w, http.StatusTooManyRequests, test.contentType, test.body)
			})(sound(t, api.Document())), runOperation+"/runs/")
			require.NoError(t, err)
			assert.NotContains(t, report.Unseen(), "runWorkflow 429")
			assert.Empty(t, report.Unsure())
			if test.want == "" {
				assert.Empty(t, report.Failures())
				return
			}
			require.Len(t, report.Failures(), 1)
			assert.Contains(t, report.Failures()[0].Err.Error(), test.want)
			assert.Contains(t, report.Failures()[0].Err.Error(), "429 Too Many Requests")
		})
	}
}
