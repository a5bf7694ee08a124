package contracttest

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func faultsOfRequests(op *operation) []fault {
	valid := string(op.inputs.JSON())
	taken := func(name, check string, body when) fault {
		return fault{name + " is run", "request/" + check, taking(body, asValid(op))}
	}
	bad := hasStatus(http.StatusBadRequest)
	everyBad := "request/*-body request/json-* request/*-object request/array-of-inputs request/missing-* request/other-case-* request/*-is-* request/*-has-* request/*-breaks-* request/empty-* request/blank-* request/*-fits-no-variant"
	list := []fault{
		taken("an empty body", "empty-body", bodyIs("")),
		taken("JSON cut short", "json-cut-short", bodyIs(valid[:len(valid)-1])),
		{"JSON with more after it is run", againstAdvice + "request/json-with-more", taking(bodyHas("} x"), asValid(op))},
		taken("JSON in single quotes", "json-in-single-quotes", bodyHas("{'")),
		taken("an array", "array-for-object", bodyIs("[]")),
		taken("a string", "string-for-object", bodyIs(`"inputs"`)),
		taken("a number", "number-for-object", bodyIs("1")),
		taken("a boolean", "boolean-for-object", bodyIs("true")),
		taken("null", "null-for-object", bodyIs("null")),
		{"another content type is run", againstAdvice + "request/other-content-type", taking(func(r *http.Request,
			_ string) bool {
			return r.Header.Get("Content-Type") == "text/plain"
		}, asValid(op))},
		taken("the inputs within an array", "array-of-inputs", bodyIs("["+valid+"]")),
		{"a form is run", againstAdvice + "request/form", taking(func(r *http.Request, _ string) bool {
			return r.Header.Get("Content-Type") == formType
		}, asValid(op))},
		{"deep nesting gets a long response", againstAdvice + "request/nested-deep", responding(bodyHas("[[[["),
			http.StatusBadRequest, "application/json", `{"success":false,"error":"`+strings.Repeat(" ", 11<<20)+`"}`)},
		{"deep nesting makes it fail", againstAdvice + "request/nested-deep", responding(bodyHas("[[[["),
			http.StatusInternalServerError, "application/json", `{"success":false,"error":"stack overflow"}`)},
		{"deep nesting breaks the connection", "request/nested-deep", instead(bodyHas("[[[["), func(http.ResponseWriter,
			*http.Request) {
			panic(http.ErrAbortHandler)
		})},
		{"a bad body makes it fail", everyBad, altering(bad, statusTo(http.StatusInternalServerError))},
		{"a bad body gets another's error schema", everyBad, altering(bad,
			bodyTo(func(string) string { return `{"detail":"bad"}` }))},
	}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(op.schema.Required))) {
		if op.inputs[name] == nil {
			continue
		}
		without := maps.Clone(op.inputs)
		delete(without, name)
		list = append(list,
			fault{"a missing " + name + " is not named", againstAdvice + "request/missing-" + name, altering(bad,
				replacing(name, "input"))},
			fault{"a missing " + name + " gets 422", "request/missing-" + name, instead(func(r *http.Request,
				body string) bool {
				return asksKeyed(r) && bodyIs(string(without.JSON()))(r, body)
			}, func(w http.ResponseWriter, _ *http.Request) {
				refuse(w, http.StatusUnprocessableEntity, name+" is missing")
			})},
		)
	}
	for _, c := range op.schemaBodies() {
		_, check, _ := strings.Cut(op.finish(c).name, "/request/")
		one := taken("the request of "+check, check, bodyIs(string(c.request.Body)))
		if c.level() == LevelAdvice {
			one.caught = againstAdvice + one.caught
		}
		list = append(list, one)
	}
	return list
}

func TestTheChecksOfOtherInputsAreProvenToo(t *testing.T) {
	t.Parallel()
	document := otherInputs(t)
	op := testOperation(t, document)
	report, err := checkHandler(t, document, sound(t, document))
	require.NoError(t, err)
	assert.Empty(t, failed(report, LevelContract))
	assert.Empty(t, failed(report, LevelAdvice))
	for i, c := range op.schemaBodies() {
		if !isInSample(i) {
			continue
		}
		t.Run("the request of "+c.name+" is run", func(t *testing.T) {
			t.Parallel()
			server := taking(bodyIs(string(c.request.Body)), asValid(op))(sound(t, document))
			report, err := checkSome(t, document, server, runOperation+"/request/")
			require.NoError(t, err)
			assert.Equal(t, []string{op.finish(c).name}, failed(report, c.level()))
		})
	}
}
