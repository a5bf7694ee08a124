package contract

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/aitutor-api/aitutor-go/client/internal/printable"
)

// tooLongError says that a body is longer than a Validator reads.
type tooLongError struct{ limit int64 }

func (e *tooLongError) Error() string {
	return fmt.Sprintf("is longer than %d bytes (WithMaxBodyBytes)", e.limit)
}

// unreadable is the violation of a body that was not read whole.
func unreadable(err error) Violation {
	if tooLong, ok := errors.AsType[*tooLongError](err); ok {
		return Violation{In: "body", Message: tooLong.Error()}
	}
	return Violation{In: "body", Message: "could not be read whole: " + printable.Line(err.Error())}
}

// readBody reads a body, to the limit, and leaves in its place one that gives the same, the error included. With
// an error readBody returns what came before it.
func readBody(body *io.ReadCloser, contentLength, limit int64) ([]byte, error) {
	if *body == nil || *body == http.NoBody {
		return nil, nil
	}
	original := *body
	data, err := readAll(original, contentLength, limit)
	tooLong, _ := errors.AsType[*tooLongError](err)
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

// readAll reads a body of contentLength bytes, or of unknown length if that is less than 0. Of a body that is longer than
// limit it returns one byte more than that, and a *tooLongError.
func readAll(body io.Reader, contentLength, limit int64) ([]byte, error) {
	const trusted = 1 << 20 // largest buffer allocated on Content-Length alone
	size := int64(512)
	if contentLength > 0 {
		size = min(contentLength, trusted)
	}
	data := make([]byte, 0, min(size, limit)+1) // one more, to meet the end, or to see that there is more
	for {
		n, err := body.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		switch {
		case int64(len(data)) > limit:
			return data, &tooLongError{limit}
		case err == io.EOF:
			return data, nil
		case err != nil:
			return data, err
		case len(data) == cap(data):
			data = append(make([]byte, 0, min(2*int64(cap(data)), limit+1)), data...)
		}
	}
}

// restoredBody is a body that was read in part, from its beginning.
type restoredBody struct {
	io.Reader
	io.Closer
}

// failingReader fails with an error.
type failingReader struct{ err error }

func (r failingReader) Read([]byte) (int, error) { return 0, r.err }
