package contracttest

import "net/http"

// unauthorized are the checks of requests without a valid key.
//
// Those that have the key in them ask for a workflow that does not exist: a server that lets them pass bills nobody,
// and answers 404.
func (m *material) unauthorized() []check {
	wrong := credential{"Bearer", "contracttest-wrong-key", "contracttest-wrong-key"}
	without := func(name, rule string, c credential) check {
		r := m.valid()
		r.credential = c
		return check{name: "unauthorized/" + name, rule: rule + " must be answered with 401", request: r, want: status(http.StatusUnauthorized)}
	}
	unknown := func(name, rule string, c credential) check {
		changed := without(name, rule, c)
		changed.request.path = m.at(unknownWorkflow)
		return changed
	}
	return []check{
		without("missing-key", "a request without a key", credential{}),
		without("empty-key", "a request with an empty key", credential{scheme: "Bearer"}),
		without("wrong-key", "a request with a wrong key", wrong),
		unknown("other-scheme", "a request with the key under another scheme than Bearer", credential{"Basic", m.key, keyVariable}),
		unknown("missing-scheme", "a request with the key and no scheme", credential{"", m.key, keyVariable}),
		unknown("key-cut-short", "a request with the key without its last character", credential{"Bearer", m.key[:len(m.key)-1], "${AITUTOR_API_KEY%?}"}),
		unknown("key-with-more", "a request with the key and a character after it", credential{"Bearer", m.key + "x", "${AITUTOR_API_KEY}x"}),
		unknown("wrong-key-and-workflow", "a request with a wrong key for a workflow that does not exist", wrong),
	}
}
