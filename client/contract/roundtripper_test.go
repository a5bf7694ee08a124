package contract_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client/contract"
)

func TestRoundTripperValidates(t *testing.T) {
	const valid, invalid = `{"success":true,"result":"a dog"}`, `{"success":true}`
	var response string
	var served int
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		served++
		_, _ = io.Copy(io.Discard, req.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, response)
	}))
	t.Cleanup(server.Close)
	hc := &http.Client{Transport: runs().RoundTripper(nil)}                 // over http.DefaultTransport
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections) //nolint:errcheck // it is one
	send := func(t *testing.T, body string) (string, error) {
		t.Helper()
		res, err := hc.Do(newRequest(t, http.MethodPost, server.URL+"/prefix/api/v1/run/wf_1", body))
		if err != nil {
			return "", err
		}
		defer func() { assert.NoError(t, res.Body.Close()) }()
		data, err := io.ReadAll(res.Body)
		return string(data), err
	}

	t.Run("hands on a valid exchange", func(t *testing.T) {
		response, served = valid, 0
		body, err := send(t, `{"prompt":"a dog"}`)
		require.NoError(t, err)
		assert.JSONEq(t, valid, body)
		assert.Equal(t, 1, served)
	})
	t.Run("does not send a bad request", func(t *testing.T) {
		response, served = valid, 0
		_, err := send(t, `{"topic":"a dog"}`)
		assert.Equal(t, []contract.Violation{{In: "body", Pointer: "/prompt", Keyword: "required",
			Message: `property "prompt" is missing`}}, violations(t, err))
		assert.Zero(t, served)
	})
	t.Run("fails a bad response and keeps its body", func(t *testing.T) {
		response, served = invalid, 0
		_, err := send(t, `{"prompt":"a dog"}`)
		var failure *contract.Error
		require.ErrorAs(t, err, &failure)
		assert.Equal(t, http.StatusOK, failure.StatusCode)
		assert.Equal(t, "/prefix/api/v1/run/wf_1", failure.Path)
		assert.Equal(t, invalid, string(failure.Body))
		assert.Equal(t, 1, served)
	})
}

func TestRoundTripperKeepsTheRulesOfRoundTrippers(t *testing.T) {
	type exchange struct {
		requestBody, responseBody *closeCounter
		sent                      *http.Request
		err                       error
	}
	run := func(t *testing.T, request, response io.Reader, failure error) exchange {
		t.Helper()
		e := exchange{requestBody: &closeCounter{Reader: request}, responseBody: &closeCounter{Reader: response}}
		req := newRequest(t, http.MethodPost, runURL, "")
		req.Body, req.GetBody = e.requestBody, nil
		before := req.Clone(req.Context())
		res, err := runs().RoundTripper(transportFunc(func(sent *http.Request) (*http.Response, error) {
			e.sent = sent
			_, _ = io.Copy(io.Discard, sent.Body)
			_ = sent.Body.Close()
			if failure != nil {
				return nil, failure
			}
			return &http.Response{StatusCode: http.StatusOK, Header: headerOf(), Body: e.responseBody}, nil // without a Request
		})).RoundTrip(req)
		assert.Equal(t, before, req, "the caller's request was changed")
		assert.Equal(t, res == nil, err != nil, "a response or an error")
		if res != nil {
			assert.NotNil(t, res.Request)
			assert.NoError(t, res.Body.Close())
		}
		e.err = err
		return e
	}
	text := func(s string) io.Reader { return strings.NewReader(s) }

	t.Run("closes both bodies of a valid exchange", func(t *testing.T) {
		e := run(t, text(`{"prompt":"a dog"}`), text(`{"success":true,"result":"a dog"}`), nil)
		require.NoError(t, e.err)
		assert.Positive(t, e.requestBody.closed.Load())
		assert.Positive(t, e.responseBody.closed.Load())
	})
	t.Run("closes the body of a bad request", func(t *testing.T) {
		e := run(t, text(`{}`), text(""), nil)
		require.Error(t, e.err)
		assert.Positive(t, e.requestBody.closed.Load())
		assert.Nil(t, e.sent)
	})
	t.Run("closes the body of a bad response", func(t *testing.T) {
		e := run(t, text(`{"prompt":"a dog"}`), text(`{}`), nil)
		require.Error(t, e.err)
		assert.Positive(t, e.responseBody.closed.Load())
	})
	t.Run("gives the error of the next as it is", func(t *testing.T) {
		broken := errors.New("no route to host")
		e := run(t, text(`{"prompt":"a dog"}`), text(""), broken)
		assert.Equal(t, broken, e.err)
		assert.Positive(t, e.requestBody.closed.Load())
	})
	t.Run("does not send a request whose body breaks off", func(t *testing.T) {
		e := run(t, iotest.ErrReader(context.Canceled), text(""), nil)
		require.ErrorIs(t, e.err, context.Canceled)
		assert.Nil(t, e.sent)
	})
	t.Run("fails a response that breaks off", func(t *testing.T) {
		e := run(t, text(`{"prompt":"a dog"}`), io.MultiReader(text(`{"succ`), iotest.ErrReader(io.ErrUnexpectedEOF)), nil)
		require.ErrorIs(t, e.err, io.ErrUnexpectedEOF)
		assert.Positive(t, e.responseBody.closed.Load())
	})
	t.Run("refuses a request without a URL", func(t *testing.T) {
		req := newRequest(t, http.MethodPost, runURL, "")
		body := &closeCounter{Reader: text("")}
		req.URL, req.Body = nil, body
		_, err := runs().RoundTripper(nil).RoundTrip(req)
		require.Error(t, err)
		assert.Positive(t, body.closed.Load())
	})
	t.Run("closes idle connections of the next", func(t *testing.T) {
		next := &idleTransport{}
		(&http.Client{Transport: runs().RoundTripper(next)}).CloseIdleConnections()
		assert.True(t, next.closed)
		(&http.Client{Transport: runs().RoundTripper(transportFunc(nil))}).CloseIdleConnections()
	})
}

type idleTransport struct {
	http.RoundTripper
	closed bool
}

func (i *idleTransport) CloseIdleConnections() { i.closed = true }

func TestRoundTripperThatReportsLetsEverythingPass(t *testing.T) {
	var reported []string
	v := notes(t, contract.WithMaxBodyBytes(100), contract.WithReport(func(_ context.Context, err *contract.Error) {
		reported = append(reported, err.Error())
	}))
	long := strings.Repeat("x", 1000)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		assert.NoError(t, err)
		assert.EqualValues(t, len(body), req.ContentLength)
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write(body)
	}))
	t.Cleanup(server.Close)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	hc := &http.Client{Transport: v.RoundTripper(transport)}
	for body, want := range map[string][]string{
		`{}`: {
			`request POST /notes breaks the contract: body /text: property "text" is missing`,
			`response 200 to POST /notes breaks the contract: content-type: unexpected value "text/html", want application/json`,
		},
		long: {
			"request POST /notes breaks the contract: body: is longer than 100 bytes (WithMaxBodyBytes)",
			"response 200 to POST /notes breaks the contract: body: is longer than 100 bytes (WithMaxBodyBytes)",
		},
	} {
		reported = nil
		res, err := hc.Do(newRequest(t, http.MethodPost, server.URL+"/notes", body))
		require.NoError(t, err)
		data, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		assert.Equal(t, body, string(data))
		assert.Equal(t, want, reported)
	}
}

// A server that switches to another protocol and falls silent has a body without an end.
func TestRoundTripperDoesNotWaitForAnotherProtocol(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if assert.NoError(t, err) {
			_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: tea\r\nConnection: Upgrade\r\n\r\n")
			_, _ = io.Copy(io.Discard, conn) // until the client hangs up
			_ = conn.Close()
		}
	}))
	t.Cleanup(server.Close)
	hc := &http.Client{Transport: runs().RoundTripper(&http.Transport{})}
	req := newRequest(t, http.MethodPost, server.URL+"/api/v1/run/wf_1", `{"prompt":"a dog"}`)
	res, err := hc.Do(req)
	if !assert.Error(t, err) {
		_ = res.Body.Close()
	}
	assert.Equal(t, []contract.Violation{{In: "status", Message: "the server switched to another protocol"}},
		violations(t, err))
}
