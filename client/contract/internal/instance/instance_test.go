package instance

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestValuesAreReadWhereTheyStand(t *testing.T) {
	d, err := Parse([]byte(` {"a" : [1, "x\"", [], {}], "b/~": {"c": null}, "\u0064": true} `))
	require.NoError(t, err)
	root := d.Root()
	assert.Equal(t, 3, root.Count())
	assert.Equal(t, 13, d.Len())
	var names, kinds []string
	for name, value := range root.Members() {
		names, kinds = append(names, string(name.Text())), append(kinds, string(value.Kind()))
	}
	assert.Equal(t, []string{"a", "b/~", "d"}, names)
	assert.Equal(t, []string{"[", "{", "t"}, kinds)
	list, ok := root.Member("a")
	require.True(t, ok)
	assert.Equal(t, 4, list.Count())
	for i, element := range list.Elements() {
		assert.Equal(t, []string{"1", `"x\""`}[min(i, 1)] == string(element.Raw()), i < 2)
	}
	_, ok = root.Member("e")
	assert.False(t, ok)
	assert.Equal(t, "b~1~0", EscapeToken("b/~"))
}

func TestParseRefusesWhatIsNotStrictJSON(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": "", "a duplicate name": `{"a":1,"\u0061":2}`, "two values": "1 2", "a byte order mark": "\uFEFF1",
		"invalid UTF-8": "\"\xff\"",
	} {
		_, err := Parse([]byte(text))
		assert.Error(t, err, name)
	}
}
