package contracttest

import (
	"net/http"
	"slices"
	"strings"
)

// otherMethods are the checks of the methods that the contract does not have for the path. Their requests have no body,
// so that no server takes one for the start of a run.
func (m *material) otherMethods() []check {
	var checks []check
	for _, method := range []string{
		http.MethodGet, http.MethodHead, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions, http.MethodTrace,
		http.MethodPost,
	} {
		if slices.Contains(m.methods, method) {
			continue
		}
		r := m.valid()
		r.method, r.body, r.contentType = method, nil, ""
		checks = append(checks, check{
			name:    "method/" + strings.ToLower(method),
			rule:    method + " must be answered with 405 and an Allow that lists " + strings.Join(m.methods, " and ") + ", and not " + method,
			request: r,
			want: func(a *answer) bool {
				return a.status == http.StatusMethodNotAllowed && m.allowed(a, method)
			},
		})
	}
	return checks
}

// allowed reports whether Allow lists the methods of the contract, and not the one that it refuses.
func (m *material) allowed(a *answer, refused string) bool {
	listed := strings.Split(strings.ReplaceAll(strings.Join(a.header.Values("Allow"), ","), " ", ""), ",")
	for _, method := range m.methods {
		if !slices.Contains(listed, method) {
			return false
		}
	}
	return !slices.Contains(listed, refused)
}
