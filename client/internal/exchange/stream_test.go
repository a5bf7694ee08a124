package exchange

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestStream(t *testing.T) {
	same := func(err error) error { return err }
	newStream := func(body io.Reader, limit int64) (*Stream, *bool) {
		ended := false
		return NewStream(t.Context(), io.NopCloser(body), limit, same, func() { ended = true }), &ended
	}
	stream, ended := newStream(strings.NewReader("data: 1\n\n"), 9)
	got, err := io.ReadAll(stream)
	require.NoError(t, err)
	assert.Equal(t, "data: 1\n\n", string(got), "just the limit")
	assert.False(t, *ended)
	require.NoError(t, stream.Close())
	assert.True(t, *ended)

	stream, _ = newStream(strings.NewReader("data: 1\n\ndata: 2\n\n"), 9)
	got, err = io.ReadAll(stream)
	require.ErrorContains(t, err, "longer than 9 bytes")
	assert.Equal(t, "data: 1\n\n", string(got), "no more than the limit")
	_, err = stream.Read(make([]byte, 10))
	require.Error(t, err)
}

func TestStream_EndsWithItsContext(t *testing.T) {
	reader, _ := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	reason := errors.New("timed out")
	stream := NewStream(ctx, reader, 100, func(error) error { return reason }, cancel)
	cancel()
	_, err := stream.Read(make([]byte, 10))
	require.ErrorIs(t, err, reason)
	require.NoError(t, stream.Close())
}
