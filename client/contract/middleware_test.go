package contract_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client/contract"
)

// notesSpec is a document with error schemas of several kinds.
const notesSpec = `
openapi: 3.0.3
info: {title: Notes, version: "1"}
paths:
  /notes:
    post:
      requestBody: {required: true, content: {application/json: {schema: {type: object, required: [text], properties: {text: {type: string}}}}}}
      responses:
        "200": {description: A note., content: {application/json: {schema: {type: object, required: [id], properties: {id: {type: integer}}}}}}
        "204": {description: No note.}
        4XX:
          description: A problem, without an example.
          content: {application/problem+json: {schema: {$ref: "#/components/schemas/Problem"}}}
        "500":
          description: A failure, with an example.
          content: {application/json: {schema: {type: object, required: [error, code], properties: {error: {type: string, maxLength: 40}, code: {type: string}}}, example: {error: Sorry., code: failed}}}
    get:
      responses: {"200": {description: Notes., content: {text/plain: {schema: {type: string}}}}}
components:
  schemas:
    Problem:
      allOf:
        - {type: object, required: [title, status], properties: {title: {type: string, enum: [Bad Request]}, status: {type: integer, minimum: 400}}}
        - {type: object, properties: {detail: {type: string}, more: {type: string}}}
`

func notes(t *testing.T, opts ...contract.Option) *contract.Validator {
	t.Helper()
	v, err := contract.New([]byte(notesSpec), opts...)
	require.NoError(t, err)
	return v
}

// serve serves a handler over HTTP and returns a function that sends requests with a JSON body, and gives the response
// with its body; and what the server logs.
func serve(t *testing.T, handler http.Handler) (send func(method, path,
	body string) (*http.Response, string), logged *bytes.Buffer) {
	t.Helper()
	logged = new(bytes.Buffer)
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(logged, "", 0)
	server.Start()
	t.Cleanup(server.Close)
	return func(method, path, body string) (*http.Response, string) {
		res, err := server.Client().Do(newRequest(t, method, server.URL+path, body))
		require.NoError(t, err)
		data, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		return res, string(data)
	}, logged
}

// respond returns a handler that sends a response with a body.
func respond(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		_, _ = io.Copy(io.Discard, req.Body)
		if contentType != "" {
			w.Header().Set("Content-Type", contentType)
		}
		w.Header().Set("X-Handler", "yes")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func TestMiddlewareReplacesBrokenExchanges(t *testing.T) {
	const request, plain = `{"text":"a dog"}`, "application/json"
	tests := []struct {
		name, method, path, request string
		handler                     http.HandlerFunc
		status                      int
		contentType, body, logged   string
	}{
		{"a valid exchange", "POST", "/notes", request, respond(200, plain, `{"id":1}`), 200, plain, `{"id":1}`, ""},
		{"a valid exchange without bodies", "POST", "/notes", request, respond(204, "", ""), 204, "", "", ""},
		{"a request that breaks the contract, with a schema for 4XX", "POST", "/notes", `{}`, respond(200, plain, `{"id":1}`),
			400,
			"application/problem+json", `{"detail":"body /text: property \"text\" is missing","status":400,"title":"Bad Request"}`, ""},
		{"a request of no operation, for which there is no schema", "POST", "/other", request,
			respond(200, plain, `{"id":1}`), 400, plain,
			`{"message":"path: the contract has no operation POST /other","violations":[{"in":"path","pointer":"","message":"the contract has no operation POST /other"}]}`, ""},
		{"a response that breaks the contract, with an example for 500", "POST", "/notes", request,
			respond(200, plain, `{"id":"secret"}`), 500, plain,
			`{"code":"contract_violation","error":"The response breaks the contract."}`,
			"response 200 to POST /notes breaks the contract: body /id: value must be an integer"},
		{"a response that breaks the contract, without a schema for 500", "GET", "/notes", "",
			respond(200, plain, `{"id":"secret"}`), 500, plain,
			`{"message":"The response breaks the contract."}`,
			`content-type: unexpected value "application/json", want text/plain`},
		{"a response of a status that is not described", "GET", "/notes", "", respond(302, "", ""), 500, plain,
			`{"message":"The response breaks the contract."}`, "status: the contract has no response for this status"},
		{"a response that is too long", "POST", "/notes", request,
			respond(200, plain, `{"id":1,"more":"`+strings.Repeat("x", 1000)+`"}`), 500, plain,
			`{"code":"contract_violation","error":"The response breaks the contract."}`,
			"body: is longer than 1000 bytes (WithMaxBodyBytes)"},
		{"a request that is too long", "POST", "/notes", `{"text":"` + strings.Repeat("x", 1000) + `"}`, respond(204, "", ""),
			400,
			"application/problem+json", `{"detail":"body: is longer than 1000 bytes (WithMaxBodyBytes)","status":400,"title":"Bad Request"}`, ""},
		{"a handler that says nothing", "GET", "/notes", "", func(http.ResponseWriter, *http.Request) {}, 500, plain,
			`{"message":"The response breaks the contract."}`, `content-type: unexpected value "", want text/plain`},
		{"a handler that sets no content type", "GET", "/notes", "", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "a note")
		}, 200, "text/plain; charset=utf-8", "a note", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			called := false
			send, logged := serve(t, notes(t, contract.WithMaxBodyBytes(1000)).Middleware(
				http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
					called = true
					test.handler(w, req)
				})))
			res, body := send(test.method, test.path, test.request)
			assert.Equal(t, test.status, res.StatusCode)
			assert.Equal(t, test.contentType, res.Header.Get("Content-Type"))
			assert.Equal(t, test.body, body)
			assert.Contains(t, logged.String(), test.logged)
			assert.Equal(t, test.status != 400, called, "next is called")
			if test.status >= 400 {
				assert.Empty(t, res.Header.Get("X-Handler"), "nothing of the broken response is sent")
			}
		})
	}
}

func TestMiddlewareUsesTheErrorSchemaOfTheContract(t *testing.T) {
	send, _ := serve(t, contract.Default().Middleware(respond(200, "text/html", "<p>")))
	for path, status := range map[string]int{"/api/v1/run/wf_1": 500, "/api/v1/run/not%20an%20ID": 400} {
		res, body := send(http.MethodPost, path, requestExample(t))
		assert.Equal(t, status, res.StatusCode)
		req := newRequest(t, http.MethodPost, "/api/v1/run/wf_1", "")
		require.NoError(t, validateResponse(contract.Default(), req, res.StatusCode, body))
		assert.Contains(t, body, map[int]string{500: "The response breaks the contract.", 400: "workflow_id"}[status])
	}
}

func TestMiddlewareThatReportsLetsEverythingPass(t *testing.T) {
	const request = `{"text":"a dog"}`
	reported := make(chan string, 2)
	v := notes(t, contract.WithMaxBodyBytes(100), contract.WithReport(func(_ context.Context, err *contract.Error) {
		reported <- err.Error()
	}))
	long := strings.Repeat("x", 1000)
	tests := []struct {
		name, request string
		handler       http.HandlerFunc
		status        int
		body          string
		want          []string
	}{
		{"a valid exchange", request, respond(200, "application/json", `{"id":1}`), 200, `{"id":1}`, nil},
		{"a request and a response that break the contract", `{}`, respond(418, "text/html", "<p>"), 418, "<p>", []string{
			`request POST /notes breaks the contract: body /text: property "text" is missing`,
			`response 418 to POST /notes breaks the contract: content-type: unexpected value "text/html", want application/problem+json`,
		}},
		{"long bodies", long, func(w http.ResponseWriter, req *http.Request) { _, _ = io.Copy(w, req.Body) }, 200, long,
			[]string{
				"request POST /notes breaks the contract: body: is longer than 100 bytes (WithMaxBodyBytes)",
				"response 200 to POST /notes breaks the contract: body: is longer than 100 bytes (WithMaxBodyBytes)",
			}},
		{"a connection that is hijacked", request, func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if assert.NoError(t, err) {
				_, _ = io.WriteString(conn, "HTTP/1.1 299 OK\r\nContent-Length: 2\r\n\r\nhi")
				_ = conn.Close()
			}
		}, 299, "hi", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			done := make(chan struct{})
			middleware := v.Middleware(test.handler)
			send, _ := serve(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				defer close(done)
				middleware.ServeHTTP(w, req)
			}))
			res, body := send(http.MethodPost, "/notes", test.request)
			assert.Equal(t, test.status, res.StatusCode)
			assert.Equal(t, test.body, body)
			<-done
			var got []string
			for len(reported) > 0 {
				got = append(got, <-reported)
			}
			assert.Equal(t, test.want, got)
		})
	}
}

func TestMiddlewareFlushes(t *testing.T) {
	flushed := make(chan struct{})
	handler := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, "first\n")
		w.(http.Flusher).Flush() //nolint:errcheck // it panics
		select {
		case <-flushed:
		case <-req.Context().Done():
		}
		_, _ = io.WriteString(w, "second\n")
	})
	get := func(v *contract.Validator) *bufio.Reader {
		server := httptest.NewServer(v.Middleware(handler))
		t.Cleanup(server.Close)
		res, err := server.Client().Do(newRequest(t, http.MethodGet, server.URL+"/notes", ""))
		require.NoError(t, err)
		t.Cleanup(func() { _ = res.Body.Close() })
		return bufio.NewReader(res.Body)
	}
	line := func(r *bufio.Reader) string {
		text, err := r.ReadString('\n')
		require.NoError(t, err)
		return text
	}
	t.Run("at once if it reports", func(t *testing.T) {
		body := get(notes(t, contract.WithReport(func(context.Context, *contract.Error) {})))
		assert.Equal(t, "first\n", line(body))
		flushed <- struct{}{}
		assert.Equal(t, "second\n", line(body))
	})
	t.Run("after validation if not", func(t *testing.T) {
		close(flushed)
		body := get(notes(t))
		assert.Equal(t, "first\n", line(body))
		assert.Equal(t, "second\n", line(body))
	})
}

func TestMiddlewareLeavesPanicsToTheServer(t *testing.T) {
	recorder := httptest.NewRecorder()
	handler := notes(t).Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half of a")
		panic(http.ErrAbortHandler)
	}))
	assert.PanicsWithValue(t, http.ErrAbortHandler, func() {
		handler.ServeHTTP(recorder, newRequest(t, http.MethodGet, "/notes", ""))
	})
	assert.Empty(t, recorder.Body.String())
}

const filesSpec = `
openapi: 3.0.3
info: {title: Files, version: "1"}
security: [{key: []}]
paths:
  /files/{id}:
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      responses:
        "200":
          description: A file, or what happens to it.
          headers: {X-Size: {schema: {type: integer}}}
          content: {text/event-stream: {schema: {type: string}}, application/json: {schema: {type: object, required: [id]}}}
        "400": &problem {description: Bad., content: {application/json: {schema: {type: object, required: [error], properties: {error: {type: string}}}}}}
        "401": *problem
        "404": *problem
        "405": *problem
        "500": *problem
components: {securitySchemes: {key: {type: apiKey, in: header, name: X-Key}}}
`

func files(t *testing.T, opts ...contract.Option) *contract.Validator {
	t.Helper()
	v, err := contract.New([]byte(filesSpec), opts...)
	require.NoError(t, err)
	return v
}

func TestMiddlewareAnswersWithTheStatusOfTheDocument(t *testing.T) {
	handler := files(t).Middleware(respond(200, "application/json", `{"id":1}`))
	for request, status := range map[string]int{
		"GET /files/1 key": 200, "GET /files/1": 401, "GET /none key": 404, "PUT /files/1 key": 405, "GET /files/x key": 400,
		"GET /files/x": 401,
	} {
		fields := strings.Fields(request)
		req := newRequest(t, fields[0], fields[1], "")
		if len(fields) > 2 {
			req.Header.Set("X-Key", "k")
		}
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, req)
		assert.Equal(t, status, recorder.Code, request)
		if status != 200 {
			assert.Contains(t, recorder.Body.String(), `{"error":"`, request)
		}
	}
}

func TestMiddlewareJudgesHeadersAsTheyAreSent(t *testing.T) {
	late := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, `{"id":1}`)
		w.Header().Set("Content-Type", "application/json") // too late
	})
	get := func(v *contract.Validator, handler http.Handler) *httptest.ResponseRecorder {
		req := newRequest(t, http.MethodGet, "/files/1", "")
		req.Header.Set("X-Key", "k")
		recorder := httptest.NewRecorder()
		v.Middleware(handler).ServeHTTP(recorder, req)
		return recorder
	}
	assert.Equal(t, 500, get(files(t), late).Code)
	var reported []string
	report := contract.WithReport(func(_ context.Context,
		err *contract.Error) {
		reported = append(reported, err.Error())
	})
	assert.Equal(t, 200, get(files(t, report), late).Code)
	require.Len(t, reported, 1)
	assert.Contains(t, reported[0], `content-type: unexpected value "text/plain"`)
}

func TestMiddlewareReportsAnUnroutedRequestOnce(t *testing.T) {
	reported := 0
	v := files(t, contract.WithReport(func(context.Context, *contract.Error) { reported++ }))
	recorder := httptest.NewRecorder()
	v.Middleware(respond(200, "text/html", "<p>")).ServeHTTP(recorder, newRequest(t, http.MethodGet, "/none", ""))
	assert.Equal(t, "<p>", recorder.Body.String())
	assert.Equal(t, 1, reported)
	res, err := v.RoundTripper(transportFunc(func(req *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Request: req, Body: http.NoBody}, nil
	})).RoundTrip(newRequest(t, http.MethodGet, "/none", ""))
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	assert.Equal(t, 2, reported)
}

func TestStrictMiddlewareStreamsWhatItDoesNotJudge(t *testing.T) {
	left := make(chan struct{})
	handler := files(t).Middleware(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "data: 1\n\n")
		assert.NoError(t, http.NewResponseController(w).Flush())
		<-req.Context().Done() // the body ends when the client leaves
		close(left)
	}))
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	ctx, leave := context.WithCancel(t.Context())
	req := newRequest(t, http.MethodGet, server.URL+"/files/1", "").WithContext(ctx)
	req.Header.Set("X-Key", "k")
	res, err := (&http.Client{Transport: files(t).RoundTripper(server.Client().Transport)}).Do(req)
	require.NoError(t, err)
	line, err := bufio.NewReader(res.Body).ReadString('\n')
	require.NoError(t, err)
	assert.Equal(t, "data: 1\n", line)
	leave()
	<-left
	_ = res.Body.Close()
}

func TestStrictMiddlewareEndsABodyWithoutAnEnd(t *testing.T) {
	handler := files(t, contract.WithMaxBodyBytes(100)).Middleware(http.HandlerFunc(func(w http.ResponseWriter,
		_ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for {
			if _, err := io.WriteString(w, strings.Repeat(" ", 30)); err != nil {
				return
			}
		}
	}))
	req := newRequest(t, http.MethodGet, "/files/1", "")
	req.Header.Set("X-Key", "k")
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, req)
	assert.Equal(t, 500, recorder.Code)
}

func TestStrictMiddlewarePassesDeadlinesOn(t *testing.T) {
	handler := files(t).Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		controller := http.NewResponseController(w)
		assert.NoError(t, controller.SetWriteDeadline(time.Now().Add(time.Minute)))
		assert.NoError(t, controller.SetReadDeadline(time.Now().Add(time.Minute)))
		assert.NoError(t, controller.EnableFullDuplex())
		assert.NoError(t, controller.Flush())
		_, _, err := controller.Hijack()
		assert.ErrorIs(t, err, http.ErrNotSupported)
		w.Header().Set("Content-Type", "application/json")
	}))
	send, logged := serve(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		req.Header.Set("X-Key", "k")
		handler.ServeHTTP(w, req)
	}))
	res, _ := send(http.MethodGet, "/files/1", "")
	assert.Equal(t, 500, res.StatusCode, "the header was sent by Flush, without a Content-Type")
	assert.Contains(t, logged.String(), `content-type: unexpected value ""`)
}

func TestStrictMiddlewareLetsCompressedResponsesAndTrailersPass(t *testing.T) {
	handler := files(t).Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		packed := gzip.NewWriter(w)
		_, _ = io.WriteString(packed, `{"id":1}`)
		_ = packed.Close()
		w.Header().Set(http.TrailerPrefix+"X-Sum", "5")
	}))
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	req := newRequest(t, http.MethodGet, server.URL+"/files/1", "")
	req.Header.Set("X-Key", "k")
	res, err := server.Client().Do(req)
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	assert.JSONEq(t, `{"id":1}`, string(body))
	assert.Equal(t, "5", res.Trailer.Get("X-Sum"))
}

func TestAnErrorHandlerResponds(t *testing.T) {
	handler := files(t, contract.WithErrorHandler(func(w http.ResponseWriter, _ *http.Request, status int,
		err *contract.Error) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, err.Violations[0].In)
	})).Middleware(respond(200, "text/html", "<p>"))
	for path, want := range map[string]string{"/files/x": "400 path", "/files/1": "500 content-type"} {
		req := newRequest(t, http.MethodGet, path, "")
		req.Header.Set("X-Key", "k")
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, req)
		assert.Equal(t, want, fmt.Sprint(recorder.Code, " ", recorder.Body))
	}
}
