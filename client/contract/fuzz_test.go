package contract_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/api"
	"github.com/aitutor-api/aitutor-go/client/contract"
)

// addExamples adds the spec's examples, and what is odd about JSON, to a corpus.
func addExamples(add func(body []byte)) {
	for _, example := range api.Document().Components.Examples {
		body, err := json.Marshal(example.Value.Value)
		if err != nil {
			panic(err)
		}
		add(body)
		add(append([]byte("\uFEFF"), body...))
		add(append(body, ' ', '{'))
		add(bytes.Replace(body, []byte("true"), []byte("false"), 1))
		add(body[:len(body)/2])
	}
	for _, odd := range []string{
		"", "null", "[]", `""`, "1", "NaN", "{", `{"success":true}`, `{"success":true,"result":"a","result":"b"}`,
		"{\"success\":true,\"result\":\"\xff\"}", `{"success":true,"result":"\ud83d"}`,
		`{"success":true,"result":"","n":1e999}`,
		`{"success":true,"result":"{\"a\":1}","output":null}`, `{"success":true,"result":"a","output":{"b":1}}`,
		`{"success":true,"run_id":"r","status":"s","output":{},"result":"b","citations":["c"]}`,
		`{"success":false,"error":{"message":"m","code":5}}`, `{"success":false,"error":["m"]}`,
		`{"Success":true,"RESULT":"a"}`,
		strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000), strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001),
	} {
		add([]byte(odd))
	}
}

// FuzzValidatorAgainstKinOpenAPI gives the verdict of kin-openapi's filter on any response, unless JSON itself is
// broken.
func FuzzValidatorAgainstKinOpenAPI(f *testing.F) {
	addExamples(func(body []byte) {
		f.Add(200, "application/json", "10", "9", body)
		f.Add(500, "application/json; charset=utf-8", "", "", body)
		f.Add(200, "Application/JSON", "-1", "1.5", body)
	})
	document := api.Document()
	const template = "/api/v1/run/{workflow_id}"
	item := document.Paths.Find(template)
	route := &routers.Route{Spec: document, Path: template, PathItem: item, Method: http.MethodPost, Operation: item.Post}
	f.Fuzz(func(t *testing.T, status int, contentType, limit, remaining string, body []byte) {
		header := http.Header{"Content-Type": {contentType}}
		for name, value := range map[string]string{"X-Ratelimit-Limit": limit, "X-Ratelimit-Remaining": remaining} {
			if value != "" {
				header.Set(name, value)
			}
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://aitutor-api.vercel.app/api/v1/run/wf_1",
			nil)
		require.NoError(t, err)
		theirs := openapi3filter.ValidateResponse(t.Context(), (&openapi3filter.ResponseValidationInput{
			RequestValidationInput: &openapi3filter.RequestValidationInput{Request: req, Route: route},
			Status:                 status, Header: header, Options: &openapi3filter.Options{IncludeResponseStatus: true},
		}).SetBodyBytes(body))
		res := &http.Response{StatusCode: status, Header: header, Request: req, Body: io.NopCloser(bytes.NewReader(body))}
		ours := contract.Default().ValidateResponse(res)
		again, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		assert.Equal(t, string(body), string(again), "the body is left readable")
		switch {
		case status < 200 || status == 301 || status == 304 || status == 307 || status == 308: // a departure
		case isBrokenJSON(body) && strings.Contains(strings.ToLower(contentType), "json"):
			assert.Error(t, ours, "JSON that is broken in itself")
		default:
			assert.Equal(t, theirs == nil, ours == nil, "kin-openapi: %v\nthis package: %v", theirs, ours)
		}
	})
}

// isBrokenJSON finds, with encoding/json, what that lets through: duplicate names, invalid UTF-8, trailing data.
func isBrokenJSON(body []byte) bool {
	if !utf8.Valid(body) || !json.Valid(body) {
		return true
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	return hasDuplicates(decoder)
}

func hasDuplicates(decoder *json.Decoder) bool {
	token, err := decoder.Token()
	if err != nil {
		return true
	}
	names := make(map[string]bool)
	switch token {
	case json.Delim('{'):
		for decoder.More() {
			name, err := decoder.Token()
			text, ok := name.(string)
			if err != nil || !ok || names[text] || hasDuplicates(decoder) {
				return true
			}
			names[text] = true
		}
	case json.Delim('['):
		for decoder.More() {
			if hasDuplicates(decoder) {
				return true
			}
		}
	default:
		return false
	}
	_, err = decoder.Token()
	return err != nil
}

// FuzzSchemaAndBody changes a schema and a body together. Whatever they are, judging takes little time and memory; and
// the verdict on what JSON Schema 2020-12 knows is that of santhosh-tekuri/jsonschema.
func FuzzSchemaAndBody(f *testing.F) {
	for _, seed := range [][2]string{
		{`{"type":"object","required":["a"],"properties":{"a":{"type":["string","null"],"maxLength":2}}}`, `{"a":"xyz"}`},
		{`{"$ref":"#/components/schemas/S","anyOf":[{"type":"array","items":{"$ref":"#/components/schemas/S"}},{"type":"null"}]}`, `[[null,[]]]`},
		{`{"oneOf":[{"allOf":[{"const":1},{"enum":[1,2]}]},{"not":{"type":"integer"},"minimum":0.5}]}`, `1.0`},
		{`{"prefixItems":[{"uniqueItems":true}],"items":false,"contains":{"minItems":1},"unevaluatedItems":{}}`,
			`[[1,1.0],2]`},
		{`{"patternProperties":{"^x":{"type":"number","multipleOf":0.1}},"additionalProperties":false,"propertyNames":{"maxLength":3}}`, `{"x":0.3,"y":1}`},
		{`{"if":{"required":["a"]},"then":{"dependentRequired":{"a":["b"]}},"else":{"minProperties":1},"unevaluatedProperties":false}`, `{"a":1}`},
		{`{"properties":{"a":{"$ref":"#/components/schemas/S"}},"allOf":[{"properties":{"a":{"$ref":"#/components/schemas/S"}}}]}`, `{"a":{"a":{"a":5}}}`},
		{`{"type":"integer","nullable":true,"exclusiveMinimum":true,"minimum":5,"format":"int32"}`, `5`},
	} {
		f.Add([]byte(seed[0]), []byte(seed[1]))
	}
	f.Fuzz(func(t *testing.T, schema, body []byte) {
		if len(schema) > 4096 || len(body) > 4096 || isBrokenJSON(schema) || isBrokenJSON(body) ||
			bytes.TrimSpace(schema)[0] != '{' {
			t.Skip("too long, or not JSON")
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "/x", nil)
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/json")
		for _, version := range []string{"3.0.3", "3.1.0"} {
			v, err := contract.New(fmt.Appendf(nil,
				`{"openapi":%q,"info":{"title":"T","version":"1"},"paths":{"/x":{"post":{"requestBody":{"content":
				{"application/json":{"schema":{"$ref":"#/components/schemas/S"}}}},"responses":{"200":{"description":"D"}}}}},"components":{"schemas":{"S":%s}}}`, version, schema))
			if err != nil {
				continue
			}
			var ours error
			took := allocated(func() { ours = v.CheckRequest(req, body) })
			assert.Less(t, took, uint64(100<<20), "the memory for a body of %d bytes", len(body))
			if theirs, ok := judgeWithLibrary(schema, body); ok && version == "3.1.0" && len(v.Warnings()) == 0 &&
				(ours == nil || !strings.Contains(ours.Error(), "too deeply")) {
				assert.Equal(t, theirs == nil, ours == nil, "the library: %v\nthis package: %v", theirs, ours)
			}
		}
	})
}

// judgeWithLibrary judges a body by the library alone, if the schema has nothing that OpenAPI means otherwise.
func judgeWithLibrary(schema, body []byte) (err error, ok bool) {
	for _, word := range []string{"$", "format", "attern", "Only", "\\", "regex"} {
		if bytes.Contains(schema, []byte(word)) {
			return err, false
		}
	}
	if regexp.MustCompile(`[0-9][eE]|[0-9]{17}|[0-9.]{20}`).Match(body) {
		return err, false
	}
	compiler := jsonschema.NewCompiler()
	decoded, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil || compiler.AddResource("file:///s.json", decoded) != nil {
		return err, false
	}
	compiled, err := compiler.Compile("file:///s.json")
	if err != nil {
		return err, false
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err, false
	}
	return compiled.Validate(value), true
}
