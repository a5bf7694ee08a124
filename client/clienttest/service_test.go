package clienttest_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aitutor-api/aitutor-go/client/clienttest"
	"github.com/aitutor-api/aitutor-go/client/contract"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// smallDocument has a run, the schemas of errors, and room for another operation.
const smallDocument = `
openapi: 3.0.3
info: {title: Small, version: 1.0.0}
security: [{bearer: []}]
components:
  securitySchemes:
    bearer: {type: http, scheme: bearer}
    basic: {type: http, scheme: basic}
    header: {type: apiKey, in: header, name: X-Api-Key}
    query: {type: apiKey, in: query, name: key}
    cookie: {type: apiKey, in: cookie, name: session}
  schemas:
    Problem: {type: object, required: [title, status], properties: {title: {type: string}, status: {type: integer}}}
    Error:
      type: object
      required: [success, error]
      properties:
        success: {type: boolean}
        error: {type: object, required: [message, code], properties: {message: {type: string}, code: {type: string}}}
    Thing:
      type: object
      required: [id, at, score]
      properties: {id: {type: string, format: uuid}, at: {type: string, format: date-time}, score: {type: number, minimum: 0.5}}
    ThingIn:
      type: object
      required: [id, name, secret]
      properties:
        id: {type: string, readOnly: true}
        name: {type: string, minLength: 2}
        secret: {type: string, writeOnly: true}
  responses:
    Thing: {description: A thing., content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}}
    Error: {description: An error., content: {application/json: {schema: {$ref: '#/components/schemas/Error'}}}}
    Problem: {description: An error., content: {application/problem+json: {schema: {$ref: '#/components/schemas/Problem'}}}}
paths:
  /run/{workflow_id}:
    post:
      operationId: runWorkflow
      parameters: [{name: workflow_id, in: path, required: true, schema: {type: string, example: wf_a}}]
      requestBody: {required: true, content: {application/json: {schema: {type: object, required: [prompt], properties: {prompt: {type: string}}}}}}
      responses:
        '400':
          description: An error.
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Error'}
              example: {success: false, error: {message: 'Missing required parameter: prompt', code: invalid_request}}
        default: {$ref: '#/components/responses/Error'}
`

// An exchange is a request, with the key where its operation wants it, and what the response must have.
type exchange struct {
	request string // METHOD PATH
	header  string // name: value, after the Authorization that every request has
	body    string
	status  int
	answer  string // of the response: its name: value
	want    string // in the body
}

func TestOtherOperationsRespondAsTheyAreDescribed(t *testing.T) {
	const (
		noOperation = `"success":false` // and the document says nothing of it
		key         = "sk_test_clienttest"
		isJSON      = "Content-Type: application/json"
		problem     = "Content-Type: application/problem+json"
		form        = "Content-Type: application/x-www-form-urlencoded"
		errors      = `, default: {$ref: '#/components/responses/Error'}}`
		thing       = `responses: {'200': {$ref: '#/components/responses/Thing'}` + errors
		done        = `responses: {'204': {description: Done.}` + errors
		id          = `{name: id, in: path, required: true, schema: {type: string}}`
	)
	for _, test := range []struct {
		name      string
		path      string
		method    string
		operation string
		exchanges []exchange
	}{
		{"query parameters", "/x", "get", `
parameters:
- {name: q, in: query, required: true, schema: {type: string}}
- {name: limit, in: query, schema: {type: integer, minimum: 1}}
- {name: tags, in: query, schema: {type: array, items: {type: string, enum: [a, b]}}}
- {name: filter, in: query, style: deepObject, schema: {type: object, properties: {level: {type: integer}}}}
- {name: since, in: query, schema: {type: string, format: date}}
` + thing, []exchange{
			{"GET /x?q=a&limit=1&tags=a&tags=b&filter[level]=1&since=2026-01-02", "", "", 200, isJSON, `"score":`},
			{"GET /x?q=a", "", "", 200, isJSON, ""},
			{"GET /x", "", "", 400, isJSON, "Missing required parameter: q"},
			{"GET /x?q=a&limit=0", "", "", 400, "", "Invalid parameter: limit: "},
			{"GET /x?q=a&tags=c", "", "", 400, "", "tags"},
			{"GET /x?q=a&filter[level]=a", "", "", 400, "", "filter"},
			{"GET /x?q=a&since=today", "", "", 400, "", "since"},
		}},
		{"header and cookie parameters", "/x", "get", `
parameters:
- {name: X-Trace, in: header, required: true, schema: {type: string}}
- {name: theme, in: cookie, schema: {type: string, enum: [dark]}}
` + thing, []exchange{
			{"GET /x", "X-Trace: a", "", 200, "", ""},
			{"GET /x", "", "", 400, "", "Missing required parameter: X-Trace"},
		}},
		{"formats", "/x", "get", `
parameters:
- {name: id, in: query, schema: {type: string, format: uuid}}
- {name: mail, in: query, schema: {type: string, format: email}}
- {name: link, in: query, schema: {type: string, format: uri}}
- {name: v4, in: query, schema: {type: string, format: ipv4}}
- {name: host, in: query, schema: {type: string, format: hostname}}
- {name: other, in: query, schema: {type: string, format: iban}}
` + thing, []exchange{
			{"GET /x?id=123e4567-e89b-42d3-a456-426614174000&mail=a@example.com&link=https://example.com/&v4=192.0.2.1&host=example.com&other=any", "", "", 200, "", ""},
			{"GET /x?id=any", "", "", 400, "", "Invalid parameter: id: "},
			{"GET /x?mail=any", "", "", 400, "", "Invalid parameter: mail: "},
			{"GET /x?link=any", "", "", 400, "", "Invalid parameter: link: "},
			{"GET /x?v4=any", "", "", 400, "", "Invalid parameter: v4: "},
			{"GET /x?host=no+host", "", "", 400, "", "Invalid parameter: host: "},
		}},
		{"several path parameters, an integer", "/x/{id}/y/{n}", "get", `
parameters: [` + id + `, {name: n, in: path, required: true, schema: {type: integer, example: 1000000}}]
` + thing, []exchange{
			{"GET /x/example/y/1000000", "", "", 200, "", ""},
			{"GET /x/example/y/2", "", "", 404, isJSON, `"message":"Not Found"`},
			{"GET /x/example/y", "", "", 404, "", noOperation},
		}},
		{"a word after a path parameter", "/x/{id}:cancel", "post", `
parameters: [` + id + `]
responses: {'202': {description: Later., headers: {Location: {required: true, schema: {type: string}}}}` + errors,
			[]exchange{
				{"POST /x/example:cancel", "", "", 202, "Location: example", ""},
				{"POST /x/other:cancel", "", "", 404, "", ""},
				{"POST /x/example", "", "", 404, "", noOperation},
				{"GET /x/example:cancel", "", "", 405, "Allow: POST", noOperation},
			}},
		{"an object as the body, with fields of one direction", "/x", "post", `
requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/ThingIn'}}}}
responses: {'201': {description: Made., content: {application/json: {schema: {$ref: '#/components/schemas/ThingIn'}}}}` + errors, []exchange{
			{"POST /x", isJSON, `{"name":"Ada","secret":"s"}`, 201, isJSON, `"id":`},
			{"POST /x", isJSON, `{"secret":"s"}`, 400, isJSON, `Missing required parameter: name"`},
			{"POST /x", isJSON, `{"name":"A","secret":"s"}`, 400, isJSON, "Invalid parameter: name: "},
			{"POST /x", isJSON, `{`, 400, "", "Invalid request: "},
			{"POST /x", isJSON, `{"name":"Ada","secret":"s"} x`, 400, isJSON, "Invalid request: the body is not valid JSON"},
			{"POST /x", isJSON, "", 400, "", "Missing required parameter: body"},
			{"POST /x", "Content-Type: text/plain", "a", 415, isJSON, "unsupported_media_type"},
		}},
		{"an optional array, PUT", "/x", "put", `
requestBody: {content: {application/json: {schema: {type: array, items: {type: string}}}}}
` + thing, []exchange{
			{"PUT /x", isJSON, `["a"]`, 200, "", ""},
			{"PUT /x", "", "", 200, "", ""},
			{"PUT /x", isJSON, `[1]`, 400, "", "Invalid parameter: 0: "},
		}},
		{"a string, PATCH", "/x", "patch", `
requestBody: {required: true, content: {application/json: {schema: {type: string, minLength: 1}}}}
responses: {2XX: {$ref: '#/components/responses/Thing'}` + errors, []exchange{
			{"PATCH /x", isJSON, `"a"`, 200, "", ""},
			{"PATCH /x", isJSON, `1`, 400, "", "Invalid request: "},
		}},
		{"oneOf", "/x", "post", `
requestBody: {required: true, content: {application/json: {schema: {oneOf: [{type: string}, {type: integer}]}}}}
` + done, []exchange{
			{"POST /x", isJSON, `1`, 204, "", ""},
			{"POST /x", isJSON, `[]`, 400, "", "Invalid request: "},
		}},
		{"a form", "/x", "post", `
requestBody:
  required: true
  content:
    application/x-www-form-urlencoded: {schema: {type: object, required: [name], properties: {name: {type: string}, age: {type: integer}}}}
` + done, []exchange{
			{"POST /x", form, "name=Ada&age=1", 204, "", ""},
			{"POST /x", form, "age=1", 400, "", "name"},
		}},
		{"multipart with a file", "/x", "post", `
requestBody:
  required: true
  content:
    multipart/form-data: {schema: {type: object, required: [file], properties: {file: {type: string, format: binary}, title: {type: string}}}}
` + done, []exchange{
			{"POST /x", "Content-Type: multipart/form-data; boundary=b",
				"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\nContent-Type: application/octet-stream\r\n\r\nx\r\n--b--\r\n", 204, "", ""},
			{"POST /x", "Content-Type: multipart/form-data; boundary=b",
				"--b\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nx\r\n--b--\r\n", 400, "", "file"},
		}},
		{"text", "/x", "post", `
requestBody: {required: true, content: {text/plain: {schema: {type: string}}}}
` + done, []exchange{{"POST /x", "Content-Type: text/plain", "a", 204, "", ""}, {"POST /x", isJSON, "1", 415, "", ""}}},
		{"an image", "/x", "post", `
requestBody: {required: true, content: {image/png: {schema: {type: string, format: binary}}}}
` + done, []exchange{{"POST /x", "Content-Type: image/png", "\x89PNG", 204, "", ""}}},
		{"DELETE", "/x", "delete", done, []exchange{{"DELETE /x", "", "", 204, "", ""}}},
		{"303", "/x", "get", `responses: {'303': {description: There., headers: {Location: {required: true, schema: {type: string, format: uri}}}}` + errors,
			[]exchange{{"GET /x", "", "", 303, "Location: https://example.com/", ""}}},
		{"default only", "/x", "get", "responses: {default: {$ref: '#/components/responses/Thing'}}",
			[]exchange{{"GET /x", "", "", 200, isJSON, `"id":`}}},
		{"CSV beside JSON", "/x", "get", `
responses:
  '200':
    description: Rows.
    content: {text/csv: {schema: {type: string}, example: "a,b"}, application/json: {schema: {type: array, items: {type: string}}}}
`, []exchange{
			{"GET /x", "", "", 200, isJSON, "["},
			{"GET /x", "Accept: text/csv", "", 200, "Content-Type: text/csv", "a,b"},
		}},
		{"a download", "/x", "get", `responses: {'200': {description: A file., content: {application/octet-stream: {schema: {type: string, format: binary}}}}` + errors,
			[]exchange{{"GET /x", "", "", 200, "Content-Type: application/octet-stream", ""}}},
		{"problems", "/x/{id}", "get", `
parameters: [` + id + `, {name: q, in: query, required: true, schema: {type: string}}]
responses:
  '200': {$ref: '#/components/responses/Thing'}
  '404': {description: None., content: {application/problem+json: {schema: {$ref: '#/components/schemas/Problem'}, example: {title: None, status: 404}}}}
  4XX: {$ref: '#/components/responses/Problem'}
`, []exchange{
			{"GET /x/other", "", "", 404, problem, `"None"`},
			{"GET /x/example", "", "", 400, problem, `"title":`},
			{"GET /x/example?q=a", "Authorization: none", "", 401, problem, `"title":`},
		}},
		{"a required header of a response", "/x", "get", `
responses: {'200': {description: A thing., headers: {X-Total: {required: true, schema: {type: integer, minimum: 7}}}}` +
			errors,
			[]exchange{{"GET /x", "", "", 200, "X-Total: 7", ""}}},
		{"HEAD", "/x", "head", `responses: {'200': {description: It is there., headers: {ETag: {schema: {type: string}, example: '"a"'}}}` + errors,
			[]exchange{{"HEAD /x", "", "", 200, `Etag: "a"`, ""}}},
		{"no security", "/x", "get", "security: []\n" + thing,
			[]exchange{{"GET /x", "Authorization: none", "", 200, "", ""}}},
		{"optional security", "/x", "get", "security: [{}, {header: []}]\n" + thing,
			[]exchange{{"GET /x", "Authorization: none", "", 200, "", ""}}},
		{"basic", "/x", "get", "security: [{basic: []}]\n" + thing, []exchange{
			{"GET /x", "Authorization: Basic c2tfdGVzdF9jbGllbnR0ZXN0", "", 200, "", ""},
			{"GET /x", "", "", 401, "Www-Authenticate: Basic", `"message":"Unauthorized"`},
		}},
		{"a key in a header", "/x", "get", "security: [{header: []}]\n" + thing, []exchange{
			{"GET /x", "X-Api-Key: " + key, "", 200, "", ""},
			{"GET /x", "", "", 401, "Www-Authenticate: ", ""},
			{"GET /x", "X-Api-Key: other", "", 401, "", ""},
		}},
		{"a key in the query", "/x", "get", "security: [{query: []}]\n" + thing, []exchange{
			{"GET /x?key=" + key, "", "", 200, "", ""}, {"GET /x?key=other", "", "", 401, "", ""},
		}},
		{"a key in a cookie", "/x", "get", "security: [{cookie: []}]\n" + thing, []exchange{
			{"GET /x", "Cookie: session=" + key, "", 200, "", ""}, {"GET /x", "", "", 401, "", ""},
		}},
		{"bearer or a key", "/x", "get", "security: [{bearer: []}, {header: []}]\n" + thing, []exchange{
			{"GET /x", "", "", 200, "", ""}, {"GET /x", "Authorization: none", "", 401, "Www-Authenticate: Bearer", ""},
		}},
		{"bearer and a key", "/x", "get", "security: [{bearer: [], header: []}]\n" + thing, []exchange{
			{"GET /x", "X-Api-Key: " + key, "", 200, "", ""}, {"GET /x", "", "", 401, "", ""},
		}},
		{"a stream of events", "/x", "get",
			`responses: {'200': {description: Events., content: {text/event-stream: {schema: {type: string}}}}` + errors,
			[]exchange{{"GET /x", "", "", 200, "Content-Type: text/event-stream", "data: "}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			operation := strings.ReplaceAll("\n"+strings.TrimSpace(test.operation), "\n", "\n      ")
			spec := []byte(smallDocument + "  " + test.path + ":\n    " + test.method + ":" + operation + "\n")
			document, err := openapi3.NewLoader().LoadFromData(spec)
			require.NoError(t, err)
			validator, err := contract.New(spec)
			require.NoError(t, err)
			server := clienttest.NewServerOf(document)
			t.Cleanup(server.Close)
			for _, e := range test.exchanges {
				method, path, _ := strings.Cut(e.request, " ")
				request := newRequest(t, server, method, path, e.body)
				request.Header.Del("Content-Type")
				if name, value, ok := strings.Cut(e.header, ": "); ok {
					request.Header.Set(name, value)
				}
				response := exchangeOf(t, request)
				body, err := io.ReadAll(response.Body)
				require.NoError(t, err)
				response.Body = io.NopCloser(bytes.NewReader(body))
				about := e.request + " " + e.header + " " + e.body + ": " + string(body)
				assert.Equal(t, e.status, response.StatusCode, about)
				if e.want != noOperation {
					assert.NoError(t, validator.ValidateResponse(response), about)
				}
				name, value, _ := strings.Cut(e.answer, ": ")
				assert.Equal(t, value, response.Header.Get(name), about)
				assert.Contains(t, string(body), e.want)
				assert.NotContains(t, string(body), "prompt")
			}
			for _, received := range server.Requests() {
				assert.NotContains(t, received.URL.String()+fmt.Sprint(received.Header), key)
			}
		})
	}
}

// exchangeOf sends a request and follows no redirect.
func exchangeOf(t *testing.T, request *http.Request) *http.Response {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(client.CloseIdleConnections)
	response, err := client.Do(request)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, response.Body.Close()) })
	return response
}

func TestARunHasTheStatusThatIsDescribed(t *testing.T) {
	spec := strings.NewReplacer(
		"      responses:\n        '400':",
		"      responses:\n        '201': {description: Done., content: {application/json: {schema: {$ref: '#/components/schemas/CompletedRun'}}}}\n        '400':",
		"    Thing:\n", "    CompletedRun: {type: object, required: [output], properties: {output: {type: object}}}\n    Thing:\n",
	).Replace(smallDocument)
	document, err := openapi3.NewLoader().LoadFromData([]byte(spec))
	require.NoError(t, err)
	server := clienttest.NewServerOf(document)
	t.Cleanup(server.Close)
	response := exchangeOf(t, newRequest(t, server, http.MethodPost, "/run/"+server.WorkflowID, `{"prompt":"a"}`))
	body, _ := io.ReadAll(response.Body)
	assert.Equal(t, http.StatusCreated, response.StatusCode, string(body))
	server.Answer(clienttest.BrokenContract())
	response = exchangeOf(t, newRequest(t, server, http.MethodPost, "/run/"+server.WorkflowID, `{"prompt":"a"}`))
	assert.Equal(t, http.StatusCreated, response.StatusCode)
}
