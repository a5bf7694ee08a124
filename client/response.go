package client

import (
	"cmp"
	"mime"
	"net/http"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/aitutor-api/aitutor-go/client/internal/exchange"
	"github.com/aitutor-api/aitutor-go/client/internal/payload"
	"github.com/aitutor-api/aitutor-go/gen"
)

// runOf returns the Run or the APIError that a response is. Err is what Do returned beside the response.
func (c *call) runOf(res *http.Response, err error) (*Run, error) {
	p := payload.Decode(c.body)
	if res.StatusCode/100 != 2 || c.cut == nil && p.IsError() {
		return nil, c.newAPIError(res, p)
	}
	run := &Run{
		RateLimit: rateLimit(res.Header),
		RequestID: requestID(res.Header),
		Header:    res.Header,
		Body:      c.body,
	}
	if c.cut != nil {
		return run, err
	}
	run.ID = c.key.Text(p.RunID.Text)
	run.Status = c.key.Text(p.Status.Text)
	if output, ok := payload.DecodeOutput[gen.RunOutput](p); ok {
		run.Output = output
		if p.OutputJSON() != nil && !reflect.ValueOf(output).IsZero() { // of a broken one nothing may have been read
			run.Text = outputText(output)
		}
	}
	run.Text = cmp.Or(run.Text, p.Result.Text)
	run.Citations = p.DecodeCitations()
	return run, err
}

func requestID(header http.Header) string {
	return cmp.Or(header.Get("X-Vercel-Id"), header.Get("X-Request-Id"))
}

func rateLimit(header http.Header) *RateLimit {
	limits, remainings := header["X-Ratelimit-Limit"], header["X-Ratelimit-Remaining"]
	if len(limits) == 0 || len(remainings) == 0 {
		return nil
	}
	limit, err := strconv.Atoi(limits[0])
	remaining, err2 := strconv.Atoi(remainings[0])
	if err != nil || err2 != nil {
		return nil
	}
	return &RateLimit{Limit: limit, Remaining: remaining}
}

func (c *call) newAPIError(res *http.Response, p *payload.Payload) *APIError {
	text, code := c.gatewayText(res)
	failure := &APIError{
		StatusCode: res.StatusCode,
		Code:       c.key.Text(cmp.Or(p.Error.Code.Text, p.Code.Text, code)),
		Message:    c.key.Text(cmp.Or(p.Error.Message.Text, text)),
		RequestID:  requestID(res.Header),
		RetryAfter: exchange.RetryAfter(res.Header, time.Now()),
		Header:     res.Header,
		Body:       c.body,
		Violation:  c.violation,
		call:       c.name(res.Request),
		isRun:      p.IsRun(),
	}
	if c.cut != nil {
		failure.cause = c.cut.err
	}
	return failure
}

// gatewayText returns the plain text, or the beginning of it, that a gateway sends in place of the service's response,
// and the host's code in a text or a page.
func (c *call) gatewayText(res *http.Response) (text, code string) {
	mediaType, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if !strings.HasPrefix(mediaType, "text/") {
		return "", ""
	}
	text = strings.ToValidUTF8(strings.TrimSpace(c.key.Beginning(c.body, 4096)), "\uFFFD")
	code = hostCode.FindString(text)
	if mediaType != "text/plain" {
		text = ""
	}
	return text, code
}

var hostCode = regexp.MustCompile(`\bFUNCTION_[A-Z_]+\b`)
