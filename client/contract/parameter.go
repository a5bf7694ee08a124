package contract

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"

	"github.com/aitutor-api/aitutor-go/client/contract/internal/instance"
	"github.com/aitutor-api/aitutor-go/client/contract/internal/schema"
	"github.com/aitutor-api/aitutor-go/client/contract/internal/text"
	"github.com/aitutor-api/aitutor-go/client/internal/printable"
)

// parameter is what the document says about one parameter of an operation, or about one header of a response.
type parameter struct {
	*openapi3.Parameter
	index   int            // in the path's values
	key     string         // the name as http.Header has it
	schema  *schema.Schema // nil: any value
	isPlain bool           // its value is sent as it is
	isField bool           // a header of a response, in which an empty value is null
	isJSON  bool           // its value is sent as JSON
	style   *text.Style    // its style
}

// sent is what a request sends beside its body, or the header of a response.
type sent struct {
	header http.Header
	host   string
	path   []string
	query  url.Values
}

// check lists how the value that is sent for the parameter breaks the contract.
func (p *parameter) check(s *sent) []Violation {
	value, isSent := p.textIn(s)
	switch {
	case !isSent && p.Required:
		return p.missing()
	case !isSent, p.schema == nil, p.isPlain && value != "" && p.schema.AcceptsText(value):
		return nil
	}
	trees, err := p.trees(s, value)
	switch {
	case errors.Is(err, text.ErrUndefined):
		return nil
	case err != nil:
		return p.violations(err)
	case len(trees) == 0 && p.Required && p.style.IsDefined(): // what has its name is something else
		return p.missing()
	}
	var found []Violation
	for _, tree := range trees { // the first of which says what is wrong, if all are
		for _, reading := range []text.Reading{text.Typed, text.Literal} {
			wrong := p.judge(tree, reading)
			if len(wrong) == 0 {
				return nil
			}
			if found == nil {
				found = wrong
			}
		}
	}
	return found
}

// missing returns the violation of a parameter that is not sent.
func (p *parameter) missing() []Violation {
	return []Violation{
		{In: p.In, Pointer: p.Name, Keyword: "required", Message: openapi3filter.ErrInvalidRequired.Error()},
	}
}

// judge lists how a tree of texts breaks the contract.
func (p *parameter) judge(tree any, reading text.Reading) []Violation {
	value, err := p.style.Schema.Read(tree, reading)
	switch {
	case p.AllowEmptyValue && tree == "", errors.Is(err, text.ErrUndefined):
		return nil
	case errors.Is(err, text.ErrEmpty) && p.isField && tree == "":
		value = nil
	case err != nil:
		return p.violations(err)
	}
	found := judgeDecoded(p.schema, value, schema.None)
	for i := range found {
		found[i].In, found[i].Pointer = p.In, p.Name
	}
	return found
}

// violations returns the violation of a value that cannot be read.
func (p *parameter) violations(err error) []Violation {
	if errors.Is(err, text.ErrEmpty) && p.AllowEmptyValue {
		return nil
	}
	return []Violation{{In: p.In, Pointer: p.Name, Keyword: "type", Message: printable.Line(err.Error())}}
}

// trees returns the trees of texts that are sent for the parameter. There is none if they cannot be judged.
func (p *parameter) trees(s *sent, value string) ([]any, error) {
	switch {
	case p.isJSON:
		return p.jsonTrees(s, value)
	case p.In == openapi3.ParameterInQuery:
		return p.style.QueryTrees(s.query)
	case p.In == openapi3.ParameterInHeader && len(s.header[p.key]) > 1:
		return p.style.Trees(s.header[p.key]...)
	}
	return p.style.Trees(value)
}

// jsonTrees returns the values that are sent as JSON. Of one that is none, the text may be meant.
func (p *parameter) jsonTrees(s *sent, value string) ([]any, error) {
	texts := []string{value}
	if values := s.query[p.Name]; p.In == openapi3.ParameterInQuery && len(values) > 1 {
		value = "[" + strings.Join(values, ",") + "]"
		texts[0] = value
	}
	if plain, err := url.PathUnescape(value); p.In == openapi3.ParameterInCookie && err == nil {
		texts = append(texts, plain) // a cookie that is encoded, as JSON has characters that a cookie must not have
	}
	var trees []any
	var failure error
	for _, one := range texts {
		document, err := instance.Parse([]byte(one))
		if err != nil {
			failure = text.Error(notJSON(err)[0].Message)
			continue
		}
		trees = append(trees, text.Decoded{Value: document.Root().Decode()})
	}
	if len(trees) == 0 && !p.style.Schema.Permits(openapi3.TypeObject) {
		return []any{value}, nil
	}
	if len(trees) > 0 {
		failure = nil
	}
	return trees, failure
}

// textIn returns the value as it is sent, if it is one text, and whether anything may be sent for the parameter.
func (p *parameter) textIn(s *sent) (value string, isSent bool) {
	switch p.In {
	case openapi3.ParameterInPath:
		if p.index < 0 || p.index >= len(s.path) {
			return "", false
		}
		return s.path[p.index], s.path[p.index] != ""
	case openapi3.ParameterInHeader:
		values, ok := s.header[p.key]
		if p.key == "Host" && !ok { // net/http keeps it apart
			return s.host, s.host != ""
		}
		if !ok || len(values) == 0 {
			return "", ok
		}
		return values[0], true
	case openapi3.ParameterInCookie:
		cookie, err := (&http.Request{Header: s.header}).Cookie(p.Name)
		if err != nil {
			return "", false
		}
		return cookie.Value, true
	}
	if values := s.query[p.Name]; len(values) > 0 {
		if len(values) > 1 {
			return "", true
		}
		return values[0], true
	}
	if p.style != nil && !p.isJSON {
		for name := range s.query {
			if p.style.Owns(name) {
				return "", true
			}
		}
	}
	return "", false
}
