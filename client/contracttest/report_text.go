package contracttest

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// WriteText writes the report for a person: the verdict, then failures, advice, and what is not known. Faults with the
// same cause stand under one text, with the first request that shows it. On a terminal it has colors, unless NO_COLOR
// is set.
func (r *Report) WriteText(w io.Writer) error {
	paint := painter(w)
	var text strings.Builder
	failures := r.Failures()
	verdict := paint("pass", "The contract is kept")
	switch {
	case len(failures) > 0:
		verdict = paint("fail", "The contract is not kept")
	case r.gate() != nil:
		verdict = paint("unsure", "Too little was checked to say whether the contract is kept")
	}
	counts := map[string]int{}
	for _, result := range r.Results {
		counts[result.Outcome()]++
	}
	fmt.Fprintf(&text, "%s: %d passed, %d failed, %d advice, %d known, %d skipped, %d unsure; runs started: %d\n",
		verdict, counts["pass"], counts["fail"], counts["advice"], counts["known"], counts["skip"], counts["unsure"], r.Runs)
	for _, g := range r.groups() {
		fmt.Fprintf(&text, "\n%s %s\n", paint(g.level.outcome(), column(g.level.outcome())), r.textOf(g))
		for _, result := range g.results {
			fmt.Fprintf(&text, "       %s\n", result.Check)
		}
		fmt.Fprintf(&text, "%s\n", indent(clip(g.results[0].Curl)))
	}
	for _, result := range r.Known() {
		fmt.Fprintf(&text, "\n%s %s: %s\n", paint("known", column("known")), result.Check, result.Known)
	}
	for _, result := range r.Unsure() {
		fmt.Fprintf(&text, "\n%s %s: %v\n", paint("unsure", column("unsure")), result.Check, result.Unsure)
	}
	if len(r.unseen) > 0 {
		fmt.Fprintf(&text, "\nnot seen, and so not checked: %s\n", strings.Join(r.unseen, ", "))
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// WriteLine writes a result on one line: its outcome and its name, and why it was skipped or is unsure.
func (res Result) WriteLine(w io.Writer) error {
	outcome := res.Outcome()
	text := painter(w)(outcome, column(outcome)) + " " + res.Check
	if res.Unsure != nil {
		text += ": " + res.Unsure.Error()
	}
	_, err := io.WriteString(w, text+"\n")
	return err
}

func column(outcome string) string { return fmt.Sprintf("%-6s", outcome) }

// painter returns a func that gives text the color of an outcome, if w is a terminal that has colors.
func painter(w io.Writer) func(outcome, text string) string {
	file, ok := w.(*os.File)
	if ok {
		info, err := file.Stat()
		ok = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	colors := map[string]int{"pass": 32, "fail": 31, "advice": 33, "known": 36, "skip": 90, "unsure": 35}
	return func(outcome, text string) string {
		if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
			return text
		}
		return fmt.Sprintf("\x1b[%dm%s\x1b[0m", colors[outcome], text)
	}
}

func indent(text string) string { return "       " + strings.ReplaceAll(text, "\n", "\n       ") }
