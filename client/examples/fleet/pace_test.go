package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"golang.org/x/time/rate"

	"github.com/aitutor-api/aitutor-go/client"
)

func TestSlowDownWaitsAsLongAsTheServiceAsksUpToAnHour(t *testing.T) {
	for asked, want := range map[time.Duration]time.Duration{
		0:                  0,
		7 * time.Second:    7 * time.Second,
		99_999 * time.Hour: time.Hour,
	} {
		w := &worker{rate: 1, limiter: rate.NewLimiter(1, 1)}
		assert.Equal(t, want, w.slowDown(&client.APIError{RetryAfter: asked}), asked)
		assert.Equal(t, want > 0, untilNano(&w.notBefore) > 0, asked)
		assert.LessOrEqual(t, untilNano(&w.notBefore), want, asked)
	}
}
