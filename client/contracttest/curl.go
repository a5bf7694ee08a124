package contracttest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// curl returns a request as a command for a POSIX shell.
func curl(base string, r request) string {
	command := "curl --silent --show-error --include --globoff --path-as-is --request " + r.method
	if r.method == http.MethodHead {
		command = strings.Replace(command, "--request HEAD", "--head", 1)
	}
	args := []string{command + " " + r.argument(base+r.path)}
	for _, h := range r.headers {
		if h.value == "" {
			args = append(args, "--header "+r.argument(h.name+";"))
			continue
		}
		args = append(args, "--header "+r.argument(h.name+": "+h.value))
	}
	before := ""
	switch {
	case r.body == nil:
	case isArgument(r.body):
		args = append(args, "--data-binary "+r.argument(string(r.body)))
	default:
		before = r.printed(string(r.body)) + " |\n"
		args = append(args, "--data-binary @-")
	}
	if r.body != nil && r.header("Content-Type") == "" {
		args = append(args, "--header 'Content-Type:'")
	}
	return before + strings.Join(args, " \\\n  ")
}

// text returns a request as it is sent, with variables for keys.
func (r request) text() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s\n", r.method, shorten(r.path))
	for _, h := range r.headers {
		fmt.Fprintf(&text, "%s: %s\n", h.name, shorten(h.value))
	}
	if len(r.body) > 0 {
		fmt.Fprintf(&text, "\n%s\n", shorten(string(r.body)))
	}
	var pairs []string
	for _, s := range r.longestFirst() {
		pairs = append(pairs, s.value, s.shell)
	}
	return strings.NewReplacer(pairs...).Replace(strings.TrimSuffix(text.String(), "\n"))
}

func shorten(text string) string {
	const limit = 1000
	if len(text) <= limit {
		return readable([]byte(text))
	}
	return fmt.Sprintf("%s... (%d bytes)", readable([]byte(text[:limit/2])), len(text))
}

// longestFirst returns the secrets so that one that is part of another comes after it.
func (r request) longestFirst() []secret {
	secrets := slices.Clone(r.secrets)
	slices.SortStableFunc(secrets, func(a, b secret) int { return len(b.value) - len(a.value) })
	return secrets
}

// argument returns text as one argument, with the secrets' variables, and what is repeated often made by a command.
func (r request) argument(text string) string {
	parts := []string{}
	for len(text) > 0 {
		at, found := len(text), secret{}
		for _, s := range r.longestFirst() {
			if i := strings.Index(text, s.value); i >= 0 && i < at {
				at, found = i, s
			}
		}
		for _, piece := range pieces(text[:at]) {
			if piece.times > 1 {
				parts = append(parts, `"$(`+piece.command()+`)"`)
				continue
			}
			parts = append(parts, "'"+strings.ReplaceAll(piece.text, "'", `'\''`)+"'")
		}
		if found.value != "" {
			parts = append(parts, `"`+found.shell+`"`)
		}
		text = text[at+len(found.value):]
	}
	if len(parts) == 0 {
		return "''"
	}
	return strings.Join(parts, "")
}

// printed returns a command that prints a body.
func (r request) printed(body string) string {
	var commands []string
	for _, s := range r.longestFirst() {
		if before, after, ok := strings.Cut(body, s.value); ok {
			rest := request{secrets: r.secrets}
			if before != "" {
				commands = append(commands, rest.printed(before))
			}
			commands = append(commands, `printf %s "`+s.shell+`"`)
			if after != "" {
				commands = append(commands, rest.printed(after))
			}
			return "{ " + strings.Join(commands, "; ") + "; }"
		}
	}
	for _, piece := range pieces(body) {
		if piece.times > 1 {
			commands = append(commands, piece.command())
			continue
		}
		var text strings.Builder
		for i := range len(piece.text) {
			text.WriteString(escape(piece.text[i]))
		}
		commands = append(commands, "printf '"+text.String()+"'")
	}
	return "{ " + strings.Join(commands, "; ") + "; }"
}

// isArgument reports whether a body can be an argument: printable ASCII, and not too long for one.
func isArgument(body []byte) bool {
	const limit = 100_000
	return len(body) < limit && !slices.ContainsFunc(body, func(b byte) bool { return b < ' ' || b > '~' })
}

// piece is text that is repeated some times.
type piece struct {
	text  string
	times int
}

// command returns a command that prints the piece.
func (p piece) command() string {
	return fmt.Sprintf(`yes '%s' | head -n %d | tr -d '\n'`, p.text, p.times)
}

// pieces splits text into what is repeated often and what stands between.
func pieces(text string) []piece {
	const longest, often = 32, 100
	var list []piece
	start := 0
	for at := 0; at < len(text); {
		unit, times := "", 0
		for size := 1; size <= longest && at+size*often <= len(text); size++ {
			u := text[at : at+size]
			if strings.ContainsAny(u, "'\n\\") || strings.ContainsFunc(u, func(r rune) bool { return r > '~' || r < ' ' }) {
				break
			}
			n := 1
			for strings.HasPrefix(text[at+n*size:], u) {
				n++
			}
			if n >= often {
				unit, times = u, n
				break
			}
		}
		if times == 0 {
			at++
			continue
		}
		if start < at {
			list = append(list, piece{text[start:at], 1})
		}
		list = append(list, piece{unit, times})
		at += len(unit) * times
		start = at
	}
	if start < len(text) {
		list = append(list, piece{text[start:], 1})
	}
	return list
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
