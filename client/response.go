package client

import (
	"cmp"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/aitutor-api/aitutor-go/client/internal/payload"
	"github.com/aitutor-api/aitutor-go/gen"
)

// runOf returns the Run or the APIError that a response is. Err is what the doer returned beside the response.
func (d *doer) runOf(call *call, res *http.Response, err error) (*Run, error) {
	p := payload.Decode(bytesOf(res))
	cut, isCut := err.(*callError) //nolint:errorlint // what a violation handler's error wraps may be of another call
	if res.StatusCode/100 != 2 || !isCut && p.IsError() {
		failure := d.newAPIError(res, p)
		failure.call, failure.Violation = callName(d.key.Text(call.workflowID)), call.violation
		if isCut {
			failure.cause = cut.err
		}
		return nil, failure
	}
	run := &Run{
		RateLimit: rateLimit(res.Header),
		RequestID: requestID(res.Header),
		Header:    res.Header,
		Body:      bytesOf(res),
	}
	if isCut {
		return run, err
	}
	run.ID = d.key.Text(p.RunID.Text)
	run.Status = d.key.Text(p.Status.Text)
	if output, ok := payload.DecodeOutput[gen.RunOutput](p); ok {
		run.Output, run.Text = output, outputText(output)
	}
	run.Text = cmp.Or(run.Text, p.Result.Text)
	run.Citations = p.DecodeCitations()
	return run, err
}

func (d *doer) newAPIError(res *http.Response, p *payload.Payload) *APIError {
	return &APIError{
		StatusCode: res.StatusCode,
		Code:       d.key.Text(cmp.Or(p.Error.Code.Text, p.Code.Text)),
		Message:    d.key.Text(cmp.Or(p.Error.Message.Text, d.gatewayText(res))),
		RequestID:  requestID(res.Header),
		Header:     res.Header,
		Body:       bytesOf(res),
		isRun:      p.IsRun(),
	}
}

// gatewayText is the text, or the beginning of it, that a gateway sends in place of the service's response.
func (d *doer) gatewayText(res *http.Response) string {
	if mediaType, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type")); mediaType != "text/plain" {
		return ""
	}
	return strings.ToValidUTF8(strings.TrimSpace(d.key.Beginning(bytesOf(res), 4096)), "\uFFFD")
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
