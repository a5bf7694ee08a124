package payload

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/aitutor-api/aitutor-go/gen"
)

func TestDecode(t *testing.T) {
	type read struct {
		runID, status, result, message, code, output string
		isRun, isError                               bool
	}
	for _, test := range []struct {
		name, body string
		want       read
	}{
		{"a run of the deployed variant", `{"success":true,"result":"text"}`, read{result: "text", isRun: true}},
		{"a run of the documented variant", `{"run_id":"r","success":true,"status":"s","output":{"a":1}}`,
			read{runID: "r", status: "s", output: `{"a":1}`, isRun: true}},
		{"an error of the deployed variant", `{"success":false,"error":"no","code":"c"}`,
			read{message: "no", code: "c", isError: true}},
		{"an error of the documented variant", `{"success":false,"error":{"message":"no","code":"c"}}`,
			read{message: "no", code: "c", isError: true}},
		{"an error alone", `{"error":"no"}`, read{message: "no", isError: true}},
		{"a failure with a result", `{"success":false,"result":"text"}`, read{result: "text", isError: true}},
		{"a run with an error beside it", `{"result":"text","error":"odd"}`,
			read{result: "text", message: "odd", isRun: true}},
		{"neither", `{"success":true}`, read{}},
		{"nulls", `{"success":null,"result":null,"error":null,"output":null}`, read{}},
		{"values of other types", `{"success":"x","result":5,"run_id":[1],"status":{},"code":7}`, read{isRun: true}},
		{"duplicate names, of which the last counts", `{"result":"a","result":"b"}`, read{result: "b", isRun: true}},
		{"a text that is no UTF-8", "{\"result\":\"a\xff\"}", read{result: "a\uFFFD", isRun: true}},
		{"a byte order mark", "\uFEFF" + `{"result":"a"}`, read{result: "a", isRun: true}},
		{"what stands before a break", `{"result":"a","citations":[`, read{result: "a", isRun: true}},
		{"an error that is cut off", `{"error":{"message":"no","co`, read{message: "no", isError: true}},
		{"a value that is broken after a good one of its name", `{"result":"a","result":"b`, read{result: "a", isRun: true}},
		{"no object", `[1]`, read{}},
		{"no JSON", `<html>`, read{}},
		{"nothing", ``, read{}},
	} {
		p := Decode([]byte(test.body))
		code := p.Error.Code.Text
		if code == "" {
			code = p.Code.Text
		}
		got := read{p.RunID.Text, p.Status.Text, p.Result.Text, p.Error.Message.Text, code, string(p.OutputJSON()), p.IsRun(),
			p.IsError()}
		assert.Equal(t, test.want, got, test.name)
	}
}

func TestDecodeOutput_ReadsWhatFits(t *testing.T) {
	type output struct{ A, B string }
	got, ok := DecodeOutput[output](Decode([]byte(`{"output":{"A":5,"B":"b"}}`)))
	assert.True(t, ok)
	assert.Equal(t, output{B: "b"}, got)
	_, ok = DecodeOutput[output](Decode([]byte(`{"output":null}`)))
	assert.False(t, ok)
	assert.Equal(t, []string{"a", ""}, Decode([]byte(`{"citations":["a",5]}`)).DecodeCitations())
	assert.Nil(t, Decode([]byte(`{"citations":"a"}`)).DecodeCitations())
}

// TestNames_AreThoseOfTheSpec fails if the spec renames a field that this package reads of a response: then the tags of
// payload.go have to follow.
func TestNames_AreThoseOfTheSpec(t *testing.T) {
	generated := make(map[string]bool)
	for _, of := range []reflect.Type{
		reflect.TypeFor[gen.CompletedRun](), reflect.TypeFor[gen.TextRun](), reflect.TypeFor[gen.FlatError](),
		reflect.TypeFor[gen.Error](),
	} {
		maps.Copy(generated, names(of))
	}
	read := names(reflect.TypeFor[Payload]())
	assert.Equal(t, sorted(generated), sorted(read),
		"client/internal/payload/payload.go: the fields of Payload are not those of the spec's responses")
	assert.Equal(t, sorted(names(reflect.TypeFor[gen.ErrorDetail]())), sorted(names(reflect.TypeFor[errorValue]())),
		"client/internal/payload/payload.go: the fields of errorValue are not those of the spec's ErrorDetail")
}

func names(of reflect.Type) map[string]bool {
	found := make(map[string]bool)
	for field := range of.Fields() {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" && name != "-" {
			found[name] = true
		}
	}
	return found
}

func sorted(set map[string]bool) []string { return slices.Sorted(maps.Keys(set)) }
