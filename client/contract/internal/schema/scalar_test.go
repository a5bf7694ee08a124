package schema

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client/contract/internal/instance"
)

func TestSingleValuesAreJudgedByTheirDigits(t *testing.T) {
	const beyond = "integer doesn't match the format \"int64\" (value should be between -9223372036854775808 and 9223372036854775807)"
	tests := []struct{ name, schema, value, want30, want31 string }{
		{"the largest int64", `{"type":"integer","format":"int64"}`, "9223372036854775807", "", ""},
		{"one more", `{"type":"integer","format":"int64"}`, "9223372036854775808", beyond, beyond},
		{"an int64 with an exponent", `{"type":"integer","format":"int64"}`, "1e18", "", ""},
		{"a number that is not an integer, to more digits than a float64 has", `{"type":"integer"}`, "9007199254740993.5", "",
			"value must be an integer"},
		{"a limit beyond the digits of a float64", `{"maximum":9007199254740993}`, "9007199254740994",
			"number must be at most 9.007199254740992e+15",
			"number must be at most 9.007199254740992e+15"},
		{"what is rounded to the limit", `{"maximum":9007199254740992}`, "9007199254740993", "",
			"number must be at most 9.007199254740992e+15"},
		{"a sum that a float64 rounds", `{"multipleOf":0.1}`, "0.30000000000000004", "", "number must be a multiple of 0.1"},
		{"a number beyond float64", `{"type":"number"}`, "1e400", "cannot convert json.Number to float64",
			"cannot convert json.Number to float64"},
		{"a number next to nothing", `{"type":"number"}`, "1e-400", "", "the exponent is beyond float64"},
		{"numbers of an enum are equal however they are written", `{"enum":[1,[2.50]]}`, "[25e-1]", "", ""},
		{"-0 is 0", `{"enum":[0]}`, "-0", "", ""},
		{"a date", `{"format":"date"}`, `"2026-02-30"`,
			`string doesn't match the format "date" (parsing time "2026-02-30": day out of range)`,
			`string doesn't match the format "date" (parsing time "2026-02-30": day out of range)`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			document, err := instance.Parse([]byte(test.value))
			require.NoError(t, err)
			s30, _ := compile30(t, `{"S":`+test.schema+`}`)
			for want, s := range map[*string]*Schema{&test.want30: s30, &test.want31: compile31(t, `{"S":`+test.schema+`}`)} {
				var message string
				if found := s.Judge(document, None); len(found) > 0 {
					message = found[0].Message
				}
				assert.Equal(t, *want, message)
			}
		})
	}
}
