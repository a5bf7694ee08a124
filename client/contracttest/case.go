package contracttest

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/aitutor-api/aitutor-go/client/contracttest/internal/wire"
)

// check is one request and what must hold of its response.
type check struct {
	op      *operation
	name    string // operation/group/name
	subject string // what is sent: "an empty body"
	must    expectation
	should  expectation                 // good practice beside it, or alone
	advise  func(*wire.Response) string // other good practice that is not kept, or ""
	source  string                      // where the document, or good practice, says so
	missing error                       // why the check cannot be made of this target

	request wire.Request
	before  []wire.Request // sent first, over the same connection

	success    bool // a success is wanted
	bypasses   bool // the response may be a framework's or a gateway's, in another shape
	anyShape   bool // and if it is 4xx, no shape is asked for
	mayFail    bool // a 5xx is against good practice only
	inputFirst bool // the body is not valid, and 400 says nothing about what is checked
}

// expectation is what a response is to be, and how a rule says it: "get 400".
type expectation struct {
	text string
	met  func(*wire.Response) bool
}

// get expects one of some statuses.
func get(codes ...int) expectation {
	var texts []string
	for _, code := range codes {
		texts = append(texts, strconv.Itoa(code))
	}
	return expectation{"get " + strings.Join(texts, " or "),
		func(res *wire.Response) bool { return slices.Contains(codes, res.Status) }}
}

var (
	getRefused = expectation{"get 4xx", (*wire.Response).Refused}
	// blameBody expects a response to say that the body is at fault.
	blameBody = expectation{"get 4xx that blames the body", get(http.StatusBadRequest, http.StatusRequestEntityTooLarge,
		http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity).met}
)

// get expects a status if the document describes it for the operation, and else any 4xx.
func (op *operation) get(status int) expectation {
	if op.has(status) {
		return get(status)
	}
	return getRefused
}

// bypassing are the statuses of what a framework or a gateway refuses before the application sees it.
var bypassing = []int{
	http.StatusMethodNotAllowed, http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong,
	http.StatusUnsupportedMediaType, http.StatusExpectationFailed, http.StatusRequestHeaderFieldsTooLarge,
	http.StatusNotImplemented,
}

// level returns the level of a check: good practice if the contract demands nothing but the invariants.
func (c check) level() Level {
	if c.must.met == nil {
		return LevelAdvice
	}
	return LevelContract
}

// result returns the result of a check that is not made, or not yet, without its request.
func (c check) result(unsure error) Result {
	rule := c.rule() + " (" + c.source + ")"
	return Result{Check: c.name, Level: c.level(), Rule: rule, Unsure: unsure, valid: c.success}
}

// rule returns what is expected, in one sentence.
func (c check) rule() string {
	switch {
	case c.must.met == nil:
		return c.practice()
	case c.should.met == nil:
		return c.demand()
	}
	return c.demand() + ", and should " + c.should.text
}

func (c check) demand() string   { return c.subject + " must " + c.must.text }
func (c check) practice() string { return c.subject + " should " + c.should.text }

// mayRun reports whether a server that looks only at the key, the path and the method would start a run.
func (c check) mayRun() bool {
	return c.request.Keyed && c.request.Existing && !isSafe(c.request.Method) &&
		slices.Contains(c.op.methods, c.request.Method)
}

// The order in which checks are made if the number of runs is limited. What must be refused gives its run back.
const (
	phaseRefused = iota
	phaseSuccess // needs a run for certain
	phaseMayRun  // a lenient server runs it
)

func (c check) phase() int {
	switch {
	case !c.mayRun():
		return phaseRefused
	case c.success:
		return phaseSuccess
	}
	return phaseMayRun
}
