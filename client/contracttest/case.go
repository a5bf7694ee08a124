package contracttest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aitutor-api/aitutor-go/client/contracttest/internal/wire"
)

// check is one request and what must hold of its response.
type check struct {
	op      *operation
	name    string // operation/group/name
	subject string // what is sent: "an empty body"
	demand  string // what must hold: "get 400"
	source  string // where the document, or good practice, says so
	level   Level  // of the check; "" is LevelContract
	missing error  // why the check cannot be made of this target

	request wire.Request
	before  []wire.Request // sent first, over the same connection
	cookies bool           // send what the server has set as cookies

	want   func(*wire.Response) bool   // of LevelContract; nil: the invariants are enough
	should func(*wire.Response) bool   // of LevelAdvice
	advise func(*wire.Response) string // other good practice that is not kept, or ""

	success    bool // a success is wanted
	bypasses   bool // the response may be a framework's or a gateway's, in another shape
	anyShape   bool // and if it is 4xx, no shape is asked for
	mayFail    bool // a 5xx is against good practice only
	inputFirst bool // the body is not valid, and 400 says nothing about what is checked
}

func (c check) group() string { return strings.Split(c.name, "/")[1] }

func (c check) leaf() string { return strings.SplitN(c.name, "/", 3)[2] }

func (c check) levelOrContract() Level {
	if c.level == "" {
		return LevelContract
	}
	return c.level
}

// rule returns what must hold, in one sentence.
func (c check) rule() string {
	verb := " must "
	if c.level == LevelAdvice {
		verb = " should "
	}
	return c.subject + verb + c.demand
}

// fullRule returns the rule and its source.
func (c check) fullRule() string { return c.rule() + " (" + c.source + ")" }

// mayRun reports whether a server that looks only at the key, the path and the method would start a run.
func (c check) mayRun() bool {
	return c.request.Keyed && c.request.Existing && !isSafe(c.request.Method) && slices.Contains(c.op.methods,
		c.request.Method)
}

// billed reports whether a server with a fault could start a run.
func (c check) billed() bool { return !c.op.safe() }

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

func names(checks []check) []string {
	list := make([]string, len(checks))
	for i, c := range checks {
		list[i] = c.name
	}
	return list
}

// at returns the place in the document of a status.
func (op *operation) at(status int) string {
	return fmt.Sprintf("%s, %s, response %d", op.suite.name, op.name(), status)
}

func (op *operation) atBody() string {
	return fmt.Sprintf("%s, %s, requestBody", op.suite.name, op.name())
}

// status wants a response to have one of some statuses.
func status(codes ...int) func(*wire.Response) bool {
	return func(res *wire.Response) bool { return slices.Contains(codes, res.Status) }
}

// refused wants a response to be 4xx.
func refused(res *wire.Response) bool { return res.Refused() }

// refusedBody wants a response to say that the body is at fault.
func refusedBody(res *wire.Response) bool {
	return slices.Contains([]int{400, 413, 415, 422}, res.Status)
}
