package contracttest

import (
	"fmt"
	"net/http"
	"strings"
)

// keyVariable is what stands for the key in a command, within double quotes.
const keyVariable = "$AITUTOR_API_KEY"

// curl is a request as a command for a POSIX shell.
func (k *kit) curl(r request) string {
	args := []string{"curl --silent --show-error --include --globoff --path-as-is"}
	if r.method == http.MethodHead {
		args[0] += " --head"
	} else {
		args[0] += " --request " + r.method
	}
	args[0] += " " + k.quote(k.base+r.path)
	switch c := r.credential; {
	case c.key != "":
		args = append(args, `--header "Authorization: `+strings.TrimSpace(c.scheme+" "+c.shell)+`"`)
	case c.scheme != "":
		args = append(args, `--header "Authorization: `+c.scheme+`"`)
	}
	if r.contentType != "" {
		args = append(args, "--header "+k.quote("Content-Type: "+r.contentType))
	}
	before := ""
	switch {
	case r.body == nil:
	case fitsArgument(r.body):
		args = append(args, "--data-binary "+k.quote(string(r.body)))
	default:
		before = k.printf(string(r.body)) + " |\n"
		args = append(args, "--data-binary @-")
	}
	return before + strings.Join(args, " \\\n  ")
}

// quote is a text as one argument.
func (k *kit) quote(text string) string {
	return "'" + strings.ReplaceAll(k.inCommand(text), "'", `'\''`) + "'"
}

// inCommand keeps the key out of what is not the header of the key: a base URL or inputs that have it in them.
func (k *kit) inCommand(text string) string { return k.redact(text, "") }

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
func (k *kit) printf(body string) string {
	const often = 100
	body = k.inCommand(body)
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
		run := len(body) - len(strings.TrimLeft(body, string(rune(b))))
		switch {
		case b < 0x80 && run >= often:
			flush()
			commands = append(commands, fmt.Sprintf(`head -c %d /dev/zero | tr '\0' '%s'`, run, escape(b)))
			body = body[run:]
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
