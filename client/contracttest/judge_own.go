package contracttest

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/aitutor-api/aitutor-go/client/contracttest/internal/values"
	"github.com/aitutor-api/aitutor-go/client/contracttest/internal/wire"
	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
	"github.com/aitutor-api/aitutor-go/client/internal/payload"
)

// ownJudge finds the faults that only responses of the AI Tutor API can have.
type ownJudge struct {
	codes      map[*operation]map[string][]int // of the document's examples, with the statuses of their responses
	exampleIDs map[string]bool                 // of their runs: a test server returns them

	mu      sync.Mutex
	runIDs  map[string]bool
	variant string // of the first response
	mixed   bool   // another one came
}

func newOwnJudge(operations []*operation) *ownJudge {
	j := &ownJudge{codes: map[*operation]map[string][]int{}, exampleIDs: map[string]bool{},
		runIDs: map[string]bool{}}
	for _, op := range operations {
		j.codes[op] = map[string][]int{}
		for text, ref := range op.Responses.Map() {
			status, err := strconv.Atoi(text)
			_, media := openapi.JSON(ref.Value.Content)
			if err != nil || media == nil {
				continue
			}
			for _, value := range openapi.Examples(media) {
				p := payload.Decode(values.Encode(value))
				j.codes[op][codeOf(p)] = append(j.codes[op][codeOf(p)], status)
				j.exampleIDs[p.RunID.Text] = true
			}
		}
	}
	return j
}

func hasError(p *payload.Payload) bool { return p.Error.Kind != 0 && p.Error.Kind != 'n' }

func codeOf(p *payload.Payload) string {
	if p.Error.Code.Text != "" {
		return p.Error.Code.Text
	}
	return p.Code.Text
}

// ofSuccess adds that a response does not say of its success what its status says.
func (j *ownJudge) ofSuccess(f *findings, shape Level, res *wire.Response) {
	p := decode(res)
	isSuccess := p.Success.Kind == 't'
	switch {
	case !isSuccess && p.Success.Kind != 'f':
	case isSuccess != (res.Status/100 == 2):
		f.add(shape, "success must be true if the status is 2xx, and else false")
	case isSuccess && hasError(p):
		f.add(shape, "success must not be true beside an error")
	}
}

// ofPractice adds what good practice would have otherwise in a response.
func (j *ownJudge) ofPractice(f *findings, op *operation, res *wire.Response) {
	p := decode(res)
	isRun := res.Status/100 == 2 && op.OperationID == runOperation
	if hasError(p) && strings.TrimSpace(p.Error.Message.Text) == "" {
		f.add(LevelAdvice, "an error should have a message")
	}
	if isRun {
		for _, text := range textsOf(p) {
			switch text = strings.TrimSpace(text); text {
			case "":
				f.add(LevelAdvice, "the text of a run should not be empty")
			case "undefined", "null", "None", "NaN", "[object Object]", "[object Promise]":
				f.add(LevelAdvice, "the text of a run should not be %s", text)
			}
		}
	}
	code := codeOf(p)
	if statuses := j.codes[op][code]; code != "" && len(statuses) > 0 && !slices.Contains(statuses, res.Status) {
		f.add(LevelAdvice, "the code %q is another status's", code)
	}
	limit, limitErr := strconv.Atoi(res.Header.Get("X-Ratelimit-Limit"))
	remaining, remainingErr := strconv.Atoi(res.Header.Get("X-Ratelimit-Remaining"))
	if limitErr == nil && remainingErr == nil && remaining > limit {
		f.add(LevelAdvice, "x-ratelimit-remaining should not be above x-ratelimit-limit")
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	variant := variantOf(p)
	if j.variant == "" {
		j.variant = variant
	}
	if variant != "" && variant != j.variant && !j.mixed {
		j.mixed = true
		f.add(LevelAdvice, "all responses should be of one variant, and this is the %s one", variant)
	}
	if isRun && p.RunID.Kind == '"' {
		id := p.RunID.Text
		switch {
		case strings.TrimSpace(id) == "":
			f.add(LevelAdvice, "the ID of a run should not be empty")
		case j.runIDs[id] && !j.exampleIDs[id]:
			f.add(LevelAdvice, "each run should have another ID")
		}
		j.runIDs[id] = true
	}
}

// variantOf names the variant of the API that a response is of, or returns "".
func variantOf(p *payload.Payload) string {
	switch {
	case p.Error.Kind == '"' || p.Result.Kind == '"':
		return "deployed"
	case p.Error.Kind == '{' || p.Output.Kind == '{':
		return "documented"
	}
	return ""
}

// textsOf lists the texts that a run generated.
func textsOf(p *payload.Payload) []string {
	var list []string
	if p.Result.Kind == '"' {
		list = append(list, p.Result.Text)
	}
	return append(list, textsIn(values.Decode(p.OutputJSON()))...)
}

func textsIn(value any) []string {
	var list []string
	switch value := value.(type) {
	case string:
		list = append(list, value)
	case map[string]any:
		for _, inner := range value {
			list = append(list, textsIn(inner)...)
		}
	}
	return list
}
