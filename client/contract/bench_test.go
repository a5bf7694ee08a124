package contract_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/api"
	"github.com/aitutor-api/aitutor-go/client/contract"
)

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
			request, response := []byte(request), []byte(response)
			b.ReportAllocs()
			for b.Loop() {
				require.NoError(b, v.CheckRequest(req, request))
				require.NoError(b, v.CheckResponse(res, response))
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
				input := &openapi3filter.RequestValidationInput{Request: req, PathParams: parameters, Route: route,
					Options: options}
				require.NoError(b, openapi3filter.ValidateRequest(b.Context(), input))
				require.NoError(b, openapi3filter.ValidateResponse(b.Context(), &openapi3filter.ResponseValidationInput{
					RequestValidationInput: input, Status: res.StatusCode, Header: res.Header,
					Body: io.NopCloser(strings.NewReader(response)),
				}))
			}
		})
	}
}

// BenchmarkAgainstKinOpenAPI compares the Validator with kin-openapi on the same input.
func BenchmarkAgainstKinOpenAPI(b *testing.B) {
	for _, c := range comparisons(b) {
		for who, do := range map[string]func(){"ours": c.ours, "kin-openapi": c.theirs} {
			b.Run(c.name+"/"+who, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					do()
				}
			})
		}
	}
}

// BenchmarkRatios prints how the two compare, as medians of rounds in which they take turns. Run it with -benchtime=1x.
func BenchmarkRatios(b *testing.B) {
	for b.Loop() {
		fmt.Print("\n| Validator against kin-openapi | Validator | kin-openapi | ratio |\n| --- | ---: | ---: | ---: |\n")
		for _, c := range comparisons(b) {
			var ours, theirs []time.Duration
			for range 5 {
				ours, theirs = append(ours, timeOf(c.ours)), append(theirs, timeOf(c.theirs))
			}
			slices.Sort(ours)
			slices.Sort(theirs)
			fmt.Printf("| %s | %v | %v | %.2f |\n", c.name, ours[2], theirs[2], float64(ours[2])/float64(theirs[2]))
		}
	}
}

// timeOf returns the time that do takes, over a tenth of a second.
func timeOf(do func()) time.Duration {
	start, n := time.Now(), 0
	for time.Since(start) < 100*time.Millisecond {
		do()
		n++
	}
	return time.Since(start) / time.Duration(n)
}

type comparison struct {
	name         string
	ours, theirs func()
}

// comparisons validates exchanges of both versions of OpenAPI, loads documents, and finds the operation of a request in
// documents of more and more paths.
func comparisons(b *testing.B) []comparison {
	b.Helper()
	var all []comparison
	run := `{"success":true,"result":"` + strings.Repeat("x", 100) + `"}`
	for _, c := range []struct {
		name          string
		spec          []byte
		method, url   string
		request, body string // of the request and of the response
	}{
		{"an exchange, OpenAPI 3.0", api.Spec, http.MethodPost, runURL, requestExample(b), run},
		{"an exchange, OpenAPI 3.1", as31(api.Spec), http.MethodPost, runURL, requestExample(b), run},
		{"a payment of 60 variants, OpenAPI 3.1", as31(payments(60)), http.MethodPost, "https://pay.example.com/payments",
			payment, `{"id":"p1"}`},
	} {
		all = append(all, exchangeComparison(b, c.name, c.spec, c.method, c.url, c.request, c.body))
	}
	for name, spec := range loadedDocuments() {
		all = append(all, comparison{"load " + name,
			func() { _, err := contract.New(spec); require.NoError(b, err) },
			func() { require.NoError(b, loadWithKinOpenAPI(spec)) },
		})
	}
	for _, paths := range []int{10, 100, 1000} {
		spec := manyPaths(paths, 1)
		req, err := http.NewRequestWithContext(b.Context(), http.MethodGet,
			fmt.Sprintf("https://api.example.com/v1/r%d/5", paths/2), nil)
		require.NoError(b, err)
		v, err := contract.New(spec)
		require.NoError(b, err)
		document, err := openapi3.NewLoader().LoadFromData(spec)
		require.NoError(b, err)
		router, err := gorillamux.NewRouter(document)
		require.NoError(b, err)
		res := &http.Response{StatusCode: http.StatusNotModified, Request: req} // is found, and then not validated
		all = append(all, comparison{fmt.Sprintf("look up in %d paths", paths),
			func() { require.NoError(b, v.ValidateResponse(res)) },
			func() { _, _, err := router.FindRoute(req); require.NoError(b, err) },
		})
	}
	return all
}

// exchangeComparison validates a request and its response.
func exchangeComparison(b *testing.B, name string, spec []byte, method, url, request, response string) comparison {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), method, url, http.NoBody)
	require.NoError(b, err)
	req.Header = http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer example-key"}}
	res := &http.Response{StatusCode: http.StatusOK, Request: req,
		Header: headerOf("X-Ratelimit-Limit", "10", "X-Ratelimit-Remaining", "9")}
	v, err := contract.New(spec)
	require.NoError(b, err)
	document, err := openapi3.NewLoader().LoadFromData(spec)
	require.NoError(b, err)
	document.Servers = nil
	router, err := legacy.NewRouter(document, openapi3.DisableExamplesValidation())
	require.NoError(b, err)
	options := &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}
	return comparison{name,
		func() {
			require.NoError(b, v.CheckRequest(req, []byte(request)))
			require.NoError(b, v.CheckResponse(res, []byte(response)))
		},
		func() {
			req.Body = io.NopCloser(strings.NewReader(request))
			route, parameters, err := router.FindRoute(req)
			require.NoError(b, err)
			input := &openapi3filter.RequestValidationInput{Request: req, PathParams: parameters, Route: route, Options: options}
			require.NoError(b, openapi3filter.ValidateRequest(b.Context(), input))
			require.NoError(b, openapi3filter.ValidateResponse(b.Context(), &openapi3filter.ResponseValidationInput{
				RequestValidationInput: input, Status: res.StatusCode, Header: res.Header,
				Body: io.NopCloser(strings.NewReader(response)),
			}))
		},
	}
}

// as31 returns a document of OpenAPI 3.0 as one of 3.1.
func as31(spec []byte) []byte { return bytes.Replace(spec, []byte("3.0.3"), []byte("3.1.0"), 1) }

const payment = `{"amount":{"value":1000,"currency":"EUR"},"reference":"order 5","merchantAccount":"shop","returnUrl":"https://shop.example.com/x",
	"lineItems":[{"id":"1","quantity":2,"amountIncludingTax":500,"description":"tea"}],"paymentMethod":{"type":"kind30","holder":"A. B.","f30":"x"}}`

// payments returns a document of a payment whose method is one of n variants, as in payment providers' documents.
func payments(n int) []byte {
	text := map[string]any{"type": "string", "maxLength": 200}
	variants, schemas := []any{}, map[string]any{}
	for i := range n {
		name := fmt.Sprintf("Method%d", i)
		schemas[name] = map[string]any{"type": "object", "required": []any{"type"}, "properties": map[string]any{
			"type": map[string]any{"type": "string", "enum": []any{fmt.Sprintf("kind%d", i)}}, "holder": text,
			fmt.Sprintf("f%d", i): text,
		}}
		variants = append(variants, map[string]any{"$ref": "#/components/schemas/" + name})
	}
	amount := map[string]any{"type": "object", "required": []any{"value", "currency"}, "properties": map[string]any{
		"value":    map[string]any{"type": "integer", "format": "int64"},
		"currency": map[string]any{"type": "string", "minLength": 3, "maxLength": 3},
	}}
	item := map[string]any{"type": "object",
		"properties": map[string]any{"id": text, "quantity": map[string]any{"type": "integer", "minimum": 1}}}
	content := map[string]any{"application/json": map[string]any{"schema": map[string]any{
		"type": "object", "required": []any{"amount", "reference", "merchantAccount", "paymentMethod"},
		"properties": map[string]any{
			"amount": amount, "reference": text, "merchantAccount": text, "returnUrl": text,
			"paymentMethod": map[string]any{"oneOf": variants},
			"lineItems":     map[string]any{"type": "array", "items": item},
		},
	}}}
	return document(map[string]any{"/payments": map[string]any{"post": map[string]any{
		"requestBody": map[string]any{"content": content},
		"responses":   map[string]any{"200": map[string]any{"description": "D"}},
	}}}, schemas)
}

// loadedDocuments returns documents that are hard to walk.
func loadedDocuments() map[string][]byte {
	return map[string][]byte{
		"the contract":                         api.Spec,
		"schemas that all refer to each other": mutualSchemas(60),
		"many paths and shared schemas":        manyPaths(120, 60),
		"the contract as OpenAPI 3.1":          as31(api.Spec),
	}
}

// loadWithKinOpenAPI loads and validates a document; the schemas of OpenAPI 3.1, which kin-openapi compiles for each
// exchange, are compiled once.
func loadWithKinOpenAPI(spec []byte) error {
	document, err := openapi3.NewLoader().LoadFromData(spec)
	if err != nil {
		return err
	}
	if document.IsOpenAPI31OrLater() {
		compile := func(content openapi3.Content) {
			for _, media := range content {
				if media.Schema != nil {
					_ = media.Schema.Value.VisitJSON(map[string]any{}, openapi3.EnableJSONSchema2020())
				}
			}
		}
		for _, item := range document.Paths.Map() {
			for _, op := range item.Operations() {
				if op.RequestBody != nil {
					compile(op.RequestBody.Value.Content)
				}
				for _, response := range op.Responses.Map() {
					compile(response.Value.Content)
				}
			}
		}
	}
	return document.Validate(context.Background(), openapi3.DisableExamplesValidation())
}

// mutualSchemas returns a document of n schemas, each of which has a property of every one.
func mutualSchemas(n int) []byte {
	schemas := make(map[string]any)
	for i := range n {
		properties := make(map[string]any)
		for j := range n {
			properties[fmt.Sprintf("p%d", j)] = map[string]any{"$ref": fmt.Sprintf("#/components/schemas/S%d", j)}
		}
		schemas[fmt.Sprintf("S%d", i)] = map[string]any{"type": "object", "properties": properties}
	}
	content := map[string]any{"application/json": map[string]any{"schema": map[string]any{"$ref": "#/components/schemas/S0"}}}
	post := map[string]any{
		"requestBody": map[string]any{"content": content},
		"responses":   map[string]any{"200": map[string]any{"description": "D", "content": content}},
	}
	return document(map[string]any{"/x": map[string]any{"post": post}}, schemas)
}

// manyPaths returns a document of n paths, each with its own schema of properties that are a text or one of shared
// schemas.
func manyPaths(n, shared int) []byte {
	paths, schemas := make(map[string]any), make(map[string]any)
	for i := range n {
		content := func(schema int) any {
			return map[string]any{"application/json": map[string]any{"schema": map[string]any{"$ref": fmt.Sprintf("#/components/schemas/S%d", schema%shared)}}}
		}
		paths[fmt.Sprintf("/v1/r%d/{id}", i)] = map[string]any{"get": map[string]any{
			"parameters": []any{map[string]any{"name": "id", "in": "path", "required": true,
				"schema": map[string]any{"type": "string"}}},
			"responses": map[string]any{
				"200":     map[string]any{"description": "D", "content": content(i)},
				"default": map[string]any{"description": "E", "content": content(i + 1)},
			},
		}}
	}
	for i := range shared {
		properties := map[string]any{"id": map[string]any{"type": "string", "maxLength": 5000}}
		for j := range 12 {
			properties[fmt.Sprintf("p%d", j)] = map[string]any{"nullable": true, "anyOf": []any{
				map[string]any{"type": "string"},
				map[string]any{"$ref": fmt.Sprintf("#/components/schemas/S%d", (7*i+13*j+1)%shared)},
			}}
		}
		schemas[fmt.Sprintf("S%d", i)] = map[string]any{"type": "object", "required": []any{"id"}, "properties": properties}
	}
	return document(paths, schemas)
}

func document(paths, schemas map[string]any) []byte {
	spec, err := json.Marshal(map[string]any{
		"openapi": "3.0.3", "info": map[string]any{"title": "T", "version": "1"}, "paths": paths,
		"components": map[string]any{"schemas": schemas},
	})
	if err != nil {
		panic(err)
	}
	return spec
}
