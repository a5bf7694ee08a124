package openapi_test

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
)

// content returns the content of a request body in YAML.
func content(t *testing.T, text string) openapi3.Content {
	t.Helper()
	document := load(t, "3.0.3", "paths: {/a: {post: {requestBody: {content: "+text+
		"}, responses: {default: {description: Any}}}}}\n")
	return openapi.Operations(document)[0].RequestBody.Value.Content
}

func TestBodies(t *testing.T) {
	var got []string
	for _, body := range openapi.Bodies(content(t, `{
		text/csv: {}, application/json: {schema: {type: object}}, 'application/vnd.b+json; v=1': {}, application/x-www-form-urlencoded: {}, multipart/form-data: {},
		application/octet-stream: {schema: {type: string, format: binary}}, image/*: {}, text/*: {}, '*/*': {schema: {type: object}}, application/a+json: {schema: {type: string, format: binary}}}`)) {
		got = append(got, body.ContentType+" "+map[openapi.Kind]string{
			openapi.KindJSON: "JSON", openapi.KindForm: "form", openapi.KindMultipart: "multipart", openapi.KindText: "text",
		}[body.Kind()])
	}
	assert.Equal(t, []string{
		"application/json JSON", "application/json JSON", "application/vnd.b+json; v=1 JSON",
		"application/a+json text", "application/octet-stream text", "application/x-www-form-urlencoded form",
		"image/png text",
		"multipart/form-data multipart", "text/plain text", "text/csv text",
	}, got)
}

func TestEncode(t *testing.T) {
	object := map[string]any{"a": "x y", "b": []any{1, 2}, "c": map[string]any{"d": true}}
	for _, test := range []struct {
		name, content string
		value         any
		want          string
	}{
		{"JSON", `{application/json: {}}`, object, `{"a":"x y","b":[1,2],"c":{"d":true}}`},
		{"problem JSON", `{application/problem+json: {}}`, "text", `"text"`},
		{"a form", `{application/x-www-form-urlencoded: {}}`, object, `a=x+y&b=1&b=2&c=%7B%22d%22%3Atrue%7D`},
		{"a form with styles", `{application/x-www-form-urlencoded: {encoding: {b: {style: form, explode: false}, c: {style: deepObject}}}}`, object, `a=x+y&b=1,2&c%5Bd%5D=true`},
		{"a text", `{text/plain: {}}`, "a text", "a text"},
		{"a number as text", `{text/plain: {}}`, 12, "12"},
		{"bytes", `{application/octet-stream: {}}`, "\x00", "\x00"},
		{"an event", `{text/event-stream: {}}`, object, "data: {\"a\":\"x y\",\"b\":[1,2],\"c\":{\"d\":true}}\n\n"},
		{"events", `{text/event-stream: {}}`, "data: a\n\ndata: b\n\n", "data: a\n\ndata: b\n\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			body := openapi.Bodies(content(t, test.content))[0]
			contentType, data, err := body.Encode(test.value)
			require.NoError(t, err)
			assert.Equal(t, body.ContentType, contentType)
			assert.Equal(t, test.want, string(data))
		})
	}
}

func TestEncode_Multipart(t *testing.T) {
	body := openapi.Bodies(content(t, `{multipart/form-data: {
		schema: {type: object, properties: {file: {type: string, format: binary}, files: {type: array, items: {type: string, format: binary}}, picture: {type: string, format: binary}, meta: {type: object}, n: {type: integer}}},
		encoding: {picture: {contentType: 'image/png, image/jpeg'}}}}`))[0]
	contentType, data, err := body.Encode(map[string]any{
		"file": "bytes", "files": []any{"1", "2"}, "picture": "png", "meta": map[string]any{"a": 1}, "n": 5,
	})
	require.NoError(t, err)
	mediaType, parameters, err := mime.ParseMediaType(contentType)
	require.NoError(t, err)
	assert.Equal(t, "multipart/form-data", mediaType)
	reader := multipart.NewReader(strings.NewReader(string(data)), parameters["boundary"])
	var got []string
	for {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		text, err := io.ReadAll(part)
		require.NoError(t, err)
		got = append(got, strings.Join([]string{part.FormName(), part.FileName(), part.Header.Get("Content-Type"),
			string(text)}, "|"))
	}
	assert.Equal(t, []string{
		"file|file|application/octet-stream|bytes", "files|files|application/octet-stream|1",
		"files|files|application/octet-stream|2",
		`meta||application/json|{"a":1}`, "n|||5", "picture|picture|image/png|png",
	}, got)
}

func TestEncode_WhatIsNoObjectIsNoForm(t *testing.T) {
	for _, contentType := range []string{"application/x-www-form-urlencoded", "multipart/form-data"} {
		_, _, err := openapi.Bodies(content(t, "{"+contentType+": {}}"))[0].Encode("text")
		assert.ErrorContains(t, err, "is made of an object")
	}
}
