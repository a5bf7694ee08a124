package schema

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/client/contract/internal/instance"
	"github.com/aitutor-api/aitutor-go/client/internal/printable"
)

// scalar is what a schema says of a value alone, whatever is in it.
type scalar struct {
	is30     bool  // OpenAPI 3.0
	types    types // 0: any
	nullable bool  // OpenAPI 3.0
	enums    []enum
	format   string

	minLength, maxLength int // -1: no limit
	pattern              Regexp
	source               string // of pattern
	bounds               []bound
}

// enum is an enum or a const.
type enum struct {
	keyword, message string
	texts            map[string]bool // its strings
	others           map[string]bool // its other values, in their canonical form
}

// bound is a keyword that limits a number.
type bound struct {
	keyword, message string
	accepts          func(number) bool
}

// checkValue judges a value alone: its type, enum, format and limits.
func (t *trail) checkValue(s *scalar, v instance.Value) bool {
	kind := v.Kind()
	var n number
	if kind == '0' {
		var ok bool
		if n, ok = t.numberOf(s, string(v.Raw())); !ok {
			return false
		}
	}
	isTyped := s.types == 0 || s.types.accept(kind)
	if len(s.enums) > 0 && (kind == '{' || kind == '[') {
		t.budget -= v.Size()
	}
	for _, e := range s.enums {
		if (isTyped || s.is30) && !e.has(v, s.is30) { // kin-openapi looks at the type later
			return t.fail(e.keyword, e.message)
		}
	}
	switch {
	case s.is30 && kind == 'n':
		return t.fail("nullable", "Value is not nullable")
	case !isTyped:
		return t.failType(s)
	case kind == '"':
		return t.checkText(s, v.Text())
	case kind == '0':
		return t.checkNumber(s, n)
	}
	return true
}

func (t *trail) failType(s *scalar) bool { return t.fail("type", "value must be "+s.types.String()) }

func (s *scalar) addEnum(keyword, text string, values []any, shown any) {
	data, err := json.Marshal(shown)
	if err != nil {
		data = []byte("another")
	}
	e := enum{keyword, printable.Line(text + " " + string(data)), make(map[string]bool), make(map[string]bool)}
	for _, value := range values {
		if text, ok := value.(string); ok {
			e.texts[text] = true
		} else if document, err := instance.Of(value); err == nil {
			e.others[canonical(document.Root(), s.is30)] = true
		}
	}
	s.enums = append(s.enums, e)
}

func (e enum) has(v instance.Value, is30 bool) bool {
	switch v.Kind() {
	case '"':
		return e.texts[string(v.Text())]
	case 't', 'f', 'n':
		return e.others[string(v.Raw())]
	}
	return len(e.others) > 0 && e.others[canonical(v, is30)]
}

// canonical returns a value as a text that equal values share: for OpenAPI 3.0 numbers are equal if they are the same
// float64.
func canonical(v instance.Value, is30 bool) string {
	data, err := json.Marshal(withEqualNumbers(v.Decode(), is30))
	if err != nil {
		return "" // of no value
	}
	return string(data)
}

// withEqualNumbers returns a decoded value in which equal numbers are written alike.
func withEqualNumbers(value any, is30 bool) any {
	switch value := value.(type) {
	case json.Number:
		number, err := value.Float64()
		if err != nil {
			return value
		}
		if is30 || number == 0 || len(value) > manyDigits {
			return number + 0 // -0 is 0
		}
		exact, _ := new(big.Rat).SetString(value.String())
		digits, _ := exact.FloatPrec() // it is a decimal fraction
		return json.RawMessage(exact.FloatString(digits))
	case []any:
		for i := range value {
			value[i] = withEqualNumbers(value[i], is30)
		}
	case map[string]any:
		for name := range value {
			value[name] = withEqualNumbers(value[name], is30)
		}
	}
	return value
}

const manyDigits = 100 // more would take big.Rat too long

func (t *trail) checkText(s *scalar, text []byte) bool {
	ok := true
	if len(text) < utf8.UTFMax*s.minLength && utf8.RuneCount(text) < s.minLength {
		ok = t.fail("minLength", fmt.Sprintf("minimum string length is %d", s.minLength))
	}
	if s.maxLength >= 0 && len(text) > s.maxLength && utf8.RuneCount(text) > s.maxLength {
		ok = t.fail("maxLength", fmt.Sprintf("maximum string length is %d", s.maxLength))
	}
	if s.format != "" {
		if known := openapi3.SchemaStringFormats[s.format]; known != nil {
			ok = t.checkFormat(s, "string", known.Validate(string(text))) && ok
		}
	}
	if s.pattern == nil || !ok && !t.reports {
		return ok
	}
	t.budget -= len(text) / 100
	if !s.pattern.MatchString(string(text)) {
		return t.fail("pattern", fmt.Sprintf(`string doesn't match the regular expression "%s"`, s.source))
	}
	return ok
}

// checkFormat adds the violation of a format that kin-openapi knows.
func (t *trail) checkFormat(s *scalar, what string, err error) bool {
	if err == nil {
		return true
	}
	reason := err.Error()
	if refused, ok := errors.AsType[*openapi3.SchemaError](err); ok {
		reason = refused.Reason
	}
	return t.fail("format", printable.Line(fmt.Sprintf("%s doesn't match the format %q (%s)", what, s.format, reason)))
}

// number is a number as it is written, and rounded to a float64, as which OpenAPI 3.0 has it.
type number struct {
	raw     string
	rounded float64
	is30    bool
}

// numberOf returns a number, unless it is beyond what can be computed with.
func (t *trail) numberOf(s *scalar, raw string) (n number, ok bool) {
	rounded, err := strconv.ParseFloat(raw, 64)
	switch {
	case err != nil:
		return n, t.fail("type", "cannot convert json.Number to float64")
	case rounded == 0 && !s.is30 && strings.ContainsAny(raw, "123456789") && strings.ContainsAny(raw, "eE"):
		return n, t.fail("type", "the exponent is beyond float64") // big.Rat would take seconds
	case len(raw) > manyDigits:
		raw = strconv.FormatFloat(rounded, 'g', -1, 64)
	}
	return number{raw, rounded, s.is30}, true
}

// exact returns the number, for OpenAPI 3.0 as it is rounded.
func (n number) exact() *big.Rat {
	exact := new(big.Rat)
	if n.is30 {
		return exact.SetFloat64(n.rounded)
	}
	exact, _ = exact.SetString(n.raw)
	return exact
}

func (n number) isInteger() bool { return !strings.ContainsAny(n.raw, ".eE") || n.exact().IsInt() }

// compare compares the number with another: exactly, if they are rounded to the same.
func (n number) compare(other *big.Rat, rounded float64) int {
	if order := cmp.Compare(n.rounded, rounded); order != 0 || n.is30 {
		return order
	}
	return n.exact().Cmp(other)
}

func (t *trail) checkNumber(s *scalar, n number) bool {
	wantsInteger := s.types != 0 && s.types&typeNumber == 0
	ok := true
	if wantsInteger && !n.isInteger() {
		if ok = t.failType(s); !s.is30 {
			return false
		}
	}
	for _, b := range s.bounds {
		if !b.accepts(n) {
			ok = t.fail(b.keyword, b.message)
		}
	}
	if s.format == "" {
		return ok
	}
	if known := openapi3.SchemaIntegerFormats[s.format]; known != nil && (wantsInteger || !s.is30) && n.isInteger() {
		return t.checkFormat(s, "integer", n.validate(known)) && ok
	}
	if known := openapi3.SchemaNumberFormats[s.format]; known != nil && (!wantsInteger || !s.is30) {
		return t.checkFormat(s, "number", known.Validate(n.rounded)) && ok
	}
	return ok
}

// validate judges an integer by its digits, also for OpenAPI 3.0: kin-openapi rounds 2^63 to what is in bounds.
func (n number) validate(format openapi3.IntegerFormatValidator) error {
	if integer, err := strconv.ParseInt(n.raw, 10, 64); err == nil {
		return format.Validate(integer)
	}
	if exact, ok := new(big.Rat).SetString(n.raw); ok && exact.IsInt() && exact.Num().IsInt64() {
		return format.Validate(exact.Num().Int64())
	}
	return fmt.Errorf("value should be between %d and %d", math.MinInt64, math.MaxInt64)
}

// addBounds adds the limits of numbers. Any may be nil.
func (s *scalar) addBounds(minimum, maximum, above, below, step *big.Rat) {
	add := func(keyword, text string, limit *big.Rat, accepts func(n number, limit float64) bool) {
		if limit != nil {
			rounded, _ := limit.Float64()
			s.bounds = append(s.bounds, bound{keyword, fmt.Sprintf("number must be %s %g", text, rounded),
				func(n number) bool { return accepts(n, rounded) }})
		}
	}
	add("minimum", "at least", minimum, func(n number, to float64) bool { return n.compare(minimum, to) >= 0 })
	add("maximum", "at most", maximum, func(n number, to float64) bool { return n.compare(maximum, to) <= 0 })
	add("exclusiveMinimum", "more than", above, func(n number, to float64) bool { return n.compare(above, to) > 0 })
	add("exclusiveMaximum", "less than", below, func(n number, to float64) bool { return n.compare(below, to) < 0 })
	add("multipleOf", "a multiple of", step, func(n number, of float64) bool {
		if n.is30 { // kin-openapi allows for what float64 rounds
			return (&openapi3.Schema{MultipleOf: &of}).VisitJSONNumber(n.rounded) == nil
		}
		return new(big.Rat).Quo(n.exact(), step).IsInt()
	})
}
