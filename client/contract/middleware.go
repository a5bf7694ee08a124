package contract

import (
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/client/internal/printable"
)

// Middleware returns a handler that validates the exchanges of next:
//
//   - of a request: the contract has the operation, the credential is there, and the parameters and the body are as
//     described;
//   - of a response: the operation has the status, and the described headers and the body are as described.
//
// It does not check if a credential is right, headers that are not described, and bodies of media types that it cannot
// decode, such as HTML, images and event streams: the package doc has the whole list.
//
// A request that breaks the contract gets 400 (or 401, 404 or 405, if the document describes that), and next is not
// called. A response that breaks it is replaced by a 500, and nothing of it is sent; its violations are logged to the
// [http.Server]'s ErrorLog. The bodies of both follow the schema that the contract has for the status, if such a body
// can be made; else they are JSON with a message and, of a request, up to 20 violations. [WithErrorHandler] responds
// otherwise. With [WithReport] nothing is refused or replaced.
//
// Every request must belong to an operation of the contract: put health checks and the like in front of the Middleware.
//
// A request's body, if it is judged, is read before next is called. A response is buffered, to the limit of
// [WithMaxBodyBytes], until next returns: Flush does nothing, a connection cannot be hijacked, and a Write beyond the
// limit fails. Deadlines and full duplex are set on the connection at once. A response whose body is not judged passes
// at once, flushes included. With [WithReport] every response does: Flush and Hijack work, and a response whose
// connection was hijacked is not validated.
func (v *Validator) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		req = req.WithContext(req.Context()) // its body is replaced
		if err := v.failure(req, v.ValidateRequest(req)); err != nil {
			v.refuse(w, req, err)
			return
		}
		r := &recorder{ResponseWriter: w, validator: v, req: req, passes: v.report != nil}
		if !r.passes {
			r.header = w.Header().Clone()
			if r.header == nil {
				r.header = make(http.Header)
			}
		}
		next.ServeHTTP(r, req)
		err := r.validate()
		if r.passes {
			_ = v.failure(req, err)
			return
		}
		if err != nil {
			errorLog(req)("contract: %v", err)
			v.refuse(w, req, err)
			return
		}
		r.send()
	})
}

// errorLog returns the function with which the server of a request logs errors.
func errorLog(req *http.Request) func(format string, args ...any) {
	if server, ok := req.Context().Value(http.ServerContextKey).(*http.Server); ok && server.ErrorLog != nil {
		return server.ErrorLog.Printf
	}
	return log.Printf
}

// refuse responds in place of an exchange that broke the contract.
func (v *Validator) refuse(w http.ResponseWriter, req *http.Request, err error) {
	broken, ok := errors.AsType[*Error](err)
	if !ok {
		broken = &Error{Method: methodOf(req), Violations: []Violation{{In: "body", Message: err.Error()}}}
	}
	status, op := v.statusOf(req, broken)
	if v.onError != nil {
		v.onError(w, req, status, broken)
		return
	}
	refusal := refusal{Message: "The response breaks the contract."} // what is wrong with it stays inside
	if !broken.isResponse {
		refusal = refusalOf(broken)
	}
	contentType, body := "application/json", refusal.encode()
	if op != nil {
		if ownType, own := op.errorBody(status, refusal.Message); own != nil {
			contentType, body = ownType, own
		} else if ownType, own := op.errorBody(status, http.StatusText(status)+"."); own != nil {
			contentType, body = ownType, own
		}
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// statusOf returns the status with which a broken exchange is refused, and the operation that describes it.
func (v *Validator) statusOf(req *http.Request, broken *Error) (int, *operation) {
	op, _, missing := v.router.Find(methodOf(req), req.URL)
	if broken.isResponse {
		return http.StatusInternalServerError, op
	}
	status := http.StatusBadRequest
	switch {
	case missing != nil && missing.In == "path":
		status = http.StatusNotFound
	case missing != nil:
		status = http.StatusMethodNotAllowed
	case len(checkSecurity(op.security, req)) > 0:
		status = http.StatusUnauthorized
	}
	if op != nil && op.responses[status] != nil {
		return status, op
	}
	if missing != nil { // the document may describe it elsewhere
		for _, other := range v.operations {
			if other.responses[status] != nil {
				return status, other
			}
		}
	}
	return http.StatusBadRequest, op
}

// refusal is the body of a response for which the document has no schema that can be kept.
type refusal struct {
	Message    string      `json:"message"`
	Violations []Violation `json:"violations,omitempty"`
}

func refusalOf(broken *Error) refusal {
	const maxViolations, maxBytes = 20, 7 << 10 // as JSON; each text comes twice
	var r refusal
	size := 0
	var texts []string
	for i, violation := range broken.Violations {
		text := violation.String() // clipped
		encoded, _ := json.Marshal(text)
		if size += len(encoded) + 40; i == maxViolations || size > maxBytes {
			texts = append(texts, fmt.Sprintf("and %d more", len(broken.Violations)-i))
			break
		}
		violation.Pointer, violation.Message = printable.Clip(violation.Pointer), printable.Clip(violation.Message)
		r.Violations = append(r.Violations, violation)
		texts = append(texts, text)
	}
	r.Message = strings.Join(texts, "; ")
	return r
}

func (r refusal) encode() []byte {
	data, err := json.Marshal(r)
	if err != nil {
		panic("contract: " + err.Error()) // strings
	}
	return data
}

// errorBody returns a body that says message and keeps to what the operation has for a status, and its media type; or
// nil. Of what it does not know, such as a code that the document lists, it says nothing.
func (op *operation) errorBody(status int, message string) (contentType string, data []byte) {
	described := op.responses.of(status)
	if described == nil || described.body == nil {
		return "", nil
	}
	for _, contentType := range slices.Sorted(maps.Keys(described.body.content)) {
		media := described.body.content[contentType]
		if media == nil || media.Schema == nil || strings.Contains(contentType, "*") {
			continue
		}
		var data []byte
		switch kindOf(contentType, media) {
		case asText:
			data = []byte(message)
		case asJSON:
			value, ok := compose(media.Schema.Value, "", message, status, 0)
			if !ok {
				continue
			}
			data, _ = json.Marshal(value)
		default:
			continue
		}
		c := &check{req: &http.Request{Method: http.MethodGet, URL: &url.URL{}}, isResponse: true, status: status,
			header: http.Header{"Content-Type": {contentType}}}
		op.checkResponse(c)
		if c.errorOf(data, nil) == nil {
			return contentType, data
		}
	}
	return "", nil
}

// isNeutral reports whether a value that a document lists says no more than that there was an error, of this status.
func isNeutral(value any, status int) bool {
	text, ok := value.(string)
	if !ok {
		return value == false || fmt.Sprint(value) == strconv.Itoa(status)
	}
	text = strings.ToLower(strings.NewReplacer("_", "", "-", "", " ", "").Replace(text))
	name := strings.ToLower(strings.ReplaceAll(http.StatusText(status), " ", ""))
	return slices.Contains([]string{"error", "fail", "failed", "failure", name}, text)
}

// messageNames are the names that an error's text has.
var messageNames = []string{"message", "detail", "description", "reason", "error", "title", "msg", "error_description"}

// compose returns a small value for a schema, with message as its text, and false if it does not know what to say. It
// may not be valid: it is validated.
func compose(s *openapi3.Schema, name, message string, status, depth int) (any, bool) {
	const maxDepth = 8
	if s == nil || depth > maxDepth {
		return nil, false
	}
	switch {
	case s.Const != nil:
		return s.Const, isNeutral(s.Const, status)
	case len(s.Enum) > 0:
		i := slices.IndexFunc(s.Enum, func(value any) bool { return isNeutral(value, status) })
		return s.Enum[max(i, 0)], i >= 0
	case len(s.AnyOf)+len(s.OneOf) > 0:
		for _, variant := range slices.Concat(s.AnyOf, s.OneOf) {
			if value, ok := compose(variant.Value, name, message, status, depth+1); ok {
				return value, true
			}
		}
		return nil, false
	case s.Type.Is(openapi3.TypeString):
		switch {
		case slices.Contains(messageNames, name), depth == 0:
			return message, true
		case name == "code", name == "type", name == "error_code":
			return "contract_violation", true
		}
		return nil, false
	case s.Type.Is(openapi3.TypeBoolean):
		return false, true
	case s.Type.Is(openapi3.TypeInteger), s.Type.Is(openapi3.TypeNumber):
		return status, strings.HasPrefix(strings.ToLower(name), "status") || name == "code"
	case s.Type.Is(openapi3.TypeArray):
		return []any{}, true
	}
	object := make(map[string]any)
	for _, part := range s.AllOf {
		value, ok := compose(part.Value, name, message, status, depth+1)
		fields, isObject := value.(map[string]any)
		if !ok || !isObject {
			return nil, false
		}
		maps.Copy(object, fields)
	}
	for name, property := range s.Properties {
		isRequired := slices.Contains(s.Required, name)
		if !isRequired && !slices.Contains(messageNames, name) {
			continue
		}
		value, ok := compose(property.Value, name, message, status, depth+1)
		if ok {
			object[name] = value
		} else if isRequired {
			return nil, false
		}
	}
	return object, true
}
