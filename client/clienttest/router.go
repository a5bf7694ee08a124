package clienttest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// A router calls the handler of a request. Unlike http.ServeMux it takes paths as they are sent, without a redirect to the
// cleaned path, and its refusals have the error schema.
type router struct {
	routes []route
	refuse func(w http.ResponseWriter, status int, message string)
}

type route struct {
	method  string
	path    []string // segments; {name}, or {name}:word, stands for any that is not empty
	handler http.HandlerFunc
}

func (m *router) handle(method, path string, handler http.HandlerFunc) {
	m.routes = append(m.routes, route{method, strings.Split(path, "/"), handler})
}

func (m *router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	handler, allowed := m.find(r)
	switch {
	case handler != nil:
		handler(w, r)
	case len(allowed) > 0:
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		m.refuse(w, http.StatusMethodNotAllowed, "Method not allowed. Allowed here: "+strings.Join(allowed, ", "))
	default:
		m.refuse(w, http.StatusNotFound, "No such path")
	}
}

// find returns the handler for the request, which has its path values set then. Where there is none, it returns the
// methods that the path has.
func (m *router) find(r *http.Request) (handler http.HandlerFunc, allowed []string) {
	segments := strings.Split(r.URL.EscapedPath(), "/")
	for _, route := range m.routes {
		if !slices.EqualFunc(route.path, segments, segmentMatches) {
			continue
		}
		if route.method != r.Method {
			allowed = append(allowed, route.method)
			continue
		}
		for i, segment := range route.path {
			if name, suffix, ok := wildcard(segment); ok {
				value, _ := url.PathUnescape(strings.TrimSuffix(segments[i], suffix)) // EscapedPath is well formed
				r.SetPathValue(name, value)
			}
		}
		return route.handler, nil
	}
	return nil, allowed
}

func segmentMatches(pattern, segment string) bool {
	if _, suffix, ok := wildcard(pattern); ok {
		value, fits := strings.CutSuffix(segment, suffix)
		return fits && value != ""
	}
	return pattern == segment
}

// wildcard returns the name of a {name}, and what follows it in the segment.
func wildcard(pattern string) (name, suffix string, ok bool) {
	name, suffix, ok = strings.Cut(strings.TrimPrefix(pattern, "{"), "}")
	return name, suffix, ok && strings.HasPrefix(pattern, "{")
}
