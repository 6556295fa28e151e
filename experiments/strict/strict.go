// Package strict decodes YAML into Go structs and reports every mistake at once, each with its place, its cause and a
// remedy. It knows nothing of experiments.
//
// A struct declares what it accepts in its tags, and the same tags yield the JSON Schema that editors read:
//
//	type Load struct {
//		Clients int             `yaml:"clients" doc:"closed-loop clients" default:"8" min:"1" max:"10000"`
//		Rate    strict.Rate     `yaml:"rate" doc:"operations offered" required:"true"`
//		For     strict.Duration `yaml:"for" default:"60s" min:"1ms"`
//		Keys    string          `yaml:"keys" oneof:"uniform, zipf" default:"uniform"`
//	}
//
// Tags: yaml (the field's name; a field without it is not part of the file; ",inline" spreads an embedded struct),
// doc, required, default, min, max, oneof (bounds and choices of a scalar, or of each entry of a list or map), minitems
// and maxitems (length of a list or map). A type whose shape depends on its content implements [Unmarshaler]; a rule
// that spans several fields goes into [Checker].
//
// Reading takes three steps, so that overrides and sweeps go through the same checks as the file itself: [Parse] turns
// text into a [Doc], [Doc.Set] and [Doc.Put] replace values, [Doc.Decode] checks and fills a struct. A value keeps the
// place where it was written on its way, so a wrong value of a sweep is reported on the sweep's line.
package strict

import (
	"fmt"
	"io"
	"reflect"
)

// Limits on what is taken for a file that a person wrote. They bound memory and time on hostile input.
const (
	MaxBytes  = 1 << 20 // size of a document in bytes
	MaxDepth  = 64      // nesting of lists and mappings
	MaxValues = 100_000 // values in a document, after aliases are expanded
	MaxShown  = 50      // problems printed by Errors.Error; the others are counted
)

// Unmarshaler is a type that reads itself from a node, because its shape depends on its content. It reports mistakes
// with [Node.Fail] and its kin, as many as it finds, and leaves the rest to [Node.Decode].
type Unmarshaler interface {
	UnmarshalStrict(n *Node)
}

// Checker is a struct with rules that span several fields. CheckStrict is called after all fields were decoded, and
// only if none of them had a problem, so it never judges half a value.
type Checker interface {
	CheckStrict(n *Node)
}

// Decode parses data and fills into, a pointer to a struct. The error is nil or an [*Errors] with every problem of the
// document; name stands for the file in it. After an error, into is filled as far as the document allowed.
func Decode(name string, data []byte, into any) error {
	doc, err := Parse(name, data)
	if err != nil {
		return err
	}
	return doc.Decode(into)
}

// Read parses the document in r, of which it reads no more than MaxBytes; name stands for the file in errors. The error
// is an [*Errors] for a document that cannot be parsed, and an ordinary error if reading failed.
func Read(name string, r io.Reader) (*Doc, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("%s: cannot be read: %w", name, err)
	}
	return Parse(name, data)
}

// Parse turns the text of one document into a tree; name stands for the file in errors. The error is nil or an
// [*Errors] for text that is not YAML at all. Mistakes that leave the tree readable, such as a field written twice, wait for
// [Doc.Decode], which reports them together with the others.
func Parse(name string, data []byte) (*Doc, error) {
	src := newSource(name, data)
	r := &report{}
	root := parse(src, data, r)
	if root == nil {
		return nil, r.err()
	}
	return &Doc{root: root, found: r.problems}, nil
}

// target returns the value that into points to; anything but a non-nil pointer is a programmer's error.
func target(into any) reflect.Value {
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		panic(fmt.Sprintf("strict: cannot decode into %T: give a non-nil pointer", into))
	}
	return v.Elem()
}
