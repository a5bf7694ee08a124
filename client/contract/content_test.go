package contract_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/aitutor-api/aitutor-go/client/contract"
)

// A long body that breaks the contract is not made a tree: a tree of many small values takes up to 65 times their size.
func TestALongInvalidBodyTakesEightTimesItsSizeOfMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	size := 1 << 20
	if os.Getenv("AITUTOR_TEST_ALL") != "" {
		size = 4 << 20
	}
	repeat := func(text string) string { return strings.Repeat(text, size/len(text)) }
	var names strings.Builder
	for i := range size / 4 {
		fmt.Fprintf(&names, `"%x":1,`, i)
	}
	tests := []struct{ name, body, want string }{
		{"objects", `{"success":true,"result":5,"more":[` + repeat(`{"":{}},`) + `1]}`,
			"body /result: value must be a string"},
		{"a list of objects", `[` + repeat(`{"":{}},`) + `1]`, "body: value must be an object"},
		{"names", `{` + names.String() + `"success":true,"result":5}`, "body /result: value must be a string"},
		{"numbers", `{"success":true,"result":"x","citations":[` + repeat(`1,`) + `1]}`,
			"body /citations/0: value must be a string"},
		{"citations", `{"success":true,"result":5,"citations":[` + repeat(`"a",`) + `"a"]}`,
			"body /result: value must be a string"},
		{"citations of which the last is none", `{"success":true,"result":"x","citations":[` + repeat(`"a",`) + `1]}`,
			fmt.Sprintf("body /citations/%d: value must be a string", size/4)},
		{"a text", `{"success":true,"result":{"text":"` + repeat(`a`) + `"}}`, "body /result: value must be a string"},
		{"an escaped text", `{"success":true,"result":["` + repeat(`\n`) + `"]}`, "body /result: value must be a string"},
		{"a name that is there twice", `{"success":true,"citations":[` + repeat(`"a",`) + `"a"],"success":true}`,
			fmt.Sprintf("body /success: is not JSON: duplicate object member name, at byte %d", size+34)},
		{"data after it", `{"success":true,"citations":[` + repeat(`"a",`) + `"a"]}]`,
			"body: is not JSON: data after the JSON value"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			req := newRequest(t, http.MethodPost, runURL, "")
			var err error
			took := allocated(func() { err = validateResponse(contract.Default(), req, 200, test.body) })
			assert.Equal(t, []string{test.want}, lines(t, err))
			t.Logf("%.1f times its size", float64(took)/float64(len(test.body)))
			assert.LessOrEqual(t, took, uint64(overhead*float64(8*len(test.body))))
		})
	}
}

func TestValidExchangesAllocateLittle(t *testing.T) {
	req := newRequest(t, http.MethodPost, runURL, "")
	res := &http.Response{StatusCode: http.StatusOK, Request: req,
		Header: headerOf("X-Ratelimit-Limit", "10", "X-Ratelimit-Remaining", "9")}
	request, response := []byte(requestExample(t)), []byte(`{"success":true,"result":"x"}`)
	took := testing.AllocsPerRun(100, func() {
		assert.NoError(t, contract.AnyWorkflow().CheckRequest(req, request))
		assert.NoError(t, contract.AnyWorkflow().CheckResponse(res, response))
	})
	assert.LessOrEqual(t, took, 10*overhead) // under the race detector a sync.Pool forgets what it has
}

func TestPropertiesOfOneDirectionAllocateLittle(t *testing.T) {
	for _, version := range []string{"3.0.3", "3.1.0"} {
		v := validatorOf(t, version, bodySpec(`{type: object, required: [id, name, key], properties: {
    id: {type: string, readOnly: true}, name: {type: string}, key: {type: string, writeOnly: true}}}`))
		req := newRequest(t, http.MethodPost, "/x", "")
		res := &http.Response{StatusCode: http.StatusOK, Request: req, Header: headerOf("Content-Type", "application/json")}
		request, response := []byte(`{"name":"x","key":"y"}`), []byte(`{"name":"x","id":"y"}`)
		took := testing.AllocsPerRun(100, func() {
			assert.NoError(t, v.CheckRequest(req, request))
			assert.NoError(t, v.CheckResponse(res, response))
		})
		assert.LessOrEqual(t, took, 4*overhead, version)
	}
}
