package contracttest

import (
	"errors"
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
)

// judge finds the faults of responses.
type judge struct {
	validator *contract.Validator
	own       *ownJudge // nil: the document is not that of the AI Tutor API

	mu       sync.Mutex
	received map[string]bool // "runWorkflow 402"
}

func newJudge(s *suite) (*judge, error) {
	validator, err := validatorOf(s)
	j := &judge{validator: validator, received: map[string]bool{}}
	if s.isOwn {
		j.own = newOwnJudge(s.operations)
	}
	return j, err
}

// validatorOf returns what validates responses. Of another workflow's inputs, the output may be any.
func validatorOf(s *suite) (*contract.Validator, error) {
	isCustom := func(op *operation) bool { return op.custom }
	switch {
	case len(s.target.Spec) > 0:
		return contract.New(s.target.Spec)
	case slices.ContainsFunc(s.operations, isCustom):
		return contract.AnyWorkflow(), nil
	}
	return contract.Default(), nil
}

// judge lists the faults of a response to the request of a check.
func (j *judge) judge(c check, res *wire.Response) []finding {
	f := &findings{came: res.String()}
	switch {
	case c.must.met != nil && !c.must.met(res):
		f.add(LevelContract, "%s", c.demand())
	case c.should.met != nil && !c.should.met(res):
		if _, fault := ofStatus(c, res); fault == "" {
			f.add(LevelAdvice, "%s", c.practice())
		}
	case c.advise != nil:
		if advice := c.advise(res); advice != "" {
			f.add(LevelAdvice, "%s", advice)
		}
	}
	f.list = append(f.list, j.invariants(c, res)...)
	if res.Limited != nil {
		for _, fault := range j.invariants(c, res.Limited) {
			fault.cause = "the 429 before it: " + fault.cause
			f.list = append(f.list, fault)
		}
	}
	return f.list
}

// receive notes which response of the document came.
func (j *judge) receive(c check, res *wire.Response) {
	if c.request.Method != c.op.Method {
		return
	}
	code := strconv.Itoa(res.Status)
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, described := range []string{code, code[:1] + "XX", "default"} {
		if c.op.Responses.Value(described) != nil {
			j.received[c.op.Name()+" "+described] = true
			return
		}
	}
}

// unseen lists the responses of the document that did not come.
func (j *judge) unseen(operations []*operation) []string {
	var list []string
	for _, op := range operations {
		for code := range op.Responses.Map() {
			if name := op.Name() + " " + code; !j.received[name] {
				list = append(list, name)
			}
		}
	}
	slices.Sort(list)
	return list
}

// invariants notes that a response came, and lists what must hold of every response and does not.
func (j *judge) invariants(c check, res *wire.Response) []finding {
	j.receive(c, res)
	f := &findings{came: res.String()}
	shape := shapeLevel(c, res)
	level, fault := ofStatus(c, res)
	if fault != "" {
		f.add(level, "%s", fault)
	}
	for _, place := range res.Leaks {
		f.add(LevelContract, "no response may have the key in it: it is in the %s", place)
	}
	ofSharing(f, c, res)
	if res.Method == http.MethodHead || res.Status/100 == 3 && fault != "" {
		return f.list // it has no body to validate
	}
	if encoding := res.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		f.add(LevelContract, "Content-Encoding %q was not asked for, or does not decode", encoding)
	}
	if c.anyShape && !c.op.looksTaken(res) {
		return f.list
	}
	if j.own != nil {
		j.own.ofSuccess(f, shape, res)
	}
	for _, v := range j.violations(c.op, res) {
		f.list = append(f.list, finding{shape, v.String(), f.came, v.Keyword})
	}
	for _, name := range append(integerHeaders(c.op, res.Status), "Content-Type") {
		if len(res.Header.Values(name)) > 1 {
			f.add(shape, "header %s: is there %d times", name, len(res.Header.Values(name)))
		}
	}
	ofPractice(f, res)
	if j.own != nil {
		j.own.ofPractice(f, c.op, res)
	}
	return f.list
}

// shapeLevel returns how much it weighs if the response has not the document's shape.
func shapeLevel(c check, res *wire.Response) Level {
	if c.bypasses || slices.Contains(bypassing, res.Status) || c.should.met != nil && !c.should.met(res) {
		return LevelAdvice
	}
	return LevelContract
}

// ofStatus returns what is wrong with a status that no check wants, or "".
func ofStatus(c check, res *wire.Response) (level Level, fault string) {
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

// ofSharing adds what would share a response with others than its caller.
func ofSharing(f *findings, c check, res *wire.Response) {
	cache := strings.ToLower(strings.Join(res.Header.Values("Cache-Control"), ","))
	isShared := (strings.Contains(cache, "public") || strings.Contains(cache, "s-maxage")) &&
		!strings.Contains(cache, "no-store")
	isPrivate := c.op.Secured() && (res.Status/100 == 2 && !c.op.safe() || res.Status == http.StatusUnauthorized)
	if isShared && isPrivate {
		f.add(LevelContract, "Cache-Control must not let caches share a response to a key")
	}
	if res.Header.Get("Access-Control-Allow-Origin") == "*" &&
		strings.EqualFold(res.Header.Get("Access-Control-Allow-Credentials"), "true") {
		f.add(LevelContract, "Access-Control-Allow-Origin must not be * with credentials")
	}
}

// violations lists where the response, as one to a valid request of the operation, breaks the document.
func (j *judge) violations(op *operation, res *wire.Response) []contract.Violation {
	path, query, _ := strings.Cut(op.bare(op.values).Path, "?")
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
	described := op.Response(status)
	if described == nil {
		return nil
	}
	var names []string
	for name, h := range described.Headers {
		if h.Value.Schema != nil && h.Value.Schema.Value.Type.Is(openapi3.TypeInteger) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

var internals = regexp.MustCompile(
	`(?i)goroutine \d+ \[|\bat \S+ \(?\S+:\d+:\d+\)?|traceback \(most recent|file \\?"[^"]+\.py\\?", line \d+|` +
		`\.(?:go|py|rb|java|php|ts|js|rs|cs|ex|pl|pm|kt|swift|scala|cpp)(?::|:line |,? line )\d+|` +
		`/(?:etc|home|opt|root|srv|usr|var)/[\w./-]+\.\w+|\b[a-z]:\\[\w.\\-]+\.\w+|` +
		`node_modules/|panic: |panicked at |terminate called after|\*\* \(\w+error\)|` +
		`system\.\w+exception|\bat [\w.]+\([^)]*\) in |` +
		`stack trace:|fatal error: uncaught|\.php(?:\(\d+\)| on line)|java\.\w+\.\w+exception|` +
		`sqlstate|syntax error at or near|error in your sql syntax|violates \w+(?: \w+)? constraint|` +
		`(?:relation|column|table) \\?"[^"]+\\?" does not exist|\bpq: |sqlite_\w+|` +
		`unclosed quotation mark|wrongtype operation|` +
		`\bselect\b.+\bfrom\b|\binsert into\b|ora-\d{5}|prismaclient|\bprisma\.\w+\.|` +
		`mongo\w*error|e11000 duplicate key|er_[a-z]+_[a-z]+|econnrefused`,
)

var privateAddress = regexp.MustCompile(
	`\b(?:10\.\d{1,3}|169\.254|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.\d{1,3}\.\d{1,3}\b|` +
		`\b(?:127\.0\.0\.1|localhost):\d+|\[(?:::1|f[cd][0-9a-f]{2}:[0-9a-f:]+)\]:\d+|` +
		`\b[\w-]+\.(?:[\w-]+\.)*(?:internal|svc\.cluster\.local)\b`,
)

// ofPractice adds what good practice would have otherwise in a response.
func ofPractice(f *findings, res *wire.Response) {
	contentType := res.Header.Get("Content-Type")
	mediaType, parameters, err := mime.ParseMediaType(contentType)
	charset := parameters["charset"]
	switch {
	case err != nil && contentType != "":
		f.add(LevelAdvice, "Content-Type %q should parse", contentType)
	case strings.HasSuffix(mediaType, "json") && charset != "" && !strings.EqualFold(charset, "utf-8"):
		f.add(LevelAdvice, "the charset of JSON is UTF-8, not %q", charset)
	}
	if res.Status >= 400 && internals.Match(res.Body) {
		f.add(LevelAdvice, "an error should not show the server's internals")
	}
	isForeign := func(address string) bool { return address != res.Host }
	if res.Status >= 400 && slices.ContainsFunc(privateAddress.FindAllString(string(res.Body), -1), isForeign) {
		f.add(LevelAdvice, "an error should not show a private address")
	}
}
