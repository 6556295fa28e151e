package strict

import (
	"reflect"

	"github.com/google/jsonschema-go/jsonschema"
)

// Map is a mapping with names of the user's choice, in the order written, where a Go map would lose the order.
type Map[T any] []Entry[T]

// Entry is one field of a Map. At is the name as it stands in the document, for complaints about it and for [Doc.Put]; it
// is nil in a Map that was not decoded.
type Entry[T any] struct {
	Name  string
	Value T
	At    *Node
}

// ruled is a type of this package that reads itself and hands its rule on to its entries.
type ruled interface {
	decodeRuled(n *Node, rule Rule)
	schemaRuled(s *schemer, rule Rule) *jsonschema.Schema
}

func (m *Map[T]) decodeRuled(n *Node, rule Rule) {
	pairs, ok := n.Pairs()
	if !ok {
		return
	}
	*m = make(Map[T], len(pairs))
	for i, p := range pairs {
		(*m)[i] = Entry[T]{Name: p.Key.Text(), At: p.Key}
		p.Value.DecodeRule(&(*m)[i].Value, rule.entry())
	}
}

// Get returns the value of a name and whether there is one.
func (m Map[T]) Get(name string) (value T, ok bool) {
	for _, e := range m {
		if e.Name == name {
			return e.Value, true
		}
	}
	return value, false
}

func (m Map[T]) strictValue() *value {
	out := &value{kind: Mapping}
	for _, e := range m {
		out.pairs = append(out.pairs, pair{key: e.Name, value: encode(reflect.ValueOf(e.Value))})
	}
	return out
}

func (m *Map[T]) schemaRuled(s *schemer, rule Rule) *jsonschema.Schema {
	return mapSchema(s.of(reflect.TypeFor[T](), rule.entry()), rule)
}
