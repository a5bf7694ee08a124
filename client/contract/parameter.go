package contract

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"

	"github.com/aitutor-api/aitutor-go/client/contract/internal/instance"
	"github.com/aitutor-api/aitutor-go/client/contract/internal/schema"
)

// parameter is what the document says about one parameter of an operation, or about one header of a response.
type parameter struct {
	*openapi3.Parameter
	index   int            // in the path's values
	key     string         // the name as http.Header has it
	schema  *schema.Schema // nil: any value
	isPlain bool           // its value is sent as it is
	isField bool           // a header of a response, in which an empty value is null
	decoder *openapi3.Parameter
}

// decoderOf returns the parameter with a schema of the same form that refuses every value. kin-openapi exports no
// decoder of parameters; but its error about the refused value has the decoded value.
func decoderOf(described *openapi3.Parameter, ref *openapi3.SchemaRef) *openapi3.Parameter {
	refusing := *ref.Value
	refusing.Enum, refusing.Const, refusing.Nullable, refusing.Always = []any{refusedValue}, nil, false, nil
	refusing.Type = withoutNull(refusing.Type)
	if refusing.Type == nil && len(refusing.OneOf)+len(refusing.AnyOf)+len(refusing.AllOf) == 0 {
		if ref.Value.Const == nil && len(ref.Value.Enum) == 0 {
			refusing.Type = &openapi3.Types{openapi3.TypeString} // any text
		} else {
			refusing.Enum = slices.Concat(ref.Value.Enum, []any{refusedValue})
			refusing.Const = ref.Value.Const
		}
	}
	decoder := *described
	decoder.AllowEmptyValue = false
	if decoder.Schema != nil {
		decoder.Schema = &openapi3.SchemaRef{Value: &refusing}
	}
	if decoder.Content != nil && decoder.Content.Get("application/json") == nil { // as text
		refusing.Type, refusing.AllOf, refusing.AnyOf, refusing.OneOf = &openapi3.Types{openapi3.TypeString}, nil, nil, nil
		decoder.Content, decoder.Schema = nil, &openapi3.SchemaRef{Value: &refusing}
	}
	if decoder.Content != nil {
		decoder.Content = openapi3.Content{"application/json": {Schema: &openapi3.SchemaRef{Value: &refusing}}}
	}
	return &decoder
}

const refusedValue = "\x00 no value is this"

// sent is what a request sends beside its body, or the header of a response.
type sent struct {
	header http.Header
	path   []string
	names  []string // of the path's values
	query  url.Values
}

// check lists how the value that is sent for the parameter breaks the contract.
func (p *parameter) check(s *sent) []Violation {
	text, isSent := p.textIn(s)
	switch {
	case !isSent && p.Required:
		return []Violation{
			{In: p.In, Pointer: p.Name, Keyword: "required", Message: openapi3filter.ErrInvalidRequired.Error()},
		}
	case !isSent, p.schema == nil, p.isPlain && text != "" && p.schema.AcceptsText(text):
		return nil
	}
	value, isDecoded, found := p.decode(s)
	if !isDecoded {
		return found
	}
	document, err := instance.Of(value)
	if err != nil {
		return nil // infinite numbers, which are refused as texts before
	}
	found = judge(p.schema, document, schema.None)
	for i := range found {
		found[i].In, found[i].Pointer = p.In, p.Name
	}
	return found
}

// textIn returns the value as it is sent, if it is one text, and whether anything may be sent for the parameter.
func (p *parameter) textIn(s *sent) (text string, isSent bool) {
	switch p.In {
	case openapi3.ParameterInPath:
		if p.index < 0 || p.index >= len(s.path) {
			return "", false
		}
		return s.path[p.index], s.path[p.index] != ""
	case openapi3.ParameterInHeader:
		values, ok := s.header[p.key]
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
	for name := range s.query { // name[key] of a deepObject, or the properties of an object
		if strings.HasPrefix(name, p.Name+"[") || p.isSpread(name) {
			return "", true
		}
	}
	return "", false
}

// isSpread reports whether a name of the query belongs to the parameter, an object that is spread over the query.
func (p *parameter) isSpread(name string) bool {
	if p.schema == nil || p.Content != nil || p.Style != "" && p.Style != openapi3.SerializationForm ||
		p.Explode != nil && !*p.Explode {
		return false
	}
	return p.Schema.Value.Properties[name] != nil || p.Schema.Value.Type.Is(openapi3.TypeObject) &&
		(p.Schema.Value.AdditionalProperties.Schema != nil)
}

// decode returns the value that is sent. It is not decoded if it is none, or if kin-openapi has no decoder for what the
// document describes.
func (p *parameter) decode(s *sent) (value any, isDecoded bool, found []Violation) {
	input := &openapi3filter.RequestValidationInput{
		Request:     &http.Request{Header: s.header, URL: &url.URL{}},
		QueryParams: s.query,
		PathParams:  make(map[string]string, len(s.path)),
		Options:     &openapi3filter.Options{SkipSettingDefaults: true},
	}
	if input.QueryParams == nil {
		input.QueryParams = url.Values{}
	}
	for i, text := range s.path {
		input.PathParams[s.names[i]] = text
	}
	err := openapi3filter.ValidateParameter(context.Background(), input, p.decoder)
	if request, ok := errors.AsType[*openapi3filter.RequestError](err); ok {
		err = request.Err
	}
	if refused, ok := errors.AsType[*openapi3.SchemaError](err); ok {
		return refused.Value, true, nil
	}
	if isEmpty := errors.Is(err, openapi3filter.ErrInvalidEmptyValue); isEmpty && p.isField {
		return nil, true, nil
	} else if err == nil || !isOfValue(err) || isEmpty && p.AllowEmptyValue {
		return nil, false, nil
	}
	return nil, false, []Violation{{In: p.In, Pointer: p.Name, Keyword: "type", Message: reasonOf(err)}}
}
