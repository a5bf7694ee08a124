package client

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEncode_LeavesOutInputsThatAreNotSet(t *testing.T) {
	type inputs struct { // as they are generated for optional properties
		Topic string `json:"topic"`
		Level int    `json:"level,omitempty"`
		Short bool   `json:"short,omitempty"`
	}
	encoded, err := encode(inputs{})
	require.NoError(t, err)
	assert.JSONEq(t, `{"topic":""}`, string(encoded))
}
