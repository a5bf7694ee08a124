package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/client/internal/redact"
)

// response is a response as it came, before it is judged. Its JSON is stored beside the body.
type response struct {
	Status int         `json:"status"`
	Header http.Header `json:"header"`
	Cut    string      `json:"cut,omitempty"` // the error that ended the body too early
	body   []byte
}

// begun is told the request ID of a response whose body takes its time, in a context that ends with the body.
type begun func(ctx context.Context, requestID string)

// send sends a run and reads the response, if there is one, without judging it. Its error is the client's if no
// response began.
func (w *worker) send(ctx context.Context, prompt string, begun begun) (*response, error) {
	sending := &recorder{next: w.transport, begun: begun}
	c, err := w.client(sending)
	if err != nil {
		return nil, err
	}
	_, err = c.RunInputs(ctx, w.workflowID, map[string]any{w.input: prompt})
	if sending.res != nil {
		return sending.res, nil
	}
	return nil, err
}

// judge returns what the client makes of a response.
func (w *worker) judge(prompt string, res *response) (*client.Run, error) {
	c, err := w.client(replayer{res})
	if err != nil {
		return nil, err
	}
	return c.RunInputs(context.Background(), w.workflowID, map[string]any{w.input: prompt})
}

// recorder is the transport of one run. It keeps the response for itself.
type recorder struct {
	next  http.RoundTripper
	begun begun
	res   *response
}

var errRecorded = errors.New("the response is recorded, and judged later")

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := r.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	key := redact.New(os.Getenv("AITUTOR_API_KEY"))
	recorded := &response{Status: res.StatusCode, Header: key.Header(res.Header)}
	reading, stop := context.WithCancel(req.Context())
	told := make(chan struct{})
	go func() {
		defer close(told)
		select {
		case <-time.After(begunAfter):
			r.begun(reading, requestID(recorded.Header))
		case <-reading.Done():
		}
	}()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxBody))
	stop()
	<-told
	if err != nil {
		recorded.Cut = key.Error(err).Error()
	}
	recorded.body = []byte(key.Text(string(body)))
	r.res = recorded
	return nil, errRecorded
}

const (
	begunAfter = 100 * time.Millisecond // most bodies come with their headers
	maxBody    = 10<<20 + 1             // the client reads 10 MiB, and says so if there is more
)

// requestID returns the ID under which the service knows the request.
func requestID(header http.Header) string {
	return cmp.Or(header.Get("X-Vercel-Id"), header.Get("X-Request-Id"))
}

// replayer returns a recorded response.
type replayer struct{ *response }

func (r replayer) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		if err := req.Body.Close(); err != nil {
			return nil, err
		}
	}
	body := io.Reader(bytes.NewReader(r.body))
	if r.Cut != "" {
		body = io.MultiReader(body, failing{errors.New(r.Cut)})
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", r.Status, http.StatusText(r.Status)), StatusCode: r.Status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: r.Header, ContentLength: -1, Body: io.NopCloser(body), Request: req,
	}, nil
}

// failing is a reader that fails.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// head returns the response without its body, as text.
func (r *response) head() (string, error) {
	head, err := json.Marshal(r)
	return storable(string(head)), err
}

// storable replaces what PostgreSQL does not take in a text. The body has it as it came.
func storable(s string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", "\uFFFD"), "\uFFFD")
}

// newTransport returns a transport with room for as many idle connections as there are workers.
func newTransport(workers int) http.RoundTripper {
	standard, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport
	}
	transport := standard.Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = 0, workers
	return transport
}
