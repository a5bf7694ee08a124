package skim

import (
	"bytes"
	"iter"
)

// This file walks over valid JSON without decoding it.

// membersOf returns the names, in their quotes, and the values of a valid object.
func membersOf(object []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		var name []byte
		for value := range elementsOf(object) {
			if name == nil {
				name = value
				continue
			}
			if !yield(name, value) {
				return
			}
			name = nil
		}
	}
}

// elementsOf returns the values of a valid array; of an object, each name and its value.
func elementsOf(array []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		rest := trimSeparators(array[1:])
		for rest[0] != ']' && rest[0] != '}' {
			n := valueLength(rest)
			if !yield(rest[:n]) {
				return
			}
			rest = trimSeparators(rest[n:])
		}
	}
}

// trimSeparators cuts off what may stand before a value in a valid array or object.
func trimSeparators(json []byte) []byte {
	for isSpace(json[0]) || json[0] == ',' || json[0] == ':' {
		json = json[1:]
	}
	return json
}

func trimSpace(json []byte) []byte {
	for isSpace(json[0]) {
		json = json[1:]
	}
	for isSpace(json[len(json)-1]) {
		json = json[:len(json)-1]
	}
	return json
}

func isSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\r' || b == '\n' }

// valueLength returns the length of the value that the rest of a valid object or array begins with.
func valueLength(json []byte) int {
	if json[0] != '{' && json[0] != '[' {
		return scalarLength(json)
	}
	depth, end := 0, 0
	for {
		switch json[end] {
		case '"':
			end += textLength(json[end:])
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		end++
		if depth == 0 {
			return end
		}
	}
}

// scalarLength returns the length of the string, number, true, false or null that JSON begins with.
func scalarLength(json []byte) int {
	if json[0] == '"' {
		return textLength(json)
	}
	for end, b := range json {
		if isSpace(b) || b == ',' || b == ']' || b == '}' {
			return end
		}
	}
	return len(json)
}

// textLength returns the length, quotes included, of the string that valid JSON begins with.
func textLength(json []byte) int {
	for end := 1; ; {
		end += bytes.IndexByte(json[end:], '"') + 1
		text := json[1 : end-1]
		if backslashes := len(text) - len(bytes.TrimRight(text, `\`)); backslashes%2 == 0 {
			return end
		}
	}
}
