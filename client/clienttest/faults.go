package clienttest

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
)

// serviceKey is the key of a request's context under which handlers find the server's service.
type serviceKey struct{}

// serviceOf returns the service of the server that a request came to; of a request to another server a new one.
func serviceOf(r *http.Request) *service {
	if s, ok := r.Context().Value(serviceKey{}).(*service); ok {
		return s
	}
	return newService(nil)
}

// Error responds with an error of a status from 400 to 599: the spec's example for it in the server's variant, or one made
// up if the spec has none. A handler for [Server.Answer]. It panics if status is not that of an error.
func Error(status int) http.HandlerFunc {
	if status < 400 || status > 599 {
		panic(fmt.Sprintf("clienttest: Error: %d is no status of an error: 400 to 599", status))
	}
	return func(w http.ResponseWriter, r *http.Request) {
		s := serviceOf(r)
		s.fail(w, s.exampleFailure(status))
	}
}

// RateLimited responds with 429 and a Retry-After of whole seconds, rounded up; of 0 or less without one, as the service
// does. A handler for [Server.Answer].
func RateLimited(retryAfter time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if seconds := int64((retryAfter + time.Second - 1) / time.Second); seconds > 0 {
			w.Header().Set("Retry-After", strconv.FormatInt(seconds, 10))
		}
		Error(http.StatusTooManyRequests)(w, r)
	}
}

// GatewayTimeout responds with 504 in HTML, as the gateway does if a run takes too long. A handler for [Server.Answer].
func GatewayTimeout() http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("X-Vercel-Id", "clienttest::gateway-timeout")
		w.WriteHeader(http.StatusGatewayTimeout)
		_, _ = io.WriteString(w, "<!doctype html><title>504</title><h1>An error occurred with this application.</h1>FUNCTION_INVOCATION_TIMEOUT\n")
	}
}

// CutOff responds with the first half of a run, and breaks the connection. A handler for [Server.Answer].
func CutOff() http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s := serviceOf(r)
		data := encode(s.contract.runExample(s.runSchema()))
		setHeaders(w.Header(), s.contract.response(http.StatusOK), s.contract)
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

// BrokenContract responds with a run that breaks the contract: a field that is no string, or no list, where the contract
// wants one; its text is there. A handler for [Server.Answer].
func BrokenContract() http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s := serviceOf(r)
		example, _ := s.contract.runExample(s.runSchema()).(map[string]any)
		run := maps.Clone(example)
		if s.textResults {
			run["citations"] = "none"
		} else {
			run["status"] = 1
		}
		setHeaders(w.Header(), s.contract.response(http.StatusOK), s.contract)
		write(w, http.StatusOK, run)
	}
}

func encode(value any) []byte {
	data, err := json.Marshal(value, json.Deterministic(true))
	if err != nil {
		panic("clienttest: an example of the spec: " + err.Error())
	}
	return data
}
