package main

import (
	"context"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"golang.org/x/time/rate"

	"github.com/aitutor-api/aitutor-go/client"
)

func TestHoldLastsAsLongAsTheServiceAsksUpToAnHour(t *testing.T) {
	for asked, want := range map[time.Duration]time.Duration{
		0:                  0,
		7 * time.Second:    7 * time.Second,
		99_999 * time.Hour: time.Hour,
	} {
		w := &worker{rate: 1, limiter: rate.NewLimiter(1, 1)}
		assert.Equal(t, want, w.hold(&client.APIError{RetryAfter: asked}), asked)
		assert.Equal(t, want > 0, untilNano(&w.notBefore) > 0, asked)
		assert.LessOrEqual(t, untilNano(&w.notBefore), want, asked)
	}
}

// Processes whose -rate is far above what the service allows take most of what it allows, and are refused little more.
func TestRatesAdaptToWhatTheServiceAllows(t *testing.T) {
	const allowed, seconds = 20, 120
	for name, test := range map[string]struct {
		processes int
		header    http.Header
	}{
		"one process, and the service names its limit": {1, http.Header{"X-Ratelimit-Limit": {strconv.Itoa(allowed)}}},
		"one process, and the service names no limit":  {1, nil},
		"three processes, and it names its limit":      {3, http.Header{"X-Ratelimit-Limit": {strconv.Itoa(allowed)}}},
		"three processes, and it names no limit":       {3, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // its clock goes on when all wait
				ctx, cancel := context.WithTimeout(t.Context(), seconds*time.Second)
				defer cancel()
				started := make(chan func(refused bool))
				for range test.processes {
					w := &worker{rate: 200, limiter: rate.NewLimiter(200, 1), turn: make(chan struct{}, 1), maxWait: time.Hour,
						stopping: t.Context()}
					for range 30 {
						go func() {
							for {
								if _, err := w.wait(ctx); err != nil {
									return
								}
								started <- func(refused bool) { w.adapt(refused, test.header) }
							}
						}()
					}
				}
				var runs, refusals, inWindow int
				window := time.Now().Unix()
				for {
					select {
					case respond := <-started:
						if now := time.Now().Unix(); now != window {
							window, inWindow = now, 0
						}
						inWindow++
						refused := inWindow > allowed
						if refused {
							refusals++
						} else {
							runs++
						}
						respond(refused)
						continue
					case <-ctx.Done():
					}
					break
				}
				t.Logf("%d runs, %d refused", runs, refusals)
				assert.Greater(t, runs, allowed*seconds*6/10)
				assert.Less(t, refusals, runs/3)
			})
		})
	}
}
