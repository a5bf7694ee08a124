package exchange

import (
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func TestRetryAfter(t *testing.T) {
	const s = time.Second
	for _, test := range []struct {
		name, value, date string
		want              time.Duration
	}{
		{"nothing", "", "", 0},
		{"no seconds", "0", "", 0},
		{"seconds", "7", "", 7 * s},
		{"seconds after white space", " 7 ", "", 7 * s},
		{"a fraction, rounded up", "1.5", "", 2 * s},
		{"a small fraction, rounded up", "0.001", "", s},
		{"a fraction of zero", "3.0", "", 3 * s},
		{"a date", "Fri, 02 Jan 2026 03:05:05 GMT", "", 60 * s},
		{"a date of RFC 850", "Friday, 02-Jan-26 03:05:05 GMT", "", 60 * s},
		{"a date of asctime", "Fri Jan  2 03:05:05 2026", "", 60 * s},
		{"a date that is over", "Fri, 02 Jan 2026 03:04:04 GMT", "", 0},
		{"a date, measured from the response's own", "Fri, 02 Jan 2026 03:05:05 GMT", "Fri, 02 Jan 2026 03:05:00 GMT", 5 * s},
		{"a date, measured from that of a server whose clock is slow", "Thu, 01 Jan 2015 00:00:09 GMT",
			"Thu, 01 Jan 2015 00:00:00 GMT", 9 * s},
		{"a date, measured from now if the response's own is none", "Fri, 02 Jan 2026 03:05:05 GMT", "yesterday", 60 * s},
		{"a date that is over by the response's own", "Fri, 02 Jan 2026 03:05:05 GMT", "Fri, 02 Jan 2026 04:00:00 GMT", 0},
		{"seconds, whatever the date", "7", "Fri, 02 Jan 2026 04:00:00 GMT", 7 * s},
		{"a duration of Go", "1m3", "", 0},
		{"a unit", "5s", "", 0},
		{"less than zero", "-5", "", 0},
		{"a sign", "+5", "", 0},
		{"an exponent", "1e3", "", 0},
		{"hexadecimal", "0x10", "", 0},
		{"an underscore", "1_000", "", 0},
		{"a comma", "1,5", "", 0},
		{"a point alone", ".", "", 0},
		{"a fraction without its whole", ".5", "", 0},
		{"a fraction without digits", "5.", "", 0},
		{"two points", "1.2.3", "", 0},
		{"words", "soon", "", 0},
		{"digits of another script", "９", "", 0},
		{"more seconds than fit", strings.Repeat("9", 40), "", (1<<31 - 1) * s},
		{"more seconds than fit, and a fraction", strings.Repeat("9", 40) + ".5", "", (1<<31 - 1) * s},
	} {
		header := http.Header{"Retry-After": {test.value}}
		if test.date != "" {
			header.Set("Date", test.date)
		}
		assert.Equal(t, test.want, RetryAfter(header, now), test.name)
	}
	assert.Zero(t, RetryAfter(nil, now))
}

// FuzzRetryAfter parses any Retry-After: a number of seconds or a date is what it says, anything else no wait.
func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{
		"", "0", "1", "61", "-1", "1.5", "1e3", "0x10", " 1", "９", strings.Repeat("9", 400), strings.Repeat("9", 40) + " GMT",
		"Mon, 02 Jan 2006 15:04:05 GMT", "Friday, 02-Jan-26 03:05:05 GMT", "Fri, 02 Jan 9999 03:05:05 GMT",
		"Fri, 02 Jan 2026 03:05:05 PST",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		got := RetryAfter(http.Header{"Retry-After": {value}}, now)
		value = strings.TrimSpace(value)
		isNumber := strings.Trim(value, "0123456789.") == "" && strings.Trim(value, ".") == value
		seconds, ok := new(big.Rat).SetString(value)
		date, dateErr := http.ParseTime(value)
		switch {
		case isNumber && ok && seconds.Cmp(big.NewRat(1<<30, 1)) < 0:
			more := seconds.Sub(big.NewRat(int64(got/time.Second), 1), seconds)
			assert.True(t, more.Sign() >= 0 && more.Cmp(big.NewRat(1, 1)) < 0, "%q: %v", value, got)
		case dateErr == nil && date.After(now):
			assert.Equal(t, date.Sub(now), got)
		case got != 0:
			assert.Empty(t, strings.Trim(value, "0123456789."))
			assert.GreaterOrEqual(t, got, time.Duration(1<<30)*time.Second)
		}
	})
}
