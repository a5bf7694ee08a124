// Command check names what is wrong with an OpenAPI document, and which examples it lacks, one line a problem with the
// file and the line number, and exits 1 if there is anything. With the file that was generated from it, it also names
// what collides in Go.
//
// Usage: check openapi.yaml [openapi.gen.go]
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"go.yaml.in/yaml/v4"

	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
)

func main() {
	problems := []string{"usage: check openapi.yaml [openapi.gen.go]"}
	if len(os.Args) > 1 {
		problems = check(os.Args[1], os.Args[2:])
	}
	for _, problem := range problems {
		fmt.Fprintln(os.Stderr, problem)
	}
	if len(problems) > 0 {
		os.Exit(1)
	}
}

// check returns the problems of a document, sorted by line, and of the files that were generated from it.
func check(file string, generated []string) []string {
	data, err := os.ReadFile(file) //nolint:gosec // the file that the Makefile names
	if err != nil {
		return []string{err.Error()}
	}
	spec := source{file, strings.Split(string(data), "\n")}
	problems := spec.problems(data)
	for _, file := range generated {
		if len(problems) == 0 {
			problems = spec.goProblems(file)
		}
	}
	slices.SortFunc(
		problems,
		func(a, b string) int { return cmp.Or(cmp.Compare(lineOf(a), lineOf(b)), cmp.Compare(a, b)) },
	)
	// What is among the components is found again where it is used.
	return slices.CompactFunc(problems, func(a, b string) bool {
		return lineOf(a) == lineOf(b) && a[strings.LastIndex(a, ": "):] == b[strings.LastIndex(b, ": "):]
	})
}

// problems returns what makes a document invalid, its examples included; of a valid one, what needs an example.
func (s source) problems(data []byte) []string {
	for i, line := range s.lines {
		if ref := strings.TrimSpace(line); strings.Contains(ref, "$ref:") && strings.Contains(ref, "/$defs/") {
			const cure = "a reference into $defs, for which no Go is generated: move the schema to components/schemas"
			return []string{s.at(i+1, cure)}
		}
	}
	var tree yaml.Node
	_ = yaml.Unmarshal(data, &tree) // load says what is wrong with it
	if empty := s.emptyEntries(&tree); len(empty) > 0 {
		return empty // the generator panics on some
	}
	document, err := load(data)
	if err != nil {
		return []string{s.problem(err)}
	}
	err = document.Validate(context.Background(), openapi3.EnableMultiError(), openapi3.EnableExamplesValidation())
	var all openapi3.MultiError
	if err != nil && !errors.As(err, &all) {
		all = openapi3.MultiError{err}
	}
	var problems []string
	for _, err := range all {
		problems = append(problems, s.problem(err))
	}
	if len(problems) > 0 {
		return problems
	}
	for _, missing := range openapi.Unsampled(document) {
		problems = append(problems, s.at(lineOfOrigin(missing), missing.Error()))
	}
	return problems
}

// emptyEntries returns the entries that have no value, but for those of examples and the like, which may be null.
func (s source) emptyEntries(node *yaml.Node) []string {
	var problems []string
	key := &yaml.Node{}
	for i, child := range node.Content {
		switch {
		case node.Kind == yaml.MappingNode && i%2 == 0:
			key = child
		case slices.Contains(mayBeNull, key.Value), strings.HasPrefix(key.Value, "x-"):
		case node.Kind == yaml.MappingNode && child.Tag == "!!null":
			text := fmt.Sprintf("%q has no value: give it one, {} if it has nothing to say, or remove it", key.Value)
			problems = append(problems, s.at(key.Line, text))
		default:
			problems = append(problems, s.emptyEntries(child)...)
		}
	}
	return problems
}

var mayBeNull = []string{"example", "examples", "value", "default", "const", "enum"}

func load(data []byte) (*openapi3.T, error) {
	loader := openapi3.NewLoader()
	loader.IncludeOrigin = true
	return loader.LoadFromData(data)
}

// source is the text of a document.
type source struct {
	file  string
	lines []string
}

func (s source) at(line int, text string) string {
	text, _, _ = strings.Cut(strings.TrimSpace(text), "\n")
	if line == 0 {
		return s.file + ": " + text
	}
	return fmt.Sprintf("%s:%d: %s", s.file, line, text)
}

var (
	lineInText = regexp.MustCompile(`\bline (\d+)`)
	quoted     = regexp.MustCompile(`"([^"]+)"|'([^' ]+)'|\[([^\] ]+)\]|` +
		`: /(?:.*/)?(\w+): |invalid (example|default): \w`)
	word = regexp.MustCompile(`^\w+$`)
)

// problem returns an error of kin-openapi as one line: where the document has the innermost part that it is about, and
// what is wrong there.
func (s source) problem(err error) string {
	line := 0
	text := err.Error()
	for inner := err; inner != nil; inner = unwrap(inner) {
		line = cmp.Or(lineOfOrigin(inner), line)
		if schema, ok := inner.(*openapi3.SchemaError); ok { //nolint:errorlint // each link is looked at
			text, _, _ = strings.Cut(text, ": "+schema.Error())
			if pointer := strings.Join(schema.JSONPointer(), "/"); pointer != "" {
				text += ": /" + pointer
			}
			text += ": " + schema.Reason
			break
		}
	}
	if match := lineInText.FindStringSubmatch(text); line == 0 && match != nil {
		line, _ = strconv.Atoi(match[1]) // digits
		return s.at(line, text)
	}
	return s.at(s.nearest(line, text), text)
}

// nearest returns the first line, from the given one on, of the last name in the text that the document has there: a
// quoted one, the end of a JSON pointer, or "example".
func (s source) nearest(line int, text string) int {
	names := quoted.FindAllStringSubmatch(text, -1)
	for _, match := range slices.Backward(names) {
		name := cmp.Or(match[1], match[2], match[3], match[4], match[5])
		isKey := regexp.MustCompile(`(^|[\s{,'"])` + regexp.QuoteMeta(name) + `['"]?:`)
		for i := max(line-1, 0); i < len(s.lines); i++ {
			if isKey.MatchString(s.lines[i]) || !word.MatchString(name) && strings.Contains(s.lines[i], name) {
				return i + 1
			}
		}
	}
	return line
}

// lineOfOrigin returns the line of what an error of kin-openapi is about, or 0.
func lineOfOrigin(err error) int {
	value := reflect.Indirect(reflect.ValueOf(err))
	if value.Kind() != reflect.Struct {
		return 0
	}
	field := value.FieldByName("Origin")
	if !field.IsValid() {
		return 0
	}
	origin, _ := reflect.TypeAssert[*openapi3.Origin](field)
	if origin == nil || origin.Key == nil {
		return 0
	}
	return origin.Key.Line
}

// unwrap returns the first cause of an error.
func unwrap(err error) error {
	if all, ok := err.(openapi3.MultiError); ok && len(all) > 0 { //nolint:errorlint // each link is looked at
		return all[0]
	}
	return errors.Unwrap(err)
}

func lineOf(problem string) (line int) {
	_, rest, _ := strings.Cut(problem, ":")
	digits, _, _ := strings.Cut(rest, ":")
	line, _ = strconv.Atoi(digits) // 0 if the problem has no line
	return line
}
