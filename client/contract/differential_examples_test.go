package contract_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/stretchr/testify/require"
)

// exchange is a request, or a response if it has a status.
type exchange struct {
	method, url string
	status      int
	header      http.Header
	tree        any    // of a JSON body
	text        string // of another body
	isJSON      bool

	mutations []string
	bytes     []func([]byte) []byte
	breakJSON func([]byte) ([]byte, bool) // and whether it did
}

func (e *exchange) String() string { return fmt.Sprintf("%s %s %d", e.method, e.url, e.status) }

func (e *exchange) clone() *exchange {
	twin := *e
	twin.header = e.header.Clone()
	twin.tree = cloneTree(e.tree)
	return &twin
}

func cloneTree(tree any) any {
	switch tree := tree.(type) {
	case map[string]any:
		twin := make(map[string]any, len(tree))
		for name, value := range tree {
			twin[name] = cloneTree(value)
		}
		return twin
	case []any:
		twin := make([]any, len(tree))
		for i, value := range tree {
			twin[i] = cloneTree(value)
		}
		return twin
	}
	return tree
}

func (e *exchange) encode() []byte {
	if !e.isJSON {
		return []byte(e.text)
	}
	data, err := json.Marshal(e.tree)
	if err != nil {
		panic(err)
	}
	return data
}

// serverOf returns the address of the first server, with the defaults of its variables.
func serverOf(document *openapi3.T) string {
	address := document.Servers[0].URL
	for name, variable := range document.Servers[0].Variables {
		address = strings.ReplaceAll(address, "{"+name+"}", variable.Default)
	}
	return address
}

// readExamples makes exchanges of all examples of a document. It leaves out operations with other security than the
// document's, which the peers are not told of, and those with a parameter or a header that has no example.
func (d *differential) readExamples(document *openapi3.T) {
	for _, path := range slices.Sorted(maps.Keys(document.Paths.Map())) {
		item := document.Paths.Value(path)
		for _, method := range slices.Sorted(maps.Keys(item.Operations())) {
			op := item.Operations()[method]
			other := op.Security != nil && fmt.Sprint(*op.Security) != fmt.Sprint(document.Security)
			if other || lacksExample(op, item.Parameters) {
				continue
			}
			plain := &exchange{method: method, header: make(http.Header)}
			d.addParameters(plain, serverOf(document)+path, append(op.Parameters, item.Parameters...))
			if op.RequestBody == nil {
				d.requests = append(d.requests, plain)
			} else {
				d.requests = append(d.requests, d.withBodies(plain, op.RequestBody.Value.Content)...)
			}
			for _, key := range slices.Sorted(maps.Keys(op.Responses.Map())) {
				response := op.Responses.Value(key).Value
				twin := &exchange{method: method, url: plain.url, status: statusOf(key), header: make(http.Header)}
				for name, header := range response.Headers {
					twin.header.Set(name, fmt.Sprint(header.Value.Example))
				}
				d.responses = append(d.responses, d.withBodies(twin, response.Content)...)
			}
		}
	}
	slices.Sort(d.names)
	d.names = slices.Compact(d.names)
}

func lacksExample(op *openapi3.Operation, shared openapi3.Parameters) bool {
	for _, ref := range append(shared, op.Parameters...) {
		if ref.Value.Example == nil {
			return true
		}
	}
	for _, response := range op.Responses.Map() {
		for _, header := range response.Value.Headers {
			if header.Value.Example == nil {
				return true
			}
		}
	}
	return false
}

func (d *differential) addParameters(e *exchange, at string, parameters openapi3.Parameters) {
	query := make(url.Values)
	for _, ref := range parameters {
		name, example := ref.Value.Name, fmt.Sprint(ref.Value.Example)
		switch ref.Value.In {
		case "path":
			at = strings.ReplaceAll(at, "{"+name+"}", url.PathEscape(example))
		case "query":
			query.Set(name, example)
		case "header":
			e.header.Set(name, example)
		case "cookie":
			e.header.Set("Cookie", name+"="+example)
		}
	}
	e.header.Set("Authorization", "Bearer example-key")
	if e.url = at; len(query) > 0 {
		e.url += "?" + query.Encode()
	}
}

// withBodies gives an exchange for every example of a content, or one without a body.
func (d *differential) withBodies(e *exchange, content openapi3.Content) []*exchange {
	var all []*exchange
	for _, mediaType := range slices.Sorted(maps.Keys(content)) {
		media := content[mediaType]
		if media.Schema != nil && openapi3filter.RegisteredBodyDecoder(mediaType) == nil {
			continue // kin-openapi refuses it
		}
		var examples []any
		if media.Example != nil {
			examples = append(examples, media.Example)
		}
		for _, name := range slices.Sorted(maps.Keys(media.Examples)) {
			examples = append(examples, media.Examples[name].Value.Value)
		}
		for _, example := range examples {
			twin := e.clone()
			twin.header.Set("Content-Type", strings.ReplaceAll(mediaType, "*", "plain"))
			if twin.isJSON = strings.HasSuffix(mediaType, "json"); twin.isJSON {
				twin.tree = throughJSON(d, example)
				d.collect(twin.tree)
			} else {
				twin.text = fmt.Sprint(example)
			}
			all = append(all, twin)
		}
	}
	if len(content) == 0 {
		all = append(all, e)
	}
	return all
}

// throughJSON gives a value the types that encoding/json decodes to.
func throughJSON(d *differential, value any) (tree any) {
	data, err := json.Marshal(value)
	require.NoError(d.t, err)
	require.NoError(d.t, json.Unmarshal(data, &tree))
	return tree
}

func (d *differential) collect(tree any) {
	d.pool = append(d.pool, tree)
	switch tree := tree.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(tree)) {
			d.names = append(d.names, name)
			d.members[name] = append(d.members[name], tree[name])
			d.collect(tree[name])
		}
	case []any:
		for _, value := range tree {
			d.collect(value)
		}
	}
}

// statusOf returns a status that the key of a response stands for.
func statusOf(key string) int {
	if key == "default" {
		return http.StatusGatewayTimeout
	}
	var status int
	_, _ = fmt.Sscan(strings.ReplaceAll(key, "XX", "06"), &status)
	return status
}
