package contracttest

import (
	"net/http"
	"strings"
)

// unknownWorkflow is an ID that no workflow has.
const unknownWorkflow = "contracttest-no-such-workflow"

// workflows are the checks of requests for a workflow that does not exist.
func (m *material) workflows() []check {
	of := func(name, rule, escapedID string) check {
		r := m.valid()
		r.path = m.at(escapedID)
		return check{name: "workflow/" + name, rule: rule + " must be answered with 4xx", request: r, want: refused}
	}
	unknown := of("unknown", "", unknownWorkflow)
	unknown.rule = "a request for a workflow that does not exist must be answered with 404"
	unknown.want = status(http.StatusNotFound)
	return []check{
		unknown,
		of("encoded-slashes", "an ID with encoded slashes", "contracttest%2Fno%2Fsuch%2fworkflow"),
		of("encoded-dots", "an ID of encoded dots", "%2E%2e"),
		of("encoded-traversal", "an ID that leads out of its path with encoded dots and slashes", "..%2F..%2f%2e%2e%2Fcontracttest"),
		of("encoded-control-characters", "an ID with encoded control characters", "contracttest%00%0D%0A"),
		of("not-utf-8", "an ID that is not UTF-8", "contracttest%FF%C0%AF"),
		of("long", "an ID of 5,000 characters", strings.Repeat("a", 5000)),
	}
}
