package exchange

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDecompress(t *testing.T) {
	const limit = 1000
	compressed := func(newWriter func(io.Writer) io.WriteCloser, text string) string {
		var out bytes.Buffer
		w := newWriter(&out)
		_, _ = io.WriteString(w, text)
		_ = w.Close()
		return out.String()
	}
	gzipped := func(text string) string {
		return compressed(func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }, text)
	}
	deflated := compressed(func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }, "text")
	for _, test := range []struct{ name, encoding, body, want, says string }{
		{"no encoding", "", "text", "text", ""},
		{"identity", "identity", "text", "text", ""},
		{"gzip", "gzip", gzipped("text"), "text", ""},
		{"gzip in capitals", "GZIP", gzipped("text"), "text", ""},
		{"deflate", "deflate", deflated, "text", ""},
		{"gzip of nothing", "gzip", gzipped(""), "", ""},
		{"a bomb", "gzip", gzipped(strings.Repeat("x", 100*limit)), strings.Repeat("x", limit+1), "longer than 1000 bytes"},
		{"gzip that is none", "gzip", "text", "", `"gzip"`},
		{"gzip that is cut off", "gzip", gzipped("text")[:12], "t", `"gzip"`},
		{"deflate that is none", "deflate", "text", "", `"deflate"`},
		{"brotli", "br", "\x1b\x07text", "", `"br"`},
		{"two encodings", "gzip, gzip", "text", "", `"gzip, gzip"`},
	} {
		got, err := Decompress(test.encoding, []byte(test.body), limit)
		if test.says != "" {
			require.ErrorContains(t, err, test.says, test.name)
		} else {
			require.NoError(t, err, test.name)
		}
		assert.Equal(t, test.want, string(got), test.name)
	}
}
