package contract_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client/contract"
)

func TestValidatorLeavesBodiesReadable(t *testing.T) {
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
