package client

import (
	"context"
	"strings"

	"github.com/aitutor-api/aitutor-go/gen"
)

// This file holds all that is particular to the story workflow. If the contract's RunRequest and RunOutput are those
// of another workflow, it is the one to replace.

// RunStory runs a workflow that takes the story workflow's input, the prompt of the story. Its errors are those of
// [Client.Run]; a blank story is refused before anything is sent.
func (c *Client) RunStory(ctx context.Context, workflowID, story string) (*Run, error) {
	if strings.TrimSpace(story) == "" {
		return nil, c.refuse(workflowID, "story", "the story is blank")
	}
	return c.Run(ctx, workflowID, gen.RunRequest{Story: story})
}

// outputText returns the text in the output of the documented variant, for Run.Text.
func outputText(output gen.RunOutput) string { return output.GeneratedStory }
