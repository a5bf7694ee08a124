package exchange

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"strings"
)

// Decompress returns body without its content encoding: gzip, deflate, or none. If that is longer than limit bytes, it
// returns limit+1 of them and a [*TooLongError]. Any other error names the encoding.
func Decompress(encoding string, body []byte, limit int64) ([]byte, error) {
	var reader io.Reader
	var err error
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "identity":
		return body, nil
	case "gzip", "x-gzip":
		reader, err = gzip.NewReader(bytes.NewReader(body))
	case "deflate":
		reader, err = zlib.NewReader(bytes.NewReader(body))
	default:
		return nil, fmt.Errorf("the content encoding %.40q is not supported", encoding)
	}
	var plain []byte
	if err == nil {
		plain, err = ReadBody(reader, -1, limit)
	}
	if _, ok := err.(*TooLongError); err != nil && !ok { //nolint:errorlint // of ReadBody, which does not wrap it
		err = fmt.Errorf("the content encoding is %.40q, but the body is not: %w", encoding, err)
	}
	return plain, err
}
