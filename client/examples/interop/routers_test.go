package interop_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client/contract"
)

const pets = `
openapi: 3.0.3
info: {title: Pets, version: "1"}
paths:
  /pets/{id}:
    put:
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}
      responses:
        '200': {description: The pet., content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}
        '400': {description: Refused., content: {application/json: {schema: {type: object}}}}
        '500': {description: Broken., content: {application/json: {schema: {type: object}}}}
components:
  schemas:
    Pet: {type: object, required: [name], properties: {name: {type: string}}}
`

// respond does what each router's handler does: it responds with a pet, or breaks the contract for one that is named
// so.
func respond(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Content-Type", "application/json")
	if strings.Contains(string(body), "broken") {
		body = []byte(`{"name": 1}`)
	}
	_, _ = w.Write(body)
}

func TestMiddlewareInARouter(t *testing.T) {
	gin.SetMode(gin.TestMode)
	validator, err := contract.New([]byte(pets))
	require.NoError(t, err)

	routers := map[string]http.Handler{}
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /pets/{id}", respond)
	routers["net/http"] = validator.Middleware(mux)

	chiRouter := chi.NewRouter()
	chiRouter.Use(validator.Middleware)
	chiRouter.Put("/pets/{id}", respond)
	routers["chi"] = chiRouter

	echoRouter := echo.New()
	echoRouter.Use(echo.WrapMiddleware(validator.Middleware))
	echoRouter.PUT("/pets/:id", echo.WrapHandler(http.HandlerFunc(respond)))
	routers["echo"] = echoRouter

	ginRouter := gin.New() // gin's middlewares are its own: the validator stands around the router
	ginRouter.PUT("/pets/:id", gin.WrapF(respond))
	routers["gin"] = validator.Middleware(ginRouter)

	for name, router := range routers {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(router)
			defer server.Close()
			for _, row := range []struct {
				path, body string
				want       int
			}{
				{"/pets/1", `{"name": "Charlie"}`, http.StatusOK},
				{"/pets/1", `{"name": 1}`, http.StatusBadRequest},
				{"/pets/one", `{"name": "Charlie"}`, http.StatusBadRequest},
				{"/pets/1", `{"name": "broken"}`, http.StatusInternalServerError},
			} {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, server.URL+row.path,
					strings.NewReader(row.body))
				require.NoError(t, err)
				req.Header.Set("Content-Type", "application/json")
				res, err := server.Client().Do(req)
				require.NoError(t, err)
				body, err := io.ReadAll(res.Body)
				require.NoError(t, err)
				require.NoError(t, res.Body.Close())
				assert.Equal(t, row.want, res.StatusCode, "%s %s: %s", row.path, row.body, body)
			}
		})
	}
}
