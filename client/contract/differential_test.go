package contract_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/api"
	"github.com/aitutor-api/aitutor-go/client/contract"
)

// The Validator gives kin-openapi's verdict on generated exchanges, but for JSON that is broken in itself, which
// kin-openapi lets through and the Validator refuses.
func TestDifferential(t *testing.T) {
	documents := []struct {
		name      string
		spec      []byte
		exchanges int // of responses, and of requests
	}{
		{"the contract", api.Spec, 8000},
		{"a rich document of OpenAPI 3.0", []byte(richSpec), 16000},
		{"a document of OpenAPI 3.1", []byte(newSpec), 2000}, // for which kin-openapi compiles the schema each time
	}
	for _, document := range documents {
		if os.Getenv("AITUTOR_TEST_ALL") == "" {
			document.exchanges /= 5 // make test-all compares them all
		}
		t.Run("responses of "+document.name, func(t *testing.T) {
			t.Parallel()
			d := newDifferential(t, document.spec)
			for range document.exchanges {
				d.compare(d.pick(d.responses))
			}
			d.finish(document.exchanges)
		})
		t.Run("requests of "+document.name, func(t *testing.T) {
			t.Parallel()
			d := newDifferential(t, document.spec)
			for range document.exchanges {
				d.compare(d.pick(d.requests))
			}
			d.finish(document.exchanges)
		})
	}
}

// differential compares the verdicts of the Validator and of kin-openapi's filter.
type differential struct {
	t         *testing.T
	random    *rand.Rand
	validator *contract.Validator
	router    routers.Router

	responses, requests []*exchange
	pool                []any            // every value in the examples
	names               []string         // every name in the examples
	members             map[string][]any // the values of each name

	valid, invalid, broken, disagreements int
}

func newDifferential(t *testing.T, spec []byte) *differential {
	t.Helper()
	document, err := openapi3.NewLoader().LoadFromData(spec)
	require.NoError(t, err)
	router, err := legacy.NewRouter(document, openapi3.DisableExamplesValidation())
	require.NoError(t, err)
	validator, err := contract.New(spec)
	require.NoError(t, err)
	d := &differential{
		t: t, random: rand.New(rand.NewPCG(1, 2)), validator: validator, router: router, members: make(map[string][]any),
	}
	d.readExamples(document)
	require.NotEmpty(t, d.responses)
	require.NotEmpty(t, d.requests)
	for _, example := range append(d.responses, d.requests...) {
		assert.NoError(t, d.filter(example, example.encode()), "%s breaks its document before it is mutated", example)
	}
	return d
}

// pick gives an example with up to three mutations.
func (d *differential) pick(examples []*exchange) *exchange {
	e := examples[d.random.IntN(len(examples))].clone()
	for range d.random.IntN(4) {
		d.mutate(e)
	}
	return e
}

func (d *differential) compare(e *exchange) {
	d.t.Helper()
	switch e.status { // of which kin-openapi judges nothing, or a body that cannot be sent
	case 100, 301, 304, 307, 308:
		e.status = 200
	case http.StatusNoContent:
		if e.header.Get("Content-Type") == "" { // which kin-openapi refuses, if the document describes a body
			e.status = 200
		}
	}
	if e.status != 0 && e.method == http.MethodHead {
		e.method = http.MethodGet
	}
	body := e.encode()
	for _, mutate := range e.bytes { // in the order that keeps a broken body broken
		body = mutate(body)
	}
	brokenJSON := false
	if e.breakJSON != nil {
		body, brokenJSON = e.breakJSON(body)
	}
	theirs := d.filter(e, body)
	if theirs != nil && strings.Contains(theirs.Error(), "unsupported content type") { // the Validator leaves it alone
		assert.NoError(d.t, d.validate(e, body))
		return
	}
	if brokenJSON && theirs == nil {
		// They look at the body as JSON if they refuse this in its place, and then it is for the Validator to refuse.
		if err := d.filter(e, []byte("!")); err != nil {
			theirs = errors.New("broken JSON")
			d.broken++
		}
	}
	ours := d.validate(e, body)
	if ours == nil && emptyHeader.MatchString(fmt.Sprint(theirs)) {
		return // an empty header is an empty string, where kin-openapi takes it for null
	}
	if (ours == nil) == (theirs == nil) {
		if ours == nil {
			d.valid++
		} else {
			d.invalid++
		}
		return
	}
	d.disagreements++
	if d.disagreements <= 10 {
		d.t.Errorf("disagreement on %s\n%v\n%s\nmutations: %v\nours: %v\ntheirs: %s", e, e.header, body, e.mutations, ours,
			verdict(theirs))
	}
}

var emptyHeader = regexp.MustCompile(`^response header .*(Value is not nullable|got null, want string)`)

// verdict returns the text of an error of kin-openapi's filter without its dumps.
func verdict(err error) string {
	text, _, _ := strings.Cut(fmt.Sprint(err), "\nSchema:")
	return text
}

// finish says what was compared, and refuses a comparison of too little.
func (d *differential) finish(exchanges int) {
	d.t.Helper()
	d.t.Logf("%d exchanges: %d valid, %d invalid, %d of them for broken JSON alone; %d disagreements",
		exchanges, d.valid, d.invalid, d.broken, d.disagreements)
	assert.Greater(d.t, d.valid, exchanges/8, "too few valid exchanges")
	assert.Greater(d.t, d.invalid, exchanges/8, "too few invalid exchanges")
	assert.Positive(d.t, d.broken, "too few exchanges that only the Validator refuses")
}

// validate gives the Validator's verdict, and checks what holds of each: one line a violation, bodies readable.
func (d *differential) validate(e *exchange, body []byte) error {
	req := e.request(nil)
	var err error
	var left io.Reader
	if e.status == 0 {
		req = e.request(body)
		err = d.validator.ValidateRequest(req)
		left = req.Body
	} else {
		res := &http.Response{StatusCode: e.status, Header: e.header, Body: io.NopCloser(bytes.NewReader(body)), Request: req}
		err = d.validator.ValidateResponse(res)
		left = res.Body
	}
	data, readErr := io.ReadAll(left)
	require.NoError(d.t, readErr)
	assert.Equal(d.t, string(body), string(data), "the body after validation")
	if err == nil {
		return nil
	}
	var failure *contract.Error
	require.ErrorAs(d.t, err, &failure)
	assert.NotEmpty(d.t, failure.Violations)
	for _, violation := range failure.Violations {
		assert.NotEmpty(d.t, violation.In)
		assert.NotEmpty(d.t, violation.Message)
		for _, dump := range []string{"\n", "Schema:", "Value:", "example.com/schema.json"} {
			assert.NotContains(d.t, violation.Message, dump, "%s", e)
		}
	}
	return err
}

// filter gives kin-openapi's verdict.
func (d *differential) filter(e *exchange, body []byte) error {
	req := e.request(nil)
	if e.status == 0 {
		req = e.request(body)
	}
	route, parameters, err := d.router.FindRoute(req)
	if err != nil {
		return err
	}
	input := &openapi3filter.RequestValidationInput{
		Request: req, PathParams: parameters, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: demandBearer, SkipSettingDefaults: true},
	}
	if e.status == 0 {
		return openapi3filter.ValidateRequest(d.t.Context(), input)
	}
	response := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: e.status, Header: e.header,
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	return openapi3filter.ValidateResponse(d.t.Context(), response.SetBodyBytes(body))
}

func demandBearer(_ context.Context, input *openapi3filter.AuthenticationInput) error {
	fields := strings.Fields(input.RequestValidationInput.Request.Header.Get("Authorization"))
	if len(fields) < 2 || !strings.EqualFold(fields[0], "Bearer") {
		return errors.New("no bearer credential")
	}
	return nil
}

// request makes the request of an exchange: with a body the exchange itself, without one what a response is to.
func (e *exchange) request(body []byte) *http.Request {
	req, err := http.NewRequest(e.method, e.url, bytes.NewReader(body)) //nolint:noctx // it is not sent
	if err != nil {
		panic(fmt.Sprintf("%s: %v", e, err))
	}
	if e.status == 0 {
		req.Header = e.header.Clone()
	}
	return req
}
