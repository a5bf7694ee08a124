package contracttest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// check is one request and what must hold of its response.
type check struct {
	op     *operation
	name   string // operation/group/name
	rule   string // what must hold, in one sentence
	source string // where the contract, or good practice, says so
	level  Level  // of the check; "" is LevelContract

	runs    bool  // the request could be taken for valid and start, and bill, a run
	missing error // why the check cannot be made of this target

	request request
	want    func(*response) bool   // of LevelContract; nil: the invariants are enough
	advise  func(*response) string // says what good practice would be, or ""

	bypasses   bool // the response may be a framework's or a gateway's, in a shape of its own
	anyShape   bool // and if it is 4xx, no shape is asked for
	mayFail    bool // a 5xx is against good practice only
	inputFirst bool // the body is not valid, and 400 says nothing about what is checked
}

func (c check) group() string {
	parts := strings.Split(c.name, "/")
	return parts[1]
}

func (c check) leaf() string {
	return strings.SplitN(c.name, "/", 3)[2]
}

func (c check) levelOrContract() Level {
	if c.level == "" {
		return LevelContract
	}
	return c.level
}

// fullRule is the rule and its source.
func (c check) fullRule() string { return c.rule + " (" + c.source + ")" }

// at is the place in the contract of a status.
func (op *operation) at(status int) string {
	return fmt.Sprintf("api/openapi.yaml, %s, response %d", op.name(), status)
}

func (op *operation) atBody() string {
	return fmt.Sprintf("api/openapi.yaml, %s, requestBody", op.name())
}

func names(checks []check) []string {
	list := make([]string, len(checks))
	for i, c := range checks {
		list[i] = c.name
	}
	return list
}

// status wants a response to have one of some statuses.
func status(codes ...int) func(*response) bool {
	return func(res *response) bool { return slices.Contains(codes, res.status) }
}

// refused wants a response to be 4xx.
func refused(res *response) bool { return res.status/100 == 4 }

// refusedBody wants a response to say that the body is at fault.
func refusedBody(res *response) bool {
	return slices.Contains([]int{400, 413, 415, 422}, res.status)
}

// notRun wants a response not to be 2xx with a body, as that of a run is.
func notRun(res *response) bool {
	return res.status/100 != 2 || res.status == http.StatusNoContent || len(res.body) == 0
}

// succeeds wants a response to have a status of success that the contract describes.
func (op *operation) succeeds(res *response) bool {
	if res.status/100 != 2 {
		return false
	}
	described := false
	for code := range op.Responses.Map() {
		if code == strconv.Itoa(res.status) || strings.EqualFold(code, "2XX") {
			return true
		}
		described = described || strings.HasPrefix(code, "2")
	}
	return !described
}

// wantStatus wants a status if the contract describes it for the operation, and else any 4xx.
func (op *operation) wantStatus(code int) (func(*response) bool, string) {
	if op.has(code) {
		return status(code), strconv.Itoa(code)
	}
	return refused, "4xx"
}
