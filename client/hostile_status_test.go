package client_test

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/aitutor-api/aitutor-go/client"
)

// statusRows answer with every status in both forms, and as gateways do.
func statusRows() []hostileRow {
	nested := func(code, message string) string {
		return fmt.Sprintf(`{"success":false,"error":{"message":%q,"code":%q}}`, message, code)
	}
	flat := func(code, message string) string {
		if code == "" {
			return fmt.Sprintf(`{"success":false,"error":%q}`, message)
		}
		return fmt.Sprintf(`{"success":false,"error":%q,"code":%q}`, message, code)
	}
	row := func(status int, does, body string, is error, says ...string) hostileRow {
		r := hostileRow{
			name:    fmt.Sprintf("answers %d %s", status, does),
			handler: answerJSON(status, body), runs: 1, status: status, body: body,
			says: append([]string{strconv.Itoa(status)}, says...),
		}
		if is != nil {
			r.is = []error{is}
		}
		return r
	}
	limited := row(429, "without a Retry-After, every time", flat("", "Too many requests."), client.ErrRateLimited, "Too many requests.")
	limited.runs, limited.safe = 3, true
	limitedNested := row(429, "in the documented form", nested("rate_limited", "Slow down"), client.ErrRateLimited, "Slow down")
	limitedNested.runs, limitedNested.safe, limitedNested.opts = 1, true, []client.Option{client.WithMaxRetries(0)}
	rows := []hostileRow{
		row(400, "in the documented form", nested("invalid_request", "Missing story"), client.ErrInvalidRequest, "Missing story", "invalid_request"),
		row(400, "in the deployed form", flat("missing_input", "Missing input: story"), client.ErrInvalidRequest, "Missing input: story"),
		row(401, "in the documented form", nested("unauthorized", "Invalid API key"), client.ErrUnauthorized, "check the API key"),
		row(401, "in the deployed form", flat("", "Unauthorized."), client.ErrUnauthorized, "check the API key"),
		row(402, "for want of credits", flat("invalid_billing", "No credits"), client.ErrPaymentRequired, "credits"),
		row(402, "over the spend limit", flat("spend_limit_reached", "Too much"), client.ErrPaymentRequired, "spend limit"),
		row(404, "in the documented form", nested("workflow_not_found", "Workflow not found"), client.ErrWorkflowNotFound, "check the workflow ID"),
		row(404, "in the deployed form", flat("", "Workflow not found."), client.ErrWorkflowNotFound, "check the workflow ID"),
		limited, limitedNested,
		row(500, "with internal_server_error", flat("internal_server_error", "Sorry"), nil, "may have been billed"),
		row(500, "with workflow_run_failed", flat("workflow_run_failed", "It failed"), nil, "may have been billed"),
		row(500, "with a code that says unauthorized", nested("unauthorized", "No"), client.ErrUnauthorized),
		row(403, "with a new code", flat("forbidden_region", "Not here"), nil, "Not here", "forbidden_region"),
		row(200, "with an error in the documented form", nested("unauthorized", "Invalid API key"), client.ErrUnauthorized, "Invalid API key"),
		row(200, "with an error in the deployed form", flat("missing_input", "Missing input"), client.ErrInvalidRequest, "Missing input"),
	}
	for i := range rows {
		rows[i].invalid = rows[i].status == 200
	}
	for _, status := range []int{408, 409, 413, 418, 421, 425, 431, 451, 500, 502, 503, 504, 508, 599} {
		rows = append(rows,
			row(status, "in the deployed form", flat("", "Not now"), nil, "Not now"),
			hostileRow{
				name:    fmt.Sprintf("answers %d with a gateway's page", status),
				handler: answer(status, "text/html", "<h1>oops</h1>"), runs: 1, status: status, invalid: true, body: "<h1>oops</h1>",
			},
			hostileRow{
				name:    fmt.Sprintf("answers %d with a gateway's text and an ID", status),
				handler: withHeader(answer(status, "text/plain; charset=utf-8", "upstream\ntimed out"), "X-Vercel-Id", "fra1::abc"),
				runs:    1, status: status, invalid: true, body: "upstream\ntimed out", says: []string{"upstream timed out", "fra1::abc"},
			})
	}
	unavailable := row(503, "with a Retry-After", flat("", "Soon"), nil, "Soon")
	unavailable.handler = withHeader(unavailable.handler, "Retry-After", "0")
	return append(rows, unavailable)
}

// retryAfterRows answer 429 with every kind of Retry-After.
func retryAfterRows() []hostileRow {
	const body = `{"success":false,"error":"Too many requests."}`
	row := func(name, after string, runs int) hostileRow {
		return hostileRow{
			name: "answers 429 with a Retry-After " + name, handler: withHeader(answerJSON(429, body), "Retry-After", after),
			runs: runs, status: 429, safe: true, body: body, is: []error{client.ErrRateLimited},
		}
	}
	soon := row("date, soon", "", 3)
	soon.handler = func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", time.Now().Add(time.Second).UTC().Format(http.TimeFormat))
		answerJSON(429, body)(w, r)
	}
	seen := new(runCounter)
	return []hostileRow{
		row("of zero", "0", 3),
		row("of one second", "1", 3),
		soon,
		row("of 61 seconds", "61", 1),
		row("of a year", "31536000", 1),
		row("of more seconds than fit 32 bits", "99999999999", 1),
		row("of more seconds than fit 64 bits", "99999999999999999999999999", 1),
		row("date in a thousand years", "Mon, 02 Jan 3006 15:04:05 GMT", 1),
		{
			name: "answers 429 once, then a run", runs: 2, text: "Once upon a time",
			handler: func(w http.ResponseWriter, r *http.Request) {
				if seen.add(); seen.count() == 1 {
					answerJSON(429, body)(w, r)
					return
				}
				answerJSON(200, goodAnswer)(w, r)
			},
		},
		{
			name: "answers 429, then fails a run", runs: 2, status: 500, body: body,
			handler: func() http.HandlerFunc {
				seen := new(runCounter)
				return func(w http.ResponseWriter, r *http.Request) {
					if seen.add(); seen.count() == 1 {
						answerJSON(429, body)(w, r)
						return
					}
					answerJSON(500, body)(w, r)
				}
			}(),
		},
		{
			name: "answers 429 without a body", runs: 1, status: 429, safe: true, invalid: true, is: []error{client.ErrRateLimited},
			handler: answer(429, "text/plain", ""), opts: []client.Option{client.WithMaxRetries(0)},
		},
	}
}
