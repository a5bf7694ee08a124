package contract_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
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
		"{\"success\":true,\"result\":\"\xff\"}", `{"success":true,"result":"\ud83d"}`, `{"success":true,"result":"","n":1e999}`,
		`{"success":true,"result":"{\"a\":1}","output":null}`, `{"success":true,"result":"a","output":{"b":1}}`,
		`{"success":true,"run_id":"r","status":"s","output":{},"result":"b","citations":["c"]}`,
		`{"success":false,"error":{"message":"m","code":5}}`, `{"success":false,"error":["m"]}`, `{"Success":true,"RESULT":"a"}`,
		strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000), strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001),
	} {
		add([]byte(odd))
	}
}

// FuzzValidatorAgainstKinOpenAPI gives the verdict of kin-openapi's filter on any response, unless JSON itself is broken.
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
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://aitutor-api.vercel.app/api/v1/run/wf_1", nil)
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
		case status == 301 || status == 304 || status == 307 || status == 308:
			assert.NoError(t, ours)
			assert.NoError(t, theirs)
		case isBrokenJSON(body):
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
