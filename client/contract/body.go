package contract

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/aitutor-api/aitutor-go/client/internal/exchange"
	"github.com/aitutor-api/aitutor-go/client/internal/printable"
)

// readBody reads a body, to the limit, and leaves in its place one that gives the same, the error included. With
// an error readBody returns what came before it.
func readBody(body *io.ReadCloser, contentLength, limit int64) ([]byte, error) {
	if *body == nil || *body == http.NoBody {
		return nil, nil
	}
	original := *body
	data, err := exchange.ReadBody(original, contentLength, limit)
	tooLong, _ := errors.AsType[*exchange.TooLongError](err)
	switch {
	case err == nil:
		_ = original.Close()
		*body = io.NopCloser(bytes.NewReader(data))
	case tooLong != nil:
		*body = restoredBody{io.MultiReader(bytes.NewReader(data), original), original}
		data = data[:limit]
	default:
		_ = original.Close()
		*body = restoredBody{io.MultiReader(bytes.NewReader(data), failingReader{err}), http.NoBody}
	}
	return data, err
}

// restoredBody is a body that was read in part, from its beginning.
type restoredBody struct {
	io.Reader
	io.Closer
}

// failingReader fails with an error.
type failingReader struct{ err error }

func (r failingReader) Read([]byte) (int, error) { return 0, r.err }

// unreadable returns the violation of a body that was not read whole.
func unreadable(err error) []Violation {
	if tooLong, ok := errors.AsType[*exchange.TooLongError](err); ok {
		return inBody("is longer than %d bytes (WithMaxBodyBytes)", tooLong.Limit)
	}
	return inBody("could not be read whole: %v", err)
}

// decodeContent returns a body without its content codings: gzip and deflate are known.
func decodeContent(header http.Header, data []byte, limit int64) (plain []byte, broken []Violation) {
	if len(header["Content-Encoding"]) == 0 {
		return data, nil
	}
	refuse := func(format string, args ...any) []Violation {
		message := printable.Line(fmt.Sprintf(format, args...))
		return []Violation{{In: "header", Pointer: "Content-Encoding", Message: message}}
	}
	codings := strings.Split(strings.Join(header.Values("Content-Encoding"), ","), ",")
	for _, coding := range slices.Backward(codings) { // the last was applied last
		coding = strings.ToLower(strings.TrimSpace(coding))
		var reader io.Reader
		var err error
		switch coding {
		case "", "identity":
			continue
		case "gzip", "x-gzip":
			reader, err = gzip.NewReader(bytes.NewReader(data))
		case "deflate": // of zlib, or bare, as some send it
			if reader, err = zlib.NewReader(bytes.NewReader(data)); err != nil {
				reader, err = flate.NewReader(bytes.NewReader(data)), nil
			}
		default:
			return nil, refuse("the content coding %q cannot be decoded: gzip and deflate can", coding)
		}
		if err == nil {
			data, err = exchange.ReadBody(reader, -1, limit)
		}
		if _, tooLong := errors.AsType[*exchange.TooLongError](err); tooLong {
			return nil, unreadable(err)
		}
		if err != nil {
			return nil, refuse("the body is not %s, as its content coding says: %v", coding, err)
		}
	}
	return data, nil
}
