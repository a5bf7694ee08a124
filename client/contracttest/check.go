package contracttest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// check is one request and what must hold of its answer.
type check struct {
	name    string // group/name
	rule    string // what must hold, in one sentence
	runs    bool   // a server might start, and bill, a run
	request request
	want    func(*answer) bool // nil: what holds of every answer is enough
}

func (c check) group() string {
	group, _, _ := strings.Cut(c.name, "/")
	return group
}

// checks is the table of all checks.
func (m *material) checks() []check {
	return slices.Concat(m.runs(), m.unauthorized(), m.workflows(), m.requests(), m.perInput(), m.otherMethods())
}

func names(checks []check) []string {
	list := make([]string, len(checks))
	for i, c := range checks {
		list[i] = c.name
	}
	return list
}

// groups are the checks, those of a group together.
func groups(checks []check) [][]check {
	var list [][]check
	for i, c := range checks {
		if i == 0 || c.group() != checks[i-1].group() {
			list = append(list, nil)
		}
		list[len(list)-1] = append(list[len(list)-1], c)
	}
	return list
}

// valid is the request that starts a run.
func (m *material) valid() request {
	return request{
		method:      m.method,
		path:        m.at(url.PathEscape(m.workflow)),
		credential:  credential{"Bearer", m.key, keyVariable},
		contentType: m.contentType,
		body:        m.inputs.object(),
	}
}

// validWith is the valid request with another body.
func (m *material) validWith(body []byte) request {
	changed := m.valid()
	changed.body = body
	return changed
}

// status wants an answer to have a status.
func status(code int) func(*answer) bool {
	return func(a *answer) bool { return a.status == code }
}

// refused wants an answer to be 4xx.
func refused(a *answer) bool { return a.status >= 400 && a.status < 500 }

// do sends a check's request and judges the answer.
func (k *kit) do(ctx context.Context, c check) Result {
	result := Result{Check: c.name, Curl: k.curl(c.request)}
	select {
	case k.slots <- struct{}{}:
		defer func() { <-k.slots }()
	case <-ctx.Done():
		result.Err = context.Cause(ctx)
		return result
	}
	var errs []error
	fault := func(format string, args ...any) {
		errs = append(errs, errors.New(k.redact(fmt.Sprintf(format, args...), c.request.credential.key)))
	}
	a, err := k.sendAgain(ctx, c)
	switch {
	case err != nil:
		fault("%s: got no answer: %v", c.rule, err)
	default:
		if c.want != nil && !c.want(a) {
			fault("%s: got %s", c.rule, a)
		}
		for _, problem := range k.everywhere(a) {
			fault("%s", problem)
		}
	}
	result.Err = errors.Join(errs...)
	return result
}

// sendAgain sends a check's request, and again, a few times, where the answer is 429 as it must be.
func (k *kit) sendAgain(ctx context.Context, c check) (*answer, error) {
	const attempts = 5
	for attempt := 1; ; attempt++ {
		a, err := k.send(ctx, c.request, k.timeout(c))
		if err != nil || a.status != http.StatusTooManyRequests || attempt == attempts || len(k.everywhere(a)) > 0 {
			return a, err
		}
		if err := k.pause(ctx, a.retryAfter()); err != nil {
			return nil, err
		}
	}
}

// retryAfter is how long to wait after 429: what the answer says, to a limit, or the service's window of one second.
func (a *answer) retryAfter() time.Duration {
	const limit = 10 * time.Second
	wait, err := time.ParseDuration(a.header.Get("Retry-After") + "s")
	if err != nil {
		return time.Second
	}
	return min(max(wait, time.Second), limit)
}
