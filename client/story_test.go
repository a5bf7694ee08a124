package client_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/gen"
)

const charlie = "Once upon a time, there was a friendly dog named Charlie..."

func TestRunStory_HasTheTextOfEitherVariant(t *testing.T) {
	for name, want := range map[string]string{
		"CompletedRun":         charlie,
		"TextRun":              charlie,
		"TextRunWithCitations": "Dogs were the first animals to live with people.",
		"TextRunOfJSON":        `{"title":"Charlie","generated_story":"` + charlie + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			c := clientOf(t, reply{200, nil, example(t, name)})
			run, err := c.RunStory(t.Context(), testWorkflow, "a dog")
			require.NoError(t, err)
			assert.Equal(t, want, run.Text)
			same, err := c.Run(t.Context(), testWorkflow, gen.RunRequest{Story: "a dog"})
			require.NoError(t, err)
			assert.Equal(t, want, same.Text)
			other, err := c.RunInputs(t.Context(), testWorkflow, map[string]any{"x": 1})
			require.NoError(t, err)
			assert.Equal(t, want, other.Text)
			assert.Equal(t, run.Output, other.Output)
		})
	}
}

func TestRunStory_ReadsTheTextHoweverItIsWritten(t *testing.T) {
	long := strings.Repeat("He said: \"Come!\"\nShe went. a/b c\\d caf\u00e9 \U0001F436\t\u2028 ", 100)
	quoted, err := json.Marshal(long)
	require.NoError(t, err)
	for name, test := range map[string]struct{ story, fields, text string }{
		"half a surrogate pair":            {`"\udc36x"`, "", "\uFFFDx"},
		"a long text":                      {string(quoted), "", long},
		"citations of another type":        {`"x"`, `,"citations":5,"result":null`, "x"},
		"a result of the deployed variant": {`"x"`, `,"result":"y"`, "x"},
		"a blank text beside a result":     {`""`, `,"result":"y"`, "y"},
	} {
		t.Run(name, func(t *testing.T) {
			body := `{"success":true,"run_id":"r","status":"completed","output":{"generated_story":` + test.story + `}` +
				test.fields + `}`
			run, err := clientOf(t, reply{200, nil, body}).RunStory(t.Context(), testWorkflow, "a dog")
			require.NoError(t, err)
			assert.Equal(t, test.text, run.Text)
			assert.Equal(t, "r", run.ID)
		})
	}
}

func TestRunStory_HasNoTextIfTheOutputIsAnothers(t *testing.T) {
	const body = `{"success":true,"run_id":"r","status":"completed","output":{"story":"Once"}}`
	run, err := clientOf(t, reply{200, nil, body}).RunStory(t.Context(), testWorkflow, "a dog")
	assert.Contains(t, pointersOf(t, err), "/output/generated_story")
	require.NotNil(t, run)
	assert.Empty(t, run.Text)
	var output map[string]string
	require.NoError(t, run.Decode(&output))
	assert.Equal(t, map[string]string{"story": "Once"}, output)
	run, err = clientOf(t, reply{200, nil, body}).RunInputs(t.Context(), testWorkflow, map[string]any{"x": 1})
	require.NoError(t, err)
	assert.Empty(t, run.Text)
}

func TestRunStory_RefusesAStoryThatIsNoText(t *testing.T) {
	t.Parallel()
	transport := scripted(stepResponse(200, runBody))
	c := newClient(t, transport)
	for name, test := range map[string]struct{ story, says string }{
		"not UTF-8":                  {"a \xff dog", "UTF-8"},
		"half a surrogate":           {"\xed\xa0\xbd", "UTF-8"},
		"blank":                      {"", "the story is blank"},
		"white space":                {" \t\n", "the story is blank"},
		"white space of other kinds": {" \t\n\u00a0\u2003", "the story is blank"},
	} {
		run, err := c.RunStory(t.Context(), testWorkflow, test.story)
		require.ErrorIs(t, err, client.ErrInvalidRequest, name)
		require.ErrorContains(t, err, test.says)
		assert.Nil(t, run)
		assertOneLine(t, err)
		assert.False(t, client.SafeToRetry(err))
		_, err = c.RunStory(t.Context(), testKey, test.story)
		require.ErrorIs(t, err, client.ErrInvalidRequest)
		assertNoKey(t, testKey, nil, err)
		if name != "white space of other kinds" { // to the contract's pattern, white space is ASCII
			_, err = c.Run(t.Context(), testWorkflow, gen.RunRequest{Story: test.story})
			require.ErrorIs(t, err, client.ErrInvalidRequest, name)
		}
	}
	_, err := c.Run(t.Context(), testWorkflow, gen.RunRequest{Story: " "})
	require.EqualError(t, err, "run workflow wf_1: invalid request: the story is blank")
	var problem *client.ArgumentError
	require.ErrorAs(t, err, &problem)
	assert.Equal(t, "story", problem.Field)
	assert.Equal(t, "the story is blank", problem.Reason)
	assertOneLine(t, err)
	assert.Empty(t, transport.inputs, "nothing was sent")
}

func TestRunStory_SendsAStoryAsItIs(t *testing.T) {
	transport := scripted(stepResponse(200, runBody))
	c := newClient(t, transport)
	for _, story := range []string{`a "story" about Zoë`, "\x00", "<&>\u2028", "\U0001F415", `"}]`,
		strings.Repeat("x", 1<<20)} {
		_, err := c.RunStory(t.Context(), testWorkflow, story)
		require.NoError(t, err)
		var sent map[string]string
		require.NoError(t, json.Unmarshal([]byte(transport.inputs[len(transport.inputs)-1]), &sent))
		assert.Equal(t, map[string]string{"story": story}, sent)
	}
}

// FuzzRunStory_Text responds with any body: the text is that which encoding/json finds.
func FuzzRunStory_Text(f *testing.F) {
	addExamples(f, func(body []byte) { f.Add(body) })
	f.Add([]byte(`{"success":true,"run_id":"r","status":"s","output":{"generated_story":"a"},"result":"b","citations":["c"]}`))
	var response fuzzResponse
	c := response.client(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		response = fuzzResponse{200, "application/json", body}
		run, err := c.RunStory(t.Context(), testWorkflow, "a dog")
		if err != nil {
			return
		}
		var fields, output map[string]json.RawMessage
		var story, result string
		_ = json.Unmarshal(body, &fields)
		_ = json.Unmarshal(fields["output"], &output)
		_ = json.Unmarshal(output["generated_story"], &story)
		_ = json.Unmarshal(fields["result"], &result)
		if story == "" {
			story = result
		}
		assert.Equal(t, story, run.Text)
	})
}

func TestRunStory_SendsNothingForAWorkflowIDThatIsNotOnePathSegment(t *testing.T) {
	t.Parallel()
	assertRefusesIDs(t, map[string]func(context.Context, *client.Client, string) (*client.Run, error){
		"RunStory": func(ctx context.Context, c *client.Client, id string) (*client.Run, error) {
			return c.RunStory(ctx, id, "a story about a dog named charlie")
		},
		"RunStory, blank": func(ctx context.Context, c *client.Client, id string) (*client.Run, error) {
			return c.RunStory(ctx, id, " \n\t")
		},
	})
}
