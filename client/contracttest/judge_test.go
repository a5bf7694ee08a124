package contracttest

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client/contracttest/internal/wire"
)

func TestAResponseThatSwitchesProtocolsBreaksTheContract(t *testing.T) {
	t.Parallel()
	target := testTarget()
	target.Handler = http.NotFoundHandler()
	r, err := newRunner(target)
	require.NoError(t, err)
	findings := r.judge.judge(r.checks[0], &wire.Response{Status: http.StatusSwitchingProtocols, Method: http.MethodPost})
	assert.Equal(t, LevelContract, findings[0].level)
}
