// Package interop shows, by its tests, how the client works with what Go programs commonly use beside it: transports
// that trace, record, mock and limit, groups of goroutines, generated mocks, structured logs, and routers with the
// validator as a middleware. It is a separate module, so that the library gains no dependency.
package interop

import (
	"context"

	"github.com/aitutor-api/aitutor-go/client"
)

//go:generate go tool mockgen -source=interop.go -destination=mock_test.go -package=interop_test

// A Runner is what most code needs of a [client.Client].
type Runner interface {
	RunInputs(ctx context.Context, workflowID string, inputs any) (*client.Run, error)
}
