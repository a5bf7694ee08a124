package main

import (
	"bufio"
	"context"
	"flag"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client/contracttest"
)

func TestWhatItPrintsIsWhatTheContractCommandNeeds(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"in the documented variant": nil,
		"in the deployed variant":   {"-text"},
		"with flags of two dashes":  {"--text", "--delay=1ms"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, stop := context.WithCancel(t.Context())
			reader, writer := io.Pipe()
			ended := make(chan error, 1)
			go func() { ended <- run(ctx, writer, io.Discard, append([]string{"-address", "127.0.0.1:0"}, args...)) }()

			set := map[string]string{}
			lines := bufio.NewScanner(reader)
			for lines.Scan() {
				text, isExport := strings.CutPrefix(lines.Text(), "export ")
				if !isExport {
					break
				}
				variable, value, _ := strings.Cut(text, "=")
				set[variable] = value
			}
			assert.Equal(t, "make contract URL="+set["AITUTOR_BASE_URL"], lines.Text())
			report, err := contracttest.Check(t.Context(), contracttest.Target{
				BaseURL: set["AITUTOR_BASE_URL"], APIKey: set["AITUTOR_API_KEY"], WorkflowID: set["AITUTOR_WORKFLOW_ID"],
			})
			stop()
			require.NoError(t, <-ended)
			require.NoError(t, err)
			assert.Empty(t, report.Failures())
			assert.Empty(t, report.Advice())
		})
	}
}

func TestBadArgumentsAreNamed(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		args []string
		want string
	}{
		{"an address that is not loopback", []string{"-address", "0.0.0.0:0"}, "not a loopback address"},
		{"an address without a port", []string{"-address", "localhost"}, "missing port"},
		{"a negative delay", []string{"-delay", "-1s"}, "negative"},
		{"an argument", []string{"text"}, "unexpected argument"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			assert.ErrorContains(t, run(t.Context(), io.Discard, io.Discard, test.args), test.want)
		})
	}
	var usage strings.Builder
	require.ErrorIs(t, run(t.Context(), io.Discard, &usage, []string{"-h"}), flag.ErrHelp)
	assert.Contains(t, usage.String(), "-text")
}

func TestInterruptingMakeServeIsNoError(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds the program")
	}
	serve := exec.CommandContext(t.Context(), "make", "--silent", "--directory", "../../..", "serve",
		"ARGS=-address 127.0.0.1:0")
	serve.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	serve.Env = append(os.Environ(), "MAKEFLAGS=")
	var stderr strings.Builder
	serve.Stderr = &stderr
	stdout, err := serve.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, serve.Start())
	interrupt := func() {
		assert.NoError(t,
			syscall.Kill(-serve.Process.Pid, syscall.SIGINT))
	} // as a terminal does, to all
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "make contract") {
			interrupt()
		}
	}
	err = serve.Wait() // make ends by the signal
	assert.Empty(t, stderr.String(), err)
}
