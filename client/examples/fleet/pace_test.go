package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestRetryAfter(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"":                              0,
		"0":                             0,
		"7":                             7 * time.Second,
		"99999":                         time.Hour,
		"99999999999999999999":          0,
		"-1":                            0,
		"soon":                          0,
		"Wed, 21 Oct 2015 07:28:00 GMT": 0,
		"Wed, 21 Oct 2115 07:28:00 GMT": time.Hour,
	} {
		assert.Equal(t, want, retryAfter(value), value)
	}
}
