package client_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/oapi-codegen/runtime/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client"
	"github.com/aitutor-api/aitutor-go/client/clienttest"
	"github.com/aitutor-api/aitutor-go/client/contracttest"
	"github.com/aitutor-api/aitutor-go/gen"
)

// TestOperations calls the operations of operations.yaml through the client, on the test server.
func TestOperations(t *testing.T) {
	server := clienttest.NewServer()
	defer server.Close()
	c, err := client.New(server.APIKey, client.WithBaseURL(server.URL))
	require.NoError(t, err)
	ctx, api := t.Context(), c.API()
	tenant := types.UUID{1}
	type response interface{ StatusCode() int }
	for _, test := range []struct {
		name   string
		status int
		call   func() (response, error)
	}{
		{"query, header and cookie parameters that are not set", 200, func() (response, error) {
			return api.ListLessonsWithResponse(ctx, &gen.ListLessonsParams{Q: "dogs"})
		}},
		{"query, header and cookie parameters", 200, func() (response, error) {
			return api.ListLessonsWithResponse(ctx, &gen.ListLessonsParams{
				Q: "dogs", Limit: new(1), Tags: &[]string{"a", "b"}, Since: &types.Date{Time: time.Unix(0, 0)}, XTrace: new("x"),
				Session: new("s"),
			})
		}},
		{"201", 201, func() (response, error) {
			return api.CreateLessonWithResponse(ctx, gen.LessonIn{Title: "Dogs", Secret: new("s")})
		}},
		{"several path parameters, an integer", 200,
			func() (response, error) { return api.GetLessonWithResponse(ctx, "example", 1) }},
		{"PUT with an array", 200, func() (response, error) {
			return api.ReplaceLessonWithResponse(ctx, "example", 1,
				[]string{"a"})
		}},
		{"PATCH with what is set", 200, func() (response, error) {
			return api.PatchLessonWithResponse(ctx, "example", 1, gen.LessonPatch{Done: new(false)})
		}},
		{"DELETE with 204", 204, func() (response, error) { return api.DeleteLessonWithResponse(ctx, "example", 1) }},
		{"HEAD", 200, func() (response, error) { return api.HeadLessonWithResponse(ctx, "example", 1) }},
		{"202 with a required header", 202, func() (response, error) { return api.CancelJobWithResponse(ctx, "example") }},
		{"303", 303, func() (response, error) { return api.JobResultWithResponse(ctx, "example") }},
		{"a string as the body, 2XX", 200, func() (response, error) { return api.AddNoteWithResponse(ctx, "note") }},
		{"text, default only", 200, func() (response, error) { return api.PutTextWithTextBodyWithResponse(ctx, "text") }},
		{"oneOf", 204, func() (response, error) {
			return api.AddShapeWithBodyWithResponse(ctx, "application/json", strings.NewReader(`{"radius":1}`))
		}},
		{"a form", 204, func() (response, error) {
			return api.SendFormWithFormdataBodyWithResponse(ctx, gen.SendFormFormdataRequestBody{Name: "Charlie"})
		}},
		{"multipart with a file", 204, func() (response, error) {
			var body bytes.Buffer
			form := multipart.NewWriter(&body)
			file, _ := form.CreateFormFile("file", "a.txt")
			_, _ = file.Write([]byte("text"))
			_ = form.Close()
			return api.UploadWithBodyWithResponse(ctx, form.FormDataContentType(), &body)
		}},
		{"a binary download", 200, func() (response, error) { return api.DownloadWithResponse(ctx) }},
		{"CSV beside JSON", 200, func() (response, error) { return api.ExportLessonsWithResponse(ctx) }},
		{"no operationId", 200, func() (response, error) { return api.GetV2UnnamedWithResponse(ctx) }},
		{"no security", 200, func() (response, error) { return api.GetPublicWithResponse(ctx) }},
		{"an API key in a header", 200, func() (response, error) { return api.GetKeyedWithResponse(ctx) }},
		{"bearer or API key", 204, func() (response, error) { return api.PutKeyedWithResponse(ctx) }},
		{"bearer and API key", 204, func() (response, error) { return api.PostKeyedWithResponse(ctx) }},
		{"a stream of events", 200, func() (response, error) { return api.EventsWithResponse(ctx) }},
		{"a page, with parameters of every style", 200, func() (response, error) {
			params := &gen.ItemsListParams{
				XTenant: tenant, Sort: "asc", Session: "abc", Ids: &[]int{1, 2}, Pipes: &[]string{"a", "b"}, XTags: &[]string{"a"},
			}
			params.Where.Level = "low"
			return api.ItemsListWithResponse(ctx, params)
		}},
		{"a merge patch", 200, func() (response, error) {
			return api.MergeItemsWithApplicationMergePatchPlusJSONBodyWithResponse(ctx, &gen.MergeItemsParams{XTenant: tenant},
				gen.MergeItemsApplicationMergePatchPlusJSONRequestBody{})
		}},
		{"DELETE with a body", 200, func() (response, error) {
			return api.DeleteItemsWithResponse(ctx, &gen.DeleteItemsParams{XTenant: tenant},
				gen.DeleteItemsJSONRequestBody{Ids: []string{"a"}})
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			res, err := test.call()
			require.NoError(t, err)
			assert.Equal(t, test.status, res.StatusCode())
		})
	}
}

// TestOptionalFields sends each type of optional field unset, and zero on purpose.
func TestOptionalFields(t *testing.T) {
	for _, test := range []struct {
		in   gen.LessonIn
		want string
	}{
		{gen.LessonIn{Title: "Dogs", Secret: new("s")}, `{"title":"Dogs","secret":"s"}`},
		{
			gen.LessonIn{Title: "Dogs", Secret: new("s"), Pages: new(0), Done: new(false)},
			`{"title":"Dogs","secret":"s","pages":0,"done":false}`,
		},
	} {
		req, err := gen.NewCreateLessonRequest("https://example.com", test.in)
		require.NoError(t, err)
		var body bytes.Buffer
		_, err = body.ReadFrom(req.Body)
		require.NoError(t, err)
		assert.JSONEq(t, test.want, body.String())
	}
	req, err := gen.NewListLessonsRequest("https://example.com", &gen.ListLessonsParams{Q: "dogs"})
	require.NoError(t, err)
	assert.Equal(t, "q=dogs", req.URL.RawQuery)
	assert.Equal(t, http.Header{}, req.Header)
}

// TestOperationsKeepTheContract checks them all with the contract kit.
func TestOperationsKeepTheContract(t *testing.T) {
	server := clienttest.NewServer()
	defer server.Close()
	contracttest.Run(t, contracttest.Target{BaseURL: server.URL, APIKey: server.APIKey, WorkflowID: server.WorkflowID})
}
