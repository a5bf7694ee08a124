package client

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// FuzzRetryAfter parses any Retry-After: a number of seconds or a date is what it says, anything else no wait.
func FuzzRetryAfter(f *testing.F) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	for _, seed := range []string{
		"", "0", "1", "60", "61", "-1", "+1", "1.5", "1e3", "0x10", "1_000", " 1", "1 ", "９", "soon", "99999999999", strings.Repeat("9", 400), strings.Repeat("9", 40) + " GMT",
		"Mon, 02 Jan 2006 15:04:05 GMT", "Fri, 02 Jan 2026 03:05:05 GMT", "Friday, 02-Jan-26 03:05:05 GMT",
		"Fri Jan  2 03:05:05 2026", "Fri, 02 Jan 9999 03:05:05 GMT", "Fri, 02 Jan 2026 03:05:05 PST",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		got := parseRetryAfter(value, now)
		assert.GreaterOrEqual(t, got, time.Duration(0))
		digits := value != "" && strings.Trim(value, "0123456789") == ""
		date, err := http.ParseTime(value)
		switch {
		case digits:
			if seconds, err := strconv.ParseInt(value, 10, 64); err == nil && seconds <= 60 {
				assert.Equal(t, time.Duration(seconds)*time.Second, got)
			} else {
				assert.Greater(t, got, maxRetryAfter)
			}
		case err == nil && date.After(now):
			assert.Equal(t, date.Sub(now), got)
		case got != 0: // what strconv took for a number that does not fit, before it saw that it is none
			assert.Greater(t, got, maxRetryAfter)
			assert.Less(t, len(strings.TrimLeft(value, "0123456789")), len(value)-9)
		}
		limited := &http.Response{StatusCode: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {value}}}
		if wait, ok := waitFor(limited, 1); ok {
			assert.GreaterOrEqual(t, wait, time.Second)
			assert.LessOrEqual(t, wait, maxRetryAfter)
		}
	})
}
