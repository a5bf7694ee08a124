package clienttest

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/api"
)

func TestABodyHasATimeLimit(t *testing.T) {
	service := newService(api.Document())
	service.bodyTime = time.Millisecond
	server := start(service)
	defer server.Close()
	writer := make(chan struct{})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/", blockedBody(writer))
	require.NoError(t, err)
	response, err := server.Client().Do(request)
	if err == nil {
		require.NoError(t, response.Body.Close())
	}
	close(writer)
	assert.Len(t, server.Requests(), 1)
}

// blockedBody is a body that ends when the channel is closed.
type blockedBody chan struct{}

func (b blockedBody) Read([]byte) (int, error) {
	<-b
	return 0, http.ErrBodyReadAfterClose
}
