// Command words names the comments, errors and sentences that are not in this project's plain English, with the words
// to write instead, and exits 1 if there are any. Usage: go run .ci/words.go
package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// instead says what to write for words that are not used here.
var instead = []struct{ words, write string }{
	{`(?-i:answer(s|ed|ing)?|Answered)`, "response, responds"}, // Answer is a method of clienttest
	{`hold(s|ing)? (\S+ )?against|held against`, "validate against"},
	{`(a line|an attempt) each`, "every operation, per attempt"},
	{`told by`, "matched by"},
	{`in pieces`, "split"},
	{`believed before`, "on Content-Length alone"},
	{`has the say|ha(s|ve) no say`, "say who decides, or that the result is ignored"},
	{`also if`, "even if"},
	{`not ok if`, "ok is false if"},
	{`of errors that are joined`, "for joined errors"},
	{`is kept here|are kept here`, "is enforced here"},
	{`gives? (\S+ ){1,2}back the`, "restores"},
	{`(it )?ends also`, "terminates even"},
	{`of its options, none`, "none of its options"},
	{`is in none`, "no record contains it"},
	{`eight bytes`, "8 bytes"},
	{`time was up`, "timed out; the context's deadline passed"},
	{`does not belong in`, "must not contain"},
	{`mend(s|ed|ing)?`, "fix"},
	{`may be anything`, "treat it as untrusted"},
	{`of (its|their) own`, "its, their, the caller's"},
}

type report = func(place any, words, write string)

var functionIs = regexp.MustCompile(`^(\w+) (is|are) `)

func main() {
	log.SetFlags(0)
	log.SetPrefix("words: ")
	found := 0
	report := func(place any, words, write string) {
		found++
		fmt.Fprintf(os.Stderr, "%v: %q: write %q\n", place, words, write)
	}
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name == ".git":
			return filepath.SkipDir
		case strings.HasSuffix(name, ".gen.go"), name == ".ci/words.go":
		case strings.HasSuffix(name, ".go"):
			return goFile(name, report)
		case strings.HasSuffix(name, ".md"), strings.HasSuffix(name, ".yaml"), name == "Makefile":
			return textFile(name, report)
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	if found > 0 {
		os.Exit(1)
	}
}

// goFile checks the comments of a Go file and, except in tests, its string literals.
func goFile(name string, report report) error {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, nil, parser.ParseComments)
	if err != nil {
		return err
	}
	for _, group := range file.Comments {
		check(files.Position(group.Pos()), group.Text(), report)
	}
	for node := range ast.Preorder(file) {
		switch node := node.(type) {
		case *ast.BasicLit:
			if node.Kind == token.STRING && !strings.HasSuffix(name, "_test.go") {
				check(files.Position(node.Pos()), node.Value, report)
			}
		case *ast.FuncDecl:
			comment := functionIs.FindStringSubmatch(node.Doc.Text())
			if comment != nil && comment[1] == node.Name.Name {
				report(files.Position(node.Pos()), strings.TrimSpace(comment[0]), "returns, reports whether")
			}
		}
	}
	return nil
}

func textFile(name string, report report) error {
	data, err := os.ReadFile(name)
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		check(fmt.Sprintf("%s:%d", name, number), line, report)
	}
	return err
}

func check(place any, text string, report report) {
	for i, pattern := range patterns {
		if words := pattern.FindString(text); words != "" {
			report(place, strings.Join(strings.Fields(words), " "), instead[i].write)
		}
	}
}

var patterns = func() (compiled []*regexp.Regexp) {
	for _, rule := range instead {
		compiled = append(compiled, regexp.MustCompile(`(?i)\b(`+strings.ReplaceAll(rule.words, " ", `\s+`)+`)\b`))
	}
	return compiled
}()
