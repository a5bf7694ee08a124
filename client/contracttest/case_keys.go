package contracttest

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// unauthorized are the checks of requests without a valid key.
//
// Those that have the key in them are for a workflow that does not exist: a server that lets them pass bills nobody, and
// returns 404.
func (op *operation) unauthorized() []check {
	if !op.Secured() {
		return nil
	}
	key := op.suite.target.APIKey
	want, code := op.wantStatus(http.StatusUnauthorized)
	refused := func(name, what string, r request) check {
		return op.attempt(check{
			name: "unauthorized/" + name, rule: what + " must be answered with " + code,
			source: op.at(http.StatusUnauthorized), request: r, want: want,
		})
	}
	without := func(name, what string, c credential) check {
		r := op.valid()
		r.credential = c
		return refused(name, what, r)
	}
	elsewhere := func(name, what string, c credential) check {
		r := op.elsewhere()
		r.credential = c
		return refused(name, what, r)
	}
	inQuery, inHeader := op.elsewhere(), op.elsewhere()
	inQuery.credential, inHeader.credential = credential{}, credential{}
	inQuery.path = withQuery(inQuery.path, "api_key="+url.QueryEscape(key))
	inHeader.headers = append([]header{{"X-API-Key", key, keyVariable}}, inHeader.headers...)
	lower := op.elsewhere()
	lower.credential.scheme = "bearer"

	checks := []check{
		without("missing-key", "a request without a key", credential{}),
		without("empty-key", "a request with an empty key", credential{scheme: "Bearer"}),
		without("wrong-key", "a request with a wrong key", wrongKey),
		without("similar-key", "a request with a wrong key that begins as the key does and is as long", similar(key)),
		elsewhere("other-scheme", "a request with the key under another scheme than Bearer", credential{"Basic", key, keyVariable}),
		elsewhere("missing-scheme", "a request with the key and no scheme", credential{"", key, keyVariable}),
		elsewhere("key-cut-short", "a request with the key without its last character", credential{"Bearer", key[:len(key)-1], "${AITUTOR_API_KEY%?}"}),
		elsewhere("key-without-start", "a request with the key without its first character", credential{"Bearer", key[1:], "${AITUTOR_API_KEY#?}"}),
		elsewhere("key-with-more", "a request with the key and a character after it", credential{"Bearer", key + "x", "${AITUTOR_API_KEY}x"}),
		elsewhere("key-with-words", "a request with the key and a word after it", credential{"Bearer", key + " x", "${AITUTOR_API_KEY} x"}),
		refused("key-in-query", "a request with the key in ?api_key= alone", inQuery),
		refused("key-in-other-header", "a request with the key in X-API-Key alone", inHeader),
		elsewhere("wrong-key-and-workflow", "a request with a wrong key for a workflow that does not exist", wrongKey),
	}
	if other := swapCase(key); other != key {
		checks = append(checks, elsewhere("key-in-other-case", "a request with the key in another case",
			credential{"Bearer", other, `$(printf %s "$AITUTOR_API_KEY" | tr A-Za-z a-zA-Z)`}))
	}
	if op.schema != nil {
		c := check{
			name: "unauthorized/wrong-key-and-inputs", rule: "a request with a wrong key and a body that is not valid must be answered with " + code +
				", as the key is checked first", source: "api/openapi.yaml, info: the order of the checks", request: op.elsewhere(), want: want,
		}
		c.request.credential, c.request.body = wrongKey, op.invalidBody()
		checks = append(checks, c)
	}
	lowerCase := op.attempt(check{
		name: "unauthorized/scheme-in-lower-case", rule: "the scheme bearer in lower case should be taken as Bearer is",
		source: "good practice: RFC 9110, 11.1", level: LevelAdvice, request: lower,
		advise: func(res *response) string {
			if res.status == http.StatusUnauthorized || res.status == http.StatusForbidden {
				return "expected the key to be taken"
			}
			return ""
		},
	})
	checks = append(checks, lowerCase)
	if op.parameters[workflowIDName] != "" {
		checks = append(checks, op.otherAccounts()...)
	}
	return checks
}

var wrongKey = credential{"Bearer", "contracttest-wrong-key", "contracttest-wrong-key"}

// otherAccounts are the checks that an account cannot use another's workflow.
func (op *operation) otherAccounts() []check {
	target := op.suite.target
	want, code := op.wantStatus(http.StatusNotFound)
	of := func(name, rule, field, value string, r request) check {
		c := op.attempt(check{
			name: "unauthorized/" + name, rule: rule + " must be answered with " + code, source: op.at(http.StatusNotFound), request: r, want: want,
			inputFirst: target.NoRuns,
		})
		if value == "" {
			c.missing = fmt.Errorf("the target has no %s", field)
		}
		return c
	}
	byOther, ofOther := op.valid(), op.valid()
	byOther.credential = credential{"Bearer", target.OtherAPIKey, "$AITUTOR_OTHER_API_KEY"}
	ofOther.path = op.pathWith(map[string]string{workflowIDName: url.PathEscape(target.OtherWorkflowID)})
	return []check{
		of("other-account", "a request with the key of another account", "OtherAPIKey", target.OtherAPIKey, byOther),
		of("other-workflow", "a request for the workflow of another account", "OtherWorkflowID", target.OtherWorkflowID, ofOther),
	}
}

// withQuery adds to the query of a path.
func withQuery(path, query string) string {
	if strings.Contains(path, "?") {
		return path + "&" + query
	}
	return path + "?" + query
}

// similar is another key with the same first characters and length.
func similar(key string) credential {
	kept := min(8, len(key)/2)
	rest := strings.Repeat("x", len(key)-kept-1) + "y"
	if strings.HasSuffix(key, "y") {
		rest = rest[:len(rest)-1] + "z"
	}
	return credential{"Bearer", key[:kept] + rest, fmt.Sprintf(`$(printf %%.%ds "$AITUTOR_API_KEY")`, kept) + rest}
}

// swapCase changes the case of the ASCII letters.
func swapCase(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z':
			return r - 'a' + 'A'
		case 'A' <= r && r <= 'Z':
			return r - 'A' + 'a'
		}
		return r
	}, text)
}
