package contract_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// formRequest returns a request with a form of a content type; of multipart, body has the header and content of each
// part, with \n for the line breaks and --- between.
func formRequest(t *testing.T, contentType, body string) *http.Request {
	t.Helper()
	if contentType == "multipart/form-data" {
		contentType += "; boundary=b"
		var parts strings.Builder
		for part := range strings.SplitSeq(body, "\n---\n") {
			header, content, _ := strings.Cut(part, "\n\n")
			parts.WriteString("--b\r\nContent-Disposition: form-data; " + strings.ReplaceAll(header, "\n", "\r\n") + "\r\n\r\n" +
				content + "\r\n")
		}
		body = parts.String() + "--b--\r\n"
	}
	req := newRequest(t, http.MethodPost, "/x", body)
	req.Header.Set("Content-Type", contentType)
	return req
}

func TestFieldsOfFormsAreReadAsTheirSchemaSays(t *testing.T) {
	const form, multipart = "application/x-www-form-urlencoded", "multipart/form-data"
	const stripe = `{type: object, additionalProperties: false, properties: {metadata: {anyOf: [{type: object, additionalProperties: {type: string}}, {type: string, enum: ['']}]},
      items: {type: array, items: {type: object, properties: {price: {type: string}, quantity: {type: integer}}}}, expand: {type: array, items: {type: string}}}}`
	const deep = `encoding: {metadata: {style: deepObject}, items: {style: deepObject}, expand: {style: deepObject}}`
	tests := []struct {
		name, version, contentType, schema, encoding, body string
		want                                               []string
	}{
		{"a map in brackets", "3.0.3", form, stripe, deep, "metadata[a]=b", nil},
		{"an empty map", "3.0.3", form, stripe, deep, "metadata=", nil},
		{"a text for a map", "3.0.3", form, stripe, deep, "metadata=a",
			[]string{`body /metadata: value is not one of the allowed values [""]`}},
		{"objects of a list", "3.0.3", form, stripe, deep, "items[0][price]=p&items[0][quantity]=2&expand[]=a&expand[]=b",
			nil},
		{"a broken object of a list", "3.0.3", form, stripe, deep, "items[0][price]=p&items[0][quantity]=x",
			[]string{"body /items: an invalid integer"}},
		{"another field", "3.0.3", form, stripe, deep, "other[0]=a", []string{`body: property "other[0]" is unsupported`}},
		{"brackets that mean nothing", "3.0.3", form,
			"{type: object, additionalProperties: {type: string, maxLength: 2}, properties: {a: {type: string}, b: {type: array, items: {type: string}}}}", "",
			"a[x]=123&b[=1&b" + strings.Repeat("[x]", 200) + "=1", []string{"body /a[x]: maximum string length is 2"}},
		{"a field that has no name in the document", "3.0.3", form, "{type: object, additionalProperties: {type: integer}}",
			"", "a=1&b=2", nil},
		{"and is broken", "3.0.3", form, "{type: object, additionalProperties: {type: integer}}", "", "a=x",
			[]string{"body /a: an invalid integer"}},
		{"a field of two variants, of another type in each", "3.0.3", form,
			"{oneOf: [{type: object, properties: {a: {type: integer}, k: {type: string, enum: [i]}}}, {type: object, properties: {a: {type: string}, k: {type: string, enum: [s]}}}]}", "", "a=5&k=s", nil},
		{"an optional number", "3.1.0", form, "{type: object, properties: {a: {anyOf: [{type: integer}, {type: 'null'}]}}}",
			"", "a=x", []string{"body /a: an invalid integer"}},
		{"a field of JSON", "3.0.3", form, "{type: object, properties: {o: {type: object, required: [n]}}}",
			"encoding: {o: {contentType: application/json}}", "o={}",
			[]string{`body /o/n: property "n" is missing`}},
		{"an object whose properties are fields", "3.0.3", form,
			"{type: object, required: [o], additionalProperties: false, properties: {o: {type: object, properties: {n: {type: integer}}}}}", "", "n=1", nil},
		{"a form that is not described as one", "3.0.3", form, "{type: string}", "", "a=1", nil},
		{"a semicolon", "3.0.3", form, "{type: object, properties: {a: {type: string, enum: [b;c]}}}", "", "a=b;c", nil},

		{"a file, as OpenAPI 3.1 has it", "3.1.0", multipart, "{type: object, required: [f], properties: {f: {}}}", "",
			"name=f; filename=a.png\nContent-Type: image/png\n\n\xff", nil},
		{"an optional file, as FastAPI has it", "3.1.0", multipart,
			"{type: object, properties: {f: {anyOf: [{type: string, format: binary}, {type: 'null'}]}}}", "",
			"name=f; filename=a.png\nContent-Type: image/png\n\n\xff", nil},
		{"optional files", "3.1.0", multipart,
			"{type: object, properties: {f: {anyOf: [{type: array, minItems: 2, items: {type: string, format: binary}}, {type: 'null'}]}}}", "",
			"name=f; filename=a.png\nContent-Type: image/png\n\n\xff", []string{"body /f: minimum number of items is 2"}},
		{"a part that has no name in the document", "3.0.3", multipart,
			"{type: object, additionalProperties: {type: integer}}", "", "name=a\n\n5\n---\nname=b\n\nx",
			[]string{"body /b: an invalid integer"}},
		{"the header of a part", "3.0.3", multipart, "{type: object, properties: {f: {type: string, format: binary}}}",
			"encoding: {f: {headers: {X-Rate: {required: true, schema: {type: integer}}}}}",
			"name=f\nX-Rate: 5\n\n\xff", nil},
		{"a broken header of a part", "3.1.0", multipart, "{type: object, properties: {f: {type: string, format: binary}}}",
			"encoding: {f: {headers: {X-Rate: {required: true, schema: {type: integer}}}}}",
			"name=f\nX-Rate: fast\n\n\xff", []string{"body /f: header X-Rate of the part: an invalid integer"}},
		{"a header that a part lacks", "3.1.0", multipart, "{type: object, properties: {f: {type: string, format: binary}}}",
			"encoding: {f: {headers: {X-Rate: {required: true, schema: {type: integer}}}}}",
			"name=f\n\n\xff", []string{"body /f: header X-Rate of the part: value is required but missing"}},
		{"JSON without a type", "3.0.3", multipart,
			"{type: object, properties: {o: {allOf: [{type: object, required: [n]}]}}}", "", "name=o\n\n{}",
			[]string{`body /o/n: property "n" is missing`}},

		{"a number as a text", "3.0.3", "text/plain", "{type: integer, maximum: 5}", "", "5", nil},
		{"a number that is too large as a text", "3.0.3", "text/plain", "{type: integer, maximum: 5}", "", "6",
			[]string{"body: value must be an integer"}},
		{"an object as a text", "3.0.3", "text/plain", "{type: object}", "", "a", nil},
		{"JSON of another name", "3.0.3", "text/json", "{type: object, required: [a]}", "", "{}",
			[]string{`body /a: property "a" is missing`}},
		{"YAML of another name", "3.0.3", "text/yaml", "{type: object, required: [a]}", "", "b: 1",
			[]string{`body /a: property "a" is missing`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v := validatorOf(t, test.version,
				"  /x: {post: {requestBody: {content: {"+test.contentType+": {schema: "+test.schema+", "+test.encoding+
					"}}}, responses: {'200': {description: D}}}}\n")
			assert.Equal(t, test.want, lines(t, v.ValidateRequest(formRequest(t, test.contentType, test.body))))
		})
	}
}
