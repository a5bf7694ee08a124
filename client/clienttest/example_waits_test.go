package clienttest_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/client/clienttest"
)

// offline responds with handlers, one a request.
type offline []http.HandlerFunc

func (o *offline) RoundTrip(req *http.Request) (*http.Response, error) {
	recorder := httptest.NewRecorder()
	(*o)[0](recorder, req)
	*o = (*o)[1:]
	return recorder.Result(), nil
}

func TestWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport := &offline{clienttest.RateLimited(30 * time.Second), clienttest.Error(http.StatusPaymentRequired)}
		c, err := client.New("sk_test", client.WithHTTPClient(&http.Client{Transport: transport}))
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		_, err = c.RunInputs(t.Context(), "wf_1", map[string]any{"topic": "dogs"})
		if !errors.Is(err, client.ErrPaymentRequired) || time.Since(start) != 30*time.Second {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
	})
}
