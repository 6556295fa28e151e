package experiments

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"sync"

	"github.com/google/jsonschema-go/jsonschema"

	"faultline/experiments/strict"
)

// A Field is a field of experiment files, as it is told to whoever writes one.
type Field struct {
	Name     string
	Doc      string
	Required bool
	Default  string   // as it would be written; empty: the field may be left out without one
	Choices  []string // the values that it may have; empty: any
	Min, Max string   // bounds of a number; empty: none. Those of quantities with a unit are in Doc
	Fields   []Field  // what is in it: in a list, or a mapping with names of the user's choice, what is in each entry
}

// Fields returns the fields at the top of an experiment file, in order, with all that is in them. What is in a store or
// a fault depends on which it is, and is its catalogue's to tell.
var Fields = sync.OnceValue(func() []Field {
	return fieldsIn(strict.TypeSchema(reflect.TypeFor[Spec](), strict.Rule{}))
})

func fieldsIn(s *jsonschema.Schema) (all []Field) {
	in := withFields(s)
	for _, name := range in.PropertyOrder {
		p := in.Properties[name]
		f := Field{Name: name, Doc: p.Description, Required: slices.Contains(in.Required, name), Default: asWritten(p.Default), Fields: fieldsIn(p)}
		for _, v := range p.Enum {
			if v != "" {
				f.Choices = append(f.Choices, fmt.Sprint(v))
			}
		}
		f.Min, f.Max = limit(p.Minimum), limit(p.Maximum)
		all = append(all, f)
	}
	return all
}

// withFields returns the part of a schema that has fields: of a list or mapping an
// entry, of several forms the only one that is a mapping; or s itself if there is none.
func withFields(s *jsonschema.Schema) *jsonschema.Schema {
	if len(s.Properties) > 0 {
		return s
	}
	var forms []*jsonschema.Schema
	for _, f := range s.AnyOf {
		if f.Type == "object" {
			forms = append(forms, f)
		}
	}
	switch {
	case len(forms) == 1:
		return withFields(forms[0])
	case s.Items != nil:
		return withFields(s.Items)
	case s.AdditionalProperties != nil:
		return withFields(s.AdditionalProperties)
	}
	return s
}

func asWritten(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text
	}
	return string(value)
}

func limit(f *float64) string {
	if f == nil {
		return ""
	}
	return strconv.FormatFloat(*f, 'f', -1, 64)
}
