package contracttest

import (
	"maps"
	"net/http"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
)

// everyText has a character of every kind, as the inside of a JSON string.
const everyText = "ASCII <&>' \u00df \u0416 \u4e2d\u6587" + // Latin, Cyrillic, Chinese
	" e\u0301\u0323 \u1112\u1161\u11ab" + // combining marks, conjoining letters
	" \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 \u202etfel\u202c" + // right to left, and turned around
	" \U0001f436 \U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea \U0001d51e" + // beyond 16 bits
	" \u2028\u2029\u00a0\u200b\u0085" + // ends of lines and kinds of space, as they are
	" \ufeff \ufffe \uffff \U0010ffff \ufffd \ue000" + // byte order mark, noncharacters, private use
	` \"\\\/\b\f\n\r\t\u0000\u0001\u001b\u007f\u2028\ud83d\ude00` // escapes: control characters, NUL, a pair

// longText is 1 MB.
var longText = sync.OnceValue(func() string { return strings.Repeat("a", 1<<20) })

// runs are the checks of runs: each starts one.
func (m *material) runs() []check {
	return []check{{
		name:    "runs/valid",
		rule:    "a valid request must be answered with 200",
		runs:    true,
		request: m.valid(),
		want:    status(http.StatusOK),
	}, {
		name:    "runs/extra-inputs",
		rule:    "inputs that the workflow does not have must be no error: answered with 200",
		runs:    true,
		request: m.validWith(m.withUnknown().object()),
		want:    status(http.StatusOK),
	}, {
		name:    "runs/long-text",
		rule:    "a text of 1 MB in every free text must be answered within the contract",
		runs:    true,
		request: m.validWith(m.withTexts(func(own string) string { return own + longText() }).object()),
	}, {
		name:    "runs/unicode-text",
		rule:    "a text of every kind of Unicode must be answered within the contract",
		runs:    true,
		request: m.validWith(m.withTexts(func(string) string { return everyText }).object()),
	}, {
		name:    "runs/lone-surrogate",
		rule:    "a text with half of a surrogate pair, as an escape, must be answered within the contract",
		runs:    true,
		request: m.validWith(m.withTexts(func(own string) string { return own + `\ud83d` }).object()),
	}}
}

// withUnknown is the inputs and some that no workflow has.
func (m *material) withUnknown() inputs {
	more := maps.Clone(m.inputs)
	more["contracttest_text"] = []byte(`"unknown"`)
	more["contracttest_nothing"] = []byte(`null`)
	more["contracttest_object"] = []byte(`{"list":[1,true,null]}`)
	return more
}

// withTexts is the inputs with another text in every free one: a string of the contract without a list of values or a
// format, or, of another workflow's inputs, any string. Change gets and gives the inside of a JSON string.
func (m *material) withTexts(change func(own string) string) inputs {
	texts := maps.Clone(m.inputs)
	for name, own := range m.inputs {
		isText := strings.HasPrefix(string(own), `"`)
		if property := m.schema.Properties[name]; property != nil && !m.foreign {
			schema := flat(property.Value)
			isText = isText && len(schema.Enum) == 0 && schema.Format == "" && allows(schema, openapi3.TypeString)
		}
		if isText {
			texts[name] = []byte(`"` + change(string(own[1:len(own)-1])) + `"`)
		}
	}
	return texts
}
