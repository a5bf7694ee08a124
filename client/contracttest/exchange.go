package contracttest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aitutor-api/aitutor-go/client/contract"
)

const (
	maxAnswer = 10 << 20 // bytes
	minSecret = 8        // characters; less is a placeholder, and may stand in any text
)

// request is what a check sends.
type request struct {
	method      string
	path        string // escaped, below the base URL
	credential  credential
	contentType string
	body        []byte
}

// credential is an Authorization header, and how its key stands in a shell command.
type credential struct{ scheme, key, shell string }

// answer is what came back, every key in it taken out.
type answer struct {
	status int
	header http.Header
	body   []byte
	leaks  []string // where a key was
	method string   // of the request
}

// send does one exchange, to a time limit.
func (k *kit) send(ctx context.Context, r request, limit time.Duration) (*answer, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not finished after %s", limit))
	defer cancel()
	var body io.Reader
	if len(r.body) > 0 {
		body = bytes.NewReader(r.body)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, k.base+r.path, body)
	if err != nil {
		return nil, err
	}
	req.Close = r.method == http.MethodHead // a body, which a faulty server sends, would be taken for the next answer
	if value := strings.TrimSpace(r.credential.scheme + " " + r.credential.key); value != "" {
		req.Header.Set("Authorization", value)
	}
	if r.contentType != "" {
		req.Header.Set("Content-Type", r.contentType)
	}
	res, err := k.client.Do(req)
	if err != nil {
		return nil, because(ctx, err)
	}
	defer res.Body.Close()
	a := &answer{status: res.StatusCode, header: res.Header, method: r.method}
	a.body, err = io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	k.takeOut(a, r.credential.key)
	switch {
	case err != nil:
		return nil, fmt.Errorf("the body of %s broke off: %w", a, because(ctx, err))
	case len(a.body) > maxAnswer:
		return nil, fmt.Errorf("the body of %s is longer than %d bytes", a, maxAnswer)
	}
	return a, nil
}

// takeOut takes the key out of an answer, and what was sent in its place.
func (k *kit) takeOut(a *answer, sent string) {
	for name, values := range a.header {
		for i, value := range values {
			if values[i] = k.redact(value, sent); values[i] != value {
				a.leaks = append(a.leaks, "header "+name)
			}
		}
	}
	body := k.redact(string(a.body), sent)
	if body != string(a.body) {
		a.leaks = append(a.leaks, "body")
		a.body = []byte(body)
	}
}

// because is the reason for which a context ended, where it has, and else err.
func because(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// everywhere lists what must hold of every answer and does not.
func (k *kit) everywhere(a *answer) []string {
	var problems []string
	problem := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	switch {
	case a.status >= 300 && a.status < 400:
		problem("no answer may be a redirect: got %s to %q", a, a.header.Get("Location"))
	case a.status >= 500:
		problem("no answer may be 5xx: got %s", a)
	}
	for _, place := range a.leaks {
		problem("no answer may have the key in it: got it in the %s of %s", place, a)
	}
	if a.method == http.MethodHead {
		return problems // which has no body to hold against the contract
	}
	if success, ok := a.success(); ok && success != (a.status/100 == 2) {
		problem("success must be true where the status is 2xx and false elsewhere: got %t in %s", success, a)
	}
	for _, violation := range k.violations(a) {
		problem("every answer must keep the contract: got %s, %s", a.line(), violation)
	}
	return problems
}

// violations lists where the answer, as one to a request that the contract has, breaks it.
func (k *kit) violations(a *answer) []string {
	asked := &http.Request{Method: k.method, URL: &url.URL{Path: k.at(unknownWorkflow)}}
	err := k.validate(&http.Response{
		Status: a.line(), StatusCode: a.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: a.header,
		Body: io.NopCloser(bytes.NewReader(a.body)), ContentLength: int64(len(a.body)), Request: asked,
	})
	var broken *contract.Error
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &broken):
		return []string{err.Error()}
	}
	var violations []string
	for _, v := range broken.Violations {
		if k.foreign && v.In == "body" && strings.HasPrefix(v.Pointer, "/output/") {
			continue
		}
		violations = append(violations, v.String())
	}
	return violations
}

// success is the field of that name.
func (a *answer) success() (value, ok bool) {
	var fields struct{ Success any }
	_ = json.Unmarshal(a.body, &fields)
	value, ok = fields.Success.(bool)
	return value, ok
}

// message is what an error answer says for a person, in either form.
func (a *answer) message() string {
	var documented struct{ Error struct{ Message string } }
	if json.Unmarshal(a.body, &documented) == nil {
		return documented.Error.Message
	}
	var flat struct{ Error string }
	_ = json.Unmarshal(a.body, &flat)
	return flat.Error
}

func (a *answer) line() string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", a.status, http.StatusText(a.status)))
}

// String is the answer on one line, clipped.
func (a *answer) String() string {
	const clip = 200
	text := a.line()
	if a.status == http.StatusMethodNotAllowed {
		text += fmt.Sprintf(" with Allow %q", strings.Join(a.header.Values("Allow"), ", "))
	}
	switch {
	case a.method == http.MethodHead || len(a.body) == 0:
		return text + " without a body"
	case len(a.body) > clip:
		return fmt.Sprintf("%s %q...", text, a.body[:clip])
	}
	return fmt.Sprintf("%s %q", text, a.body)
}
