package wire

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

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
			var once sync.Once
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				once.Do(func() {
					if test.retryAfter != "" {
						w.Header().Set("Retry-After", test.retryAfter)
					}
					w.WriteHeader(http.StatusTooManyRequests)
				})
			}))
			t.Cleanup(server.Close)
			sender := NewSender(server.URL, nil, nil)
			defer sender.Close()
			var waits []time.Duration
			sender.Pause = func(_ context.Context, d time.Duration) error {
				waits = append(waits, d.Round(time.Second))
				return nil
			}
			res, _, err := sender.Exchange(t.Context(), Request{Method: http.MethodPost, Path: "/"}, true)
			require.NoError(t, err)
			assert.Equal(t, http.StatusOK, res.Status)
			assert.Equal(t, []time.Duration{test.wait}, waits)
		})
	}
}
