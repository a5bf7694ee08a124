package contract_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client/contract"
)

func TestViolationsOfAnswers(t *testing.T) {
	const run, failure = `{"success":true,"result":"a dog"}`, `{"success":false,"error":"Not today."}`
	tests := []struct {
		name   string
		status int
		body   string
		header []string
		want   []contract.Violation
	}{
		{"a run", 200, run, nil, nil},
		{"fields that are not described", 200, `{"success":true,"result":"","more":{"x":[null]}}`, []string{"X-More", "1"}, nil},
		{"another status with the error schema", 418, failure, nil, nil},
		{"a redirect, which kin-openapi looks at no further", 307, "", nil, nil},
		{"a run with an error's status", 402, run, nil, []contract.Violation{
			{In: "body", Pointer: "/success", Message: "value is not one of the allowed values [false]"},
			{In: "body", Pointer: "/error", Message: `property "error" is missing`},
		}},
		{"no content type", 200, run, []string{"Content-Type", ""}, []contract.Violation{{In: "content-type", Message: `unexpected value ""`}}},
		{"a gateway's page", 504, "<html>\n</html>", []string{"Content-Type", "text/html; charset=\"a\nb\""}, []contract.Violation{
			{In: "content-type", Message: `unexpected value "text/html; charset=\"a\nb\""`},
		}},
		{"a page that says it is JSON", 504, "<html>\n</html>", nil, []contract.Violation{
			{In: "body", Message: "is not JSON: invalid character '<' at start of value, at byte 0"},
		}},
		{"an empty body", 200, "", nil, []contract.Violation{{In: "body", Message: "is not JSON: EOF"}}},
		{"a body that was cut", 200, `{"success":true,"result":"a do`, nil, []contract.Violation{
			{In: "body", Pointer: "/result", Message: "is not JSON: unexpected EOF, at byte 30"},
		}},
		{"null", 200, "null", nil, []contract.Violation{{In: "body", Message: "Value is not nullable"}}},
		{"a list", 200, "[]", nil, []contract.Violation{{In: "body", Message: "value must be an object"}}},
		{"a rate limit that is no number", 200, run, []string{"x-ratelimit-limit", "ten"}, []contract.Violation{
			{In: "header", Pointer: "x-ratelimit-limit", Message: "an invalid integer"},
		}},
		{"a name that a pointer has to escape", 200, `{"success":true,"result":"a","a/b~c":1,"a/b~c":2}`, nil, []contract.Violation{
			{In: "body", Pointer: "/a~1b~0c", Message: `is not JSON: duplicate object member name, at byte 39`},
		}},
		{"many things at once", 200, `{"success":"yes","run_id":7,"status":null,"output":{"generated_story":["a"]},"citations":5}`,
			[]string{"x-ratelimit-limit", "-1", "x-ratelimit-remaining", "1.5"}, []contract.Violation{
				{In: "header", Pointer: "x-ratelimit-limit", Message: "number must be at least 0"},
				{In: "header", Pointer: "x-ratelimit-remaining", Message: "an invalid integer"},
				{In: "body", Pointer: "/output/generated_story", Message: "value must be a string"},
				{In: "body", Pointer: "/run_id", Message: "value must be a string"},
				{In: "body", Pointer: "/status", Message: "Value is not nullable"},
				{In: "body", Pointer: "/success", Message: "value is not one of the allowed values [true]"},
			}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			req := newRequest(t, http.MethodPost, runURL, `{"story":"a dog"}`)
			err := validateAnswer(contract.Default(), req, test.status, test.body, test.header...)
			if test.want == nil {
				require.NoError(t, err)
				return
			}
			assert.Equal(t, test.want, violations(t, err))
			start := fmt.Sprintf("answer %d to POST /api/v1/run/wf_1 breaks the contract: ", test.status)
			assert.True(t, strings.HasPrefix(err.Error(), start), err)
			assertOneLineEach(t, err, len(test.want))
		})
	}
}

// assertOneLineEach asserts that an error's text is one line, or one line and one for each violation.
func assertOneLineEach(t *testing.T, err error, violations int) {
	t.Helper()
	if violations == 1 {
		violations = 0
	}
	assert.Len(t, strings.Split(err.Error(), "\n"), 1+violations, err.Error())
	assert.NotContains(t, err.Error(), "Schema:")
	assert.NotContains(t, err.Error(), "Value:")
}

func TestViolationsOfRequests(t *testing.T) {
	tests := []struct {
		name, url, body string
		header          [2]string
		want            []contract.Violation
	}{
		{"a valid request", runURL, `{"story":"a dog"}`, [2]string{}, nil},
		{"inputs that are not described", runURL, `{"story":"a dog","level":5}`, [2]string{}, nil},
		{"a scheme in capitals", runURL, `{"story":"a dog"}`, [2]string{"Authorization", "BEARER example-key"}, nil},
		{"no key", runURL, `{"story":"a dog"}`, [2]string{"Authorization", ""}, []contract.Violation{
			{In: "header", Pointer: "Authorization", Message: "a bearer credential is required (bearerAuth)"},
		}},
		{"another content type", runURL, `story=a`, [2]string{"Content-Type", "application/x-www-form-urlencoded"}, []contract.Violation{
			{In: "content-type", Message: `unexpected value "application/x-www-form-urlencoded"`},
		}},
		{"a blank story and no workflow ID", runURL + ".x", `{"story":" "}`, [2]string{}, []contract.Violation{
			{In: "path", Pointer: "workflow_id", Message: `string doesn't match the regular expression "^[A-Za-z0-9_-]+$"`},
			{In: "body", Pointer: "/story", Message: `string doesn't match the regular expression "\S"`},
		}},
		{"everything wrong", runURL + "%2F..", `[]`, [2]string{"Authorization", "Basic eDp5"}, []contract.Violation{
			{In: "header", Pointer: "Authorization", Message: "a bearer credential is required (bearerAuth)"},
			{In: "path", Pointer: "workflow_id", Message: `string doesn't match the regular expression "^[A-Za-z0-9_-]+$"`},
			{In: "body", Message: "value must be an object"},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			req := newRequest(t, http.MethodPost, test.url, test.body)
			if test.header[0] != "" {
				req.Header.Set(test.header[0], test.header[1])
			}
			err := contract.Default().ValidateRequest(req)
			if test.want == nil {
				require.NoError(t, err)
				return
			}
			assert.Equal(t, test.want, violations(t, err))
			assert.Contains(t, err.Error(), "request POST /api/v1/run/wf_1")
			assert.NotContains(t, err.Error(), "example-key")
			assertOneLineEach(t, err, len(test.want))
		})
	}
}

func TestViolationsOfBrokenJSON(t *testing.T) {
	const sound = `{"success":true,"result":"a dog","story":"a dog","deep":[{"x":[{"y":"z"}]}]}`
	replace := func(old, replaced string) string { return strings.Replace(sound, old, replaced, 1) }
	tests := []struct{ name, body, pointer, message string }{
		{"sound", sound, "", ""},
		{"space around", "\t\r\n " + sound + " \r\n\t", "", ""},
		{"half a surrogate pair as an escape", replace("a dog", `\ud83d`), "", ""},
		{"a duplicate name", replace(`"success"`, `"result":"x","success"`), "/result", "duplicate"},
		{"a duplicate name, written otherwise", replace(`"success"`, `"\u0072esult":"x","success"`), "/result", "duplicate"},
		{"a duplicate name far down", replace(`"y":"z"`, `"y":"z","y":"z"`), "/deep/0/x/0/y", "duplicate"},
		{"invalid UTF-8 in a value", replace("a dog", "\xff"), "", "invalid UTF-8"},
		{"invalid UTF-8 far down", replace("z", "\xc3"), "", "invalid UTF-8"},
		{"invalid UTF-8 in a name", replace("y", "\x80"), "", "invalid UTF-8"},
		{"another value after it", sound + "{}", "", "data after"},
		{"a text after it", sound + "\nx", "", "data after"},
		{"a zero byte after it", sound + "\x00", "", "data after"},
		{"a byte order mark", "\uFEFF" + sound, "", "invalid character"},
		{"UTF-16", "\xff\xfe{\x00}\x00", "", "invalid UTF-8"},
		{"a comma too many", replace(`"z"`, `"z",`), "", "is not JSON"},
		{"a comment", replace("{", "{/**/"), "", "is not JSON"},
		{"a number that JSON does not have", replace(`"z"`, "01"), "", "is not JSON"},
		{"not a number", replace(`"z"`, "NaN"), "", "is not JSON"},
		{"a line break in a text", replace("a dog", "a\ndog"), "", "is not JSON"},
		{"nested 20,000 deep", replace(`"z"`, strings.Repeat("[", 20000)+strings.Repeat("]", 20000)), "", "is not JSON"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			req := newRequest(t, http.MethodPost, runURL, test.body)
			for _, err := range []error{
				contract.Default().ValidateRequest(req),
				validateAnswer(contract.Default(), req, 200, test.body),
			} {
				if test.message == "" {
					require.NoError(t, err)
					continue
				}
				found := violations(t, err)
				require.Len(t, found, 1)
				assert.Equal(t, "body", found[0].In)
				assert.Contains(t, found[0].Message, "is not JSON: ")
				assert.Contains(t, found[0].Message, test.message)
				assertOneLineEach(t, err, 1)
				if test.pointer != "" {
					assert.Equal(t, test.pointer, found[0].Pointer)
				}
			}
		})
	}
}
