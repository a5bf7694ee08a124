package wire

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Curl returns the request as a command for a POSIX shell, with variables for keys.
func (r Request) Curl(base string) string {
	method := "--request " + r.Method
	if r.Method == http.MethodHead {
		method = "--head"
	}
	args := []string{"curl --silent --show-error --include --globoff --path-as-is " + method + " " +
		r.argument(base+r.Path)}
	for _, h := range r.Headers {
		text := h.Name + ": " + h.Value
		if h.Value == "" {
			text = h.Name + ";"
		}
		args = append(args, "--header "+r.argument(text))
	}
	before := ""
	switch {
	case r.Body == nil:
	case isArgument(r.Body):
		args = append(args, "--data-binary "+r.argument(string(r.Body)))
	default:
		before = r.printed(string(r.Body)) + " |\n"
		args = append(args, "--data-binary @-")
	}
	if r.Body != nil && r.Get("Content-Type") == "" {
		args = append(args, "--header 'Content-Type:'")
	}
	return before + strings.Join(args, " \\\n  ")
}

// isArgument reports whether a body can be an argument: printable ASCII, and not too long for one.
func isArgument(body []byte) bool {
	const limit = 100_000
	return len(body) < limit && !slices.ContainsFunc(body, func(b byte) bool { return b < ' ' || b > '~' })
}

// argument returns text as one argument, with the secrets' variables, and what is repeated often made by a command.
func (r Request) argument(text string) string {
	var parts []string
	for _, s := range r.segments(text) {
		switch {
		case s.shell != "":
			parts = append(parts, `"`+s.shell+`"`)
		case s.times > 1:
			parts = append(parts, `"$(`+s.repeated()+`)"`)
		default:
			parts = append(parts, "'"+strings.ReplaceAll(s.text, "'", `'\''`)+"'")
		}
	}
	if len(parts) == 0 {
		return "''"
	}
	return strings.Join(parts, "")
}

// printed returns a command that prints text.
func (r Request) printed(text string) string {
	var commands []string
	for _, s := range r.segments(text) {
		switch {
		case s.shell != "":
			commands = append(commands, `printf %s "`+s.shell+`"`)
		case s.times > 1:
			commands = append(commands, s.repeated())
		default:
			var format strings.Builder
			for i := range len(s.text) {
				format.WriteString(escape(s.text[i]))
			}
			commands = append(commands, "printf '"+format.String()+"'")
		}
	}
	return "{ " + strings.Join(commands, "; ") + "; }"
}

// escape returns a byte in the format of printf, within single quotes.
func escape(b byte) string {
	switch {
	case b == '%':
		return "%%"
	case b < ' ', b > '~', b == '\'', b == '\\':
		return fmt.Sprintf(`\%03o`, b)
	}
	return string(rune(b))
}

// segment is a part of a text: as it is, repeated some times, or a secret, of which it has what a shell expands to it.
type segment struct {
	text  string
	times int
	shell string
}

// repeated returns a command that prints a segment that is repeated.
func (s segment) repeated() string {
	return fmt.Sprintf(`yes '%s' | head -n %d | tr -d '\n'`, s.text, s.times)
}

// segments splits text at its secrets, and between them into what is repeated often and what is not.
func (r Request) segments(text string) []segment {
	var list []segment
	for text != "" {
		at, found := len(text), secret{}
		for _, s := range r.longestFirst() {
			if i := strings.Index(text, s.value); i >= 0 && i < at {
				at, found = i, s
			}
		}
		list = append(list, repetitions(text[:at])...)
		if found.value != "" {
			list = append(list, segment{shell: found.shell})
		}
		text = text[at+len(found.value):]
	}
	return list
}

// repetitions splits text into what is repeated often and what is not.
func repetitions(text string) []segment {
	const longest, often = 32, 100
	isOdd := func(r rune) bool { return r < ' ' || r > '~' || r == '\'' || r == '\\' }
	var list []segment
	start := 0
	for at := 0; at < len(text); at++ {
		for size := 1; size <= longest && at+size*often <= len(text); size++ {
			unit, end := text[at:at+size], at+size
			if strings.ContainsFunc(unit, isOdd) {
				break
			}
			for strings.HasPrefix(text[end:], unit) {
				end += size
			}
			if times := (end - at) / size; times >= often {
				if start < at {
					list = append(list, segment{text: text[start:at]})
				}
				list = append(list, segment{text: unit, times: times})
				start, at = end, end-1
				break
			}
		}
	}
	if start < len(text) {
		list = append(list, segment{text: text[start:]})
	}
	return list
}

// Text returns the request as it is sent, with variables for keys.
func (r Request) Text() string {
	lines := []string{r.Method + " " + shorten(r.Path)}
	for _, h := range r.Headers {
		lines = append(lines, h.Name+": "+shorten(h.Value))
	}
	if len(r.Body) > 0 {
		lines = append(lines, "", shorten(string(r.Body)))
	}
	var pairs []string
	for _, s := range r.longestFirst() {
		pairs = append(pairs, s.value, s.shell)
	}
	return strings.NewReplacer(pairs...).Replace(strings.Join(lines, "\n"))
}

func shorten(text string) string {
	const limit = 1000
	if len(text) <= limit {
		return readable(text)
	}
	return fmt.Sprintf("%s... (%d bytes)", readable(text[:limit/2]), len(text))
}
