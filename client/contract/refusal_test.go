package contract_test

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What the Middleware sends keeps the document, or says nothing that the document has for something else.
func TestRefusalsKeepTheDocument(t *testing.T) {
	for schema, want := range map[string]string{
		`{type: object, required: [message], properties: {message: {type: string}}}`:                                                                          `{"message":"`,
		`{type: object, required: [status, title], properties: {status: {type: integer}, title: {type: string}}}`:                                             `"status":400`,
		`{type: object, required: [code, message], properties: {code: {enum: [not_found, gone]}, message: {}}}`:                                               `"violations":`,
		`{type: object, required: [status], properties: {status: {type: integer, enum: [404]}}}`:                                                              `"violations":`,
		`{type: object, required: [success, error], properties: {success: {type: boolean}, error: {type: string}}}`:                                           `"success":false`,
		`{type: object, required: [id], properties: {id: {type: string, format: date-time}}}`:                                                                 `"violations":`,
		`{type: object, required: [count], properties: {count: {type: integer}}}`:                                                                             `"violations":`,
		`{type: array, items: {type: string}}`:                                                                                                                `[]`,
		`{oneOf: [{type: object, required: [n], properties: {n: {type: number}}}, {type: object, required: [detail], properties: {detail: {type: string}}}]}`: `{"detail":"`,
		`{type: string, maxLength: 15}`: `"Bad Request."`,
	} {
		for _, version := range []string{"3.0.3", "3.1.0"} {
			v := validatorOf(t, version,
				"  /x: {post: {requestBody: {required: true, content: {application/json: {schema: {type: object}}}}, responses: {'400': {description: D, content: {application/json: {schema: "+schema+"}}}}}}\n")
			req := newRequest(t, http.MethodPost, "/x", "")
			recorder := httptest.NewRecorder()
			v.Middleware(respond(200, "", "")).ServeHTTP(recorder, req)
			assert.Equal(t, 400, recorder.Code)
			assert.Contains(t, recorder.Body.String(), want, schema)
			if want != `"violations":` {
				assert.NoError(t, validateResponse(v, req, 400, recorder.Body.String()), schema)
			}
		}
	}
}

// errorFields are properties of error bodies, as YAML: those of which something true can be said, and those of which
// nothing can.
var errorFields = map[bool][]string{
	true: {
		"message: {type: string}", "error: {type: string, maxLength: 30}", "detail: {type: string, nullable: true}",
		"error_description: {type: string}",
		"status: {type: integer}", "statusCode: {type: number}", "code: {type: integer}", "code: {type: string}",
		"errorCode: {type: string, minLength: 3}",
		"success: {type: boolean}", "success: {type: boolean, enum: [false]}", "error: {type: boolean, enum: [true]}",
		"ok: {enum: [true, false]}",
		"type: {type: string, format: uri, default: 'about:blank'}", "type: {enum: [warning, error]}",
		"title: {type: string, enum: [Bad Request, Internal Server Error]}",
		"timestamp: {type: string, format: date-time}", "path: {type: string}", "traceId: {type: string}",
		"errors: {type: array, items: {type: string}}",
		"errors: {type: array, minItems: 1, items: {type: object, required: [message], properties: {message: {type: string}, field: {type: string}}}}",
		"error: {type: object, required: [message, code], properties: {message: {type: string}, code: {type: string}}}",
		"error: {allOf: [{type: object, properties: {message: {type: string}, param: {type: string}}}, {required: [message]}]}",
		"data: {oneOf: [{type: object, required: [n], properties: {n: {type: string, pattern: ^x}}}, {type: string}]}",
	},
	false: {
		"code: {type: string, enum: [not_found, gone]}", "count: {type: integer}", "when: {type: string, format: date}",
		"type: {enum: [missing]}",
		"status: {type: integer, enum: [404]}", "hash: {type: string, pattern: '^[0-9a-f]{40}$'}",
		"self: {type: object, required: [id], properties: {id: {type: integer}}}",
	},
}

// randomErrorSchema returns an error schema, and whether a body can be made that says nothing false.
func randomErrorSchema(random *rand.Rand) (schema string, canBeKept bool) {
	canBeKept = true
	properties, required := make(map[string]string), []string(nil)
	for range 1 + random.IntN(5) {
		isKnown := random.IntN(8) > 0
		list := errorFields[isKnown]
		field := list[random.IntN(len(list))]
		name, _, _ := strings.Cut(field, ":")
		if properties[name] != "" {
			continue
		}
		properties[name] = field
		if random.IntN(3) > 0 {
			required = append(required, name)
			canBeKept = canBeKept && isKnown
		}
	}
	var fields []string
	for _, field := range properties {
		fields = append(fields, field)
	}
	object := "{type: object, required: [" + strings.Join(required, ", ") + "], properties: {" +
		strings.Join(fields, ", ") + "}, additionalProperties: false}"
	switch random.IntN(5) {
	case 0:
		return "{allOf: [" + object + "]}", canBeKept
	case 1:
		return "{anyOf: [{type: object, required: [unknowable], properties: {unknowable: {type: integer}}}, " + object + "]}",
			canBeKept
	}
	return object, canBeKept
}

// A body is the document's wherever something true can be said in its terms, and no body claims to be what it is not.
func TestRefusalsKeepRandomDocuments(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	n := 300
	if testing.Short() {
		n = 60
	}
	kept := 0
	for range n {
		schema, canBeKept := randomErrorSchema(random)
		version := []string{"3.0.3", "3.1.0"}[random.IntN(2)]
		if version == "3.1.0" {
			schema = strings.ReplaceAll(schema, "{type: string, nullable: true}", "{type: [string, 'null']}")
		}
		mediaType := []string{"application/json", "application/problem+json", "'*/*'"}[random.IntN(3)]
		content := "content: {" + mediaType + ": {schema: " + schema + "}}"
		v := validatorOf(t, version, "  /x/{id}: {post: {parameters: [{name: id, in: path, required: true, schema: {type: integer}}], "+
			"responses: {'200': {description: D}, '400': {description: D, headers: {X-Trace: {required: true, schema: {type: string}}}, "+content+"}, '500': {description: D, "+content+"}}}}\n")
		for path, handler := range map[string]http.Handler{"/x/none": respond(200, "", ""), "/x/5": respond(418, "", "")} {
			req := newRequest(t, http.MethodPost, path, "")
			recorder := httptest.NewRecorder()
			v.Middleware(handler).ServeHTTP(recorder, req)
			require.Equal(t, map[string]int{"/x/none": 400, "/x/5": 500}[path], recorder.Code)
			res := recorder.Result()
			res.Request = newRequest(t, http.MethodPost, "/x/5", "")
			res.Header.Set("X-Trace", "which only the server knows")
			err := v.CheckResponse(res, recorder.Body.Bytes())
			if canBeKept {
				kept++
				assert.NoError(t, err, "%s\n%s", schema, recorder.Body)
				continue
			}
			var refusal map[string]any
			require.NoError(t, json.Unmarshal(recorder.Body.Bytes(), &refusal))
			assert.Contains(t, refusal, "message", "%s\n%s", schema, recorder.Body) // the Middleware's own
		}
	}
	assert.Greater(t, kept, n/2)
}
