package exchange

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// RetryAfter returns how long a response asks to wait before the next request (RFC 9110, section 10.2.3): seconds, of
// which a fraction is rounded up, or the time until a date, measured from the response's own Date if it has one, else
// from now. It returns 0 if the response asks for nothing, for a time that is over, or for what is neither.
func RetryAfter(header http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if seconds, ok := parseSeconds(value); ok {
		return seconds
	}
	until, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	if sent, err := http.ParseTime(header.Get("Date")); err == nil {
		now = sent
	}
	return max(0, until.Sub(now))
}

// parseSeconds parses digits, and maybe a fraction. More seconds than fit 31 bits are as many as fit.
func parseSeconds(value string) (time.Duration, bool) {
	whole, fraction, hasFraction := strings.Cut(value, ".")
	if !isDigits(whole) || hasFraction && !isDigits(fraction) {
		return 0, false
	}
	seconds, err := strconv.ParseUint(whole, 10, 31)
	if strings.Trim(fraction, "0") != "" && !errors.Is(err, strconv.ErrRange) {
		seconds++
	}
	return time.Duration(seconds) * time.Second, true
}

func isDigits(text string) bool { return text != "" && strings.Trim(text, "0123456789") == "" }
