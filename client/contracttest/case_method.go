package contracttest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/aitutor-api/aitutor-go/client/contracttest/internal/wire"
)

// unknownMethod is a method that no server has.
const unknownMethod = "CONTRACTTEST"

// otherMethods returns the checks of the methods that the document does not have for the path. Frameworks return 404 or
// 405 in their own shape, 501 to what they do not know, and anything to OPTIONS; a run is against the contract.
func (op *operation) otherMethods() []check {
	if !op.first {
		return nil
	}
	valid, bare := op.valid(), op.bare(op.values)
	if op.noRuns {
		bare, valid = op.bareUnknown(), op.keyed(op.bareUnknown())
	}
	var checks []check
	for _, method := range []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodOptions, http.MethodTrace, unknownMethod,
	} {
		if slices.Contains(op.methods, method) || method == http.MethodHead && slices.Contains(op.methods, http.MethodGet) {
			continue
		}
		c := op.methodCheck(strings.ToLower(method), method, method, valid)
		if method == unknownMethod {
			c = op.methodCheck("unknown", "a method that does not exist", method, valid)
		}
		c.mayFail = method == http.MethodTrace || method == unknownMethod
		if method != http.MethodOptions {
			c.should = expectation{getRefused.text,
				func(res *wire.Response) bool { return res.Refused() || res.Status == http.StatusNotImplemented }}
		}
		checks = append(checks, c)
	}
	if slices.Contains(op.methods, http.MethodGet) {
		return checks
	}
	if op.Secured() {
		checks = append(checks, op.methodCheck("get-without-key", "GET without a key", http.MethodGet, bare))
	}
	override := valid.With("X-HTTP-Method-Override", op.Method).With("X-HTTP-Method", op.Method).
		With("X-Method-Override", op.Method)
	return append(checks, op.methodCheck("override", "GET with X-HTTP-Method-Override", http.MethodGet, override))
}

// methodCheck returns the check that a request with another method is not taken for one of the document's.
func (op *operation) methodCheck(name, subject, method string, r wire.Request) check {
	r.Method = method
	form := op.form()
	isBodiless := slices.Contains([]string{http.MethodHead, http.MethodOptions, http.MethodTrace}, method)
	if isBodiless || op.noRuns {
		r = r.WithBody("", nil)
	}
	if method == http.MethodGet && !op.safe() {
		r = r.WithQuery(form)
	}
	documented := strings.Join(op.methods, " and ")
	return check{
		name: "method/" + name, subject: subject, source: "good practice: RFC 9110, 15.5.6", request: r,
		bypasses: true, anyShape: true,
		must: expectation{"not be taken for " + strings.Join(op.methods, " or "),
			func(res *wire.Response) bool { return !op.looksTaken(res) }},
		advise: func(res *wire.Response) string {
			allowed := strings.Join(res.Header.Values("Allow"), ",")
			listed := strings.Split(strings.ReplaceAll(allowed, " ", ""), ",")
			isMissing := func(method string) bool { return !slices.Contains(listed, method) }
			if res.Status == http.StatusMethodNotAllowed &&
				(slices.ContainsFunc(op.methods, isMissing) || slices.Contains(listed, method)) {
				return fmt.Sprintf("405 should have an Allow that lists %s and not the method", documented)
			}
			return ""
		},
	}
}
