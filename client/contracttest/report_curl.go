package contracttest

import (
	"fmt"
	"net/http"
	"strings"
)

// keyVariable is what stands for the key in a command, within double quotes.
const keyVariable = "$AITUTOR_API_KEY"

// curl is a request as a command for a POSIX shell.
func (r *runner) curl(req request) string {
	args := []string{"curl --silent --show-error --include --globoff --path-as-is"}
	if req.method == http.MethodHead {
		args[0] += " --head"
	} else {
		args[0] += " --request " + req.method
	}
	args[0] += " " + r.quote(r.base+req.path)
	switch c := req.credential; {
	case c.key != "":
		args = append(args, `--header "Authorization: `+strings.TrimSpace(c.scheme+" "+c.shell)+`"`)
	case c.scheme != "":
		args = append(args, `--header "Authorization: `+c.scheme+`"`)
	}
	for _, h := range req.headers {
		if h.shell != "" {
			args = append(args, `--header "`+h.name+": "+h.shell+`"`)
			continue
		}
		args = append(args, "--header "+r.quote(h.name+": "+h.value))
	}
	if req.contentType != "" {
		args = append(args, "--header "+r.quote("Content-Type: "+req.contentType))
	}
	before := ""
	switch {
	case req.body == nil:
	case fitsArgument(req.body):
		args = append(args, "--data-binary "+r.quote(string(req.body)))
	default:
		before = r.printf(string(req.body)) + " |\n"
		args = append(args, "--data-binary @-")
	}
	return before + strings.Join(args, " \\\n  ")
}

// quote is a text as one argument, with the variable for the key.
func (r *runner) quote(text string) string {
	parts := []string{text}
	if key := r.target.APIKey; len(key) >= minSecret {
		parts = strings.Split(text, key)
	}
	for i, part := range parts {
		parts[i] = strings.ReplaceAll(r.redact(part, ""), "'", `'\''`)
	}
	return "'" + strings.Join(parts, `'"`+keyVariable+`"'`) + "'"
}

// fitsArgument reports whether a body can be shown as it is.
func fitsArgument(body []byte) bool {
	const limit = 1000
	for _, b := range body {
		if b < ' ' || b > '~' {
			return false
		}
	}
	return len(body) <= limit
}

// printf is a command that prints a body, in plain ASCII, what is repeated often in short.
func (r *runner) printf(body string) string {
	const often = 100
	body = r.redact(body, "")
	var commands []string
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			commands = append(commands, "printf '"+text.String()+"'")
			text.Reset()
		}
	}
	for len(body) > 0 {
		b := body[0]
		repeated := len(body) - len(strings.TrimLeft(body, string(rune(b))))
		switch {
		case b < 0x80 && repeated >= often:
			flush()
			commands = append(commands, fmt.Sprintf(`head -c %d /dev/zero | tr '\0' '%s'`, repeated, escape(b)))
			body = body[repeated:]
		default:
			text.WriteString(escape(b))
			body = body[1:]
		}
	}
	flush()
	return "{ " + strings.Join(commands, "; ") + "; }"
}

// escape is a byte in the format of printf, within single quotes.
func escape(b byte) string {
	switch {
	case b == '%':
		return "%%"
	case b < ' ', b > '~', b == '\'', b == '\\':
		return fmt.Sprintf(`\%03o`, b)
	}
	return string(rune(b))
}
