package contracttest

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Report is what the checks of a target found.
type Report struct {
	Results []Result // of all checks, in the order of Checks

	strict bool
	unseen []string
}

// Failures returns the results that break the contract; with Target.Strict also those against good practice.
func (r *Report) Failures() []Result {
	return r.with(func(res Result) bool { return res.Err != nil && (res.Level == LevelContract || r.strict) })
}

// Advice returns the results that are against good practice only.
func (r *Report) Advice() []Result {
	return r.with(func(res Result) bool { return res.Err != nil && res.Level == LevelAdvice })
}

// Unsure returns the results of checks that could not be made, or told nothing.
func (r *Report) Unsure() []Result {
	return r.with(func(res Result) bool { return res.Unsure != nil })
}

// Unseen lists the responses of the contract that no check received, such as "runWorkflow 402".
func (r *Report) Unseen() []string { return slices.Clone(r.unseen) }

func (r *Report) with(is func(Result) bool) []Result {
	var list []Result
	for _, result := range r.Results {
		if is(result) {
			list = append(list, result)
		}
	}
	return list
}

// Outcome names what a result says in one word: pass, fail, advice, skip or unsure.
func (res Result) Outcome() string {
	switch {
	case res.Err != nil && res.Level == LevelContract:
		return "fail"
	case res.Err != nil:
		return "advice"
	case errors.Is(res.Unsure, ErrSkipped):
		return "skip"
	case res.Unsure != nil:
		return "unsure"
	}
	return "pass"
}

// WriteText writes what was found for a person: faults with the same cause under one text, with a curl command each.
func (r *Report) WriteText(w io.Writer) error {
	var text strings.Builder
	for _, g := range r.groups() {
		fmt.Fprintf(&text, "%s: %s\n", g.outcome, g.text)
		for _, result := range g.results {
			fmt.Fprintf(&text, "    %s\n", result.Check)
		}
		fmt.Fprintf(&text, "%s\n", indent(clipCurl(g.results[0].Curl)))
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// group is one fault of some results.
type group struct {
	outcome, text, cause string
	status               int // its hundreds
	results              []Result
}

// groups are the faults in the order in which they came up, those of one cause together.
func (r *Report) groups() []*group {
	var list []*group
	for _, level := range []Level{LevelContract, LevelAdvice} {
		for _, result := range r.Results {
			for _, f := range result.findings {
				if f.level != level {
					continue
				}
				same := slices.IndexFunc(list, func(g *group) bool {
					return g.cause == f.cause && g.outcome == outcomeOf(level) && (g.status >= 4) == (result.status >= 400)
				})
				if same < 0 {
					list = append(list, &group{outcome: outcomeOf(level), text: f.String(), cause: f.cause, status: result.status / 100})
					same = len(list) - 1
				}
				list[same].results = append(list[same].results, result)
			}
		}
	}
	for _, g := range list {
		if len(g.results) > 1 {
			g.text = fmt.Sprintf("%s: %s", r.countOf(g), g.text)
		}
	}
	return list
}

func outcomeOf(level Level) string {
	if level == LevelContract {
		return "fail"
	}
	return "advice"
}

// countOf says of how many responses a fault is: "all 12 errors".
func (r *Report) countOf(g *group) string {
	what, isSame := "responses of success", func(status int) bool { return status > 0 && status < 400 }
	if g.status >= 4 {
		what, isSame = "errors", func(status int) bool { return status >= 400 }
	}
	all := len(r.with(func(res Result) bool { return isSame(res.status) }))
	if len(g.results) == all {
		return fmt.Sprintf("all %d %s", all, what)
	}
	return fmt.Sprintf("%d of %d %s", len(g.results), all, what)
}

// WriteJUnit writes the report as JUnit XML: a testsuite per operation, a testcase per check. Advice is no failure there,
// unless Target.Strict was set.
func (r *Report) WriteJUnit(w io.Writer) error {
	type message struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
	type testcase struct {
		Name      string   `xml:"name,attr"`
		Classname string   `xml:"classname,attr"`
		Time      string   `xml:"time,attr"`
		Failure   *message `xml:"failure"`
		Skipped   *message `xml:"skipped"`
		Out       string   `xml:"system-out,omitempty"`
	}
	type testsuite struct {
		Name     string     `xml:"name,attr"`
		Tests    int        `xml:"tests,attr"`
		Failures int        `xml:"failures,attr"`
		Errors   int        `xml:"errors,attr"`
		Skipped  int        `xml:"skipped,attr"`
		Time     string     `xml:"time,attr"`
		Cases    []testcase `xml:"testcase"`

		total time.Duration
	}
	type testsuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Skipped  int          `xml:"skipped,attr"`
		Time     string       `xml:"time,attr"`
		Suites   []*testsuite `xml:"testsuite"`
	}
	seconds := func(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
	all := testsuites{Name: "contract"}
	var total time.Duration
	for _, result := range r.Results {
		operation, _, _ := strings.Cut(result.Check, "/")
		if len(all.Suites) == 0 || all.Suites[len(all.Suites)-1].Name != operation {
			all.Suites = append(all.Suites, &testsuite{Name: operation})
		}
		suite := all.Suites[len(all.Suites)-1]
		c := testcase{Name: result.Check, Classname: operation, Time: seconds(result.Duration)}
		switch {
		case result.Err != nil && (result.Level == LevelContract || r.strict):
			c.Failure = &message{result.Rule, string(result.Level), result.Err.Error() + "\n" + clipCurl(result.Curl)}
			suite.Failures++
			all.Failures++
		case result.Err != nil:
			c.Out = "advice: " + result.Err.Error()
		case result.Unsure != nil:
			c.Skipped = &message{Message: result.Unsure.Error()}
			suite.Skipped++
			all.Skipped++
		}
		suite.Tests++
		all.Tests++
		suite.total += result.Duration
		total += result.Duration
		suite.Time, all.Time = seconds(suite.total), seconds(total)
		suite.Cases = append(suite.Cases, c)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// WriteJSON writes the report as one JSON object: {"results": [...], "unseen": [...]}, each result with check, outcome
// (pass, fail, advice, skip or unsure), level, rule, error, unsure, curl and seconds.
func (r *Report) WriteJSON(w io.Writer) error {
	type result struct {
		Check   string  `json:"check"`
		Outcome string  `json:"outcome"`
		Level   Level   `json:"level"`
		Rule    string  `json:"rule"`
		Error   string  `json:"error,omitempty"`
		Unsure  string  `json:"unsure,omitempty"`
		Curl    string  `json:"curl"`
		Seconds float64 `json:"seconds"`
	}
	report := struct {
		Results []result `json:"results"`
		Unseen  []string `json:"unseen"`
	}{[]result{}, append([]string{}, r.unseen...)}
	for _, res := range r.Results {
		report.Results = append(report.Results, result{
			res.Check, res.Outcome(), res.Level, res.Rule, textOf(res.Err), textOf(res.Unsure), res.Curl, res.Duration.Seconds(),
		})
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(report)
}

func textOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// clipCurl shortens a command with a long URL or body. Result.Curl has it whole.
func clipCurl(command string) string {
	const limit = 2000
	if len(command) <= limit {
		return command
	}
	end := limit
	for !utf8.RuneStart(command[end]) {
		end--
	}
	return command[:end] + "... (shortened)"
}

func indent(text string) string { return "    " + strings.ReplaceAll(text, "\n", "\n    ") }
