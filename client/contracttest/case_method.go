package contracttest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// otherMethods are the checks of the methods that the contract does not have for the path. Frameworks return 404 or 405
// in a shape of their own, and 204 to OPTIONS; a run is against the contract.
func (op *operation) otherMethods() []check {
	if !op.first {
		return nil
	}
	var checks []check
	for _, method := range []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions, http.MethodTrace,
	} {
		if slices.Contains(op.methods, method) {
			continue
		}
		c := check{
			name:   "method/" + strings.ToLower(method),
			rule:   method + " must not be taken for " + strings.Join(op.methods, " or ") + ", and should be answered with 4xx; 405 with an Allow that lists those",
			source: "good practice: RFC 9110, 15.5.6", level: LevelAdvice, bypasses: true, anyShape: true, request: op.valid(), want: notRun,
		}
		c.request.method = method
		switch method {
		case http.MethodHead, http.MethodOptions, http.MethodTrace:
			c.request.body, c.request.contentType = nil, ""
		case http.MethodGet:
			if inputs := op.form(); inputs != "" && !op.safe() {
				c.request.path = withQuery(c.request.path, inputs)
			}
			c = op.bodyOrNone(c)
		default:
			c = op.bodyOrNone(c)
		}
		c.advise = func(res *response) string {
			switch {
			case method == http.MethodOptions && res.status/100 == 2:
				return ""
			case !refused(res):
				return "expected 4xx"
			case res.status == http.StatusMethodNotAllowed && !op.allowed(res, method):
				return "405 should have an Allow that lists " + strings.Join(op.methods, " and ") + " and not the method"
			}
			return ""
		}
		checks = append(checks, c)
	}
	return checks
}

// bodyOrNone keeps the valid body, so that a server that takes any method shows it, or with NoRuns takes it out.
func (op *operation) bodyOrNone(c check) check {
	if op.suite.target.NoRuns || op.schema == nil {
		c.request.body, c.request.contentType = nil, ""
		c.request.path = op.pathWith(map[string]string{workflowIDName: url.PathEscape(op.parameters[workflowIDName])})
		return c
	}
	c.runs = true
	return c
}

// allowed reports whether Allow lists the methods of the contract, and not the one that is refused.
func (op *operation) allowed(res *response, refused string) bool {
	listed := strings.Split(strings.ReplaceAll(strings.Join(res.header.Values("Allow"), ","), " ", ""), ",")
	for _, method := range op.methods {
		if !slices.Contains(listed, method) {
			return false
		}
	}
	return !slices.Contains(listed, refused)
}
