package exchange

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReadBody(t *testing.T) {
	const limit = 1000
	broken := errors.New("broken")
	text := func(n int) string { return strings.Repeat("x", n) }
	for _, test := range []struct {
		name    string
		body    io.Reader
		length  int64
		want    int
		err     error
		tooLong bool
	}{
		{name: "an empty body", body: strings.NewReader(""), length: 0},
		{name: "an empty body of unknown length", body: strings.NewReader(""), length: -1},
		{name: "a body", body: strings.NewReader(text(700)), length: 700, want: 700},
		{name: "a body of unknown length", body: strings.NewReader(text(700)), length: -1, want: 700},
		{name: "a body that comes byte by byte", body: iotest.OneByteReader(strings.NewReader(text(700))), length: -1,
			want: 700},
		{name: "a body whose end comes with its last bytes", body: iotest.DataErrReader(strings.NewReader(text(700))),
			length: 700, want: 700},
		{name: "a body that is longer than it says", body: strings.NewReader(text(700)), length: 3, want: 700},
		{name: "a body that is shorter than it says", body: strings.NewReader(text(3)), length: 700, want: 3},
		{name: "a body of just the limit", body: strings.NewReader(text(limit)), length: limit, want: limit},
		{name: "a body of just the limit, of unknown length", body: strings.NewReader(text(limit)), length: -1, want: limit},
		{name: "a byte more than the limit", body: strings.NewReader(text(limit + 1)), length: limit + 1, want: limit + 1,
			tooLong: true},
		{name: "much more than the limit", body: strings.NewReader(text(9 * limit)), length: -1, want: limit + 1,
			tooLong: true},
		{name: "a body that breaks", body: io.MultiReader(strings.NewReader("xxx"), iotest.ErrReader(broken)), length: 700,
			want: 3, err: broken},
		{name: "a body of which nothing comes, and no end", body: endlessNothing{}, length: -1, err: io.ErrNoProgress},
		{name: "a body that breaks at once", body: iotest.ErrReader(broken), length: -1, err: broken},
	} {
		data, err := ReadBody(test.body, test.length, limit)
		assert.Equal(t, text(test.want), string(data), test.name)
		tooLong, ok := errors.AsType[*TooLongError](err)
		assert.Equal(t, test.tooLong, ok, test.name)
		switch {
		case ok:
			assert.EqualValues(t, limit, tooLong.Limit, test.name)
			assert.EqualError(t, err, "longer than 1000 bytes")
		default:
			assert.Equal(t, test.err, err, test.name)
		}
	}
}

type endlessNothing struct{}

func (endlessNothing) Read([]byte) (int, error) { return 0, nil }

func TestReadBody_AllocatesLittleBeforeBytesCome(t *testing.T) {
	for name, test := range map[string]struct{ length, limit int64 }{
		"a gigabyte of which nothing comes":                   {1 << 30, 1 << 40},
		"more than there is, without a limit":                 {1<<63 - 1, 1<<63 - 1},
		"a gigabyte of which nothing comes, to a small limit": {1 << 30, 100},
	} {
		took := allocated(func() { _, _ = ReadBody(strings.NewReader("{"), test.length, test.limit) })
		assert.Less(t, took, uint64(80<<10), name)
	}
}

func TestReadBody_TakesTwiceTheBodyOfMemory(t *testing.T) {
	const size, limit = 3 << 20, 10 << 20
	for name, test := range map[string]struct {
		length int64
		most   uint64
	}{
		"of a known length":    {size, 2 * size},
		"of an unknown length": {-1, 2*limit + 64<<10},
	} {
		body := bytes.NewReader(make([]byte, size))
		took := allocated(func() {
			data, err := ReadBody(body, test.length, limit)
			assert.NoError(t, err)
			assert.Len(t, data, size)
		})
		assert.LessOrEqual(t, took, test.most, name)
	}
}

func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestReadResponse_ReadsNoBodyOfA101(t *testing.T) {
	body := &closing{Reader: iotest.ErrReader(errors.New("read"))}
	data, err := ReadResponse(t.Context(), &http.Response{StatusCode: http.StatusSwitchingProtocols, Body: body}, 10)
	require.ErrorIs(t, err, ErrSwitchedProtocols)
	assert.Empty(t, data)
	assert.True(t, body.closed)
}

func TestReadResponse_ClosesABodyThatIgnoresItsContext(t *testing.T) {
	reader, writer := io.Pipe()
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("the user went home")
	go func() {
		_, _ = io.WriteString(writer, "part")
		cancel(cause)
	}()
	data, err := ReadResponse(ctx, &http.Response{StatusCode: http.StatusOK, Body: reader, ContentLength: -1}, 100)
	require.Error(t, err)
	assert.Equal(t, "part", string(data))
}

func TestReadResponse_TakesNoEndForWholeThatItsCloseMade(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("the user went home")
	body := &endsAtClose{closed: make(chan struct{}), read: func() { cancel(cause) }}
	data, err := ReadResponse(ctx, &http.Response{StatusCode: http.StatusOK, Body: body, ContentLength: -1}, 100)
	require.ErrorIs(t, err, cause)
	assert.Empty(t, data)
}

type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error { c.closed = true; return nil }

// endsAtClose is a body that blocks until it is closed, and then says that it is at its end.
type endsAtClose struct {
	closed chan struct{}
	read   func()
}

func (b *endsAtClose) Read([]byte) (int, error) { b.read(); <-b.closed; return 0, io.EOF }

func (b *endsAtClose) Close() error {
	select {
	case <-b.closed:
	default:
		close(b.closed)
	}
	return nil
}
