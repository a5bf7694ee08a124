package contracttest

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/api"
)

// junit is what readers of JUnit take from a file.
type junit struct {
	XMLName xml.Name `xml:"testsuites"`
	junitCounts
	Suites []struct {
		Name string `xml:"name,attr"`
		junitCounts
		Cases []struct {
			Name      string        `xml:"name,attr"`
			Classname string        `xml:"classname,attr"`
			Time      *float64      `xml:"time,attr"`
			Failure   *junitMessage `xml:"failure"`
			Skipped   *junitMessage `xml:"skipped"`
			Out       string        `xml:"system-out"`
		} `xml:"testcase"`
	} `xml:"testsuite"`
}

type junitCounts struct {
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Errors   int      `xml:"errors,attr"`
	Skipped  int      `xml:"skipped,attr"`
	Time     *float64 `xml:"time,attr"`
}

// sampleReport returns the report of a server with a failure and some advice; NoRuns skips some checks.
func sampleReport(t *testing.T) *Report {
	t.Helper()
	server := altering(hasStatus(http.StatusMethodNotAllowed), headerTo("Allow", "PURGE"))(sound(t, api.Document()))
	target := testTarget()
	target.NoRuns = true
	target.Handler = responding(func(r *http.Request, body string) bool { return pathHas("/WF_TEST")(r, body) },
		http.StatusForbidden, "text/html", "<b>]]>\x01\xff</b>")(server)
	report, err := Check(t.Context(), target)
	require.NoError(t, err)
	require.NotEmpty(t, report.Failures())
	require.NotEmpty(t, report.Advice())
	require.NotEmpty(t, report.Skipped())
	return report
}

func TestWriteJUnit(t *testing.T) {
	t.Parallel()
	report := sampleReport(t)
	for _, test := range []struct {
		name     string
		strict   bool
		failures int
	}{
		{"counts what breaks the contract as failures", false, len(failed(report, LevelContract))},
		{"counts advice as failures too if the target is strict", true, len(failed(report, LevelContract)) +
			len(failed(report, LevelAdvice))},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var text strings.Builder
			require.NoError(t, (&Report{Results: report.Results, strict: test.strict}).WriteJUnit(&text))
			var got junit
			decoder := xml.NewDecoder(strings.NewReader(text.String()))
			decoder.Strict = true
			require.NoError(t, decoder.Decode(&got), text.String())

			assert.Equal(t, len(report.Results), got.Tests)
			assert.Equal(t, test.failures, got.Failures)
			assert.Zero(t, got.Errors)
			assert.NotNil(t, got.Time)
			var sum junitCounts
			var names []string
			for _, suite := range got.Suites {
				var counted junitCounts
				for _, c := range suite.Cases {
					names = append(names, c.Name)
					assert.Equal(t, suite.Name, c.Classname)
					assert.NotNil(t, c.Time, c.Name)
					counted.Tests++
					if c.Failure != nil {
						counted.Failures++
						assert.NotEmpty(t, c.Failure.Message, c.Name)
						assert.Contains(t, c.Failure.Text, "/api/v1/run/", c.Name)
					}
					if c.Skipped != nil {
						counted.Skipped++
						assert.NotEmpty(t, c.Skipped.Message, c.Name)
					}
				}
				assert.Equal(t, counted.Tests, suite.Tests)
				assert.Equal(t, counted.Failures, suite.Failures)
				assert.Equal(t, counted.Skipped, suite.Skipped)
				sum.Tests, sum.Failures, sum.Skipped = sum.Tests+suite.Tests, sum.Failures+suite.Failures, sum.Skipped+suite.Skipped
			}
			assert.Equal(t, []int{got.Tests, got.Failures, len(report.Skipped())}, []int{sum.Tests, sum.Failures, sum.Skipped})
			assert.Equal(t, namesOfResults(report), names)
			assert.Equal(t, !test.strict, strings.Contains(text.String(), "<system-out>advice: "))
		})
	}
}

func TestWriteJSON(t *testing.T) {
	t.Parallel()
	report := sampleReport(t)
	var text strings.Builder
	require.NoError(t, report.WriteJSON(&text))
	var got struct {
		Results []struct{ Check, Outcome, Level, Rule, Error, Unsure, Curl string }
		Unseen  []string
	}
	require.NoError(t, json.Unmarshal([]byte(text.String()), &got))
	require.Len(t, got.Results, len(report.Results))
	for i, result := range report.Results {
		assert.Equal(t, result.Check, got.Results[i].Check)
		assert.Equal(t, result.Outcome(), got.Results[i].Outcome)
		assert.Equal(t, errorText(result.Err), got.Results[i].Error)
		assert.Equal(t, errorText(result.Unsure), got.Results[i].Unsure)
		assert.Equal(t, result.Curl, got.Results[i].Curl)
	}
	assert.Equal(t, report.Unseen(), got.Unseen)
}

func TestUnseenListsTheResponsesThatDidNotCome(t *testing.T) {
	t.Parallel()
	document := api.Document()
	op := testOperation(t, document)
	report, err := checkHandler(t, document, sound(t, document))
	require.NoError(t, err)
	for code := range op.Responses.Map() {
		name := op.Name() + " " + code
		switch code {
		case "200", "400", "401", "404", "default": // with 415
			assert.NotContains(t, report.Unseen(), name)
		default:
			assert.Contains(t, report.Unseen(), name)
		}
	}
	report.Unseen()[0] = "changed"
	assert.NotContains(t, report.Unseen(), "changed", "it is a copy")

	noRun, err := checkHandler(t, document, altering(hasStatus(http.StatusOK),
		statusTo(http.StatusTooManyRequests))(sound(t, document)))
	require.NoError(t, err)
	assert.Contains(t, noRun.Unseen(), op.Name()+" 200")
}

func namesOfResults(report *Report) []string {
	var list []string
	for _, result := range report.Results {
		list = append(list, result.Check)
	}
	return list
}

func TestAServerThatAlwaysReturns429SaysTooLittle(t *testing.T) {
	t.Parallel()
	target := testTarget()
	target.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		refuse(w,
			http.StatusTooManyRequests, "too many")
	})
	r, err := newRunner(target)
	require.NoError(t, err)
	require.NoError(t, r.serve(t.Context(), target.Handler))
	defer r.close()
	r.sender.Pause = noPause
	report, err := r.report(t.Context())
	require.ErrorIs(t, err, ErrUnsure)
	assert.NotContains(t, report.Unseen(), "runWorkflow 429", "it is judged like any response")
	assert.Len(t, report.Unsure(), len(report.Results))
	assert.Empty(t, report.Failures())
}
