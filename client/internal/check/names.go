package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"iter"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v4"
)

const cure = "name one of them in gen/overlay.yaml, or in the spec, with x-go-name"

// goProblems returns the names of a document that are the same in the Go that was generated from it, and the enums of
// which a value has no constant there.
func (s source) goProblems(generated string) []string {
	parsed, err := parser.ParseFile(token.NewFileSet(), generated, nil, 0)
	if err != nil {
		return []string{err.Error()}
	}
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(strings.Join(s.lines, "\n")), &document); err != nil {
		return []string{err.Error()}
	}
	var problems []string
	declared := map[string]bool{}
	declare := func(name string) {
		if declared[name] {
			problems = append(problems, s.at(lineOfName(&document, name),
				fmt.Sprintf("two things are %s in Go: %s; an operation, with another operationId", name, cure)))
		}
		declared[name] = true
	}
	constants := map[string][]string{} // the values of each type
	for _, declaration := range parsed.Decls {
		switch declaration := declaration.(type) {
		case *ast.FuncDecl:
			if declaration.Recv == nil {
				declare(declaration.Name.Name)
			}
		case *ast.GenDecl:
			for _, spec := range declaration.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					declare(spec.Name.Name)
					problems = append(problems, s.fieldProblems(&document, spec)...)
				case *ast.ValueSpec:
					for _, name := range spec.Names {
						declare(name.Name)
					}
					for _, value := range spec.Values {
						if literal, ok := value.(*ast.BasicLit); ok {
							of := fmt.Sprint(spec.Type)
							constants[of] = append(constants[of], literal.Value)
						}
					}
				}
			}
		}
	}
	return append(problems, s.enumProblems(&document, constants)...)
}

// fieldProblems returns the fields of a type that have the same name in Go.
func (s source) fieldProblems(document *yaml.Node, spec *ast.TypeSpec) []string {
	var problems []string
	for node := range ast.Preorder(spec.Type) {
		structure, ok := node.(*ast.StructType)
		if !ok {
			continue
		}
		properties := map[string]string{}
		for _, field := range structure.Fields.List {
			property := ""
			if field.Tag != nil {
				tag, _ := strconv.Unquote(field.Tag.Value)
				property, _, _ = strings.Cut(reflect.StructTag(tag).Get("json"), ",")
			}
			if field.Tag != nil && len(field.Names) == 0 {
				problems = append(problems, s.at(lineOfBoth(document, property, property),
					fmt.Sprintf("%q of %s has no name in Go: name it with x-go-name", property, spec.Name.Name)))
			}
			for _, name := range field.Names {
				if other, ok := properties[name.Name]; ok {
					problems = append(problems, s.at(lineOfBoth(document, other, property), fmt.Sprintf(
						"%q and %q of %s are both %s in Go: %s", other, property, spec.Name.Name, name.Name, cure)))
				}
				properties[name.Name] = property
			}
		}
	}
	return problems
}

// enumProblems returns the values of enums that have no constant, although others of the enum have.
func (s source) enumProblems(document *yaml.Node, constants map[string][]string) []string {
	var problems []string
	for key, enum := range entries(document) {
		if key.Value != "enum" || enum.Kind != yaml.SequenceNode {
			continue
		}
		var nameless *yaml.Node
		most := 0 // of the enum's values, in the type that is the enum's
		for _, has := range constants {
			if count, without := countOf(enum, has); count > most || count == most && without == nil {
				most, nameless = count, without
			}
		}
		if most > 0 && nameless != nil {
			problems = append(problems, s.at(nameless.Line, fmt.Sprintf(
				"%q has the name of another value of the enum in Go: name each with x-enum-varnames", nameless.Value)))
		}
	}
	return problems
}

// countOf returns how many values of an enum are among some constants, and a text that is not, or nil.
func countOf(enum *yaml.Node, constants []string) (count int, without *yaml.Node) {
	for _, value := range enum.Content {
		switch {
		case slices.Contains(constants, strconv.Quote(value.Value)):
			count++
		case value.Tag == "!!str":
			without = value
		}
	}
	return count, without
}

// lineOfName returns the line of the last key or operationId of a document that something in Go is named after, or 0.
func lineOfName(document *yaml.Node, name string) int {
	name = plain(name)
	ofOperation := strings.TrimPrefix(strings.TrimPrefix(name, "new"), "parse") // NewGetLessonRequest
	line, longest := 0, 0
	for key, value := range entries(document) {
		for _, named := range []*yaml.Node{key, value} {
			if named == value && key.Value != "operationId" {
				continue
			}
			of := plain(named.Value)
			if len(of) >= max(longest, 1) && (strings.HasPrefix(name, of) || strings.HasPrefix(ofOperation, of)) {
				line, longest = named.Line, len(of)
			}
		}
	}
	return line
}

// lineOfBoth returns the line of the second of two names that are keys of one object, or the names of two parameters in
// one list, or 0.
func lineOfBoth(document *yaml.Node, first, second string) int {
	for _, value := range entries(document) {
		lines := map[string]int{}
		for i, node := range value.Content {
			switch {
			case value.Kind == yaml.MappingNode && i%2 == 0:
				lines[node.Value] = node.Line
			case value.Kind == yaml.SequenceNode && node.Kind == yaml.MappingNode:
				for key, name := range entries(node) {
					if key.Value == "name" {
						lines[name.Value] = name.Line
					}
				}
			}
		}
		if lines[first] > 0 && lines[second] > 0 {
			return max(lines[first], lines[second])
		}
	}
	return 0
}

// entries yields the keys and values of all objects in a document, at any depth, in their order.
func entries(node *yaml.Node) iter.Seq2[*yaml.Node, *yaml.Node] {
	return func(yield func(key, value *yaml.Node) bool) {
		for i, child := range node.Content {
			if node.Kind == yaml.MappingNode && i%2 == 0 {
				if !yield(child, node.Content[i+1]) {
					return
				}
				continue
			}
			for key, value := range entries(child) {
				if !yield(key, value) {
					return
				}
			}
		}
	}
}

// plain returns the letters and digits of a name, in lower case.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}
