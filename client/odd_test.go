package client_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/client/contract"
	"github.com/aitutor-api/aitutor-go/gen"
)

// TestAnOddRoundTripperGivesAnError has transports that break the rules of http.RoundTripper, or nearly.
func TestAnOddRoundTripperGivesAnError(t *testing.T) {
	t.Parallel()
	with := func(change func(*http.Response)) roundTrip {
		return func(req *http.Request) (*http.Response, error) {
			res, err := stepAnswer(200, goodAnswer)(req)
			change(res)
			return res, err
		}
	}
	for name, test := range map[string]struct {
		trip roundTrip
		says string // of the error; empty: a run
	}{
		"neither an answer nor an error": {func(*http.Request) (*http.Response, error) { return nil, nil }, "nil"}, //nolint:nilnil // odd on purpose
		"both an answer and an error": {func(req *http.Request) (*http.Response, error) {
			res, _ := stepAnswer(200, goodAnswer)(req)
			return res, io.ErrUnexpectedEOF
		}, "unexpected EOF"},
		"no body":                       {with(func(res *http.Response) { res.Body, res.ContentLength = nil, 0 }), "is not JSON"},
		"no body of a length":           {with(func(res *http.Response) { res.Body = nil }), "Body"},
		"no header":                     {with(func(res *http.Response) { res.Header = nil }), "content-type"},
		"no request":                    {with(func(res *http.Response) { res.Request = nil }), ""},
		"an unknown length":             {with(func(res *http.Response) { res.ContentLength = -1 }), ""},
		"a wrong length, too short":     {with(func(res *http.Response) { res.ContentLength = 3 }), ""},
		"a wrong length, too long":      {with(func(res *http.Response) { res.ContentLength = 1 << 60 }), ""},
		"a length below -1":             {with(func(res *http.Response) { res.ContentLength = -1 << 63 }), ""},
		"a status of zero":              {with(func(res *http.Response) { res.StatusCode = 0 }), "run workflow wf_hostile: 0"},
		"a status below zero":           {with(func(res *http.Response) { res.StatusCode = -200 }), "-200"},
		"a status of a million":         {with(func(res *http.Response) { res.StatusCode = 1_000_000 }), "1000000"},
		"a header in lower case":        {with(func(res *http.Response) { res.Header = http.Header{"content-type": {"application/json"}} }), "content-type"},
		"a header without a value":      {with(func(res *http.Response) { res.Header["X-Ratelimit-Limit"] = nil }), "x-ratelimit-limit"},
		"two content types":             {with(func(res *http.Response) { res.Header["Content-Type"] = []string{"application/json", "text/html"} }), ""},
		"a body that cannot be closed":  {with(func(res *http.Response) { res.Body = failingClose{res.Body} }), ""},
		"a body that fails":             {with(func(res *http.Response) { res.Body = io.NopCloser(failingRead{}) }), "disk on fire"},
		"a body that pauses":            {with(func(res *http.Response) { res.Body = io.NopCloser(&pausingRead{Reader: res.Body}) }), ""},
		"an error that is nil in a way": {func(*http.Request) (*http.Response, error) { return nil, (*nilError)(nil) }, "nothing"},
		"a change of the request": {func(req *http.Request) (*http.Response, error) {
			req.Header.Set("Authorization", "nothing")
			req.URL.Host = "evil.example"
			return stepAnswer(200, goodAnswer)(req)
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, validated := range []bool{false, true} {
				var transport http.RoundTripper = test.trip
				if validated {
					transport = contract.Default().RoundTripper(transport)
				}
				c, err := client.New(hostileKey, client.WithHTTPClient(&http.Client{Transport: transport}))
				require.NoError(t, err)
				for range 2 {
					run, err := c.RunStory(t.Context(), hostileWorkflow, hostileStory)
					assertNoKey(t, hostileKey, run, err)
					if test.says != "" {
						require.Error(t, err)
						if !validated { // the validator says it in its own way
							assert.ErrorContains(t, err, test.says)
						}
						assert.False(t, client.SafeToRetry(err))
					} else if assert.NoError(t, err) {
						assert.Equal(t, "Once upon a time", run.Text)
					}
				}
			}
		})
	}
}

type (
	failingClose struct{ io.Reader }
	failingRead  struct{}
	nilError     struct{}
	pausingRead  struct {
		io.Reader
		paused bool
	}
)

func (failingClose) Close() error            { return errors.New("cannot close") }
func (failingRead) Read([]byte) (int, error) { return 0, errors.New("disk on fire") }
func (*nilError) Error() string              { return "nothing" }

// Read gives nothing every second time.
func (r *pausingRead) Read(p []byte) (int, error) {
	if r.paused = !r.paused; r.paused {
		return 0, nil
	}
	return r.Reader.Read(p[:1])
}

// TestOddInputsAreRefusedOrSentAsTheyAre gives RunInputs anything.
// A transport may give one answer again and again, and to several calls at a time.
func TestAnAnswerStaysTheTransports(t *testing.T) {
	canned := &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, ContentLength: -1, Body: endOf(goodAnswer),
	}
	c, err := client.New(hostileKey, client.WithHTTPClient(&http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		return canned, nil
	})}))
	require.NoError(t, err)
	var running sync.WaitGroup
	for range 20 {
		running.Go(func() {
			run, err := c.RunStory(t.Context(), hostileWorkflow, hostileStory)
			if assert.NoError(t, err) {
				assert.Equal(t, "Once upon a time", run.Text)
			}
		})
	}
	running.Wait()
	assert.Equal(t, 200, canned.StatusCode)
}

// endOf is a body that is whole at each first read.
type endOf string

func (b endOf) Read(p []byte) (int, error) { return copy(p, b), io.EOF }
func (endOf) Close() error                 { return nil }

func TestTheDefaultTransportIsThatOfTheMoment(t *testing.T) {
	c, err := client.New(hostileKey, client.WithHTTPClient(&http.Client{}))
	require.NoError(t, err)
	standard := http.DefaultTransport
	defer func() { http.DefaultTransport = standard }()
	http.DefaultTransport = roundTrip(stepAnswer(200, goodAnswer))
	_, err = c.RunStory(t.Context(), hostileWorkflow, hostileStory)
	require.NoError(t, err)
}

func TestOddInputsAreRefusedOrSentAsTheyAre(t *testing.T) {
	t.Parallel()
	type story struct {
		Story string `json:"story"`
	}
	for name, test := range map[string]struct {
		inputs any
		sent   string // empty: refused
	}{
		"nil":                    {nil, ""},
		"a typed nil map":        {map[string]any(nil), ""},
		"a typed nil pointer":    {(*story)(nil), ""},
		"an empty map":           {map[string]any{}, `{}`},
		"an empty struct":        {struct{}{}, `{}`},
		"a pointer":              {&story{"x"}, `{"story":"x"}`},
		"a pointer to a pointer": {func() any { s := &story{"x"}; return &s }(), `{"story":"x"}`},
		"raw null":               {json.RawMessage("null"), ""},
		"raw nothing":            {json.RawMessage(""), ""},
		"raw text":               {json.RawMessage("hello"), ""},
		"raw cut JSON":           {json.RawMessage(`{"story":"x"`), ""},
		"a raw object":           {json.RawMessage(` { "story" : "x" } `), `{"story":"x"}`},
		"bytes":                  {[]byte(`{"story":"x"}`), ""},
		"a string of JSON":       {`{"story":"x"}`, ""},
		"an array":               {[]story{{"x"}}, ""},
		"a number":               {5, ""},
		"a bool":                 {true, ""},
		"a channel":              {make(chan int), ""},
		"a func":                 {func() {}, ""},
		"not a number":           {map[string]any{"n": nan()}, ""},
		"a cycle":                {cycle(), ""},
		"an error in marshaling": {failingInputs{}, ""},
		"deep":                   {map[string]any{"story": "x", "n": json.RawMessage(strings.Repeat("[", 9000) + strings.Repeat("]", 9000))}, "deep"},
		"too deep":               {json.RawMessage(strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000)), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			transport := &scriptedTransport{steps: []func(*http.Request) (*http.Response, error){stepAnswer(200, goodAnswer)}}
			run, err := transport.client(t).RunInputs(t.Context(), hostileWorkflow, test.inputs)
			if test.sent == "" {
				require.ErrorIs(t, err, client.ErrInvalidRequest)
				assert.NotContains(t, err.Error(), "\n")
				assert.Less(t, len(err.Error()), 1000)
				assert.Empty(t, transport.inputs)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, "Once upon a time", run.Text)
			if test.sent != "deep" {
				assert.Equal(t, []string{test.sent}, transport.inputs)
			}
		})
	}
}

func nan() float64 {
	zero := 0.0
	return zero / zero
}

func cycle() any {
	inputs := map[string]any{}
	inputs["again"] = inputs
	return inputs
}

func TestAStoryThatIsNotTextIsRefused(t *testing.T) {
	t.Parallel()
	transport := &scriptedTransport{steps: []func(*http.Request) (*http.Response, error){stepAnswer(200, goodAnswer)}}
	c := transport.client(t)
	for name, story := range map[string]string{
		"not UTF-8": "a \xff dog", "half a surrogate": "\xed\xa0\xbd", "blank": "", "white space": " \t\n\u00a0\u2003",
	} {
		_, err := c.RunStory(t.Context(), hostileWorkflow, story)
		require.ErrorIs(t, err, client.ErrInvalidRequest, name)
		_, err = c.Run(t.Context(), hostileWorkflow, gen.RunRequest{Story: story})
		if name != "white space" { // what is white space to the contract's pattern is ASCII
			require.ErrorIs(t, err, client.ErrInvalidRequest, name)
		}
	}
	for _, story := range []string{"\x00", "<&>\u2028", "\U0001F415", `"}]`, strings.Repeat("x", 1<<20)} {
		_, err := c.RunStory(t.Context(), hostileWorkflow, story)
		require.NoError(t, err)
		var sent gen.RunRequest
		require.NoError(t, json.Unmarshal([]byte(transport.inputs[len(transport.inputs)-1]), &sent))
		assert.Equal(t, story, sent.Story)
	}
}
