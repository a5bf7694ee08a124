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
	Time      seconds       `xml:"time,attr"`
	Skipped   *junitMessage `xml:"skipped"`
	Failure   *junitMessage `xml:"failure"`
	Out       string        `xml:"system-out,omitempty"`
}

// junitTotals are the attributes that a suite and all suites have. Jenkins' schema has skipped ones of a suite only.
type junitTotals struct {
	Name     string  `xml:"name,attr"`
	Tests    int     `xml:"tests,attr"`
	Failures int     `xml:"failures,attr"`
	Errors   int     `xml:"errors,attr"`
	Time     seconds `xml:"time,attr"`
}

func (c *junitTotals) add(failed bool, d time.Duration) {
	c.Tests++
	c.Time += seconds(d)
	if failed {
		c.Failures++
	}
}

type junitSuite struct {
	junitTotals
	Skipped int         `xml:"skipped,attr"`
	Cases   []junitCase `xml:"testcase"`
	Out     string      `xml:"system-out,omitempty"`
}

type junitSuites struct {
	XMLName xml.Name `xml:"testsuites"`
	junitTotals
	Suites []*junitSuite `xml:"testsuite"`
}

// seconds is a time as JUnit has it.
type seconds time.Duration

func (s seconds) MarshalText() ([]byte, error) {
	return fmt.Appendf(nil, "%.3f", time.Duration(s).Seconds()), nil
}

// WriteJUnit writes the report as JUnit XML: a testsuite per operation, a testcase per check. The type of a failure is
// the keyword of the schema that was broken, else the level. Advice is no failure, unless Target.Strict was set; what
// is known to fail is skipped, with the reason.
func (r *Report) WriteJUnit(w io.Writer) error {
	all := junitSuites{junitTotals: junitTotals{Name: "contract"}}
	for _, result := range r.Results {
		operation, _, _ := strings.Cut(result.Check, "/")
		if len(all.Suites) == 0 || all.Suites[len(all.Suites)-1].Name != operation {
			all.Suites = append(all.Suites, &junitSuite{junitTotals: junitTotals{Name: operation}})
		}
		suite := all.Suites[len(all.Suites)-1]
		c := r.junitCase(operation, result)
		suite.Cases = append(suite.Cases, c)
		suite.add(c.Failure != nil, result.Duration)
		all.add(c.Failure != nil, result.Duration)
		if c.Skipped != nil {
			suite.Skipped++
		}
	}
	if len(all.Suites) > 0 {
		all.Suites[0].Out = fmt.Sprintf("runs started: %d", r.Runs)
	}
	text, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, xml.Header+string(text)+"\n")
	return err
}

func (r *Report) junitCase(operation string, result Result) junitCase {
	c := junitCase{Name: result.Check, Classname: operation, Time: seconds(result.Duration)}
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
			res.Check, res.Outcome(), res.Level, res.Rule, errorText(res.Err), res.keywords(), res.Known, errorText(res.Unsure),
			res.Curl, res.Duration.Seconds(),
		})
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(report)
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
