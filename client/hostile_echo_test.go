package client_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client"
)

// echoRows send the key back, everywhere. Every row's run looks for it in all that the client gives; here are the places.
func echoRows() []hostileRow {
	const key = hostileKey
	errored := func(name string, status int, contentType, body string, says ...string) hostileRow {
		return hostileRow{
			name: "echoes the key " + name, handler: answer(status, contentType, body), runs: 1, status: status,
			invalid: contentType != "application/json", body: body, says: says,
		}
	}
	rows := []hostileRow{
		errored("in an error of the documented form", 401, "application/json",
			`{"success":false,"error":{"message":"no key `+key+`","code":"bad_`+key+`"}}`, "no key [redacted]", "bad_[redacted]"),
		errored("in an error of the deployed form", 401, "application/json",
			`{"success":false,"error":"no key `+key+`","code":"`+key+`"}`, "no key [redacted]"),
		errored("escaped", 401, "application/json", `{"success":false,"error":"\u004b`+key[1:]+`"}`, "[redacted]"),
		errored("in a gateway's text", 502, "text/plain", "Authorization: Bearer "+key, "Bearer [redacted]"),
		errored("in a gateway's page", 502, "text/html", "<pre>"+key+"</pre>"),
		errored("in a content type", 502, "text/"+key, "", "[redacted]"),
		errored("in a content type that is not well formed", 502, `text/"`+key, ""),
		errored("where a long text is cut", 502, "text/plain", strings.Repeat("a", 4090)+key),
		errored("at the end of a line's length", 400, "application/json",
			`{"success":false,"error":"`+strings.Repeat("a", 295)+key+`"}`),
		errored("as the name of a duplicate field", 500, "application/json", `{"`+key+`":1,"`+key+`":2}`),
		errored("as the name of fields in an error", 500, "application/json", `{"success":false,"error":{"`+key+`":{"code":1}}}`),
		errored("with a byte inside that is no text", 502, "text/plain", key[:6]+"\xff"+key[6:]+strings.Repeat(" a", 200)),
		{
			name: "echoes the key in a run's ID and status", runs: 1, text: "x",
			handler: answerJSON(200, `{"success":true,"run_id":"`+key+`","status":"`+key+`","output":{"generated_story":"x"}}`),
		},
		{
			name: "echoes the key in a run that breaks the contract", runs: 1, invalid: true,
			handler: answerJSON(200, `{"success":"`+key+`","result":"x"}`), body: `{"success":"` + key + `","result":"x"}`,
		},
		{
			name: "echoes the key as a name in a run twice", runs: 1, invalid: true, says: []string{"[redacted]"},
			handler: answerJSON(200, `{"success":true,"result":"x","`+key+`":1,"`+key+`":1}`),
			body:    `{"success":true,"result":"x","` + key + `":1,"` + key + `":1}`,
		},
		{
			name: "echoes the key in a rate limit", runs: 1, invalid: true, body: goodAnswer,
			handler: withHeader(answerJSON(200, goodAnswer), "X-Ratelimit-Limit", key),
		},
		{
			name: "echoes the key in the headers of a run", runs: 1, text: "Once upon a time",
			handler: withHeader(withHeader(answerJSON(200, goodAnswer), "X-Echo", "Bearer "+key), "X-"+key, "name"),
		},
	}
	headers := errored("in the headers of an error", 500, "application/json", `{"success":false,"error":"x"}`, "(request ID id-[redacted])")
	headers.handler = withHeader(withHeader(withHeader(headers.handler, "X-Request-Id", "id-"+key), "X-Echo", key), "X-"+key, "name")
	rows[4].invalid, rows[9].invalid, rows[10].invalid = true, true, true
	rows = append(rows, headers)
	for _, row := range []hostileRow{
		{name: "echoes the key in the status line", raw: rawAnswer("HTTP/1.1 " + key + "\r\n\r\n"), says: []string{"malformed HTTP"}},
		{name: "echoes the key in place of HTTP", raw: rawAnswer(key + "\r\n\r\n"), says: []string{"malformed HTTP"}},
		{name: "echoes the key in a header without a colon", raw: rawAnswer("HTTP/1.1 200 OK\r\nBearer " + key + "\r\n\r\n"), says: []string{"malformed"}},
		{name: "echoes the key as an encoding", raw: rawAnswer("HTTP/1.1 200 OK\r\nTransfer-Encoding: " + key + "\r\n\r\n"), says: []string{"[redacted]"}},
		{name: "echoes the key as a length", raw: rawAnswer("HTTP/1.1 200 OK\r\nContent-Length: " + key + "\r\n\r\n"), says: []string{"[redacted]"}},
		{
			name: "echoes the key as the reason of a status", raw: rawAnswer("HTTP/1.1 500 " + key + "\r\nContent-Length: 0\r\n\r\n"),
			status: 500, invalid: true,
		},
		{
			name: "echoes the key as the length of a chunk", raw: rawAnswer(chunkedHead + key + "\r\n"),
			status: 200, invalid: true, says: []string{"chunk"},
		},
	} {
		row.runs = 1
		rows = append(rows, row)
	}
	return rows
}

// redirectRows send the client, and the story, elsewhere.
func redirectRows() []hostileRow {
	var rows []hostileRow
	row := func(name string, status int, location string) hostileRow {
		return hostileRow{
			name: name, runs: 1, status: status, body: "gone", invalid: status == 302 || status == 303 || status == 300,
			handler: withHeader(answer(status, "text/plain", "gone"), "Location", location), says: []string{"redirects are not followed", "gone"},
		}
	}
	for status, name := range map[int]string{
		300: "offers a choice", 301: "has moved for good", 302: "was found elsewhere", 303: "says see other",
		307: "has moved for now", 308: "has moved for good, method and all",
	} {
		r := row(name, status, "")
		r.url = func(t *testing.T, seen *runCounter) string {
			t.Helper()
			other := new(runCounter)
			elsewhere := serveHTTP(t, other, answerJSON(200, goodAnswer))
			t.Cleanup(func() { assert.Zero(t, other.count(), "requests at the other host") })
			return serveHTTP(t, seen, withHeader(answer(status, "text/plain", "gone"), "Location", elsewhere+"/api/v1/run/"+hostileWorkflow))
		}
		rows = append(rows, r)
	}
	itself := row("redirects to itself", 307, "")
	itself.handler = func(w http.ResponseWriter, r *http.Request) {
		withHeader(answer(307, "text/plain", "gone"), "Location", r.URL.Path)(w, r)
	}
	return append(rows, itself,
		row("redirects to nowhere", 302, ""),
		row("redirects to another scheme", 307, "file:///etc/passwd"),
		row("redirects to what is no URL", 302, "http://[::1"),
		row("redirects to what is no URL and echoes the key", 307, "http://[::1?k="+hostileKey),
	)
}

func TestARedirectFromHTTPSToHTTPSendsNothing(t *testing.T) {
	t.Parallel()
	seen, other := new(runCounter), new(runCounter)
	plain := serveHTTP(t, other, answerJSON(200, goodAnswer))
	server := newTLSServer(t, seen, withHeader(answer(307, "text/plain", ""), "Location", plain))
	c, err := client.New(hostileKey, client.WithBaseURL(server.URL), client.WithHTTPClient(trusting(t, server)))
	require.NoError(t, err)
	_, err = c.RunStory(t.Context(), hostileWorkflow, hostileStory)
	var answer *client.APIError
	require.ErrorAs(t, err, &answer)
	assert.Equal(t, 307, answer.StatusCode)
	assert.Equal(t, 1, seen.count())
	assert.Zero(t, other.count(), "requests at the other host")
}

func TestTheHTTPClientOfTheCallerFollowsNoRedirectEither(t *testing.T) {
	t.Parallel()
	seen, other := new(runCounter), new(runCounter)
	elsewhere := serveHTTP(t, other, answerJSON(200, goodAnswer))
	base := serveHTTP(t, seen, withHeader(answer(307, "text/plain", ""), "Location", elsewhere))
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	own := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return nil }}
	c, err := client.New(hostileKey, client.WithBaseURL(base), client.WithHTTPClient(own))
	require.NoError(t, err)
	_, err = c.RunStory(t.Context(), hostileWorkflow, hostileStory)
	require.Error(t, err)
	assert.Equal(t, 1, seen.count())
	assert.Zero(t, other.count(), "requests at the other host")
	assert.NoError(t, own.CheckRedirect(nil, nil), "the caller's client is as it was")
}
