package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// goProblems returns the names of a document that are the same in the Go that was generated from it, and the values of
// its enums that have no constant there.
func goProblems(file, generated string) []string {
	parsed, err := parser.ParseFile(token.NewFileSet(), generated, nil, 0)
	if err != nil {
		return []string{err.Error()}
	}
	const cure = "name one of them in gen/overlay.yaml, or in the spec, with x-go-name"
	var problems []string
	declared := map[string]bool{}
	constants := map[string]bool{}
	declare := func(name string) {
		if declared[name] {
			problems = append(problems, fmt.Sprintf("%s: two things are %s in Go: %s", file, name, cure))
		}
		declared[name] = true
	}
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
					problems = append(problems, fieldProblems(file, cure, spec)...)
				case *ast.ValueSpec:
					for _, name := range spec.Names {
						declare(name.Name)
					}
					for _, value := range spec.Values {
						if literal, ok := value.(*ast.BasicLit); ok {
							constants[fmt.Sprint(spec.Type)+" "+literal.Value] = true
						}
					}
				}
			}
		}
	}
	values := map[string]bool{}
	for constant := range constants {
		_, value, _ := strings.Cut(constant, " ")
		values[value] = true
	}
	return append(problems, enumProblems(file, values)...)
}

// fieldProblems returns the fields of a struct that have the same name in Go.
func fieldProblems(file, cure string, spec *ast.TypeSpec) []string {
	var problems []string
	for node := range ast.Preorder(spec.Type) {
		structure, ok := node.(*ast.StructType)
		if !ok {
			continue
		}
		inSpec := map[string]string{}
		for _, field := range structure.Fields.List {
			for _, name := range field.Names {
				property := name.Name
				if field.Tag != nil {
					tag, _ := strconv.Unquote(field.Tag.Value)
					property, _, _ = strings.Cut(reflect.StructTag(tag).Get("json"), ",")
				}
				if other, ok := inSpec[name.Name]; ok {
					problems = append(problems, fmt.Sprintf("%s: the properties %q and %q of %s are both %s in Go: %s",
						file, other, property, spec.Name.Name, name.Name, cure))
				}
				inSpec[name.Name] = property
			}
		}
	}
	return problems
}

// enumProblems returns the enums of strings with a value that no constant has: another value has its name.
func enumProblems(file string, values map[string]bool) []string {
	document, err := openapi3.NewLoader().LoadFromFile(file)
	if err != nil {
		return []string{err.Error()}
	}
	var problems []string
	for _, name := range slices.Sorted(maps.Keys(document.Components.Schemas)) {
		schema := document.Components.Schemas[name].Value
		problems = append(problems, enumProblemsOf(file, "schema "+name, schema, values)...)
		for _, property := range slices.Sorted(maps.Keys(schema.Properties)) {
			problems = append(problems, enumProblemsOf(file, name+"."+property, schema.Properties[property].Value, values)...)
		}
	}
	return problems
}

func enumProblemsOf(file, place string, schema *openapi3.Schema, values map[string]bool) []string {
	if !schema.Type.Is(openapi3.TypeString) {
		return nil
	}
	for _, value := range schema.Enum {
		if text, ok := value.(string); ok && !values[strconv.Quote(text)] {
			return []string{
				fmt.Sprintf(
					"%s: two values of the enum of %s have one name in Go, such as %q: name each with x-enum-varnames",
					file,
					place,
					text,
				),
			}
		}
	}
	return nil
}
