package client_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client"
)

func TestOptions_RefuseABadValueByName(t *testing.T) {
	for name, test := range map[string]struct {
		option client.Option
		says   string
	}{
		"an option that is nil":       {nil, "an option is nil"},
		"no HTTP client":              {client.WithHTTPClient(nil), "WithHTTPClient"},
		"a negative timeout":          {client.WithTimeout(-time.Second), "WithTimeout: -1s"},
		"negative retries":            {client.WithMaxRetries(-1), "WithMaxRetries: -1"},
		"a negative response size":    {client.WithMaxResponseBytes(-1), "WithMaxResponseBytes: -1"},
		"no response size":            {client.WithMaxResponseBytes(0), "WithMaxResponseBytes: 0"},
		"no logger":                   {client.WithLogger(nil), "WithLogger"},
		"a user agent with a newline": {client.WithUserAgent("a\r\nb"), "WithUserAgent"},
		"a blank user agent":          {client.WithUserAgent(" "), "WithUserAgent"},
		"no violation handler":        {client.WithViolationHandler(nil), "WithViolationHandler"},
		"no logger of violations":     {client.WithViolationHandler(client.LogViolations(nil)), "LogViolations has no logger"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := client.New("sk_test", test.option)
			require.ErrorContains(t, err, test.says)
			assert.Nil(t, c)
			assertOneLine(t, err)
		})
	}
}

func TestWithHTTPClient_CopiesTheClient(t *testing.T) {
	hc := &http.Client{Timeout: time.Minute}
	_, err := client.New("sk_test", client.WithHTTPClient(hc))
	require.NoError(t, err)
	assert.Nil(t, hc.CheckRedirect)
	assert.Nil(t, hc.Transport)
	assert.Equal(t, time.Minute, hc.Timeout)
}

func TestLogViolations_LogsThemWithoutTheBodyAndAcceptsTheRun(t *testing.T) {
	var record bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&record, nil))
	body := `{"success":true,"result":"` + runText + `","citations":null}`
	run, err := runExample(t, clientOf(t, reply{200, nil, body}, client.WithViolationHandler(client.LogViolations(logger))))
	require.NoError(t, err)
	assert.Equal(t, runText, run.Text)
	assert.Contains(t, record.String(), `"level":"WARN"`)
	assert.Contains(t, record.String(), "/citations")
	assert.NotContains(t, record.String(), runText)
}
