package contract_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/aitutor-api/aitutor-go/client/contract"
)

func Example() {
	req := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/api/v1/run/wf_1", nil)
	res := &http.Response{
		StatusCode: http.StatusOK, Request: req,
		Header: http.Header{"Content-Type": {"application/json"}},
		Body:   io.NopCloser(strings.NewReader(`{"success": true, "result": ["Once upon a time..."], "citations": [5]}`)),
	}

	err := contract.Default().ValidateResponse(res)
	if broken, ok := errors.AsType[*contract.Error](err); ok {
		for _, violation := range broken.Violations {
			fmt.Println(violation.In, violation.Pointer, "-", violation.Message)
		}
	}
	// Output:
	// body /citations/0 - value must be a string
	// body /result - value must be a string
}

func ExampleValidator_RoundTripper() {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()

	hc := &http.Client{Transport: contract.Default().RoundTripper(nil)}
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, server.URL+"/api/v1/run/wf_1", nil)
	if err != nil {
		log.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer key")
	_, err = hc.Do(req) // not sent
	if broken, ok := errors.AsType[*contract.Error](err); ok {
		fmt.Println(broken)
	}
	// Output:
	// request POST /api/v1/run/wf_1 breaks the contract: body: value is required but missing
}

const petsDocument = `
openapi: 3.1.0
info: {title: Pets, version: "1"}
paths:
  /pets/{id}:
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      responses:
        "200":
          description: A pet.
          content: {application/json: {schema: {type: object, required: [name], properties: {name: {type: string}}}}}
        "400":
          description: A bad request.
          content: {application/json: {schema: {type: object, required: [error], properties: {error: {type: string}}}}}
`

func ExampleNew() {
	validator, err := contract.New([]byte(petsDocument))
	if err != nil {
		log.Fatal(err)
	}
	req := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "https://pets.example.com/v2/pets/charlie", nil)
	fmt.Println(validator.ValidateRequest(req))
	// Output:
	// request GET /v2/pets/charlie breaks the contract: path id: an invalid integer
}

func ExampleValidator_Middleware() {
	validator, err := contract.New([]byte(petsDocument))
	if err != nil {
		log.Fatal(err)
	}
	pets := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"name": "Charlie"}`)
	})
	server := httptest.NewServer(validator.Middleware(pets))
	defer server.Close()

	for _, path := range []string{"/pets/5", "/pets/charlie"} {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, server.URL+path, nil)
		if err != nil {
			log.Fatal(err)
		}
		res, err := server.Client().Do(req)
		if err != nil {
			log.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		fmt.Println(res.StatusCode, string(body))
	}
	// Output:
	// 200 {"name": "Charlie"}
	// 400 {"error":"path id: an invalid integer"}
}

func ExampleWithReport() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, attr slog.Attr) slog.Attr {
			if attr.Key == slog.TimeKey { // so that the example prints the same each time
				return slog.Attr{}
			}
			return attr
		},
	}))
	validator, err := contract.New([]byte(petsDocument), contract.WithReport(func(ctx context.Context, broken *contract.Error) {
		logger.WarnContext(ctx, "contract", "broken", broken)
	}))
	if err != nil {
		log.Fatal(err)
	}
	cats := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"title": "Charlie"}`)
	})
	recorder := httptest.NewRecorder()
	validator.Middleware(cats).ServeHTTP(recorder, httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/pets/5", nil))
	fmt.Println(recorder.Code, recorder.Body)
	// Output:
	// level=WARN msg=contract broken.method=GET broken.path=/pets/5 broken.status=200 broken.violations="[body /name: property \"name\" is missing]"
	// 200 {"title": "Charlie"}
}

func ExampleValidator_ValidateResponse() {
	const recorded = "HTTP/1.1 401 Unauthorized\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n\r\nUnauthorized"

	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "https://aitutor-api.vercel.app/api/v1/run/wf_1", nil)
	if err != nil {
		log.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(strings.NewReader(recorded)), req)
	if err != nil {
		log.Fatal(err)
	}
	defer res.Body.Close()
	fmt.Println(contract.Default().ValidateResponse(res))
	// Output:
	// response 401 to POST /api/v1/run/wf_1 breaks the contract: content-type: unexpected value "text/plain", want application/json
}

func ExampleValidator_ValidateResponse_handler() {
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"success": false, "error": {"message": "Invalid API key"}}`)
	})

	req := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/api/v1/run/wf_1", nil)
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, req)
	res := recorder.Result()
	res.Request = req
	fmt.Println(contract.Default().ValidateResponse(res))
	// Output:
	// response 401 to POST /api/v1/run/wf_1 breaks the contract: body /error/code: property "code" is missing
}
