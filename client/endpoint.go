package client

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/aitutor-api/aitutor-go/api"
)

// server is the base URL for the generated request builder; where base is nil, the contract's server.
func server(base *url.URL) (string, error) {
	if base == nil {
		servers := api.Document().Servers
		if len(servers) == 0 {
			return "", errors.New("the contract names no server: use WithBaseURL")
		}
		var err error
		if base, err = parseBaseURL(servers[0].URL); err != nil {
			return "", fmt.Errorf("the contract's server: %w", err)
		}
	}
	return strings.TrimRight(base.String(), "/") + "/", nil
}
