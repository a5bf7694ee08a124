package schema

import "strings"

// types is a set of JSON types.
type types uint8

const (
	typeNull types = 1 << iota
	typeBoolean
	typeInteger
	typeNumber
	typeString
	typeArray
	typeObject
)

// typeNames are the names of types, in the order of their bits, with an article.
var typeNames = []string{"null", "a boolean", "an integer", "a number", "a string", "an array", "an object"}

// typesOf returns the set of named types. An unknown name accepts nothing.
func typesOf(names []string) types {
	var set types
	for _, name := range names {
		for i, known := range typeNames {
			if known[strings.LastIndexByte(known, ' ')+1:] == name {
				set |= 1 << i
			}
		}
	}
	if len(names) > 0 && set == 0 {
		return 1 << 7 // which no value has
	}
	return set
}

// accept reports whether the set has the type of a kind of value, as far as the kind says: a number may be an integer.
func (t types) accept(kind byte) bool {
	switch kind {
	case '{':
		return t&typeObject != 0
	case '[':
		return t&typeArray != 0
	case '"':
		return t&typeString != 0
	case 't', 'f':
		return t&typeBoolean != 0
	case 'n':
		return t&typeNull != 0
	}
	return t&(typeNumber|typeInteger) != 0
}

// String returns the set as "a string or null".
func (t types) String() string {
	var names []string
	null := false
	for i, name := range typeNames {
		if t&(1<<i) == 0 {
			continue
		}
		if null = null || i == 0; i > 0 {
			names = append(names, name)
		}
	}
	if null {
		names = append(names, "null")
	}
	return strings.Join(names, " or ")
}
