package contracttest

import (
	"errors"
	"fmt"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitutor-api/aitutor-go/client/internal/openapi"
)

const formType = "application/x-www-form-urlencoded"

// findBody sets the valid body of the operation, of JSON if the document describes that.
func (op *operation) findBody() error {
	if op.RequestBody == nil {
		return nil
	}
	bodies := openapi.Bodies(op.RequestBody.Value.Content)
	if len(bodies) == 0 {
		return nil
	}
	media := bodies[0]
	value, err := op.suite.sampler.Example(media.MediaType)
	isRun := op.OperationID == runOperation
	if inputs := op.suite.target.Inputs; isRun && inputs != nil {
		value, err = inputs, nil
	}
	if err != nil {
		op.missing = fmt.Errorf("the document has no example of the body: %w", err)
		return nil
	}
	if op.contentType, op.body, err = media.Encode(value); err != nil {
		if isRun {
			return fmt.Errorf("the target's Inputs: %w", err)
		}
		return fmt.Errorf("the body: %w", err)
	}
	if media.Kind() != openapi.KindJSON || media.Schema == nil {
		return nil
	}
	op.schema = openapi.Merged(media.Schema.Value)
	op.inputs, err = objectOf(op.body)
	switch keeps := op.fits(op.schema, decode(op.body)); {
	case isRun && err != nil:
		return errors.New("the target's Inputs do not encode to a JSON object")
	case isRun:
		op.custom = !keeps
		op.suite.customInputs = op.custom
	}
	return nil
}

// form returns the inputs encoded as a form.
func (op *operation) form() string {
	object := map[string]any{}
	for name, value := range op.inputs {
		object[name] = decode(value)
	}
	form := openapi.Media{ContentType: formType, MediaType: openapi3.NewMediaType()}
	_, body, err := form.Encode(object)
	if err != nil {
		return ""
	}
	return string(body)
}

// invalidBody returns JSON that the operation cannot take for valid: an object without what is required, if anything
// is.
func (op *operation) invalidBody() []byte {
	if !op.custom && !op.fits(op.schema, map[string]any{}) {
		return []byte("{}")
	}
	return []byte("[]")
}
