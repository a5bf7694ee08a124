package client

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestInputsThatAreNotSetAreNotSent(t *testing.T) {
	type inputs struct { // as they are generated of optional properties
		Topic string `json:"topic"`
		Level int    `json:"level,omitempty"`
		Short bool   `json:"short,omitempty"`
	}
	encoded, err := marshal(inputs{})
	require.NoError(t, err)
	assert.JSONEq(t, `{"topic":""}`, string(encoded))
}
