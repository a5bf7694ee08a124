package clienttest

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// A router calls the handler of a request. Unlike http.ServeMux it takes paths as they are sent, without a redirect to
// the cleaned path, knows a parameter that is a part of a segment ({id}:cancel), and its refusals have the error
// schema.
type router struct {
	routes []route
	refuse func(w http.ResponseWriter, status int, message string)
}

type route struct {
	method  string
	path    *regexp.Regexp // a group for each parameter
	names   []string       // of the parameters
	rank    string         // of two paths that match, the one with the lower rank is meant
	handler http.HandlerFunc
}

var parameter = regexp.MustCompile(`\{([^/{}]+)\}`)

func (m *router) handle(method, path string, handler http.HandlerFunc) {
	r := route{method: method, handler: handler}
	var pattern strings.Builder
	rest := 0
	for _, at := range parameter.FindAllStringSubmatchIndex(path, -1) {
		pattern.WriteString(regexp.QuoteMeta(path[rest:at[0]]) + "([^/]+)")
		r.names = append(r.names, path[at[2]:at[3]])
		rest = at[1]
	}
	r.path = regexp.MustCompile("^" + pattern.String() + regexp.QuoteMeta(path[rest:]) + "$")
	// Text goes before a parameter.
	r.rank = parameter.ReplaceAllString(strings.ReplaceAll(path+"/", "/", "\uFFFF/"), "\uFFFF")
	m.routes = append(m.routes, r)
	slices.SortStableFunc(m.routes, func(a, b route) int { return strings.Compare(a.rank, b.rank) })
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

// find returns the handler for the request, which has its path values set then. If there is none, it returns the
// methods that the path has.
func (m *router) find(r *http.Request) (handler http.HandlerFunc, allowed []string) {
	path := r.URL.EscapedPath()
	for _, route := range m.routes {
		values := route.path.FindStringSubmatch(path)
		if values == nil {
			continue
		}
		if route.method != r.Method {
			allowed = append(allowed, route.method)
			continue
		}
		for i, name := range route.names {
			value, _ := url.PathUnescape(values[i+1]) // EscapedPath is well formed
			r.SetPathValue(name, value)
		}
		return route.handler, nil
	}
	return nil, allowed
}
