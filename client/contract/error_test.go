package contract_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client/contract"
)

func TestErrorsAreReadableHoweverManyViolationsTheyHave(t *testing.T) {
	citations := func(n int) error {
		body := `{"success":true,"result":"a","citations":[` + strings.Repeat("0,", n-1) + "0]}"
		return validateResponse(runs(), newRequest(t, http.MethodPost, runURL, ""), 200, body)
	}
	t.Run("two", func(t *testing.T) {
		assert.EqualError(t, citations(2), "response 200 to POST /api/v1/run/wf_1 breaks the contract: 2 violations\n"+
			"\tbody /citations/0: value must be a string\n\tbody /citations/1: value must be a string")
	})
	t.Run("sixty: all are there, fifty are in the text", func(t *testing.T) {
		err := citations(60)
		assert.Len(t, violations(t, err), 60)
		assertOneLineEach(t, err, 51)
		assert.Contains(t, err.Error(), "and 10 more")
	})
	t.Run("more values than a person could read about: the first violation", func(t *testing.T) {
		assert.Len(t, violations(t, citations(200_000)), 1)
	})
	t.Run("a long line is cut and a broken one mended", func(t *testing.T) {
		violation := contract.Violation{In: "body", Pointer: "/" + strings.Repeat("ä", 400),
			Message: "a\r\n\tb\x00\u2028" + strings.Repeat("é", 400)}
		text := fmt.Sprint(violation)
		assert.Less(t, len(text), 640)
		assert.Regexp(t, `^body /ä+\.\.\.: a b é+\.\.\.$`, text)
	})
}

func TestErrorsAreLoggedWithoutTheirBody(t *testing.T) {
	var text strings.Builder
	logger := slog.New(slog.NewJSONHandler(&text,
		&slog.HandlerOptions{ReplaceAttr: func(_ []string, attr slog.Attr) slog.Attr {
			if attr.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return attr
		}}))
	req := newRequest(t, http.MethodPost, runURL, `{}`)
	for _, err := range []error{runs().ValidateRequest(req),
		validateResponse(runs(), req, 200, `{"success":true,"result":5,"secret":"x"}`)} {
		broken, ok := errors.AsType[*contract.Error](err)
		require.True(t, ok)
		logger.Warn("broken", "contract", broken)
	}
	assert.NotContains(t, text.String(), "secret")
	request := `{"level":"WARN","msg":"broken","contract":{"method":"POST","path":"/api/v1/run/wf_1","violations":["body /prompt: property \"prompt\" is missing"]}}` + "\n"
	response := `{"level":"WARN","msg":"broken","contract":{"method":"POST","path":"/api/v1/run/wf_1","status":200,"violations":["body /result: value must be a string"]}}` + "\n"
	assert.Equal(t, request+response, text.String())
}

func TestANilErrorPrintsAndLogsAsNil(t *testing.T) {
	var none *contract.Error
	assert.Equal(t, "<nil>", fmt.Sprint(none))
	assert.Equal(t, "<nil>", none.Error())
	require.NoError(t, none.Unwrap())
	var text strings.Builder
	slog.New(slog.NewTextHandler(&text, nil)).Warn("broken", "contract", none)
	assert.Contains(t, text.String(), " contract=<nil>\n")
}
