package contract_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/api"
	"github.com/aitutor-api/aitutor-go/client/contract"
)

// benchBody is a body in memory, which can be read again.
type benchBody struct {
	*bytes.Reader
	data []byte
}

func newBenchBody(body string) io.ReadCloser {
	return benchBody{bytes.NewReader([]byte(body)), []byte(body)}
}

func (b benchBody) Close() error  { return nil }
func (b benchBody) Bytes() []byte { return b.data }

// BenchmarkValidate validates a request and its response, by the Validator and by openapi3filter with a router.
func BenchmarkValidate(b *testing.B) {
	request := requestExample(b)
	for _, size := range []struct {
		name  string
		bytes int
	}{{"100 B", 100}, {"4 KB", 4 << 10}, {"256 KB", 256 << 10}} {
		response := `{"success":true,"result":"` + strings.Repeat("x", size.bytes) + `"}`
		req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, runURL, http.NoBody)
		require.NoError(b, err)
		req.Header = http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer example-key"}}
		res := &http.Response{
			StatusCode: http.StatusOK, Request: req,
			Header: headerOf("X-Ratelimit-Limit", "10", "X-Ratelimit-Remaining", "9"),
		}
		b.Run(size.name+"/ours", func(b *testing.B) {
			v := contract.Default()
			req.Body, res.Body = newBenchBody(request), newBenchBody(response)
			b.ReportAllocs()
			for b.Loop() {
				require.NoError(b, v.ValidateRequest(req))
				require.NoError(b, v.ValidateResponse(res))
			}
		})
		b.Run(size.name+"/openapi3filter", func(b *testing.B) {
			document := *api.Document()
			document.Servers = nil
			router, err := legacy.NewRouter(&document)
			require.NoError(b, err)
			options := &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}
			b.ReportAllocs()
			for b.Loop() {
				req.Body = io.NopCloser(strings.NewReader(request))
				route, parameters, err := router.FindRoute(req)
				require.NoError(b, err)
				input := &openapi3filter.RequestValidationInput{Request: req, PathParams: parameters, Route: route, Options: options}
				require.NoError(b, openapi3filter.ValidateRequest(b.Context(), input))
				require.NoError(b, openapi3filter.ValidateResponse(b.Context(), &openapi3filter.ResponseValidationInput{
					RequestValidationInput: input, Status: res.StatusCode, Header: res.Header, Body: io.NopCloser(strings.NewReader(response)),
				}))
			}
		})
	}
}
