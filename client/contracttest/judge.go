package contracttest

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/client/contract"
	"github.com/aitutor-api/aitutor-go/client/contracttest/internal/wire"
	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
	"github.com/aitutor-api/aitutor-go/client/internal/payload"
)

// judge finds the faults of responses.
type judge struct {
	validator *contract.Validator
	isOwn     bool // the document is that of the AI Tutor API
	codes     map[*operation]map[string][]int

	mu       sync.Mutex
	received map[string]bool // "runWorkflow 402"
	runIDs   map[string]bool
	variant  string // of the first response
	mixed    bool   // another one came
}

func newJudge(s *suite, validator *contract.Validator) *judge {
	j := &judge{validator: validator, isOwn: s.isOwn(), codes: map[*operation]map[string][]int{},
		received: map[string]bool{}, runIDs: map[string]bool{}}
	for _, op := range s.operations {
		j.codes[op] = op.exampleCodes()
	}
	return j
}

// judge lists the faults of a response to the request of a check.
func (j *judge) judge(c check, res *wire.Response) []finding {
	j.receive(c, res)
	came := res.String()
	var findings []finding
	_, fault := ofStatus(c, res)
	switch {
	case c.want != nil && !c.want(res):
		findings = append(findings, finding{level: LevelContract, cause: c.rule(), came: came})
	case c.should != nil && !c.should(res) && fault == "":
		findings = append(findings, finding{level: LevelAdvice, cause: c.rule(), came: came})
	case c.advise != nil:
		if advice := c.advise(res); advice != "" {
			findings = append(findings, finding{level: LevelAdvice, cause: advice, came: came})
		}
	}
	return append(findings, j.invariants(c, res)...)
}

// receive notes which response of the document came.
func (j *judge) receive(c check, res *wire.Response) {
	if c.request.Method != c.op.Method {
		return
	}
	code := strconv.Itoa(res.Status)
	for described := range c.op.Responses.Map() {
		if strings.EqualFold(described, code[:1]+"XX") && !c.op.has(res.Status) {
			code = described
		}
	}
	if c.op.Responses.Value(code) == nil {
		code = "default"
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.received[c.op.name()+" "+code] = true
}

// unseen lists the responses of the document that did not come.
func (j *judge) unseen(operations []*operation) []string {
	var list []string
	for _, op := range operations {
		for code := range op.Responses.Map() {
			if name := op.name() + " " + code; !j.received[name] {
				list = append(list, name)
			}
		}
	}
	slices.Sort(list)
	return list
}

// invariants lists what must hold of every response and does not.
func (j *judge) invariants(c check, res *wire.Response) []finding {
	var findings []finding
	came := res.String()
	found := func(level Level, format string, args ...any) {
		findings = append(findings, finding{level: level, cause: fmt.Sprintf(format, args...), came: came})
	}
	shape := shapeLevel(c, res)
	level, fault := ofStatus(c, res)
	if fault != "" {
		found(level, "%s", fault)
	}
	for _, place := range res.Leaks {
		found(LevelContract, "no response may have the key in it: it is in the %s", place)
	}
	for _, fault := range ofSharing(c, res) {
		found(LevelContract, "%s", fault)
	}
	if res.Method == http.MethodHead || res.Status/100 == 3 && fault != "" {
		return findings // it has no body to validate
	}
	if encoding := res.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		found(LevelContract, "Content-Encoding %q was not asked for, or does not decode", encoding)
	}
	if c.anyShape && !c.op.looksTaken(res) {
		return findings
	}
	if success, ok := fieldOf(res, "success").(bool); j.isOwn && ok {
		_, hasError := objectIn(res)["error"]
		switch {
		case success != (res.Status/100 == 2):
			found(shape, "success must be true if the status is 2xx, and else false")
		case success && hasError && fieldOf(res, "error") != nil:
			found(shape, "success must not be true beside an error")
		}
	}
	for _, v := range j.violations(c.op, res) {
		findings = append(findings, finding{shape, v.String(), came, v.Keyword})
	}
	for _, name := range append(integerHeaders(c.op, res.Status), "Content-Type") {
		if len(res.Header.Values(name)) > 1 {
			found(shape, "header %s: is there %d times", name, len(res.Header.Values(name)))
		}
	}
	for _, advice := range j.advice(c.op, res) {
		found(LevelAdvice, "%s", advice)
	}
	return findings
}

// shapeLevel returns how much it weighs if the response has not the document's shape.
func shapeLevel(c check, res *wire.Response) Level {
	if c.bypasses || slices.Contains(bypassing, res.Status) || c.should != nil && !c.should(res) {
		return LevelAdvice
	}
	return LevelContract
}

// ofStatus returns what is wrong with a status that no check wants, or "".
func ofStatus(c check, res *wire.Response) (Level, string) {
	switch {
	case res.Status < 200:
		return shapeLevel(c, res), "no response may be 1xx"
	case res.Status/100 == 3 && !c.op.succeeds(res) && !c.anyShape:
		return shapeLevel(c, res), "no response may be a redirect"
	case res.Status == http.StatusNotImplemented && c.anyShape:
	case res.Status >= 500 && c.mayFail:
		return LevelAdvice, "no response should be 5xx"
	case res.Status >= 500:
		return LevelContract, "no response may be 5xx"
	}
	return "", ""
}

// bypassing are the statuses of what a framework or a gateway refuses before the application sees it.
var bypassing = []int{
	http.StatusMethodNotAllowed, http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong,
	http.StatusUnsupportedMediaType,
	http.StatusExpectationFailed, http.StatusRequestHeaderFieldsTooLarge, http.StatusNotImplemented,
}

// ofSharing lists what would share a response with others than its caller.
func ofSharing(c check, res *wire.Response) []string {
	var list []string
	cache := strings.ToLower(strings.Join(res.Header.Values("Cache-Control"), ","))
	isShared := (strings.Contains(cache, "public") || strings.Contains(cache, "s-maxage")) && !strings.Contains(cache,
		"no-store")
	if private := res.Status/100 == 2 && !c.op.safe() || res.Status == http.StatusUnauthorized; isShared && private &&
		c.op.Secured() {
		list = append(list, "Cache-Control must not let caches share a response to a key")
	}
	if res.Header.Get("Access-Control-Allow-Origin") == "*" &&
		strings.EqualFold(res.Header.Get("Access-Control-Allow-Credentials"), "true") {
		list = append(list, "Access-Control-Allow-Origin must not be * with credentials")
	}
	return list
}

// violations lists where the response, as one to a valid request of the operation, breaks the document.
func (j *judge) violations(op *operation, res *wire.Response) []contract.Violation {
	path, query, _ := strings.Cut(op.valid().Path, "?")
	target, err := url.Parse(path)
	if err != nil {
		return []contract.Violation{{In: "path", Message: err.Error()}}
	}
	target.RawQuery = query
	err = j.validator.CheckResponse(&http.Response{
		Status: res.Line(), StatusCode: res.Status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: res.Header,
		ContentLength: int64(len(res.Body)), Request: &http.Request{Method: op.Method, URL: target},
	}, res.Body)
	var broken *contract.Error
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &broken):
		return []contract.Violation{{In: "body", Message: err.Error()}}
	}
	return broken.Violations
}

// integerHeaders returns the headers that the document describes as integers for a status.
func integerHeaders(op *operation, status int) []string {
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

var internals = regexp.MustCompile(
	`(?i)goroutine \d+ \[|\bat \S+ \(?\S+:\d+:\d+\)?|traceback \(most recent|file \\?"[^"]+\.py\\?", line \d+|` +
		`\.(?:go|py|rb|java|php|ts|js|rs|cs):(?:line )?\d+|node_modules/|panic: |panicked at |` +
		`system\.\w+exception|\bat [\w.]+\([^)]*\) in |` +
		`stack trace:|fatal error: uncaught|\.php(?:\(\d+\)| on line)|java\.\w+\.\w+exception|` +
		`sqlstate|syntax error at or near|error in your sql syntax|violates \w+(?: \w+)? constraint|` +
		`relation \\?"[^"]+\\?" does not exist|\bpq: |` +
		`\bselect\b.+\bfrom\b|\binsert into\b|ora-\d{5}|prismaclient|\bprisma\.\w+\.|` +
		`mongo\w*error|e11000 duplicate key|er_[a-z]+_[a-z]+|econnrefused`,
)

var privateAddress = regexp.MustCompile(
	`\b(?:10\.\d{1,3}|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.\d{1,3}\.\d{1,3}\b|\b(?:127\.0\.0\.1|localhost):\d+`,
)

// advice lists what good practice would have otherwise in a response.
func (j *judge) advice(op *operation, res *wire.Response) []string {
	var list []string
	contentType := res.Header.Get("Content-Type")
	mediaType, parameters, err := mime.ParseMediaType(contentType)
	switch {
	case err != nil && contentType != "":
		list = append(list, fmt.Sprintf("Content-Type %q should parse", contentType))
	case err == nil && strings.HasSuffix(mediaType, "json"):
		if charset := parameters["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
			list = append(list, fmt.Sprintf("the charset of JSON is UTF-8, not %q", charset))
		}
	}
	if res.Status >= 400 && internals.Match(res.Body) {
		list = append(list, "an error should not show the server's internals")
	}
	if res.Status >= 400 && slices.ContainsFunc(privateAddress.FindAllString(string(res.Body), -1),
		func(address string) bool { return address != res.Host }) {
		list = append(list, "an error should not show a private address")
	}
	if !j.isOwn {
		return list
	}
	return append(list, j.ownAdvice(op, res)...)
}

// ownAdvice lists what good practice would have otherwise in a response of the AI Tutor API.
func (j *judge) ownAdvice(op *operation, res *wire.Response) []string {
	var list []string
	object := objectIn(res)
	failure := payload.Decode(res.Body)
	if value, hasError := object["error"]; hasError && value != nil &&
		strings.TrimSpace(failure.Error.Message.Text) == "" {
		list = append(list, "an error should have a message")
	}
	if res.Status/100 == 2 && op.OperationID == runOperation {
		for _, text := range texts(object["result"], object["output"]) {
			switch strings.TrimSpace(text) {
			case "":
				list = append(list, "the text of a run should not be empty")
			case "undefined", "null", "[object Object]":
				list = append(list, "the text of a run should not be "+strings.TrimSpace(text))
			}
		}
	}
	if code := codeOf(failure); code != "" && len(j.codes[op][code]) > 0 && !slices.Contains(j.codes[op][code],
		res.Status) {
		list = append(list, fmt.Sprintf("the code %q is another status's", code))
	}
	limit, limitErr := strconv.Atoi(res.Header.Get("X-Ratelimit-Limit"))
	remaining, remainingErr := strconv.Atoi(res.Header.Get("X-Ratelimit-Remaining"))
	if limitErr == nil && remainingErr == nil && remaining > limit {
		list = append(list, "x-ratelimit-remaining should not be above x-ratelimit-limit")
	}
	if advice := j.variantAdvice(object); advice != "" {
		list = append(list, advice)
	}
	if id, ok := object["run_id"].(string); ok && res.Status/100 == 2 && op.OperationID == runOperation {
		j.mu.Lock()
		defer j.mu.Unlock()
		switch {
		case strings.TrimSpace(id) == "":
			list = append(list, "run_id should not be empty")
		case j.runIDs[id] && !op.isExample(id):
			list = append(list, "run_id should be another one for each run")
		}
		j.runIDs[id] = true
	}
	return list
}

// variantAdvice returns advice if a response is not of the variant of the first one.
func (j *judge) variantAdvice(object map[string]any) string {
	var variant string
	_, isText := object["error"].(string)
	_, isObject := object["error"].(map[string]any)
	_, hasResult := object["result"].(string)
	_, hasOutput := object["output"].(map[string]any)
	switch {
	case isText || hasResult:
		variant = "deployed"
	case isObject || hasOutput:
		variant = "documented"
	default:
		return ""
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.variant == "" {
		j.variant = variant
	}
	if variant != j.variant && !j.mixed {
		j.mixed = true
		return fmt.Sprintf("all responses should be of one variant, and this is the %s one", variant)
	}
	return ""
}

// texts lists the strings of a run's result and output.
func texts(values ...any) []string {
	var list []string
	for _, value := range values {
		switch value := value.(type) {
		case string:
			list = append(list, value)
		case map[string]any:
			for _, inner := range value {
				list = append(list, texts(inner)...)
			}
		}
	}
	return list
}

func codeOf(p *payload.Payload) string {
	if p.Error.Code.Text != "" {
		return p.Error.Code.Text
	}
	return p.Code.Text
}

// isExample reports whether a run ID is the document's example, as a test server returns it.
func (op *operation) isExample(id string) bool {
	return slices.ContainsFunc(op.examples(http.StatusOK), func(value any) bool {
		object, _ := value.(map[string]any)
		return object["run_id"] == id
	})
}

// exampleCodes maps the codes of the document's examples to the statuses of their responses.
func (op *operation) exampleCodes() map[string][]int {
	codes := map[string][]int{}
	for text := range op.Responses.Map() {
		status, err := strconv.Atoi(text)
		if err != nil {
			continue
		}
		for _, value := range op.examples(status) {
			code := codeOf(payload.Decode(encode(value)))
			codes[code] = append(codes[code], status)
		}
	}
	return codes
}

// examples returns those of a response of the operation.
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

func objectIn(res *wire.Response) map[string]any {
	object, _ := decode(res.Body).(map[string]any)
	return object
}

func fieldOf(res *wire.Response, name string) any { return objectIn(res)[name] }
