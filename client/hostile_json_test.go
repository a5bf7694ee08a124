package client_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client"
)

// refusedRun is a row of an answer under 200 that is a run, but breaks the contract.
func refusedRun(name, body string, says ...string) hostileRow {
	return hostileRow{name: name, handler: answerJSON(200, body), runs: 1, invalid: true, body: body, says: says}
}

// notARun is a row of an answer under 200 in which no run can be read.
func notARun(name, body string, says ...string) hostileRow {
	row := refusedRun(name, body, says...)
	row.status = 200
	return row
}

// acceptedRun is a row of an answer that keeps the contract, however odd it is.
func acceptedRun(name, body, text string) hostileRow {
	return hostileRow{name: name, handler: answerJSON(200, body), runs: 1, text: text}
}

// formRows answer 200 with JSON of the wrong form.
func formRows() []hostileRow {
	return []hostileRow{
		notARun("answers with an empty body", "", "is not JSON"),
		notARun("answers with white space", " \n", "is not JSON"),
		notARun("answers null", "null"),
		notARun("answers with an array", `[{"success":true,"result":"x"}]`),
		notARun("answers with a string", `"once"`),
		notARun("answers with a number", `1`),
		notARun("answers NaN", `NaN`, "is not JSON"),
		refusedRun("answers with an empty object", `{}`),
		refusedRun("answers with a success that is a string", `{"success":"true","result":"x"}`, "/success"),
		refusedRun("answers with a success that is 1", `{"success":1,"result":"x"}`, "/success"),
		refusedRun("answers without success", `{"result":"x"}`, "/success"),
		refusedRun("answers with a result that is an object", `{"success":true,"result":{}}`, "/result"),
		refusedRun("answers with a result that is null", `{"success":true,"result":null}`, "/result"),
		refusedRun("answers with citations that are a string", `{"success":true,"result":"x","citations":"a"}`, "/citations"),
		refusedRun("answers with a citation that is a number", `{"success":true,"result":"x","citations":["a",1]}`, "/citations/1"),
		refusedRun("answers without a run ID", `{"success":true,"status":"completed","output":{"generated_story":"x"}}`, "/run_id"),
		refusedRun("answers with a run ID that is a number", strings.Replace(goodAnswer, `"run_1"`, `1`, 1), "/run_id"),
		refusedRun("answers with a renamed story", strings.Replace(goodAnswer, "generated_story", "story", 1), "generated_story"),
		refusedRun("answers with a story that is null", strings.Replace(goodAnswer, `"Once upon a time"`, "null", 1), "/output/generated_story"),
		refusedRun("answers with an output that is an array", `{"success":true,"run_id":"r","status":"s","output":[]}`, "/output"),
		refusedRun("answers with names in capitals", `{"Success":true,"Result":"x"}`),
		acceptedRun("answers with both forms at once", `{"success":true,"run_id":"r","status":"s","output":{"generated_story":"a"},"result":"b"}`, "a"),
		acceptedRun("answers in the deployed form with an output that is null", `{"success":true,"result":"once","output":null}`, "once"),
		acceptedRun("answers in the deployed form with an output of another form", `{"success":true,"result":"once","output":{"tokens":5}}`, "once"),
		acceptedRun("answers in the deployed form with a list as output", `{"success":true,"result":"once","output":["a"]}`, "once"),
		acceptedRun("answers in the deployed form with an error that is null", `{"success":true,"result":"once","error":null}`, "once"),
		acceptedRun("answers in the documented form with citations that are null", strings.Replace(goodAnswer, "{", `{"citations":null,`, 1), "Once upon a time"),
	}
}

// jsonRows answer 200 with JSON that is broken in itself, or looks so.
func jsonRows() []hostileRow {
	deep := strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)
	deepObjects := strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000)
	rows := []hostileRow{
		notARun("nests JSON 100,000 deep", deep, "is not JSON"),
		notARun("opens 100,000 arrays and no more", strings.Repeat("[", 100_000), "is not JSON"),
		notARun("opens 100,000 objects and no more", strings.Repeat(`{"a":`, 100_000), "is not JSON"),
		notARun("nests JSON 100,000 deep inside output", strings.Replace(goodAnswer, `"Once upon a time"`, deepObjects, 1), "is not JSON"),
		notARun("nests JSON 100,000 deep in a new field", strings.Replace(goodAnswer, "{", `{"new":`+deep+",", 1), "is not JSON"),
		{
			name: "nests JSON 100,000 deep in an error", handler: answerJSON(500, `{"success":false,"error":`+deepObjects+`}`),
			runs: 1, status: 500, invalid: true, body: `{"success":false,"error":` + deepObjects + `}`,
		},
		acceptedRun("nests JSON 5,000 deep in a new field", strings.Replace(goodAnswer, "{",
			`{"new":`+strings.Repeat("[", 5000)+strings.Repeat("]", 5000)+",", 1), "Once upon a time"),
		refusedRun("answers with a duplicate name", `{"success":true,"result":"a","result":"b"}`, "is not JSON", "duplicate"),
		refusedRun("answers with a duplicate name inside output",
			`{"success":true,"run_id":"r","status":"s","output":{"generated_story":"a","generated_story":"b"}}`, "duplicate"),
		refusedRun("answers with a duplicate name, once escaped", `{"success":true,"result":"a","\u0072esult":"b"}`, "duplicate"),
		refusedRun("answers with invalid UTF-8", "{\"success\":true,\"result\":\"a\xff\"}", "UTF-8"),
		refusedRun("answers with a byte order mark", "\uFEFF"+goodAnswer, "is not JSON"),
		refusedRun("answers with a second value", goodAnswer+"{}", "is not JSON"),
		refusedRun("answers with text after the JSON", goodAnswer+" bye", "is not JSON"),
		notARun("answers with a trailing comma", `{"success":true,"result":"a",}`, "is not JSON"),
		notARun("answers with a comment", `{"success":true,/* */"result":"a"}`, "is not JSON"),
		notARun("answers with single quotes", `{'success':true,'result':'a'}`, "is not JSON"),
		notARun("answers with a number that JSON has not", `{"success":true,"result":"a","n":01}`, "is not JSON"),
		notARun("answers with Infinity", `{"success":true,"result":"a","n":Infinity}`, "is not JSON"),
		notARun("answers with a newline in a string", "{\"success\":true,\"result\":\"a\nb\"}", "is not JSON"),
		notARun("answers with UTF-16", "{\x00}\x00", "is not JSON"),
		notARun("answers with JSON that is cut off, of the right length", goodAnswer[:60], "is not JSON"),
		notARun("answers with a stream of events", "data: "+goodAnswer+"\n\n", "is not JSON"),
		acceptedRun("answers with half of a surrogate pair", `{"success":true,"result":"a\ud83d"}`, "a\uFFFD"),
		acceptedRun("answers with a NUL in the text", `{"success":true,"result":"a\u0000b"}`, "a\x00b"),
		acceptedRun("answers with a number that no float64 holds", `{"success":true,"result":"a","cost":1e999}`, "a"),
		acceptedRun("answers with a number of 100,000 digits", `{"success":true,"result":"a","n":`+strings.Repeat("9", 100_000)+`}`, "a"),
		acceptedRun("answers with white space around the JSON", " \r\n\t"+goodAnswer+" \r\n\t", "Once upon a time"),
		acceptedRun("answers with an empty text", `{"success":true,"result":""}`, ""),
	}
	last := &rows[len(rows)-1]
	last.check = func(t *testing.T, run *client.Run, err error) {
		t.Helper()
		require.NoError(t, err)
		assert.Empty(t, run.Text)
	}
	return rows
}
