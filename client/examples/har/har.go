package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
)

// exchange is one entry of a HAR file.
type exchange struct {
	request      *http.Request
	requestBody  []byte
	response     *http.Response // nil: none came
	responseBody []byte         // nil: the file does not have it
}

// The parts of HAR 1.2 that say what was sent: http://www.softwareishard.com/blog/har-12-spec/
type (
	file struct {
		Log *struct {
			Entries []entry `json:"entries"`
		} `json:"log"`
	}
	entry struct {
		Request struct {
			Method   string `json:"method"`
			URL      string `json:"url"`
			Headers  []pair `json:"headers"`
			PostData *struct {
				MimeType string `json:"mimeType"`
				Text     string `json:"text"`
				Params   []pair `json:"params"`
			} `json:"postData"`
		} `json:"request"`
		Response struct {
			Status  int    `json:"status"` // 0: no response came
			Headers []pair `json:"headers"`
			Content struct {
				MimeType string  `json:"mimeType"`
				Text     *string `json:"text"`
				Encoding string  `json:"encoding"`
				Size     int64   `json:"size"`
			} `json:"content"`
		} `json:"response"`
	}
	pair struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
)

// readHAR reads the exchanges of a HAR file, in its order.
func readHAR(name string) ([]exchange, error) {
	data, err := os.ReadFile(name) //nolint:gosec // the file that the user names
	if err != nil {
		return nil, err
	}
	var har file
	if err := json.Unmarshal(bytes.TrimPrefix(data, []byte("\uFEFF")), &har); err != nil {
		return nil, fmt.Errorf("%s is not a HAR file: %w", name, err)
	}
	if har.Log == nil {
		return nil, fmt.Errorf("%s is not a HAR file: it has no log", name)
	}
	exchanges := make([]exchange, len(har.Log.Entries))
	for i, entry := range har.Log.Entries {
		if exchanges[i], err = entry.exchange(); err != nil {
			return nil, fmt.Errorf("%s: entry %d: %w", name, i, err)
		}
	}
	return exchanges, nil
}

func (e *entry) exchange() (exchange, error) {
	target, err := url.Parse(e.Request.URL)
	if err != nil {
		return exchange{}, fmt.Errorf("its URL: %w", err)
	}
	x := exchange{request: &http.Request{Method: e.Request.Method, URL: target, Header: headerOf(e.Request.Headers)}}
	if data := e.Request.PostData; data != nil {
		x.requestBody = []byte(data.Text)
		if data.Text == "" && strings.HasPrefix(data.MimeType, "application/x-www-form-urlencoded") {
			form := url.Values{}
			for _, param := range data.Params {
				form.Add(param.Name, param.Value)
			}
			x.requestBody = []byte(form.Encode())
		}
		setIfMissing(x.request.Header, "Content-Type", data.MimeType)
	}
	if e.Response.Status == 0 {
		return x, nil
	}
	x.response = &http.Response{StatusCode: e.Response.Status, Header: headerOf(e.Response.Headers), Request: x.request}
	content := e.Response.Content
	setIfMissing(x.response.Header, "Content-Type", content.MimeType)
	switch {
	case content.Text == nil && content.Size > 0:
	case content.Text == nil:
		x.responseBody = []byte{}
	case content.Encoding == "base64":
		if x.responseBody, err = base64.StdEncoding.DecodeString(*content.Text); err != nil {
			return exchange{}, fmt.Errorf("the content of its response: %w", err)
		}
	default:
		x.responseBody = []byte(*content.Text)
	}
	return x, nil
}

// headerOf returns a header without what HTTP/2 has for the request line, and without the coding of the body, which the
// file has decoded.
func headerOf(pairs []pair) http.Header {
	header := http.Header{}
	for _, p := range pairs {
		if !strings.HasPrefix(p.Name, ":") && !strings.EqualFold(p.Name, "Content-Encoding") {
			header.Add(p.Name, p.Value)
		}
	}
	return header
}

func setIfMissing(header http.Header, name, value string) {
	if header.Get(name) == "" && value != "" && value != "x-unknown" {
		header.Set(name, value)
	}
}
