package contract_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// odd are values that a field may turn into, beside those of the examples.
var odd = []any{
	nil, true, false, "", " ", "x", "2026-02-30", "2026-02-28", "not an address", 0, 1, -1, 1.5, 1e300, 9007199254740993,
	json.Number("1e999"), json.Number("3000000000"), json.Number("1.0"), json.Number("-0"), []any{}, []any{nil},
	[]any{"x", "x"},
	[]any{1, "x"}, map[string]any{}, map[string]any{"x": 1}, strings.Repeat("long ", 60), "\x00", "\u2028", "\U0001F600",
}

// mutate changes one thing of an exchange.
func (d *differential) mutate(e *exchange) {
	kinds := []func(*exchange) string{d.mutateTree, d.mutateTree, d.mutateTree, d.mutateHeader, d.mutateContentType,
		d.mutateBytes, d.breakJSON}
	if e.status == 0 {
		kinds = append(kinds, d.mutateTarget)
	} else {
		kinds = append(kinds, d.mutateStatus)
	}
	e.mutations = append(e.mutations, kinds[d.random.IntN(len(kinds))](e))
}

func oneOf[T any](d *differential, values []T) T { return values[d.random.IntN(len(values))] }

// mutateTree changes a value somewhere in the tree.
func (d *differential) mutateTree(e *exchange) string {
	if !e.isJSON {
		e.text = oneOf(d, []string{"", "x", e.text + "&x=1", strings.ToUpper(e.text), strings.ReplaceAll(e.text, "=", "")})
		return "text"
	}
	var kind string
	e.tree, kind = d.mutateValue(e.tree)
	return kind
}

func (d *differential) mutateValue(tree any) (any, string) {
	switch node := tree.(type) {
	case map[string]any:
		if len(node) > 0 && d.random.IntN(2) > 0 { // further down
			name := oneOf(d, slices.Sorted(maps.Keys(node)))
			value, kind := d.mutateValue(node[name])
			node[name] = value
			return node, name + "/" + kind
		}
		return node, d.mutateObject(node)
	case []any:
		if len(node) > 0 && d.random.IntN(2) > 0 {
			i := d.random.IntN(len(node))
			value, kind := d.mutateValue(node[i])
			node[i] = value
			return node, "item/" + kind
		}
		switch d.random.IntN(4) {
		case 0:
			return append(node, d.value()), "item added"
		case 1:
			return append(node, node...), "items doubled"
		case 2:
			return []any{}, "items dropped"
		}
	}
	return d.value(), "retyped"
}

func (d *differential) mutateObject(object map[string]any) string {
	if len(object) == 0 || d.random.IntN(4) == 0 {
		name, value := oneOf(d, d.names), d.value()
		switch d.random.IntN(4) {
		case 0:
			name += "_extra"
		case 1, 2: // with a value that it has elsewhere
			value = cloneTree(oneOf(d, d.members[name]))
		}
		object[name] = value
		return "added " + name
	}
	name := oneOf(d, slices.Sorted(maps.Keys(object)))
	switch d.random.IntN(4) {
	case 0:
		delete(object, name)
		return "dropped " + name
	case 1:
		object[name] = nil
		return "nulled " + name
	case 2:
		value := object[name]
		delete(object, name)
		object[oneOf(d, append([]string{strings.ToUpper(name), name + "_"}, d.names...))] = value
		return "renamed " + name
	}
	object[name] = d.value()
	return "retyped " + name
}

func (d *differential) value() any {
	if d.random.IntN(2) == 0 {
		return cloneTree(oneOf(d, d.pool))
	}
	return cloneTree(oneOf(d, odd))
}

func (d *differential) mutateHeader(e *exchange) string {
	names := append(slices.Sorted(maps.Keys(e.header)), "X-Other")
	if e.status == 0 {
		names = append(names, "Authorization")
	} else {
		names = append(names, "X-Ratelimit-Limit", "X-Ratelimit-Remaining")
	}
	name := oneOf(d, names)
	values := [][]string{
		nil, {""}, {"-1"}, {"7"}, {"abc"}, {"1.5"}, {"1", "2"}, {"abc", "2"}, {"1,2"}, {"99999999999999999999"}, {" 5"},
		{"true"},
		{"+5"}, {"-0"}, {"007"}, {"0x5"}, {"1_0"}, {"1e3"}, {"9223372036854775807"}, {"9223372036854775808"}, {"\u0665"},
		{"", "5"},
	}
	switch name {
	case "Content-Type":
		return d.mutateContentType(e)
	case "Authorization":
		values = [][]string{nil, {""}, {"Bearer"}, {"Bearer "}, {"bearer x"}, {"Basic eDp5"}, {"example-key"}, {"Bearer x y"}}
	case "Cookie":
		values = [][]string{nil, {"theme="}, {"theme=plain"}, {"theme=dark; x=1"}, {"other=dark"}}
	}
	value := oneOf(d, values)
	if len(value) == 0 { // HTTP has no header without a value
		delete(e.header, name)
	} else {
		e.header[name] = value
	}
	return "header " + name + "=" + strings.Join(value, "|")
}

func (d *differential) mutateContentType(e *exchange) string {
	value := e.header.Get("Content-Type")
	value = oneOf(d, []string{
		"", value + "; charset=utf-8", value + ";charset=UTF-8 ", strings.ToUpper(value), " " + value, "text/html",
		"text/plain",
		"application/json", "application/problem+json", "application/vnd.x+json", "application/*", "json", "*/*", ";",
		value + ", text/html",
	})
	e.header.Set("Content-Type", value)
	if value == "" {
		e.header.Del("Content-Type")
	}
	return "content type " + value
}

func (d *differential) mutateBytes(e *exchange) string {
	cut := d.random.Float64()
	name := oneOf(d, []string{"truncated", "emptied", "space around", "space within", "space only", "escaped", "quotes",
		"escaped names"})
	e.bytes = append(e.bytes, func(body []byte) []byte {
		switch name {
		case "truncated":
			return body[:int(cut*float64(len(body)))]
		case "emptied":
			return nil
		case "space only":
			return []byte(" \n")
		case "escaped":
			return bytes.Replace(body, []byte(`":"`), []byte(`":"\ud83d\u00e9\/\n`), 1)
		case "quotes":
			return bytes.ReplaceAll(body, []byte(`":"`), []byte(`":"\\\"\"]},:\\`))
		case "escaped names":
			return member.ReplaceAllFunc(body,
				func(name []byte) []byte { return fmt.Appendf(nil, `"\u%04x%s`, name[1], name[2:]) })
		case "space within":
			var spread bytes.Buffer
			if json.Indent(&spread, body, "\r\n ", "\t") == nil {
				return spread.Bytes()
			}
			return body
		}
		return slices.Concat([]byte(" \r\n\t"), body, []byte("\n "))
	})
	return name
}

var (
	member     = regexp.MustCompile(`"[a-z_]+":`)
	textMember = regexp.MustCompile(`":"`)
)

// breakJSON breaks what is JSON in itself, in a way that kin-openapi lets through, mostly.
func (d *differential) breakJSON(e *exchange) string {
	name := oneOf(d, []string{"a duplicate name", "invalid UTF-8", "trailing data", "a byte order mark"})
	where := d.random.Float64()
	tail := oneOf(d, []string{"{}", " x", "\x00", "]", ",", `{"success":true}`})
	insert := func(body []byte, at *regexp.Regexp, after bool, what func([]byte) string) ([]byte, bool) {
		found := at.FindAllIndex(body, -1)
		if !e.isJSON || len(found) == 0 {
			return body, false
		}
		match := found[int(where*float64(len(found)))]
		i := match[0]
		if after {
			i = match[1]
		}
		return slices.Concat(body[:i], []byte(what(body[match[0]:match[1]])), body[i:]), true
	}
	e.breakJSON = func(body []byte) ([]byte, bool) {
		switch name {
		case "a duplicate name":
			return insert(body, member, false, func(found []byte) string { return string(found) + "null," })
		case "invalid UTF-8":
			return insert(body, textMember, true, func([]byte) string { return "\xff" })
		case "trailing data":
			return append(slices.Clip(body), tail...), json.Valid(body)
		}
		return append([]byte("\uFEFF"), body...), json.Valid(body)
	}
	return name
}

func (d *differential) mutateStatus(e *exchange) string {
	e.status = oneOf(d, []int{
		100, 200, 201, 202, 204, 206, 301, 302, 304, 307, 308, 400, 401, 402, 404, 405, 409, 418, 429, 500, 502, 503, 504,
		599,
	})
	return "status " + http.StatusText(e.status)
}

func (d *differential) mutateTarget(e *exchange) string {
	switch d.random.IntN(4) {
	case 0:
		e.method = oneOf(d, []string{"GET", "PUT", "POST", "DELETE", "HEAD", "post"})
	case 1:
		path, query, _ := strings.Cut(e.url, "?")
		e.url = path + oneOf(d, []string{"/more", ".", "~", "%20", "-x"}) + "?" + query
	default:
		edit := oneOf(d, [][2]string{{"=", "=x"}, {"=", "=&y="}, {"&", "&&"}, {"?", "?q=1&q=2&"}, {"=", "x="},
			{"%2C", "%2C%2C"}})
		e.url = strings.Replace(e.url, edit[0], edit[1], 1+d.random.IntN(2))
	}
	return "target " + e.method + " " + e.url
}
