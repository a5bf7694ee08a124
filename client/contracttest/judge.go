package contracttest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/client/contract"
	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
)

// response is what came back, without any key.
type response struct {
	status int
	header http.Header
	body   []byte
	leaks  []string // where a key was
	method string   // of the request
}

// finding is one fault of a response. Its cause is the same text for the same fault of another response.
type finding struct {
	level       Level
	cause, came string
}

func (f finding) String() string {
	if f.came == "" {
		return f.cause
	}
	return f.cause + ": got " + f.came
}

// invariants lists what must hold of every response and does not.
func (r *runner) invariants(c check, res *response) []finding {
	var findings []finding
	found := func(level Level, format string, args ...any) {
		findings = append(findings, finding{level, fmt.Sprintf(format, args...), res.String()})
	}
	shape := LevelContract
	if c.bypasses || !c.op.has(res.status) && slices.Contains(bypassing, res.status) {
		shape = LevelAdvice
	}
	switch {
	case res.status < 200 || res.status/100 == 3:
		found(shape, "no response may be %s", kindOf(res.status))
	case res.status >= 500 && c.mayFail:
		found(LevelAdvice, "no response should be 5xx")
	case res.status >= 500:
		found(LevelContract, "no response may be 5xx")
	}
	for _, place := range res.leaks {
		found(LevelContract, "no response may have the key in it: it is in the %s", place)
	}
	if res.method == http.MethodHead {
		return findings // it has no body to validate
	}
	if encoding := res.header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		found(LevelContract, "Content-Encoding %q was not asked for", encoding)
	}
	if c.anyShape && (refused(res) || res.status == http.StatusNoContent) {
		return findings
	}
	if success, ok := res.success(); ok && success != (res.status/100 == 2) {
		found(shape, "success must be true if the status is 2xx, and else false")
	}
	for _, violation := range r.violations(c.op, res) {
		found(shape, "%s", violation)
	}
	for _, name := range append(c.op.integerHeaders(res.status), "Content-Type") {
		if len(res.header.Values(name)) > 1 {
			found(shape, "header %s: is there %d times", name, len(res.header.Values(name)))
		}
	}
	for _, advice := range r.advice(c.op, res) {
		found(LevelAdvice, "%s", advice)
	}
	return findings
}

// bypassing are the statuses of what a framework or a gateway refuses before the application sees it.
var bypassing = []int{
	http.StatusMethodNotAllowed, http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong, http.StatusUnsupportedMediaType,
	http.StatusExpectationFailed, http.StatusRequestHeaderFieldsTooLarge, http.StatusNotImplemented,
}

func kindOf(status int) string {
	if status < 200 {
		return "1xx"
	}
	return "a redirect"
}

// violations lists where the response, as one to a valid request of the operation, breaks the contract.
func (r *runner) violations(op *operation, res *response) []string {
	path := op.pathWith(nil)
	asked, err := url.Parse(path)
	if err != nil {
		asked = &url.URL{Path: op.Path}
	}
	err = r.validate(&http.Response{
		Status: res.line(), StatusCode: res.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: res.header,
		Body: io.NopCloser(bytes.NewReader(res.body)), ContentLength: int64(len(res.body)),
		Request: &http.Request{Method: op.Method, URL: asked},
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
		violations = append(violations, v.String())
	}
	return violations
}

// integerHeaders are the headers that the contract describes as integers for a status.
func (op *operation) integerHeaders(status int) []string {
	ref := op.Responses.Status(status)
	if ref == nil {
		ref = op.Responses.Default()
	}
	var names []string
	if ref == nil {
		return nil
	}
	for name, h := range ref.Value.Headers {
		if h.Value.Schema != nil && h.Value.Schema.Value.Type.Is(openapi3.TypeInteger) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

var internals = regexp.MustCompile(`(?i)goroutine \d+ \[|\bat \S+ \(?\S+:\d+:\d+\)?|traceback \(most recent|\.(?:go|py|rb|java|php|ts|js):\d+|node_modules/|panic: |` +
	`sqlstate|syntax error at or near|\bselect\b.+\bfrom\b|\binsert into\b|ora-\d{5}|econnrefused`)

// advice lists what good practice would have otherwise in a response.
func (r *runner) advice(op *operation, res *response) []string {
	var list []string
	contentType := res.header.Get("Content-Type")
	_, parameters, err := mime.ParseMediaType(contentType)
	switch {
	case err != nil && contentType != "":
		list = append(list, fmt.Sprintf("Content-Type %q should parse", contentType))
	case err == nil:
		if charset := parameters["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
			list = append(list, fmt.Sprintf("the charset of JSON is UTF-8, not %q", charset))
		}
	}
	if res.status >= 400 && internals.Match(res.body) {
		list = append(list, "an error should not show the server's internals")
	}
	if _, hasError := res.object()["error"]; hasError && strings.TrimSpace(res.message()) == "" {
		list = append(list, "an error should have a message")
	}
	if text, ok := res.field("result").(string); ok && text == "" && op.OperationID == runOperation {
		list = append(list, "result should not be empty")
	}
	if code := res.code(); code != "" && op.codeIsOfAnother(res.status, code) {
		list = append(list, fmt.Sprintf("the code %q is another status's", code))
	}
	limit, limitErr := strconv.Atoi(res.header.Get("X-Ratelimit-Limit"))
	remaining, remainingErr := strconv.Atoi(res.header.Get("X-Ratelimit-Remaining"))
	if limitErr == nil && remainingErr == nil && remaining > limit {
		list = append(list, "x-ratelimit-remaining should not be above x-ratelimit-limit")
	}
	if id, ok := res.field("run_id").(string); ok && res.status/100 == 2 && op.OperationID == runOperation {
		r.mu.Lock()
		defer r.mu.Unlock()
		switch {
		case strings.TrimSpace(id) == "":
			list = append(list, "run_id should not be empty")
		case r.runIDs[id] && !op.isExample(id):
			list = append(list, "run_id should be another one for each run")
		}
		r.runIDs[id] = true
	}
	return list
}

// isExample reports whether a run ID is the contract's example, as a test server returns it.
func (op *operation) isExample(id string) bool {
	return slices.ContainsFunc(op.examples(http.StatusOK), func(value any) bool {
		object, _ := value.(map[string]any)
		return object["run_id"] == id
	})
}

// codeIsOfAnother reports whether the contract's examples show a code under other statuses, and not under this one.
func (op *operation) codeIsOfAnother(status int, code string) bool {
	return len(op.codes[code]) > 0 && !slices.Contains(op.codes[code], status)
}

// exampleCodes maps the codes of the contract's examples to the statuses of their responses.
func (op *operation) exampleCodes() map[string][]int {
	codes := map[string][]int{}
	for text := range op.Responses.Map() {
		status, err := strconv.Atoi(text)
		if err != nil {
			continue
		}
		for _, value := range op.examples(status) {
			code := codeOf(encode(value))
			codes[code] = append(codes[code], status)
		}
	}
	return codes
}

// examples are those of a response of the operation.
func (op *operation) examples(status int) []any {
	ref := op.Responses.Value(strconv.Itoa(status))
	if ref == nil {
		return nil
	}
	_, media := openapi.JSON(ref.Value.Content)
	if media == nil {
		return nil
	}
	return openapi.Examples(media)
}

// success is the field of that name.
func (res *response) success() (value, ok bool) {
	value, ok = res.field("success").(bool)
	return value, ok
}

func (res *response) object() map[string]any {
	object, _ := decode(res.body).(map[string]any)
	return object
}

func (res *response) field(name string) any {
	return res.object()[name]
}

func (res *response) code() string { return codeOf(res.body) }

// codeOf is the code of an error, in either variant.
func codeOf(body []byte) string {
	var documented struct{ Error struct{ Code string } }
	if json.Unmarshal(body, &documented) == nil && documented.Error.Code != "" {
		return documented.Error.Code
	}
	var flat struct{ Code string }
	_ = json.Unmarshal(body, &flat)
	return flat.Code
}

// message is what an error says for a person, in either variant.
func (res *response) message() string {
	var documented struct{ Error struct{ Message string } }
	if json.Unmarshal(res.body, &documented) == nil {
		return documented.Error.Message
	}
	var flat struct{ Error string }
	_ = json.Unmarshal(res.body, &flat)
	return flat.Error
}

func (res *response) line() string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", res.status, http.StatusText(res.status)))
}

// String is the response on one line: status, content type, and at most 300 bytes of the body.
func (res *response) String() string {
	const limit = 300
	text := res.line()
	if res.status == http.StatusMethodNotAllowed {
		text += fmt.Sprintf(", Allow %q", strings.Join(res.header.Values("Allow"), ", "))
	}
	if location := res.header.Get("Location"); location != "" {
		text += fmt.Sprintf(", Location %q", location)
	}
	switch {
	case res.method == http.MethodHead || len(res.body) == 0:
		return text + ", no body"
	case res.header.Get("Content-Type") == "":
		text += ", no content type"
	default:
		text += ", " + strings.Join(res.header.Values("Content-Type"), ", ")
	}
	if len(res.body) <= limit {
		return fmt.Sprintf("%s, %s", text, strconv.Quote(string(res.body)))
	}
	end := limit
	for end > limit-utf8.UTFMax && !utf8.RuneStart(res.body[end]) {
		end--
	}
	return fmt.Sprintf("%s, %s... (%d bytes)", text, strconv.Quote(string(res.body[:end])), len(res.body))
}
