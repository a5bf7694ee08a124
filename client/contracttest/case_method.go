package contracttest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/aitutor-api/aitutor-go/client/contracttest/internal/wire"
)

// otherMethods returns the checks of the methods that the document does not have for the path. Frameworks return 404 or
// 405 in their own shape, 501 to what they do not know, and anything to OPTIONS; a run is against the contract.
func (op *operation) otherMethods() []check {
	if !op.first {
		return nil
	}
	var checks []check
	for _, method := range []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodOptions, http.MethodTrace,
		"CONTRACTTEST",
	} {
		if slices.Contains(op.methods, method) || method == http.MethodHead && slices.Contains(op.methods, http.MethodGet) {
			continue
		}
		c := op.methodCheck(strings.ToLower(method), method)
		if method == "CONTRACTTEST" {
			c.name, c.subject = "method/unknown", "a method that does not exist"
		}
		c.mayFail = method == http.MethodTrace || method == "CONTRACTTEST"
		c.should = func(res *wire.Response) bool { return res.Refused() || res.Status == http.StatusNotImplemented }
		if method == http.MethodOptions {
			c.should = nil
		}
		checks = append(checks, c)
	}
	if !slices.Contains(op.methods, http.MethodGet) {
		if op.Secured() {
			c := op.methodCheck("get-without-key", http.MethodGet)
			c.subject = "GET without a key"
			c.request = op.without(c.request)
			checks = append(checks, c)
		}
		c := op.methodCheck("override", http.MethodGet)
		c.subject = "GET with X-HTTP-Method-Override"
		c.request = c.request.With("X-HTTP-Method-Override", op.Method).With("X-HTTP-Method",
			op.Method).With("X-Method-Override", op.Method)
		checks = append(checks, c)
	}
	return checks
}

// methodCheck returns the check that a method is not taken for one of the document's.
func (op *operation) methodCheck(name, method string) check {
	c := check{
		name: "method/" + name, subject: method, demand: "not be taken for " + strings.Join(op.methods, " or ") +
			", and should get 4xx; 405 with an Allow that lists those",
		source: "good practice: RFC 9110, 15.5.6", bypasses: true, anyShape: true, request: op.valid(),
		want: func(res *wire.Response) bool { return !op.looksTaken(res) },
	}
	if op.suite.target.NoRuns {
		c.request = op.forUnknown()
	}
	c.advise = func(res *wire.Response) string {
		if res.Status == http.StatusMethodNotAllowed && !op.allowed(res, method) {
			return fmt.Sprintf("405 should have an Allow that lists %s and not the method", strings.Join(op.methods, " and "))
		}
		return ""
	}
	c.request.Method = method
	switch method {
	case http.MethodHead, http.MethodOptions, http.MethodTrace:
		c.request = c.request.WithBody("", nil)
	case http.MethodGet:
		if form := op.form(); form != "" && !op.safe() {
			c.request = c.request.WithQuery(form)
		}
		if op.suite.target.NoRuns {
			c.request = c.request.WithBody("", nil)
		}
	default:
		if op.suite.target.NoRuns {
			c.request = c.request.WithBody("", nil)
		}
	}
	return c
}

// allowed reports whether Allow lists the methods of the document, and not the one that is refused.
func (op *operation) allowed(res *wire.Response, refused string) bool {
	listed := strings.Split(strings.ReplaceAll(strings.Join(res.Header.Values("Allow"), ","), " ", ""), ",")
	for _, method := range op.methods {
		if !slices.Contains(listed, method) {
			return false
		}
	}
	return !slices.Contains(listed, refused)
}
