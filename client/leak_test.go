package client_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/aitutor-api/aitutor-go/client"
)

// TestMain fails where a test leaves a goroutine behind: a connection that is still being read, say.
func TestMain(m *testing.M) { goleak.VerifyTestMain(closingMain{m}) }

// closingMain closes the idle connections of the default transport, which all Clients share, after the tests.
type closingMain struct{ m *testing.M }

func (c closingMain) Run() int {
	code := c.m.Run()
	if shared, err := client.New("test-key"); err == nil {
		shared.CloseIdleConnections()
	}
	return code
}
