package clienttest

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"strconv"
	"time"

	"github.com/aitutor-api/aitutor-go/api"
	"github.com/aitutor-api/aitutor-go/gen"
)

// serviceOf returns the service of the server that a request came to; of a request to another server a new one.
func serviceOf(r *http.Request) *service {
	server, _ := r.Context().Value(http.ServerContextKey).(*http.Server)
	if server != nil {
		if h, ok := server.Handler.(*handler); ok {
			return h.service
		}
	}
	return newService(api.Document())
}

// Error responds with an error of a status from 400 to 599: the spec's example for it in the server's variant, or one
// made up if the spec has none. A handler for [Server.Answer]. It panics if status is not that of an error.
func Error(status int) http.HandlerFunc {
	if status < 400 || status > 599 {
		panic(fmt.Sprintf("clienttest: Error: %d is no status of an error: 400 to 599", status))
	}
	return func(w http.ResponseWriter, r *http.Request) {
		s := serviceOf(r)
		s.fail(w, r, s.contract.operation, s.exampleFailure(s.contract.operation, status))
	}
}

// RateLimited responds with 429 and a Retry-After of whole seconds, rounded up; of 0 or less without one, as the
// service does. A handler for [Server.Answer].
func RateLimited(retryAfter time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if seconds := int64((retryAfter + time.Second - 1) / time.Second); seconds > 0 {
			w.Header().Set("Retry-After", strconv.FormatInt(seconds, 10))
		}
		Error(http.StatusTooManyRequests)(w, r)
	}
}

// GatewayTimeout responds with 504 and a page of the host, in HTML with the code FUNCTION_INVOCATION_TIMEOUT, as it
// does if a run takes too long: it was billed. A handler for [Server.Answer].
func GatewayTimeout() http.HandlerFunc {
	return hostPage(http.StatusGatewayTimeout, "gateway-timeout", "text/html; charset=utf-8",
		"<!doctype html><title>504</title><h1>An error occurred with this application.</h1>"+
			"FUNCTION_INVOCATION_TIMEOUT\n")
}

// PayloadTooLarge responds with 413 in plain text with the code FUNCTION_PAYLOAD_TOO_LARGE, as the host does to a
// request of more than 4.5 MB: nothing ran. A handler for [Server.Answer].
func PayloadTooLarge() http.HandlerFunc {
	return hostPage(http.StatusRequestEntityTooLarge, "payload-too-large", "text/plain; charset=utf-8",
		"Request Entity Too Large\n\nFUNCTION_PAYLOAD_TOO_LARGE\n")
}

// Throttled responds with 503 in plain text with the code FUNCTION_THROTTLED, as the host does under load: nothing ran.
// A handler for [Server.Answer].
func Throttled() http.HandlerFunc {
	return hostPage(http.StatusServiceUnavailable, "throttled", "text/plain; charset=utf-8",
		"Service Unavailable\n\nFUNCTION_THROTTLED\n")
}

// hostPage responds as the service's host does by itself.
func hostPage(status int, id, contentType, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("X-Vercel-Id", "clienttest::"+id)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
}

// CutOff responds with the first half of a run, and breaks the connection. A handler for [Server.Answer].
func CutOff() http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s := serviceOf(r)
		data := encode(s.contract.runExample(s.runSchema()))
		setHeaders(w.Header(), s.contract.runResponse(), s.contract, true)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(data)))
		_, _ = w.Write(data[:len(data)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// Hang does not respond until the client goes away or the server is closed. A handler for [Server.Answer].
func Hang() http.HandlerFunc {
	return func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	}
}

// BrokenContract responds with a run that breaks the contract: a field that is no string, or no list, where the
// contract wants one; its text is there. A handler for [Server.Answer].
func BrokenContract() http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s := serviceOf(r)
		run := maps.Clone(s.runExample())
		if s.textResults {
			run[nameIn(func(of *gen.TextRun) any { return &of.Citations })] = "none"
		} else {
			run[nameIn(func(of *gen.CompletedRun) any { return &of.Status })] = 1
		}
		s.writeRun(w, run)
	}
}
