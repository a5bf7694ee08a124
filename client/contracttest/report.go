package contracttest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Level says how much a check, or what it found, weighs.
type Level string

// The levels.
const (
	LevelContract Level = "contract" // the contract demands it
	LevelAdvice   Level = "advice"   // good practice that the contract does not demand
)

// Result is what one check found. If Err and Unsure are both nil, the check passed.
type Result struct {
	Check    string        // "runWorkflow/unauthorized/missing-key"
	Level    Level         // of Err; of the check if Err is nil
	Rule     string        // what must hold, one sentence, and where the document says so
	Err      error         // nil: kept; else one line per fault, with what was expected and what came
	Known    string        // the reason if Target.Known lists the check and it fails; else ""
	Unsure   error         // why it is not known: skipped (errors.Is ErrSkipped), rate limited, or the server stopped
	Curl     string        // the request as a shell command, with variables for keys; of a Handler, the request as text
	Duration time.Duration // of the exchange, without waits

	findings []finding
	status   int  // of the response; 0: none
	valid    bool // its request is valid: nothing is known of the server without it
}

// ErrSkipped is wrapped by Result.Unsure if the target leaves the check out: Skip, NoRuns, MaxRuns, or a field that is
// not set.
var ErrSkipped = errors.New("skipped")

// ErrUnsure is wrapped by the error of [Check] if too little is known: a valid request, or more than a tenth of the
// checks, could not be judged. The report is beside it.
var ErrUnsure = errors.New("too little was checked")

// finding is one fault of a response.
type finding struct {
	level   Level
	cause   string // the same text for the same fault of another response
	came    string
	keyword string // of the violation, such as required
}

func (f finding) String() string {
	if f.came == "" {
		return f.cause
	}
	return f.cause + ": got " + f.came
}

// findings are the faults of one response.
type findings struct {
	came string
	list []finding
}

func (f *findings) add(level Level, format string, args ...any) {
	f.list = append(f.list, finding{level: level, cause: fmt.Sprintf(format, args...), came: f.came})
}

// fail sets one finding that is not about a response.
func (res *Result) fail(level Level, cause string) {
	res.setFindings([]finding{{level: level, cause: cause}})
}

// setFindings sets what a check found, what breaks the contract first.
func (res *Result) setFindings(findings []finding) {
	slices.SortStableFunc(findings, func(a, b finding) int { return -strings.Compare(string(a.level), string(b.level)) })
	res.findings = findings
	var lines []error
	for _, f := range findings {
		lines = append(lines, errors.New(f.String()))
	}
	if len(findings) > 0 {
		res.Level, res.Unsure = findings[0].level, nil
	}
	res.Err = errors.Join(lines...)
}

// Report is what the checks of a target found.
type Report struct {
	Results []Result // in the order of Checks
	Runs    int      // how many runs were started: responses of success, and valid requests that had no response

	strict bool
	unseen []string
}

// fails reports whether a result is a failure.
func (r *Report) fails(res Result) bool {
	return res.Err != nil && res.Known == "" && (res.Level == LevelContract || r.strict)
}

// Failures returns the results that break the contract; with Target.Strict also those against good practice.
func (r *Report) Failures() []Result { return r.with(r.fails) }

// Advice returns the results that are against good practice only.
func (r *Report) Advice() []Result {
	return r.with(func(res Result) bool { return res.Outcome() == "advice" })
}

// Known returns the results that fail as Target.Known says.
func (r *Report) Known() []Result {
	return r.with(func(res Result) bool { return res.Known != "" })
}

// Unsure returns the results of checks that were to be made, and told nothing.
func (r *Report) Unsure() []Result {
	return r.with(func(res Result) bool { return res.Outcome() == "unsure" })
}

// Skipped returns the results of checks that were left out on purpose.
func (r *Report) Skipped() []Result {
	return r.with(func(res Result) bool { return res.Outcome() == "skip" })
}

// Unseen lists the responses of the document that no check received, such as "runWorkflow 402".
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

// gate returns an error if too little is known for the report to say anything.
func (r *Report) gate() error {
	unsure := r.Unsure()
	for _, result := range unsure {
		if result.valid {
			return fmt.Errorf("%w: %s: %w", ErrUnsure, result.Check, result.Unsure)
		}
	}
	if made := len(r.Results) - len(r.Skipped()); len(unsure)*10 > made {
		return fmt.Errorf("%w: %d of %d checks told nothing, the first of them %s: %w", ErrUnsure, len(unsure), made,
			unsure[0].Check, unsure[0].Unsure)
	}
	return nil
}

// Outcome names what a result says in one word: pass, fail, advice, known, skip or unsure.
func (res Result) Outcome() string {
	switch {
	case res.Known != "":
		return "known"
	case res.Err != nil:
		return res.Level.outcome()
	case errors.Is(res.Unsure, ErrSkipped):
		return "skip"
	case res.Unsure != nil:
		return "unsure"
	}
	return "pass"
}

func (l Level) outcome() string {
	if l == LevelContract {
		return "fail"
	}
	return "advice"
}

// group is one fault of some results.
type group struct {
	finding
	results []Result
}

// groups returns the faults, what breaks the contract first, those of one cause together.
func (r *Report) groups() []*group {
	var list []*group
	for _, level := range []Level{LevelContract, LevelAdvice} {
		for _, result := range r.Results {
			for _, f := range result.findings {
				if f.level != level || result.Known != "" {
					continue
				}
				same := slices.IndexFunc(list, func(g *group) bool {
					return g.level == level && g.cause == f.cause && g.results[0].class() == result.class()
				})
				if same < 0 {
					same = len(list)
					list = append(list, &group{finding: f})
				}
				list[same].results = append(list[same].results, result)
			}
		}
	}
	return list
}

// class returns the hundreds of the response's status: 4 of any error, 0 without a response.
func (res Result) class() int { return min(res.status/100, 4) }

// textOf returns the text of a fault, with the number of responses that have it: "all 12 errors".
func (r *Report) textOf(g *group) string {
	if len(g.results) == 1 {
		return g.String()
	}
	class := g.results[0].class()
	what := []string{
		"requests without a response", "responses of 1xx", "responses of success", "redirects", "errors",
	}[class]
	all := len(r.with(func(res Result) bool { return res.class() == class && (class > 0 || res.Err != nil) }))
	if len(g.results) == all {
		return fmt.Sprintf("all %d %s: %s", all, what, g)
	}
	return fmt.Sprintf("%d of %d %s: %s", len(g.results), all, what, g)
}

// clip shortens a command with values of the user's own that are long. Result.Curl has it whole.
func clip(command string) string {
	const limit = 4000
	if len(command) <= limit {
		return command
	}
	end := limit
	for !utf8.RuneStart(command[end]) {
		end--
	}
	return command[:end] + "... (shortened: -json has it whole)"
}
