package contracttest

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"
)

type junitMessage struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

type junitCase struct {
	Name      string        `xml:"name,attr"`
	Classname string        `xml:"classname,attr"`
	Time      string        `xml:"time,attr"`
	Skipped   *junitMessage `xml:"skipped"`
	Failure   *junitMessage `xml:"failure"`
	Out       string        `xml:"system-out,omitempty"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Time     string      `xml:"time,attr"`
	Cases    []junitCase `xml:"testcase"`
	Out      string      `xml:"system-out,omitempty"`

	total time.Duration
}

type junitSuites struct { // Jenkins' schema has no count of skipped ones here
	XMLName  xml.Name      `xml:"testsuites"`
	Name     string        `xml:"name,attr"`
	Tests    int           `xml:"tests,attr"`
	Failures int           `xml:"failures,attr"`
	Errors   int           `xml:"errors,attr"`
	Time     string        `xml:"time,attr"`
	Suites   []*junitSuite `xml:"testsuite"`
}

// WriteJUnit writes the report as JUnit XML: a testsuite per operation, a testcase per check. The type of a failure is
// the keyword of the schema that was broken, else the level. Advice is no failure, unless Target.Strict was set; what
// is known to fail is skipped, with the reason.
func (r *Report) WriteJUnit(w io.Writer) error {
	seconds := func(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
	all := junitSuites{Name: "contract"}
	var total time.Duration
	for _, result := range r.Results {
		operation, _, _ := strings.Cut(result.Check, "/")
		if len(all.Suites) == 0 || all.Suites[len(all.Suites)-1].Name != operation {
			all.Suites = append(all.Suites, &junitSuite{Name: operation})
		}
		suite := all.Suites[len(all.Suites)-1]
		c := r.junitCase(operation, result)
		if c.Failure != nil {
			suite.Failures++
			all.Failures++
		}
		if c.Skipped != nil {
			suite.Skipped++
		}
		suite.Tests++
		all.Tests++
		c.Time = seconds(result.Duration)
		suite.total += result.Duration
		total += result.Duration
		suite.Time, all.Time = seconds(suite.total), seconds(total)
		suite.Cases = append(suite.Cases, c)
	}
	if len(all.Suites) > 0 {
		all.Suites[0].Out = fmt.Sprintf("runs started: %d", r.Runs)
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

func (r *Report) junitCase(operation string, result Result) junitCase {
	c := junitCase{Name: result.Check, Classname: operation}
	switch {
	case result.Known != "":
		c.Skipped = &junitMessage{Message: "known: " + result.Known}
	case r.fails(result):
		message, _, _ := strings.Cut(result.Err.Error(), "\n")
		kind := string(result.Level)
		if keywords := result.keywords(); len(keywords) > 0 {
			kind = keywords[0]
		}
		c.Failure = &junitMessage{message, kind, result.Rule + "\n" + result.Err.Error() + "\n" + result.Curl}
	case result.Err != nil:
		c.Out = "advice: " + result.Err.Error()
	case result.Unsure != nil:
		c.Skipped = &junitMessage{Message: result.Unsure.Error()}
	}
	return c
}

// keywords lists the keywords of the schema that the response breaks.
func (res Result) keywords() []string {
	var list []string
	for _, f := range res.findings {
		if f.keyword != "" {
			list = append(list, f.keyword)
		}
	}
	return list
}

// WriteJSON writes the report as one JSON object: {"runs": 7, "results": [...], "unseen": [...]}, each result with
// check, outcome (pass, fail, advice, known, skip or unsure), level, rule, error, keywords, known, unsure, curl and
// seconds.
func (r *Report) WriteJSON(w io.Writer) error {
	type result struct {
		Check    string   `json:"check"`
		Outcome  string   `json:"outcome"`
		Level    Level    `json:"level"`
		Rule     string   `json:"rule"`
		Error    string   `json:"error,omitempty"`
		Keywords []string `json:"keywords,omitempty"`
		Known    string   `json:"known,omitempty"`
		Unsure   string   `json:"unsure,omitempty"`
		Curl     string   `json:"curl"`
		Seconds  float64  `json:"seconds"`
	}
	report := struct {
		Runs    int      `json:"runs"`
		Results []result `json:"results"`
		Unseen  []string `json:"unseen"`
	}{r.Runs, []result{}, append([]string{}, r.unseen...)}
	for _, res := range r.Results {
		report.Results = append(report.Results, result{
			res.Check, res.Outcome(), res.Level, res.Rule, textOf(res.Err), res.keywords(), res.Known, textOf(res.Unsure),
			res.Curl, res.Duration.Seconds(),
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
