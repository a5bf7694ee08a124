package exchange

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/aitutor-api/aitutor-go/client/internal/printable"
)

// ParseBaseURL parses the address of a service, which ends with a slash then. It returns an error for one that a key
// must not be sent to (plain http, unless the host is loopback), and for one with a user, a query or a fragment.
func ParseBaseURL(rawURL string) (*url.URL, error) {
	fail := func(problem string) (*url.URL, error) {
		return nil, fmt.Errorf("base URL %q: %s", redactUser(rawURL), problem)
	}
	base, err := url.Parse(rawURL)
	switch {
	case err != nil && strings.Contains(rawURL, "@"): // parts of a password may be in the error
		return fail("it cannot be parsed")
	case err != nil:
		if parse, ok := errors.AsType[*url.Error](err); ok {
			err = parse.Err
		}
		return fail("it cannot be parsed: " + printable.Clip(err.Error()))
	case base.Scheme != "https" && base.Scheme != "http":
		return fail("the scheme must be https (or http, for a loopback host)")
	case base.Hostname() == "":
		return fail("there is no host")
	case len(base.Port()) > 5 || base.Port() > "65535" && len(base.Port()) == 5:
		return fail("the port must be at most 65535")
	case base.User != nil:
		return fail("it must not contain a user")
	case base.RawQuery != "" || base.ForceQuery || base.Fragment != "":
		return fail("it must not contain a query or fragment")
	case base.Scheme == "http" && !isLoopback(base.Hostname()):
		return fail("plain http would send the key in the clear: use https")
	}
	base.Host = strings.TrimSuffix(strings.ToLower(base.Host), ":") // as net/http sends it
	return base.JoinPath("/"), nil
}

// redactUser takes what stands before an @ out of a URL: a password, maybe.
func redactUser(rawURL string) string {
	if at := strings.LastIndex(rawURL, "@"); at >= 0 {
		return "..." + rawURL[at:]
	}
	return rawURL
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
