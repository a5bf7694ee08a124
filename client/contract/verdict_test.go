package contract_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client/contract"
)

// validatorOf returns the Validator of a document with paths.
func validatorOf(t *testing.T, version, paths string, opts ...contract.Option) *contract.Validator {
	t.Helper()
	v, err := contract.New(fmt.Appendf(nil, "openapi: %s\ninfo: {title: T, version: '1'}\npaths:\n%s", version, paths),
		opts...)
	require.NoError(t, err)
	return v
}

// bodySpec returns a path with a JSON body of a schema.
func bodySpec(schema string) string {
	return "  /x: {post: {requestBody: {content: {application/json: {schema: " + schema +
		"}}}, responses: {'200': {description: D, content: {application/json: {schema: " + schema + "}}}}}}\n"
}

func TestVerdictsOfJSONSchema(t *testing.T) {
	const (
		readOnly = `{type: object, required: [id, name], properties: {id: {type: string, readOnly: true}, name: {type: string}, key: {type: string, writeOnly: true}}}`
		byRef    = `{allOf: [{type: object, required: [id]}, {properties: {id: {type: string, readOnly: true}}}]}`
	)
	tests := []struct {
		name, schema, body string
		want               []string
	}{
		{"null for a property without a type", `{type: object, properties: {a: {}}}`, `{"a":null}`, nil},
		{"null in an enum", `{enum: [a, null]}`, `null`, nil},
		{"null that an enum lacks", `{enum: [a]}`, `null`, []string{`body: value is not one of the allowed values ["a"]`}},
		{"null as a constant", `{const: null}`, `null`, nil},
		{"another constant", `{const: null}`, `0`, []string{"body: value must be null"}},
		{"a constant", `{const: "a"}`, `"b"`, []string{`body: value must be "a"`}},
		{"definitions of its own", `{$ref: "#/components/schemas/None"}`, `1`, nil},
		{"a property that a request does not have", readOnly, `{"name":"x"}`, nil},
		{"and one that it lacks", readOnly, `{"id":"x"}`, []string{`body /name: property "name" is missing`}},
		{"a property that a request does not have, in another part", byRef, `{}`, nil},
		{"what nothing has described", `{allOf: [{properties: {a: {}}}], unevaluatedProperties: false}`, `{"a":1,"b":2}`,
			[]string{"body /b: the false schema accepts no value"}},
		{"items that nothing has described", `{prefixItems: [{}], unevaluatedItems: false}`, `[1,2]`,
			[]string{"body /1: the false schema accepts no value"}},
		{"a dependency", `{dependentRequired: {a: [b]}}`, `{"a":1}`,
			[]string{`body /b: property "b" is missing, which "a" needs`}},
		{"numbers that are equal", `{uniqueItems: true}`, `[1,1.0]`, []string{"body: duplicate items found"}},
		{"a number and its text", `{uniqueItems: true}`, `[1,"1",["1"],[1]]`, nil},
		{"a condition", `{if: {required: [a]}, then: {required: [b]}, else: {required: [c]}}`, `{"a":1}`,
			[]string{`body /b: property "b" is missing`}},
		{"an int64 that is one too large", `{type: integer, format: int64}`, `9223372036854775808`,
			[]string{`body: integer doesn't match the format "int64" (value should be between -9223372036854775808 and 9223372036854775807)`}},
		{"the largest int64", `{type: integer, format: int64}`, `9223372036854775807`, nil},
		{"a date", `{type: string, format: date}`, `"2026-02-30"`,
			[]string{`body: string doesn't match the format "date" (parsing time "2026-02-30": day out of range)`}},
		{"a format that is not judged", `{type: string, format: uuid}`, `"x"`, nil},
		{"a name that a pattern that is not judged may mean",
			`{patternProperties: {'^(?!x)': {}}, additionalProperties: false}`, `{"a":1}`, nil},
		{"an anchor of another schema", `{$ref: "#whole"}`, `"x"`, []string{"body: value must be an integer"}},
		{"a property that a request does not have, in a variant",
			`{required: [id], anyOf: [{properties: {id: {readOnly: true}}}]}`, `{}`, nil},
		{"two types", `{type: [string, integer]}`, `1.5`, []string{"body: value must be an integer or a string"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			spec := bodySpec(test.schema) +
				"components: {schemas: {None: {$defs: {a: {$anchor: whole, type: integer}}, $ref: '#/components/schemas/None/$defs/a'}}}\n"
			v := validatorOf(t, "3.1.0", spec)
			if !strings.Contains(test.schema, "(?") {
				assert.Empty(t, v.Warnings())
			}
			assert.Equal(t, test.want, lines(t, v.ValidateRequest(newRequest(t, http.MethodPost, "/x", test.body))))
		})
	}
	t.Run("what a response does not have is not required in it", func(t *testing.T) {
		v := validatorOf(t, "3.1.0", bodySpec(`{required: [key], properties: {key: {writeOnly: true}}}`))
		require.NoError(t, validateResponse(v, newRequest(t, http.MethodPost, "/x", ""), 200, `{}`))
		require.Error(t, v.ValidateRequest(newRequest(t, http.MethodPost, "/x", `{}`)))
	})
	t.Run("an int64 of OpenAPI 3.0 is exact too", func(t *testing.T) {
		v := validatorOf(t, "3.0.3", bodySpec(`{type: integer, format: int64}`))
		require.NoError(t, v.ValidateRequest(newRequest(t, http.MethodPost, "/x", `9223372036854775807`)))
		require.Error(t, v.ValidateRequest(newRequest(t, http.MethodPost, "/x", `9223372036854775808`)))
	})
}

func TestReferencesToReferencesAreFollowed(t *testing.T) {
	const components = `
components:
  pathItems: {A: {post: {parameters: [{$ref: '#/components/parameters/A'}], requestBody: {$ref: '#/components/requestBodies/A'}, responses: {'200': {$ref: '#/components/responses/A'}}}}}
  parameters: {A: {$ref: '#/components/parameters/B'}, B: {name: a, in: query, schema: {type: integer}}}
  requestBodies: {A: {$ref: '#/components/requestBodies/B'}, B: {content: {application/json: {schema: {type: object, required: [a]}}}}}
  responses: {A: {$ref: '#/components/responses/B'}, B: {description: D, headers: {X-A: {$ref: '#/components/headers/A'}}, content: {application/json: {schema: {type: object, required: [a]}}}}}
  headers: {A: {$ref: '#/components/headers/B'}, B: {schema: {type: integer}}}
`
	v := validatorOf(t, "3.1.0", "  /x: {$ref: '#/components/pathItems/A'}\n"+components)
	assert.Empty(t, v.Warnings())
	req := newRequest(t, http.MethodPost, "/x?a=b", `{}`)
	assert.Equal(t, []string{"query a: an invalid integer", `body /a: property "a" is missing`},
		lines(t, v.ValidateRequest(req)))
	res := &http.Response{StatusCode: http.StatusOK, Request: req,
		Header: headerOf("Content-Type", "application/json", "X-A", "b")}
	assert.Equal(t, []string{"header X-A: an invalid integer", `body /a: property "a" is missing`},
		lines(t, v.CheckResponse(res, []byte(`{}`))))
}

func TestDefinitionsOfASchemaThatAGeneratorHasPutIntoTheDocumentAreFound(t *testing.T) {
	v := validatorOf(t, "3.1.0", bodySpec(`{$defs: {A: {type: integer}, B: {properties: {a: {$ref: '#/$defs/A'}}}}, properties: {b: {$ref: '#/$defs/B'}, c: {type: array, items: [{type: string}]}}}`))
	assert.Equal(t, []string{"/paths/~1x/post/requestBody/content/application~1json/schema/properties/c/items is not judged: it is not as JSON Schema 2020-12 has it",
		"/paths/~1x/post/responses/200/content/application~1json/schema/properties/c/items is not judged: it is not as JSON Schema 2020-12 has it"}, v.Warnings())
	assert.Equal(t, []string{"body /b/a: value must be an integer"},
		lines(t, v.ValidateRequest(newRequest(t, http.MethodPost, "/x", `{"b":{"a":"x"}}`))))
}

func TestNewTakesWhatItCanUse(t *testing.T) {
	tests := []struct {
		name, version, rest string
		warning             string // "": none
	}{
		{"an unknown keyword", "3.0.3", bodySpec(`{type: object, unheard: of}`), "unheard"},
		{"an unknown keyword in 3.1", "3.1.0", bodySpec(`{type: object, unheard: of}`), ""},
		{"a lookahead", "3.0.3", bodySpec(`{type: string, pattern: '^(?!x)'}`), `the pattern "^(?!x)" is not judged`},
		{"a lookahead in 3.1", "3.1.0", bodySpec(`{type: string, pattern: '^(?!x)', maxLength: 3}`),
			`the pattern "^(?!x)" is not judged`},
		{"a repetition of 2,000", "3.1.0", bodySpec(`{type: string, pattern: '.{1,2000}'}`), "is not judged"},
		{"a back reference", "3.1.0", bodySpec(`{type: string, pattern: '(a)\1'}`), "is not judged"},
		{"a code point", "3.0.3", bodySpec(`{type: string, pattern: '^\u00e9?'}`), ""},
		{"$recursiveRef", "3.1.0", bodySpec(`{$recursiveRef: "#"}`), ""},
		{"a default that its schema refuses", "3.0.3", bodySpec(`{type: integer, default: x}`), "default"},
		{"path items in the components", "3.1.0",
			bodySpec(`{}`) + "components: {pathItems: {a: {get: {responses: {'200': {description: D}}}}}}\n", ""},
		{"a bound as OpenAPI 3.0 has it, in 3.1", "3.1.0", bodySpec(`{type: integer, minimum: 1, exclusiveMinimum: true}`),
			"exclusiveMinimum"},
		{"no description of a response", "3.0.3", "  /x: {get: {responses: {'200': {}}}}\n", "description"},
		{"a parameter that is not in the path", "3.0.3",
			"  /x: {get: {parameters: [{name: a, in: path, required: true, schema: {type: string}}], responses: {'200': {description: D}}}}\n", "a"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v := validatorOf(t, test.version, test.rest)
			if test.warning == "" {
				assert.Empty(t, v.Warnings())
			} else {
				assert.Contains(t, strings.Join(v.Warnings(), "\n"), test.warning)
			}
			_ = v.ValidateRequest(newRequest(t, http.MethodPost, "/x", `"x"`))
		})
	}
	t.Run("a document without info", func(t *testing.T) {
		v, err := contract.New([]byte("openapi: 3.0.3\npaths: {}"))
		require.NoError(t, err)
		assert.Contains(t, strings.Join(v.Warnings(), "\n"), "info")
	})
	t.Run("but not OpenAPI 3.2", func(t *testing.T) {
		_, err := contract.New([]byte(`{"openapi": "3.2.0", "info": {"title": "T", "version": "1"}, "paths": {}}`))
		require.EqualError(t, err, "new validator: the document is of OpenAPI 3.2.0; OpenAPI 3.0 and 3.1 are supported (openapi: 3.0.3)")
	})
}

// startsWith is an engine that knows one kind of lookahead.
type startsWith string

func (s startsWith) MatchString(text string) bool { return !strings.HasPrefix(text, string(s)) }

func TestAnotherEngineJudgesPatterns(t *testing.T) {
	engine := func(pattern string) (openapi3.RegexMatcher, error) {
		if inner, ok := strings.CutPrefix(pattern, "^(?!"); ok {
			return startsWith(strings.TrimSuffix(inner, ")")), nil
		}
		return regexp.Compile(pattern)
	}
	for _, version := range []string{"3.0.3", "3.1.0"} {
		v := validatorOf(t, version, bodySpec(`{type: string, pattern: '^(?!x)'}`), contract.WithRegexp(engine))
		assert.Empty(t, v.Warnings())
		require.NoError(t, v.ValidateRequest(newRequest(t, http.MethodPost, "/x", `"y"`)))
		found := violations(t, v.ValidateRequest(newRequest(t, http.MethodPost, "/x", `"xy"`)))
		assert.Equal(t, []contract.Violation{{In: "body", Keyword: "pattern",
			Message: `string doesn't match the regular expression "^(?!x)"`}}, found)
	}
	_, err := contract.New(nil, contract.WithRegexp(nil))
	require.ErrorContains(t, err, "WithRegexp")
	_, err = contract.New(nil, contract.WithErrorHandler(nil))
	require.ErrorContains(t, err, "WithErrorHandler")
}

// untouchable is a body that must not be read.
type untouchable struct{ t *testing.T }

func (u untouchable) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.ErrUnexpectedEOF
}

func (untouchable) Close() error { return nil }

func TestWhatIsNotDecodedIsLeftAlone(t *testing.T) {
	types := []string{
		"text/html", "application/xml", "application/pdf", "image/png", "text/event-stream", "application/x-ndjson",
		"application/octet-stream",
		"multipart/mixed", "application/zip", "video/mp4",
	}
	for _, mediaType := range types {
		t.Run(mediaType, func(t *testing.T) {
			content := "{'" + mediaType + "': {schema: {type: object, required: [a]}}}"
			v := validatorOf(t, "3.0.3",
				"  /x: {post: {requestBody: {content: "+content+"}, responses: {'200': {description: D, content: "+content+"}}}}\n")
			req := newRequest(t, http.MethodPost, "/x", "")
			req.Header.Set("Content-Type", mediaType+"; boundary=b")
			req.Body = untouchable{t}
			require.NoError(t, v.ValidateRequest(req))
			res := &http.Response{StatusCode: http.StatusOK, Request: req, Header: headerOf("Content-Type", mediaType),
				Body: untouchable{t}}
			require.NoError(t, v.ValidateResponse(res))
			res.Body = io.NopCloser(strings.NewReader("<p>"))
			res.Header.Set("Content-Type", "application/json")
			assert.Equal(t, []string{`content-type: unexpected value "application/json", want ` + mediaType},
				lines(t, v.ValidateResponse(res)))
		})
	}
}

func TestCompressedBodiesAreDecodedForTheJudgement(t *testing.T) {
	pack := func(writer func(io.Writer) io.WriteCloser, text string) string {
		var packed bytes.Buffer
		w := writer(&packed)
		_, _ = io.WriteString(w, text)
		require.NoError(t, w.Close())
		return packed.String()
	}
	zipped := func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }
	zlibbed := func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }
	deflated := func(w io.Writer) io.WriteCloser {
		writer, err := flate.NewWriter(w, 5)
		require.NoError(t, err)
		return writer
	}
	const run = `{"success":true,"result":"x"}`
	tests := []struct{ name, coding, body, want string }{
		{"gzip", "gzip", pack(zipped, run), ""},
		{"GZIP, in capitals", "GZIP", pack(zipped, run), ""},
		{"deflate of zlib", "deflate", pack(zlibbed, run), ""},
		{"deflate, bare", "deflate", pack(deflated, run), ""},
		{"twice", "gzip, deflate", pack(zlibbed, pack(zipped, run)), ""},
		{"identity", "identity", run, ""},
		{"a broken run", "gzip", pack(zipped, `{"success":true,"result":5}`), "body /result: value must be a string"},
		{"another coding", "br", "\x1b",
			`header Content-Encoding: the content coding "br" cannot be decoded: gzip and deflate can`},
		{"what is not gzip", "gzip", run,
			"header Content-Encoding: the body is not gzip, as its content coding says: gzip: invalid header"},
		{"a bomb", "gzip", pack(zipped, strings.Repeat(" ", 2000)+run), "body: is longer than 1000 bytes (WithMaxBodyBytes)"},
	}
	v, err := contract.New([]byte(runsSpec), contract.WithMaxBodyBytes(1000))
	require.NoError(t, err)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			req := newRequest(t, http.MethodPost, runURL, "")
			res := &http.Response{StatusCode: http.StatusOK, Request: req, Header: headerOf("Content-Encoding", test.coding),
				Body: io.NopCloser(strings.NewReader(test.body))}
			err := v.ValidateResponse(res)
			if test.want == "" {
				require.NoError(t, err)
			} else {
				assert.Equal(t, []string{test.want}, lines(t, err))
			}
			left, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			assert.Equal(t, test.body, string(left), "what is passed on stays as it was")
		})
	}
}

func TestOnlyWhatWasSentIsJudged(t *testing.T) {
	const forms = `
  /x:
    get:
      parameters:
        - {name: expand, in: query, style: deepObject, schema: {type: array, items: {type: string}}}
        - {name: filter, in: query, schema: {type: array, items: {type: object}}}
        - {name: odd, in: query, schema: {not: {type: integer}}}
        - {name: any, in: query, schema: {}}
        - {name: limit, in: query, schema: {type: integer}}
        - {name: list, in: cookie, schema: {type: array, items: {type: string}}}
        - {name: Accept, in: header, required: true, schema: {type: integer}}
        - {name: content-type, in: header, required: true, schema: {type: integer}}
        - {name: Authorization, in: header, required: true, schema: {type: integer}}
      responses: {'200': {description: D, headers: {Content-Type: {required: true, schema: {type: integer}}}}}
    post:
      requestBody:
        content:
          application/x-www-form-urlencoded:
            schema: {type: object, required: [name], properties: {name: {type: string}, n: {type: integer}, owner: {type: object, properties: {a: {type: integer}}}, pets: {type: array, items: {type: object}}}}
          multipart/form-data:
            schema: {type: object, required: [n], additionalProperties: {type: string, maxLength: 5}, properties: {n: {type: integer}, file: {type: string, format: binary}, meta: {type: object, required: [a]}, tags: {type: array, items: {type: string, maxLength: 3}}}}
          application/json; charset=utf-8: {schema: {type: object}}
          text/markdown: {schema: {type: string, maxLength: 3}}
      responses: {'200': {description: D}}
    put:
      requestBody: {content: {application/x-www-form-urlencoded: {schema: {type: object, additionalProperties: false, properties: {a: {type: string}}}}}}
      responses: {'200': {description: D}}
`
	v := validatorOf(t, "3.0.3", forms)
	multi := func(parts ...string) string {
		var text strings.Builder
		for i := 0; i < len(parts); i += 3 {
			text.WriteString("--b\r\nContent-Disposition: form-data; name=" + parts[i] + "\r\n")
			if parts[i+1] != "" {
				text.WriteString("Content-Type: " + parts[i+1] + "\r\n")
			}
			text.WriteString("\r\n" + parts[i+2] + "\r\n")
		}
		return text.String() + "--b--\r\n"
	}
	const form, multipart = "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"
	tests := []struct {
		name, method, url, contentType, body string
		cookie                               string
		want                                 []string
	}{
		{"no query", "GET", "/x", "", "", "", nil},
		{"a query beside parameters that cannot be serialized", "GET", "/x?limit=5", "", "", "", nil},
		{"a bad value in it", "GET", "/x?limit=x", "", "", "", []string{"query limit: an invalid integer"}},
		{"a parameter that cannot be decoded", "GET", "/x?expand[]=a&filter=b&odd=c&any=d", "", "", "", nil},
		{"a cookie that cannot be decoded, sent and not sent", "GET", "/x", "", "", "list=a", nil},
		{"another cookie", "GET", "/x", "", "", "other=a", nil},
		{"a form without what cannot be decoded", "POST", "/x", form, "name=a&n=5", "", nil},
		{"a form with what cannot be decoded", "POST", "/x", form, "name=a&owner=b&pets=c", "", nil},
		{"a form with a field that is not described", "POST", "/x", form, "name=a&other=b", "", nil},
		{"a form with a field that must not be", "PUT", "/x", form, "a=b&c=d", "",
			[]string{`body: property "c" is unsupported`}},
		{"a broken form", "POST", "/x", form, "n=x", "",
			[]string{"body /n: an invalid integer", `body /name: property "name" is missing`}},
		{"parts", "POST", "/x", multipart,
			multi("n", "", "5", "file", "image/png", "\xff", "meta", "application/json", `{"a":1}`), "", nil},
		{"a part of text with a charset", "POST", "/x", multipart, multi("n", "text/plain; charset=utf-8", "5"), "", nil},
		{"a part of another type", "POST", "/x", multipart, multi("n", "image/png", "5"), "",
			[]string{`body /n: unexpected content type "image/png" of a part`}},
		{"a part that is not described, and too long", "POST", "/x", multipart, multi("n", "", "5", "x", "", "123456"), "",
			[]string{"body /x: maximum string length is 5"}},
		{"several parts of a name", "POST", "/x", multipart, multi("n", "", "5", "tags", "", "abc", "tags", "", "abcd"), "",
			[]string{"body /tags/1: maximum string length is 3"}},
		{"a part that lacks something", "POST", "/x", multipart, multi("n", "", "5", "meta", "application/json", "{}"), "",
			[]string{`body /meta/a: property "a" is missing`}},
		{"no parts", "POST", "/x", multipart, "--b--\r\n", "", []string{`body /n: property "n" is missing`}},
		{"a media type with its charset", "POST", "/x", "application/json;charset=UTF-8", "{}", "", nil},
		{"a media type without its charset", "POST", "/x", "application/json", "{}", "", nil},
		{"text of another kind", "POST", "/x", "text/markdown", "long", "", []string{"body: maximum string length is 3"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			req := newRequest(t, test.method, test.url, test.body)
			req.Header = http.Header{}
			if test.contentType != "" {
				req.Header.Set("Content-Type", test.contentType)
			}
			if test.cookie != "" {
				req.Header.Set("Cookie", test.cookie)
			}
			assert.Equal(t, test.want, lines(t, v.ValidateRequest(req)))
		})
	}
}

func TestEveryStatusIsChecked(t *testing.T) {
	v := validatorOf(t, "3.0.3", `
  /x: {get: {responses: {'200': {description: D, content: {application/json: {schema: {type: object}}}}, '304': {description: D, headers: {ETag: {required: true, schema: {type: string}}}},
    '308': {description: D, headers: {Location: {required: true, schema: {type: string, pattern: ^/}}}}}}, head: {responses: {'200': {description: D, content: {application/json: {schema: {type: object}}}}}},
    put: {responses: {'204': {description: D, content: {application/json: {schema: {type: object}}}}}}}
`)
	check := func(method string, status int, header ...string) []string {
		res := &http.Response{StatusCode: status, Request: newRequest(t, method, "/x", ""), Header: http.Header{}}
		for i := 0; i < len(header); i += 2 {
			res.Header.Set(header[i], header[i+1])
		}
		return lines(t, v.CheckResponse(res, nil))
	}
	undescribed := []string{"status: the contract has no response for this status"}
	assert.Empty(t, check("GET", 304, "ETag", "x"))
	assert.Equal(t, []string{"header ETag: value is required but missing"}, check("GET", 304))
	assert.Empty(t, check("GET", 308, "Location", "/y"))
	assert.Equal(t, []string{`header Location: string doesn't match the regular expression "^/"`},
		check("GET", 308, "Location", "y"))
	for _, status := range []int{301, 307} {
		assert.Equal(t, undescribed, check("GET", status))
	}
	assert.Empty(t, check("HEAD", 200))
	assert.Equal(t, undescribed, check("HEAD", 404))
	assert.Empty(t, check("PUT", 204))
	assert.Equal(t, []string{`content-type: unexpected value "text/html", want application/json`},
		check("PUT", 204, "Content-Type", "text/html"))
}

func TestParametersThatKinOpenAPIRefusesOrTakesByMistake(t *testing.T) {
	v := validatorOf(t, "3.1.0", `
  /x:
    get:
      security: [{query: []}, {cookie: []}]
      parameters:
        - {name: ids, in: query, schema: {type: [array, 'null'], items: {type: integer}}}
        - {name: n, in: query, schema: {type: [integer, 'null'], exclusiveMinimum: 5}}
      responses: {'200': {description: D}}
components: {securitySchemes: {query: {type: apiKey, in: query, name: key}, cookie: {type: apiKey, in: cookie, name: session}}}
`)
	missing := "query key: an API key is required (query), or cookie session: an API key is required (cookie)"
	for url, want := range map[string][]string{
		"/x?key=a":             nil,
		"/x?key=":              {missing},
		"/x?key=a&ids=1&ids=2": nil,
		"/x?key=a&ids=1&ids=x": {"query ids: an invalid integer"},
		"/x?key=a&n=6":         nil,
		"/x?key=a&n=5":         {"query n: number must be more than 5"},
	} {
		found := lines(t, v.ValidateRequest(newRequest(t, http.MethodGet, url, "")))
		assert.Equal(t, want, found, url)
	}
	req := newRequest(t, http.MethodGet, "/x", "")
	req.Header.Set("Cookie", "session=")
	assert.Equal(t, []string{missing}, lines(t, v.ValidateRequest(req)))
}

func TestContentTypesAreFoundHoweverTheyAreSpelled(t *testing.T) {
	schemaOf := func(name string) string { return "{schema: {type: object, required: [" + name + "]}}" }
	v := validatorOf(t, "3.0.3", "  /x: {post: {requestBody: {content: {'application/json; version=1': "+schemaOf("one")+
		", 'application/json; version=2': "+schemaOf("two")+
		", 'application/*+json': "+schemaOf("any")+", application/hal+json: "+schemaOf("hal")+
		"}}, responses: {'200': {description: D}}}}\n")
	for contentType, want := range map[string]string{
		"application/json; version=2": "two", "application/json;version=2": "two",
		"Application/JSON; Version=2; charset=utf-8": "two", "application/json": "one",
		"application/vnd.x+json": "any", "application/hal+json": "hal", "application/hal+json; charset=utf-8": "hal",
	} {
		req := newRequest(t, http.MethodPost, "/x", "{}")
		req.Header.Set("Content-Type", contentType)
		assert.Equal(t, []string{`body /` + want + `: property "` + want + `" is missing`}, lines(t, v.ValidateRequest(req)),
			contentType)
	}
	for _, contentType := range []string{"text/json+xml", "text/x+json", "application/xml"} {
		req := newRequest(t, http.MethodPost, "/x", "{}")
		req.Header.Set("Content-Type", contentType)
		assert.Contains(t, lines(t, v.ValidateRequest(req))[0], "content-type: unexpected value", contentType)
	}
}
