// Package values makes the JSON of the bodies that checks send: a valid object with a value replaced, and values that a
// schema does not allow.
package values

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Object is a JSON object, each value as it is sent.
type Object map[string]json.RawMessage

// ParseObject returns the object that data is.
func ParseObject(data []byte) (Object, error) {
	var object Object
	err := json.Unmarshal(data, &object)
	if err == nil && object == nil {
		err = errors.New("not a JSON object")
	}
	return object, err
}

// JSON returns the JSON of the object in the order of its names. A value need not be UTF-8.
func (o Object) JSON() []byte {
	var members [][]byte
	for _, name := range slices.Sorted(maps.Keys(o)) {
		members = append(members, slices.Concat(Encode(name), []byte(":"), o[name]))
	}
	return slices.Concat([]byte("{"), bytes.Join(members, []byte(",")), []byte("}"))
}

// With returns the object with one value replaced or added.
func (o Object) With(name string, value []byte) Object {
	changed := maps.Clone(o)
	changed[name] = value
	return changed
}

// Encode returns the JSON of a value that the checks are made of.
func Encode(value any) []byte {
	data, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return data
}

// Decode returns the value of JSON, or nil.
func Decode(data []byte) any {
	var value any
	if json.Unmarshal(data, &value) != nil {
		return nil
	}
	return value
}

// Long is a text of 1 MB, FairlyLong of 50 kB: less than what frameworks take by default.
var (
	Long       = sync.OnceValue(func() string { return strings.Repeat("a", 1<<20) })
	FairlyLong = sync.OnceValue(func() string { return strings.Repeat("once upon a time ", 3000) })
)

// SwapCase changes the case of the ASCII letters.
func SwapCase(text string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return r ^ ' '
		}
		return r
	}, text)
}
