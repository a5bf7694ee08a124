package contracttest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// operationID names the operation whose contract is checked.
const operationID = "runWorkflow"

// material is what the checks are made of: what the contract says, and the target's own.
type material struct {
	path        string   // with {workflow_id}
	method      string   // of the operation
	methods     []string // all that the contract has for the path
	contentType string
	schema      *openapi3.Schema // of the inputs
	example     inputs
	inputs      inputs // the target's
	foreign     bool   // inputs do not fit the schema: another workflow's
	key         string
	workflow    string
}

// inputs are a JSON object, each value as it is sent.
type inputs map[string]json.RawMessage

func newMaterial(document *openapi3.T, target Target) (*material, error) {
	switch {
	case target.APIKey == "":
		return nil, errors.New("the target has no APIKey")
	case strings.ContainsFunc(target.APIKey, func(r rune) bool { return r <= ' ' || r > '~' }):
		return nil, errors.New("the target's APIKey has a character that a key cannot have")
	case target.WorkflowID == "":
		return nil, errors.New("the target has no WorkflowID")
	}
	m := &material{key: target.APIKey, workflow: target.WorkflowID}
	if err := m.read(document); err != nil {
		return nil, fmt.Errorf("the contract: %w", err)
	}
	m.inputs = m.example
	if target.Inputs != nil {
		data, err := json.Marshal(target.Inputs)
		if err != nil {
			return nil, fmt.Errorf("the target's Inputs: %w", err)
		}
		m.inputs, err = objectOf(data)
		if err != nil {
			return nil, errors.New("the target's Inputs do not encode to a JSON object")
		}
		m.foreign = !fits(m.schema, decode(data))
	}
	return m, nil
}

// own is the material with the contract's example for inputs.
func (m *material) own() *material {
	own := *m
	own.inputs, own.foreign = m.example, false
	return &own
}

// read takes from the document what it says about the operation.
func (m *material) read(document *openapi3.T) error {
	var operation *openapi3.Operation
	for path, item := range document.Paths.Map() {
		for method, o := range item.Operations() {
			if o.OperationID == operationID {
				m.path, m.method, operation = path, method, o
				m.methods = slices.Sorted(maps.Keys(item.Operations()))
			}
		}
	}
	if operation == nil || operation.RequestBody == nil {
		return fmt.Errorf("no operation %s with a request body", operationID)
	}
	var media *openapi3.MediaType
	for contentType, candidate := range operation.RequestBody.Value.Content {
		if strings.HasSuffix(contentType, "json") && candidate.Schema != nil {
			m.contentType, media = contentType, candidate
		}
	}
	if media == nil {
		return fmt.Errorf("the request of %s has no JSON with a schema", operationID)
	}
	m.schema = flat(media.Schema.Value)
	data, err := json.Marshal(exampleOf(media))
	if err != nil {
		return err
	}
	m.example, err = objectOf(data)
	if err == nil && !fits(m.schema, decode(data)) {
		err = fmt.Errorf("the request of %s has no example that fits its schema", operationID)
	}
	return err
}

// exampleOf is a valid request: the contract's, or one made from the schema where it has none.
func exampleOf(media *openapi3.MediaType) any {
	if media.Example != nil {
		return media.Example
	}
	for _, name := range slices.Sorted(maps.Keys(media.Examples)) {
		if value := media.Examples[name].Value.Value; value != nil {
			return value
		}
	}
	return sample(media.Schema.Value)
}

// sample is a value that fits a schema, as far as its examples and types say what fits.
func sample(schema *openapi3.Schema) any {
	schema = flat(schema)
	switch {
	case schema.Example != nil:
		return schema.Example
	case schema.Default != nil:
		return schema.Default
	case len(schema.Enum) > 0:
		return schema.Enum[0]
	case len(schema.AnyOf) > 0:
		return sample(schema.AnyOf[0].Value)
	case len(schema.OneOf) > 0:
		return sample(schema.OneOf[0].Value)
	case schema.Type.Is("integer"), schema.Type.Is("number"):
		if schema.Min != nil {
			return *schema.Min + 1
		}
		return 1
	case schema.Type.Is("boolean"):
		return true
	case schema.Type.Is("array"):
		if schema.Items == nil {
			return []any{}
		}
		return []any{sample(schema.Items.Value)}
	case schema.Type.Is("object"):
		object := map[string]any{}
		for _, name := range schema.Required {
			if property := schema.Properties[name]; property != nil {
				object[name] = sample(property.Value)
			}
		}
		return object
	}
	text := "example"
	for len(text) < 1000 && !fits(schema, text) { // where it is too short
		text += " example"
	}
	return text
}

// flat is the schema with the properties of its allOf among its own.
func flat(schema *openapi3.Schema) *openapi3.Schema {
	if len(schema.AllOf) == 0 {
		return schema
	}
	whole := *schema
	whole.Properties, whole.Required = maps.Clone(schema.Properties), slices.Clone(schema.Required)
	for _, ref := range schema.AllOf {
		part := flat(ref.Value)
		if whole.Properties == nil {
			whole.Properties = openapi3.Schemas{}
		}
		maps.Copy(whole.Properties, part.Properties)
		whole.Required = append(whole.Required, part.Required...)
		if whole.Type == nil {
			whole.Type = part.Type
		}
		if whole.Example == nil {
			whole.Example = part.Example
		}
		whole.Enum = append(whole.Enum, part.Enum...)
	}
	return &whole
}

var parameter = regexp.MustCompile(`\{[^{}]+\}`)

// at is the path of a workflow, whose ID is escaped already.
func (m *material) at(escapedID string) string {
	return parameter.ReplaceAllLiteralString(m.path, escapedID)
}

// object encodes inputs, in the order of their names, each value as it stands.
func (in inputs) object() []byte {
	var object bytes.Buffer
	for _, value := range in {
		object.Grow(len(value) + 100)
	}
	object.WriteByte('{')
	for i, name := range slices.Sorted(maps.Keys(in)) {
		if i > 0 {
			object.WriteByte(',')
		}
		object.Write(encode(name))
		object.WriteByte(':')
		object.Write(in[name])
	}
	object.WriteByte('}')
	return object.Bytes()
}

// with is the inputs with one value in place of their own.
func (in inputs) with(name string, value []byte) inputs {
	changed := maps.Clone(in)
	changed[name] = value
	return changed
}

func (in inputs) without(name string) inputs {
	changed := maps.Clone(in)
	delete(changed, name)
	return changed
}

func objectOf(data []byte) (inputs, error) {
	var object inputs
	err := json.Unmarshal(data, &object)
	if err == nil && object == nil {
		err = errors.New("not a JSON object")
	}
	return object, err
}

func encode(value any) []byte {
	data, err := json.Marshal(value)
	if err != nil {
		panic(err) // of the kit's own values none
	}
	return data
}

func decode(data []byte) any {
	var value any
	if json.Unmarshal(data, &value) != nil {
		return nil
	}
	return value
}
