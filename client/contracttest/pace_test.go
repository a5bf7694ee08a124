package contracttest

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/api"
)

func TestAServerThatAlwaysReturns429SaysTooLittle(t *testing.T) {
	t.Parallel()
	target := testTarget()
	target.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		refuse(w,
			http.StatusTooManyRequests, "too many")
	})
	r, err := newRunner(target)
	require.NoError(t, err)
	require.NoError(t, r.serve(t.Context(), target.Handler))
	defer r.close()
	r.sender.Pause = noPause
	report, err := r.report(t.Context())
	require.ErrorIs(t, err, ErrUnsure)
	assert.NotContains(t, report.Unseen(), "runWorkflow 429", "it is judged like any response")
	assert.Len(t, report.Unsure(), len(report.Results))
	assert.Empty(t, report.Failures())
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

func TestARequestOverTheRateLimitIsSentAgain(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, retryAfter string
		wait             time.Duration
	}{
		{"after a second if the response says nothing", "", time.Second},
		{"after the time that the response says", "3", 3 * time.Second},
		{"after a second if the response says less", "0", time.Second},
		{"after ten seconds if the response says more", "86400", 10 * time.Second},
		{"after a second if the response says a date that is over", "Wed, 21 Oct 2026 07:28:00 GMT", time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			next := sound(t, api.Document())
			var once sync.Once
			target := testTarget()
			target.BaseURL = "https://example.com"
			r, err := newRunner(target)
			require.NoError(t, err)
			require.NoError(t, r.serve(t.Context(), http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				limited := false
				once.Do(func() { limited = true })
				if !limited {
					next.ServeHTTP(w, req)
					return
				}
				if test.retryAfter != "" {
					w.Header().Set("Retry-After", test.retryAfter)
				}
				refuse(w, http.StatusTooManyRequests, "too many")
			})))
			defer r.close()
			r.only(runOperation + "/")
			var waits []time.Duration
			r.sender.Pause = func(_ context.Context, d time.Duration) error {
				waits = append(waits, d.Round(time.Second))
				return nil
			}
			result, err := r.do(t.Context(), r.checks[0])
			require.NoError(t, err)
			require.NoError(t, result.Err)
			assert.Equal(t, []time.Duration{test.wait}, waits)
		})
	}
}
