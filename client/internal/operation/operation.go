// Package operation says what the contract says of an operation that a request has to know: which credentials it takes,
// and what it produces.
package operation

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/api"
	"github.com/aitutor-api/aitutor-go/client/internal/exchange"
	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
	"github.com/aitutor-api/aitutor-go/gen"
)

// EventStream is the content type of a stream of events.
const EventStream = "text/event-stream"

// Operation is an operation of the contract.
type Operation struct {
	method      string
	path        *regexp.Regexp // of the escaped path below the base URL
	parameters  int            // in the path
	Credentials openapi.Alternative
	Accept      string // the content types of its successes
	Streams     bool
	IsRun       bool
	response    reflect.Type // that generated code decodes its responses into; nil if that is not known
}

// operations returns the operations of the contract, which it parses when it is first called.
var operations = sync.OnceValues(func() ([]Operation, error) { return operationsOf(api.Document()) })

// operationsOf returns the operations of a document. It returns an error if one of them wants a credential that an API
// key cannot be.
func operationsOf(document *openapi3.T) ([]Operation, error) {
	var all []Operation
	for _, described := range openapi.Operations(document) {
		credentials, err := servable(described.Security)
		if err != nil {
			return nil, fmt.Errorf("the contract's operation %s: %w", described.Name(), err)
		}
		produced := mediaTypes(described, func(status string) bool { return status[0] == '2' })
		if len(produced) == 0 {
			produced = mediaTypes(described, func(string) bool { return true })
		}
		segments := pathParameter.Split(described.Path, -1)
		for i, literal := range segments {
			segments[i] = regexp.QuoteMeta((&url.URL{Path: literal}).EscapedPath())
		}
		path, err := regexp.Compile("^" + strings.Join(segments, "[^/]+") + "$")
		if err != nil {
			return nil, err
		}
		all = append(all, Operation{
			method:      described.Method,
			path:        path,
			parameters:  len(segments) - 1,
			Credentials: credentials,
			Accept:      strings.Join(produced, ", "),
			Streams:     slices.Contains(produced, EventStream),
			IsRun:       described.OperationID == openapi.RunWorkflow,
			response:    responseType(described.Name()),
		})
	}
	return all, nil
}

var pathParameter = regexp.MustCompile(`\{[^/{}]*\}`)

// mediaTypes returns the content types of an operation's responses.
func mediaTypes(op openapi.Operation, of func(status string) bool) []string {
	found := make(map[string]bool)
	for status, response := range op.Responses.Map() {
		for mediaType := range response.Value.Content {
			found[mediaType] = found[mediaType] || of(status)
		}
	}
	maps.DeleteFunc(found, func(_ string, produced bool) bool { return !produced })
	return slices.Sorted(maps.Keys(found))
}

// servable returns the first of the alternatives that a key can serve: as a bearer token, or in another header.
func servable(alternatives []openapi.Alternative) (openapi.Alternative, error) {
	var refused []string
	var optional bool
	for _, alternative := range alternatives {
		i := slices.IndexFunc(alternative, func(c openapi.Credential) bool { return !isServable(c) })
		switch {
		case len(alternative) == 0:
			optional = true
		case i < 0:
			return alternative, nil
		default:
			refused = append(refused, alternative[i].Name)
		}
	}
	if len(refused) > 0 && !optional {
		return nil, fmt.Errorf(
			"an API key cannot serve its security scheme %s: only http bearer and an apiKey in a header are supported",
			strings.Join(refused, ", "),
		)
	}
	return nil, nil
}

func isServable(c openapi.Credential) bool {
	place, _ := c.In()
	return place == openapi3.ParameterInHeader &&
		(c.Scheme.Type == "apiKey" || c.Scheme.Type == "http" && strings.EqualFold(c.Scheme.Scheme, "bearer"))
}

// responseType returns the result of the generated method of an operation.
func responseType(operation string) reflect.Type {
	plain := func(name string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				return unicode.ToLower(r)
			}
			return -1
		}, name)
	}
	generated := reflect.TypeFor[*gen.ClientWithResponses]()
	for method := range generated.Methods() {
		if plain(method.Name) == plain(operation)+"withresponse" {
			return method.Type.Out(0).Elem()
		}
	}
	return nil
}

// Decode returns the error of generated code that decodes a JSON body of the operation's response, if it decodes one.
func (o Operation) Decode(status int, body []byte) error {
	if o.response == nil {
		return nil
	}
	for _, name := range []string{strconv.Itoa(status), strconv.Itoa(status/100) + "XX", "Default"} {
		if field, ok := o.response.FieldByName("JSON" + name); ok {
			return json.Unmarshal(body, reflect.New(field.Type.Elem()).Interface())
		}
	}
	return nil
}

// Of returns the operation of a request below a base URL, or one of which nothing is known.
func Of(req *http.Request, base *url.URL) (Operation, error) {
	all, err := operations()
	return find(all, req, base), err
}

// find returns, of the operations that match, the one with the fewest parameters in its path.
func find(all []Operation, req *http.Request, base *url.URL) Operation {
	found := Operation{parameters: -1}
	path := strings.TrimPrefix(req.URL.EscapedPath(), strings.TrimSuffix(base.EscapedPath(), "/"))
	for _, op := range all {
		if op.method == req.Method && (found.parameters < 0 || op.parameters < found.parameters) &&
			op.path.MatchString(path) {
			found = op
		}
	}
	return found
}

// CheckSchemes returns an error if the contract has an operation that an API key cannot serve.
func CheckSchemes() error {
	if head().Components == nil {
		return nil
	}
	for name, scheme := range head().Components.SecuritySchemes {
		if !isServable(openapi.Credential{Name: name, Scheme: scheme.Value}) { // there may be another for each operation
			_, err := operations()
			return err
		}
	}
	return nil
}

// head returns a document with the servers and the security schemes of the contract, and maybe more. It takes
// microseconds: parsing the whole contract, as the first call does, takes milliseconds.
var head = sync.OnceValue(func() *openapi3.T { return headOf(api.Spec, api.Document) })

func headOf(spec []byte, whole func() *openapi3.T) *openapi3.T {
	servers, schemes := block(spec, "servers:"), block(spec, "  securitySchemes:")
	if servers == "" || schemes == "" {
		return whole()
	}
	document, err := openapi3.NewLoader().LoadFromData(
		[]byte("openapi: 3.0.3\ninfo: {title: head, version: head}\npaths: {}\n" + servers + "components:\n" + schemes))
	if err != nil || len(document.Servers) == 0 || document.Components == nil {
		return whole()
	}
	return document
}

// block returns a line of a text in YAML, and the lines after it that belong to it.
func block(text []byte, first string) string {
	var found strings.Builder
	indent := len(first) - len(strings.TrimLeft(first, " "))
	for line := range bytes.Lines(text) {
		content := bytes.TrimLeft(line, " ")
		isWithin := len(line)-len(content) > indent || bytes.ContainsAny(content[:1], "-#\r\n")
		switch {
		case found.Len() == 0 && string(bytes.TrimRight(line, "\r\n")) == first, found.Len() > 0 && isWithin:
			found.Write(line)
		case found.Len() > 0:
			return found.String()
		}
	}
	return found.String()
}

// Server returns the address of the contract's first server, with the defaults of its variables.
func Server() (*url.URL, error) { return serverOf(head()) }

func serverOf(document *openapi3.T) (*url.URL, error) {
	if len(document.Servers) == 0 {
		return nil, errors.New("the contract names no server: use WithBaseURL")
	}
	address := document.Servers[0].URL
	for name, variable := range document.Servers[0].Variables {
		address = strings.ReplaceAll(address, "{"+name+"}", variable.Default)
	}
	base, err := exchange.ParseBaseURL(address)
	if err != nil {
		return nil, fmt.Errorf("the contract's server: %w: use WithBaseURL", err)
	}
	return base, nil
}
