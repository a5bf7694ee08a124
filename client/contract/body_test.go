package contract_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client/contract"
)

func TestBodiesAreLeftReadable(t *testing.T) {
	v := runs()
	t.Run("a request keeps its length and GetBody", func(t *testing.T) {
		const body = `{"prompt":"a dog"}`
		req := newRequest(t, http.MethodPost, runURL, body)
		for range 3 {
			require.NoError(t, v.ValidateRequest(req))
		}
		assert.EqualValues(t, len(body), req.ContentLength)
		again, err := req.GetBody()
		require.NoError(t, err)
		for _, reader := range []io.ReadCloser{req.Body, again} {
			data, err := io.ReadAll(reader)
			require.NoError(t, err)
			assert.JSONEq(t, body, string(data))
		}
	})
	t.Run("an error in the middle comes again after the bytes, with its cause", func(t *testing.T) {
		failing := func() io.ReadCloser {
			return io.NopCloser(io.MultiReader(strings.NewReader(`{"success":true,`), iotest.ErrReader(context.Canceled)))
		}
		req := newRequest(t, http.MethodPost, runURL, "")
		req.Body = failing()
		res := &http.Response{StatusCode: http.StatusOK, Header: headerOf(), Request: req, Body: failing()}
		check := func(err error, body io.Reader) {
			found := violations(t, err)
			require.Len(t, found, 1)
			assert.Equal(t, "body", found[0].In)
			assert.Contains(t, found[0].Message, "could not be read")
			require.ErrorIs(t, err, context.Canceled, "a cancelled context is still to be seen")
			data, err := io.ReadAll(body)
			require.ErrorIs(t, err, context.Canceled)
			assert.Equal(t, `{"success":true,`, string(data))
		}
		err := v.ValidateRequest(req)
		check(err, req.Body)
		for range 2 {
			err = v.ValidateResponse(res)
			var failure *contract.Error
			require.ErrorAs(t, err, &failure)
			assert.Equal(t, `{"success":true,`, string(failure.Body))
		}
		check(err, res.Body)
	})
}

func TestABodyThatIsTooLongIsOneViolation(t *testing.T) {
	v, err := contract.New([]byte(runsSpec), contract.WithMaxBodyBytes(20))
	require.NoError(t, err)
	const tooLong = "body: is longer than 20 bytes (WithMaxBodyBytes)"
	for name, body := range map[string]string{
		"by one byte":   `{"prompt":"123456789"`,
		"by many":       `{"prompt":"` + strings.Repeat("x", 5000) + `"}`,
		"and not JSON":  strings.Repeat("<p>", 100),
		"to the buffer": strings.Repeat("x", 513),
	} {
		for _, length := range []int64{int64(len(body)), -1, 1 << 60} {
			t.Run(fmt.Sprintf("%s, Content-Length %d", name, length), func(t *testing.T) {
				original := &closeCounter{Reader: iotest.HalfReader(strings.NewReader(body))}
				req := newRequest(t, http.MethodPost, runURL, "")
				req.Body, req.ContentLength = original, length
				res := &http.Response{StatusCode: http.StatusOK, Header: headerOf(),
					Request: newRequest(t, http.MethodPost, runURL, ""),
					Body:    &closeCounter{Reader: strings.NewReader(body)}, ContentLength: length}
				for range 2 { // the second time the body is what the first has left
					for _, err := range []error{v.ValidateRequest(req), v.ValidateResponse(res)} {
						assert.Equal(t, []string{tooLong}, lines(t, err))
						failure, ok := errors.AsType[*contract.Error](err)
						require.True(t, ok)
						assert.Equal(t, body[:20], string(failure.Body), "the part that was read")
						assert.NoError(t, failure.Unwrap())
					}
				}
				for _, left := range []io.Reader{req.Body, res.Body} {
					data, err := io.ReadAll(left)
					require.NoError(t, err)
					assert.Equal(t, body, string(data), "the body is left whole")
				}
				assert.Zero(t, original.closed.Load(), "it is left open, to be read on")
				require.NoError(t, req.Body.Close())
				assert.Positive(t, original.closed.Load())
			})
		}
	}
	t.Run("not if it has just that length", func(t *testing.T) {
		req := newRequest(t, http.MethodPost, runURL, `{"prompt":"12345678"`)
		assert.Contains(t, lines(t, v.ValidateRequest(req))[0], "is not JSON")
	})
	t.Run("not if it is known", func(t *testing.T) {
		req := newRequest(t, http.MethodPost, runURL, "left alone")
		require.NoError(t, v.CheckRequest(req, []byte(`{"prompt":"12345678901234567890"}`)))
		res := &http.Response{StatusCode: http.StatusOK, Header: headerOf(), Request: req, Body: req.Body}
		require.NoError(t, v.CheckResponse(res, []byte(`{"success":true,"result":"12345678901234567890"}`)))
		body, err := io.ReadAll(req.Body)
		require.NoError(t, err)
		assert.Equal(t, "left alone", string(body))
	})
	t.Run("not with a limit beyond all bodies", func(t *testing.T) {
		v, err := contract.New([]byte(runsSpec), contract.WithMaxBodyBytes(math.MaxInt64))
		require.NoError(t, err)
		require.NoError(t, v.ValidateRequest(newRequest(t, http.MethodPost, runURL,
			`{"prompt":"`+strings.Repeat("x", 5000)+`"}`)))
	})
	t.Run("and needs a limit", func(t *testing.T) {
		for _, n := range []int64{0, -1} {
			_, err := contract.New([]byte(runsSpec), contract.WithMaxBodyBytes(n))
			require.ErrorContains(t, err, "WithMaxBodyBytes")
		}
		_, err := contract.New([]byte(runsSpec), contract.WithReport(nil))
		require.ErrorContains(t, err, "WithReport")
	})
}

func TestAnEndlessBodyTakesThreeTimesTheLimitOfMemory(t *testing.T) {
	res := &http.Response{StatusCode: http.StatusOK, Header: headerOf(),
		Request: newRequest(t, http.MethodPost, runURL, ""), ContentLength: -1,
		Body: io.NopCloser(endless{})}
	var err error
	took := allocated(func() { err = runs().ValidateResponse(res) })
	assert.Equal(t, []string{"body: is longer than 10485760 bytes (WithMaxBodyBytes)"}, lines(t, err))
	assert.LessOrEqual(t, took, uint64(3*10<<20))
}

// endless is a body without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
