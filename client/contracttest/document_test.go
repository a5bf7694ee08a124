package contracttest

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aitutor-api/aitutor-go/client/contract"
)

// petStore has every kind of credential, body and parameter.
const petStore = `
openapi: 3.0.3
info: {title: Pet store, version: "1"}
security: [{token: []}]
paths:
  /pets:
    get:
      operationId: listPets
      security: [{queryKey: []}, {cookieKey: []}]
      parameters:
        - {name: limit, in: query, required: true, schema: {type: integer, minimum: 1, maximum: 10}}
        - {name: tags, in: query, required: true, explode: false, schema: {type: array, maxItems: 2, uniqueItems: true, items: {type: string}}}
        - {name: near, in: query, style: deepObject, schema: {type: object, properties: {x: {type: integer}}}}
        - {name: X-Trace, in: header, required: true, schema: {type: string, pattern: '^[a-z]+$', maxLength: 20}, example: trace}
      responses:
        "200": {description: Pets., content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Pet'}}}}}
        "4XX": {description: Not.}
    post:
      operationId: addPet
      security: [{headerKey: [], user: []}]
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}
      responses:
        "201": {description: Added., content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}
        default: {description: Not.}
  /pets/{petId}:
    parameters:
      - {name: petId, in: path, required: true, schema: {type: integer, minimum: 1}, example: 7}
    delete:
      operationId: deletePet
      responses: {"204": {description: Gone.}, default: {description: Not.}}
  /pets/{petId}/photo:
    parameters:
      - {name: petId, in: path, required: true, style: matrix, schema: {type: integer}, example: 7}
    put:
      operationId: setPhoto
      requestBody: {required: true, content: {application/octet-stream: {schema: {type: string, format: binary}}}}
      responses: {"200": {description: Set.}, default: {description: Not.}}
    get:
      operationId: getPhoto
      responses: {"302": {description: Elsewhere.}, default: {description: Not.}}
  /note:
    post:
      operationId: addNote
      requestBody: {required: false, content: {text/plain: {schema: {type: string}}}}
      responses: {"2XX": {description: Added.}, default: {description: Not.}}
  /form:
    post:
      operationId: sendForm
      requestBody: {required: true, content: {application/x-www-form-urlencoded: {schema: {type: object, required: [name], properties: {name: {type: string}}}}}}
      responses: {"200": {description: Sent.}, default: {description: Not.}}
  /upload:
    post:
      operationId: upload
      requestBody: {required: true, content: {multipart/form-data: {schema: {type: object, required: [file], properties: {file: {type: string, format: binary}}}}}}
      responses: {"200": {description: Sent.}, default: {description: Not.}}
  /codes/{code}:
    get:
      operationId: getCode
      parameters: [{name: code, in: path, required: true, schema: {type: string, pattern: '^(?:[A-Z]{3}[0-9]){4}$'}}]
      responses: {"200": {description: A code.}, default: {description: Not.}}
components:
  securitySchemes:
    token: {type: http, scheme: bearer}
    user: {type: http, scheme: basic}
    headerKey: {type: apiKey, in: header, name: X-Pet-Key}
    queryKey: {type: apiKey, in: query, name: pet_key}
    cookieKey: {type: apiKey, in: cookie, name: pet}
  schemas:
    Pet:
      type: object
      additionalProperties: false
      required: [id, name, kind, age, email]
      properties:
        id: {type: integer, readOnly: true}
        name: {type: string, minLength: 2, maxLength: 20}
        kind: {oneOf: [{type: string, enum: [cat, dog]}, {type: integer}]}
        age: {type: integer, minimum: 0, maximum: 40, exclusiveMaximum: true}
        email: {type: string, format: email, example: pet@example.com}
        tags: {type: array, minItems: 1, maxItems: 2, uniqueItems: true, items: {type: string}}
`

var petKeys = map[string]string{
	"token": "pet-token-123456", "user": "pet:password-123", "headerKey": "pet-header-key-1",
	"queryKey": "pet query+key/1", "cookieKey": "pet-cookie-key-1",
}

// newPetStore returns a server that keeps the document.
func newPetStore(t *testing.T) http.Handler {
	t.Helper()
	validator, err := contract.New([]byte(petStore))
	require.NoError(t, err)
	valid := validator.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		const pet = `{"id":1,"name":"Rex","kind":"dog","age":3,"email":"rex@example.com"}`
		switch {
		case strings.HasSuffix(r.URL.Path, "/photo") && r.Method == http.MethodGet:
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(http.StatusFound)
		case r.URL.Path == "/pets" && r.Method == http.MethodGet:
			respond(w, http.StatusOK, "application/json", "["+pet+"]")
		case r.URL.Path == "/pets":
			respond(w, http.StatusCreated, "application/json", pet)
		case r.Method == http.MethodDelete:
			w.WriteHeader(http.StatusNoContent)
		}
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		cookie, _ := r.Cookie("pet")
		has := r.Header.Get("Authorization") == "Bearer "+petKeys["token"]
		switch {
		case r.URL.Path == "/pets" && r.Method == http.MethodGet:
			has = r.URL.Query().Get("pet_key") == petKeys["queryKey"] || cookie != nil && cookie.Value == petKeys["cookieKey"]
		case r.URL.Path == "/pets":
			has = r.Header.Get("X-Pet-Key") == petKeys["headerKey"] && user+":"+password == petKeys["user"]
		}
		id, isPet := strings.CutPrefix(r.URL.Path, "/pets/")
		id = strings.TrimPrefix(strings.TrimSuffix(id, "/photo"), ";petId=")
		switch {
		case !has:
			w.WriteHeader(http.StatusUnauthorized)
		case isPet && id != "7":
			w.WriteHeader(http.StatusNotFound)
		default:
			valid.ServeHTTP(w, r)
		}
	})
}

func petTarget(handler http.Handler) Target {
	return Target{Handler: handler, Spec: []byte(petStore), Credentials: petKeys}
}

func TestAnyDocumentIsChecked(t *testing.T) {
	t.Parallel()
	report, err := Check(t.Context(), petTarget(newPetStore(t)))
	require.NoError(t, err)
	for _, result := range report.Failures() {
		assert.NoError(t, result.Err, "%s\n%s", result.Check, result.Curl)
	}
	var all []string
	for _, result := range report.Results {
		all = append(all, result.Check)
		for _, key := range petKeys {
			assert.NotContains(t, result.Curl, key, result.Check)
		}
		if strings.HasPrefix(result.Check, "getCode/") {
			require.ErrorIs(t, result.Unsure, ErrSkipped)
			assert.ErrorContains(t, result.Unsure, "no example of the path parameter code")
		}
	}
	for _, name := range []string{
		"listPets/unauthorized/by-cookieKey", "listPets/query/limit-is-too-small", "listPets/query/limit-is-too-large",
		"listPets/query/missing-tags",
		"listPets/query/tags-has-too-many", "listPets/query/tags-has-twice", "listPets/header/missing-X-Trace",
		"listPets/header/X-Trace-breaks-its-pattern",
		"listPets/header/X-Trace-is-too-long", "addPet/unauthorized/missing-headerKey",
		"addPet/unauthorized/missing-user", "addPet/request/name-is-too-short",
		"addPet/request/name-is-too-long", "addPet/request/kind-fits-no-variant", "addPet/request/age-is-too-small",
		"addPet/request/age-is-too-large",
		"addPet/request/email-breaks-its-format", "addPet/request/inputs-has-unknown", "addPet/request/tags-has-too-few",
		"addPet/request/tags-has-too-many",
		"addPet/request/tags-has-twice", "addNote/valid/no-body", "deletePet/petId/unknown", "upload/valid/example",
		"sendForm/valid/example", "setPhoto/valid/example",
	} {
		assert.Contains(t, all, name)
	}
	assert.NotContains(t, all, "addPet/request/missing-id", "readOnly is not demanded")
	assert.Contains(t, report.Results[0].Rule, `"Pet store", `)
}

// Each limit of the document is proven: a server that takes the one request fails the one check.
func TestEachLimitOfADocumentIsChecked(t *testing.T) {
	t.Parallel()
	s, err := newSuite(mustDocument(t), petTarget(nil))
	require.NoError(t, err)
	for i, c := range s.checks() {
		if !isInSample(i) {
			continue
		}
		isLimit := slices.ContainsFunc([]string{"/query/", "/header/", "/request/"},
			func(group string) bool { return strings.Contains(c.name, group) })
		if !isLimit || c.level() == LevelAdvice || c.missing != nil {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			target := petTarget(instead(isRequest(c.request), func(w http.ResponseWriter, _ *http.Request) {
				respond(w, http.StatusOK, "application/json", "[]")
			})(newPetStore(t)))
			target.Only = []string{strings.Join(strings.Split(c.name, "/")[:2], "/")}
			report, err := Check(t.Context(), target)
			require.NoError(t, err)
			assert.Equal(t, []string{c.name}, failed(report, LevelContract))
		})
	}
}

// A server may validate the format of an ID before it looks for one.
func TestAnIDWithAFormatIsChecked(t *testing.T) {
	t.Parallel()
	for format, id := range map[string]string{
		"uuid": "3fa85f64-5717-4562-b3fc-2c963f66afa6", "date": "2026-11-25", "date-time": "2026-11-25T09:00:00Z",
		"email": "pet@example.com", "ipv4": "192.0.2.7", "hostname": "pets.example.com", "slug": "a-pet",
	} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			const spec = `
openapi: 3.0.3
info: {title: Pets, version: "1"}
paths:
  /pets/{id}:
    get:
      operationId: getPet
      parameters: [{name: id, in: path, required: true, schema: {type: string, format: FORMAT}, example: "EXAMPLE"}]
      responses: {"200": {description: A pet.}, "400": {description: No ID.}, "404": {description: No pet.}}
`
			handler := http.NewServeMux()
			handler.HandleFunc("GET /pets/{id}", func(w http.ResponseWriter, r *http.Request) {
				given := r.PathValue("id")
				if strings.EqualFold(given, id) {
					return
				}
				shape := regexp.MustCompile(`[0-9A-Za-z]+`)
				if format != "slug" && shape.ReplaceAllString(given, "") != shape.ReplaceAllString(id, "") {
					w.WriteHeader(http.StatusBadRequest)
					return
				}
				w.WriteHeader(http.StatusNotFound)
			})
			report, err := Check(t.Context(), Target{Handler: handler,
				Spec: []byte(strings.NewReplacer("FORMAT", format, "EXAMPLE", id).Replace(spec))})
			require.NoError(t, err)
			assert.Empty(t, failed(report, LevelContract))
			assert.Contains(t, namesOfResults(report), "getPet/id/unknown")
			assert.NotContains(t, report.Unseen(), "getPet 404", "an ID that fits its format")
		})
	}
}

func TestADocumentThatCannotBeChecked(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		change func(*Target)
		want   string
	}{
		{"no document", func(t *Target) { t.Spec = []byte("pets") }, "the target's Spec: "},
		{"no credential", func(t *Target) { t.Credentials = nil }, "has no credential for the security scheme"},
		{"a credential of no scheme", func(t *Target) { t.Credentials = map[string]string{"tokens": "x"} },
			`"tokens", which is no security scheme`},
		{"a pattern of no check", func(t *Target) { t.Only = []string{"listCats"} }, "matches no check"},
		{"a pattern that does not parse", func(t *Target) { t.Only = []string{"[a"} }, "syntax error in pattern"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			target := petTarget(http.NotFoundHandler())
			test.change(&target)
			_, err := Check(t.Context(), target)
			require.ErrorContains(t, err, test.want)
		})
	}
}

func mustDocument(t *testing.T) *openapi3.T {
	t.Helper()
	document, err := documentOf(petTarget(nil))
	require.NoError(t, err)
	return document
}
