package main

import (
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/api"
)

const pets = `
openapi: 3.0.3
info: {title: Pets, version: "1"}
security: [{key: []}]
paths:
  /pets:
    post:
      requestBody:
        content: {application/x-www-form-urlencoded: {schema: {type: object, required: [name], properties: {name: {type: string}}}}}
      responses:
        '201':
          description: The pet.
          content: {application/json: {schema: {type: object, required: [name], properties: {name: {type: string}}}}}
        '204': {description: Nothing.}
components:
  securitySchemes:
    key: {type: apiKey, in: header, name: X-Key}
`

func TestRun(t *testing.T) {
	t.Parallel()
	form := `"request": {"method": "POST", "url": "https://pets.example/v1/pets", "headers": [{"name": ":authority", "value": "pets.example"}],
		"postData": {"mimeType": "application/x-www-form-urlencoded", "params": [{"name": "name", "value": "Charlie"}]}}`
	response := func(status, content string) string {
		return form + `, "response": {"status": ` + status +
			`, "headers": [{"name": "content-encoding", "value": "gzip"}], "content": ` + content + `}`
	}
	for _, test := range []struct {
		name    string
		entries []string
		broken  int
		want    []string
	}{
		{
			"an exchange that keeps the contract, without credentials and decoded",
			[]string{response("201", `{"mimeType": "application/json", "size": 18, "text": "{\"name\":\"Charlie\"}"}`)},
			0, []string{"1 keep the contract, 0 break it"},
		},
		{
			"a body in base64",
			[]string{response("201", `{"mimeType": "application/json", "encoding": "base64", "text": "eyJuYW1lIjoxfQ=="}`)},
			1, []string{"entry 0, POST /v1/pets:\n\tresponse body /name: value must be a string\n",
				"0 keep the contract, 1 break it"},
		},
		{
			"a body that the file lacks",
			[]string{response("201", `{"mimeType": "application/json", "size": 18}`)},
			0, []string{"1 keep the contract"},
		},
		{"no body", []string{response("204", `{"mimeType": "x-unknown", "size": 0}`)}, 0, []string{"1 keep the contract"}},
		{
			"a status that is not described",
			[]string{response("404", `{"mimeType": "text/html", "text": "<html>"}`)},
			1, []string{"response status", "1 break it"},
		},
		{"no response", []string{response("0", `{}`)}, 0, []string{"1 have no response"}},
		{
			"a request that breaks the contract",
			[]string{strings.Replace(response("204", `{}`), `"name": "name"`, `"name": "nom"`, 1)},
			1, []string{"request body"},
		},
		{
			"other traffic beside",
			[]string{
				`"request": {"method": "GET", "url": "https://pets.example/favicon.ico"}, "response": {"status": 200}`,
				`"request": {"method": "OPTIONS", "url": "https://pets.example/v1/pets"}, "response": {"status": 204}`,
				response("204", `{}`),
			},
			0, []string{"1 keep the contract, 0 break it, 0 have no response, 2 are other traffic"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			spec := write(t, dir, "pets.yaml", pets)
			har := write(t, dir, "pets.har",
				`{"log": {"version": "1.2", "entries": [{`+strings.Join(test.entries, "}, {")+`}]}}`)
			var out strings.Builder
			broken, err := run(&out, io.Discard, []string{"-spec", spec, har})
			require.NoError(t, err)
			assert.Equal(t, test.broken, broken)
			for _, want := range test.want {
				assert.Contains(t, out.String(), want)
			}
		})
	}
}

func TestRunTakesTheAPIsOwnDocumentByDefault(t *testing.T) {
	t.Parallel()
	examples := api.Document().Components.Examples
	body := func(name string) string {
		data, err := json.Marshal(examples[name].Value.Value)
		require.NoError(t, err)
		text, err := json.Marshal(string(data))
		require.NoError(t, err)
		return string(text)
	}
	har := write(t, t.TempDir(), "run.har", `{"log": {"entries": [{
		"request": {"method": "POST", "url": "https://aitutor-api.vercel.app/api/v1/run/wf_1",
			"postData": {"mimeType": "application/json", "text": `+body("RunRequest")+`}},
		"response": {"status": 200, "content": {"mimeType": "application/json", "text": `+body("TextRun")+`}}
	}]}}`)
	var out strings.Builder
	broken, err := run(&out, io.Discard, []string{har})
	require.NoError(t, err)
	assert.Zero(t, broken)
	assert.Contains(t, out.String(), "1 keep the contract")
}

func TestRunNamesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	good := write(t, dir, "good.har", `{"log": {"entries": []}}`)
	for _, test := range []struct {
		name string
		args []string
		want string
	}{
		{"no file", nil, "want one HAR file, got 0 arguments"},
		{"a file that is not there", []string{filepath.Join(dir, "none.har")}, "none.har"},
		{"a file that is no JSON", []string{write(t, dir, "text.har", "text")},
			"text.har is not a HAR file: invalid character"},
		{"other JSON", []string{write(t, dir, "other.har", "{}")}, "other.har is not a HAR file: it has no log"},
		{
			"an entry with a bad URL",
			[]string{write(t, dir, "url.har", `{"log": {"entries": [{"request": {"url": ":"}}]}}`)}, "entry 0: its URL",
		},
		{
			"an entry with bad base64",
			[]string{write(t, dir, "base64.har",
				`{"log": {"entries": [{"response": {"status": 200, "content": {"text": "?", "encoding": "base64"}}}]}}`)},
			"entry 0: the content of its response",
		},
		{"a document that is none", []string{"-spec", good, good}, "new validator"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := run(io.Discard, io.Discard, test.args)
			assert.ErrorContains(t, err, test.want)
		})
	}
	var usage strings.Builder
	_, err := run(io.Discard, &usage, []string{"-help"})
	require.ErrorIs(t, err, flag.ErrHelp)
	assert.Contains(t, usage.String(), "-spec")
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}
