package skim

import (
	"bytes"
	"encoding/json"
	"hash/maphash"
	"slices"
	"strings"
)

// Decode decodes valid JSON as encoding/json does with UseNumber, without a buffer of its own.
func Decode(data []byte) any {
	value, _ := decode(trimSpace(data))
	return value
}

// decode decodes the value that data begins with, and returns what follows it.
func decode(data []byte) (value any, rest []byte) {
	switch data[0] {
	case '{':
		object := make(map[string]any)
		for data = trimSeparators(data[1:]); data[0] != '}'; data = trimSeparators(data) {
			n := textLength(data)
			name := string(unquote(data[:n]))
			object[name], data = decode(trimSeparators(data[n:]))
		}
		return object, data[1:]
	case '[':
		array := []any{}
		for data = trimSeparators(data[1:]); data[0] != ']'; data = trimSeparators(data) {
			var element any
			element, data = decode(data)
			array = append(array, element)
		}
		return array, data[1:]
	}
	n := scalarLength(data)
	return decodeScalar(data[:n]), data[n:]
}

func decodeScalar(value []byte) any {
	switch value[0] {
	case '"':
		return string(unquote(value))
	case 't', 'f':
		return value[0] == 't'
	case 'n':
		return nil
	}
	return json.Number(value)
}

// Reduce decodes as much of valid JSON as shows why the schema does not accept it: in objects the members that the schema
// describes, in arrays the first element that it does not accept. Indexes has the index of each such element, by its JSON
// pointer in the tree, which ends in /0.
func (s *Schema) Reduce(data []byte) (tree any, indexes map[string]int) {
	indexes = make(map[string]int)
	return reduce(trimSpace(data), s.variants(nil), "", indexes), indexes
}

// variants appends the schemas one of which has to accept a value, without anyOf.
func (s *Schema) variants(all []*Schema) []*Schema {
	if s == nil {
		return all
	}
	if s.anyOf == nil {
		return append(all, s)
	}
	for _, variant := range s.anyOf {
		all = variant.variants(all)
	}
	return all
}

func reduce(value []byte, schemas []*Schema, pointer string, indexes map[string]int) any {
	switch value[0] {
	case '{':
		object := make(map[string]any)
		for quoted, value := range membersOf(value) {
			var inner []*Schema
			described := false
			name := unquote(quoted)
			for _, s := range schemas {
				member, ok := s.members[string(name)]
				described = described || ok
				inner = member.variants(inner)
			}
			if described {
				object[string(name)] = reduce(value, inner, pointer+"/"+escapeToken.Replace(string(name)), indexes)
			}
		}
		return object
	case '[':
		var inner []*Schema
		for _, s := range schemas {
			inner = s.elements.variants(inner)
		}
		i := 0
		for element := range elementsOf(value) {
			if slices.ContainsFunc(inner, func(s *Schema) bool { return !s.accepts(element) }) {
				pointer += "/0"
				indexes[pointer] = i
				return []any{reduce(element, inner, pointer, indexes)}
			}
			i++
		}
		return []any{}
	}
	return decodeScalar(value)
}

var escapeToken = strings.NewReplacer("~", "~0", "/", "~1")

// UniqueNames reports whether no object in valid JSON certainly has two members of one name. It takes eight bytes of memory
// a name.
func UniqueNames(data []byte) bool {
	u := uniqueNames{seed: maphash.MakeSeed(), hashes: make([]uint64, 0, bytes.Count(data, []byte(`":`)))}
	_, ok := u.value(trimSpace(data))
	return ok
}

type uniqueNames struct {
	seed   maphash.Seed
	hashes []uint64 // of the names of the objects that are begun
}

func (u *uniqueNames) value(data []byte) (rest []byte, ok bool) {
	switch data[0] {
	case '{':
		begin := len(u.hashes)
		for data = trimSeparators(data[1:]); data[0] != '}'; data = trimSeparators(data) {
			n := textLength(data)
			u.hashes = append(u.hashes, maphash.Bytes(u.seed, unquote(data[:n])))
			if data, ok = u.value(trimSeparators(data[n:])); !ok {
				return nil, false
			}
		}
		hashes := u.hashes[begin:]
		slices.Sort(hashes)
		for i := 1; i < len(hashes); i++ {
			if hashes[i] == hashes[i-1] {
				return nil, false
			}
		}
		u.hashes = u.hashes[:begin]
		return data[1:], true
	case '[':
		for data = trimSeparators(data[1:]); data[0] != ']'; data = trimSeparators(data) {
			if data, ok = u.value(data); !ok {
				return nil, false
			}
		}
		return data[1:], true
	}
	return data[scalarLength(data):], true
}
